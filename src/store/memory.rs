//! The contents of one queue's messages, as far as they are in memory.
//!
//! Messages rest in *segments*: the octets of a whole batch, shared by every queue that has a
//! message in it and given back when none has. A segment of which little is still used would keep
//! all of it, so the living of such segments are copied together once they waste too much.

use bytes::Bytes;

use super::format::position::Position;
use super::placement::Octets;
use super::segment::Segment;
use crate::amqp::id::StoreRef;
use crate::amqp::message::{Lengths, Parts, Resting};

/// The waste that is always tolerated, in octets.
const SLACK: usize = 128 * 1024;

/// Above the slack, segments may be this many times as large as the messages in them.
const MAX_RATIO: usize = 4;

/// The largest segment made by copying, in octets, unless it holds a single message.
const CHUNK: usize = 1024 * 1024;

/// A message of this size and more is copied into a segment of its own.
const LARGE: usize = 32 * 1024;

/// The bit of references to messages that are in the log, or are to be.
const LOGGED: u64 = 1 << 62;

#[derive(Debug)]
struct Held {
    segment: Segment,
    /// Messages of this queue that are not released.
    live: u32,
    /// Their size.
    live_octets: usize,
}

impl Held {
    fn is_sparse(&self) -> bool {
        self.live_octets < self.segment.octets.len() / 2
    }
}

/// Whether a message is in the log, or is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// It is.
    Logged,
    /// It is only in memory.
    Transient,
}

/// Where a message is on the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Located {
    /// Where it begins.
    pub position: Position,
    /// Octets that it takes.
    pub octets: u32,
}

/// The contents of one queue's messages.
///
/// A reference made by [`Filling::insert`] is good for one [`release`](Self::release); a reference
/// that was released, or replaced by [`compact`](Self::compact), must not be used again.
#[derive(Debug, Default)]
pub struct MemoryStore {
    segments: Vec<Option<Held>>,
    /// Places of `segments` that are empty.
    vacant: Vec<u32>,
    pinned: usize,
    live_octets: usize,
    logged_octets: usize,
    /// What was pinned when compaction last could not help.
    hopeless: usize,
    /// The numbers of the segments of the batch that is taken in, by their numbers there.
    numbers: Vec<Option<u32>>,
}

/// A segment while its messages are put in. Dropping it completes the segment.
#[derive(Debug)]
pub struct Filling<'a> {
    store: &'a mut MemoryStore,
    number: u32,
}

impl Filling<'_> {
    /// Adds the message that starts at `offset` of the segment, in the layout of
    /// [`amqp::message`](crate::amqp::message).
    pub fn insert(&mut self, offset: u32, durability: Durability) -> StoreRef {
        self.store.insert(self.number, offset, durability)
    }
}

/// A batch while its messages are put in. Of its segments only those are taken in that have any.
#[derive(Debug)]
pub struct Intake<'a> {
    store: &'a mut MemoryStore,
    octets: &'a Octets,
    /// The segment of the last message, by its number in the batch, and its number here.
    last: Option<(u32, u32)>,
}

impl Intake<'_> {
    /// Adds the message that starts at `offset` of that segment of the batch.
    #[inline]
    pub fn insert(&mut self, segment: u32, offset: u32, durability: Durability) -> StoreRef {
        let number = match self.last {
            Some((last, number)) if last == segment => number,
            _ => self.turn_to(segment),
        };
        self.store.insert(number, offset, durability)
    }

    /// The number here of a segment, which is taken in if it is not there yet.
    fn turn_to(&mut self, segment: u32) -> u32 {
        let known = self.store.numbers.get(segment as usize).copied().flatten();
        let number = known.unwrap_or_else(|| self.take(segment));
        self.last = Some((segment, number));
        number
    }

    #[cold]
    fn take(&mut self, segment: u32) -> u32 {
        let Some(taken) = self.octets.segment(segment) else { return u32::MAX };
        let number = self.store.add(taken.clone());
        let (numbers, at) = (&mut self.store.numbers, segment as usize);
        numbers.resize(numbers.len().max(at + 1), None);
        if let Some(place) = numbers.get_mut(at) {
            *place = Some(number);
        }
        number
    }
}

impl Drop for Filling<'_> {
    fn drop(&mut self) {
        self.store.drop_if_unused(self.number);
    }
}

impl MemoryStore {
    /// A store without messages.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a segment in: less than 4 GiB, and shared rather than copied. It goes again at once if
    /// no message of it is inserted.
    pub fn fill(&mut self, segment: Segment) -> Filling<'_> {
        let number = self.add(segment);
        Filling { store: self, number }
    }

    /// Takes the messages of a batch in, as [`fill`](Self::fill) does those of a segment.
    pub fn take_in<'a>(&'a mut self, octets: &'a Octets) -> Intake<'a> {
        self.numbers.clear();
        Intake { store: self, octets, last: None }
    }

    /// Reads a message.
    #[inline]
    pub fn read(&self, store: StoreRef) -> Option<Resting<'_>> {
        let segment = &self.held(store)?.segment.octets;
        let message = Parts::read(segment.get(parts(store).1 as usize..)?)?;
        Some(Resting { message, segment })
    }

    /// Forgets a message. The last of a segment gives the segment back.
    pub fn release(&mut self, store: StoreRef) {
        let (number, offset) = parts(store);
        let Some(held) = self.held_mut(store) else { return };
        let size = record(&held.segment.octets, offset).len();
        held.live = held.live.saturating_sub(1);
        held.live_octets = held.live_octets.saturating_sub(size);
        let is_unused = held.live == 0;
        self.live_octets = self.live_octets.saturating_sub(size);
        self.logged_octets -= if is_logged(store) { size } else { 0 };
        if is_unused {
            self.drop_if_unused(number);
        }
    }

    /// Where a logged message is on the disk; `None` for one that is not there, or not yet.
    pub fn locate(&self, store: StoreRef) -> Option<Located> {
        if !is_logged(store) {
            return None;
        }
        let held = self.held(store)?;
        let (_, offset) = parts(store);
        let octets = record(&held.segment.octets, offset).len();
        let octets = u32::try_from(octets).unwrap_or(u32::MAX);
        Some(Located { position: held.segment.position(offset)?, octets })
    }

    /// The size of the messages, in octets.
    pub fn live_octets(&self) -> usize {
        self.live_octets
    }

    /// The size of those that are in the log or are to be, in octets.
    pub fn logged_octets(&self) -> usize {
        self.logged_octets
    }

    /// The size of the segments, in octets: what the messages keep from being given back. Segments
    /// are shared, so that the sum over all queues counts some octets more than once.
    pub fn pinned_octets(&self) -> usize {
        self.pinned
    }

    /// Whether so much is wasted that [`compact`](Self::compact) is due.
    pub fn is_wasteful(&self) -> bool {
        self.pinned > self.live_octets.saturating_mul(MAX_RATIO).saturating_add(SLACK)
            && self.pinned / 4 > self.hopeless / 3
    }

    /// Copies the messages of sparse segments together. `stores` are the references to all messages
    /// of the store; those to copied ones are replaced. What is still to be written to the log stays
    /// where the log will look for it.
    ///
    /// It visits every message, but comes due only after as many octets were released or wasted as
    /// are still in use.
    pub fn compact<'a>(&mut self, stores: impl Iterator<Item = &'a mut StoreRef>) {
        let sparse = self.segments.iter().flatten().filter(|held| held.is_sparse());
        let mut left: usize = sparse.map(|held| held.live_octets).sum();
        let mut chunk = Chunk::default();
        for store in stores {
            if !self.held(*store).is_some_and(Held::is_sparse) {
                continue;
            }
            let located = self.locate(*store);
            if located.is_none() && is_logged(*store) {
                continue;
            }
            let size = self.octets(*store).len();
            if size >= LARGE || size > chunk.room() {
                chunk.move_into(self);
                chunk.octets.reserve_exact(if size >= LARGE {
                    size
                } else {
                    left.min(CHUNK).max(size)
                });
            }
            left = left.saturating_sub(size);
            let offset = chunk.append(self.octets(*store));
            self.release(*store);
            chunk.moved.push((offset, located, store));
        }
        chunk.move_into(self);
        self.hopeless = 0;
        self.hopeless = if self.is_wasteful() { self.pinned } else { 0 };
    }

    /// Adds the message that starts at `offset` of that segment.
    #[inline]
    fn insert(&mut self, number: u32, offset: u32, durability: Durability) -> StoreRef {
        let logged = if durability == Durability::Logged { LOGGED } else { 0 };
        let store = StoreRef(logged | u64::from(number) << 32 | u64::from(offset));
        if let Some(held) = self.held_mut(store) {
            let size = record(&held.segment.octets, offset).len();
            held.live += 1;
            held.live_octets += size;
            self.live_octets += size;
            self.logged_octets += if is_logged(store) { size } else { 0 };
        }
        store
    }

    fn add(&mut self, segment: Segment) -> u32 {
        self.pinned += segment.octets.len();
        let held = Some(Held { segment, live: 0, live_octets: 0 });
        if let Some(number) = self.vacant.pop()
            && let Some(place) = self.segments.get_mut(number as usize)
        {
            *place = held;
            return number;
        }
        self.segments.push(held);
        u32::try_from(self.segments.len() - 1).unwrap_or(u32::MAX)
    }

    /// A message, whole; nothing if there is no such message.
    pub fn octets(&self, store: StoreRef) -> &[u8] {
        self.held(store).map_or(&[], |held| record(&held.segment.octets, parts(store).1))
    }

    fn held(&self, store: StoreRef) -> Option<&Held> {
        self.segments.get(parts(store).0 as usize)?.as_ref()
    }

    fn held_mut(&mut self, store: StoreRef) -> Option<&mut Held> {
        self.segments.get_mut(parts(store).0 as usize)?.as_mut()
    }

    fn drop_if_unused(&mut self, number: u32) {
        let Some(place) = self.segments.get_mut(number as usize) else { return };
        if let Some(held) = place.take_if(|held| held.live == 0) {
            self.pinned -= held.segment.octets.len();
            self.vacant.push(number);
        }
    }
}

/// Messages on their way into a new segment.
#[derive(Debug, Default)]
struct Chunk<'a> {
    octets: Vec<u8>,
    /// Offset of each, where it is on the disk, and the reference to replace.
    moved: Vec<(u32, Option<Located>, &'a mut StoreRef)>,
}

impl Chunk<'_> {
    fn room(&self) -> usize {
        self.octets.capacity() - self.octets.len()
    }

    /// Adds a message's octets and says where they begin.
    fn append(&mut self, message: &[u8]) -> u32 {
        let offset = u32::try_from(self.octets.len()).unwrap_or(u32::MAX);
        self.octets.extend_from_slice(message);
        offset
    }

    /// Makes a segment of what was gathered, and begins again.
    fn move_into(&mut self, store: &mut MemoryStore) {
        let octets = Bytes::from(std::mem::take(&mut self.octets).into_boxed_slice());
        let segment = if self.moved.iter().any(|(_, located, _)| located.is_some()) {
            Segment::logged(octets)
        } else {
            Segment::transient(octets)
        };
        let places = segment.places.clone().unwrap_or_default();
        let mut filling = store.fill(segment);
        for (offset, located, reference) in self.moved.drain(..) {
            let durability = match located {
                None => Durability::Transient,
                Some(Located { position, octets }) => {
                    places.add(offset, offset + octets, position);
                    Durability::Logged
                }
            };
            *reference = filling.insert(offset, durability);
        }
    }
}

/// Whether a message in memory is in the log, or is to be.
pub const fn is_logged(store: StoreRef) -> bool {
    store.0 & LOGGED != 0
}

/// Where in its segment a message begins, in octets.
pub const fn offset(store: StoreRef) -> u32 {
    parts(store).1
}

/// Segment number and offset.
#[expect(clippy::cast_possible_truncation, reason = "the two halves of 64 bits")]
const fn parts(store: StoreRef) -> (u32, u32) {
    (((store.0 & !LOGGED) >> 32) as u32, store.0 as u32)
}

/// The octets of the message at `offset`; none if there is no message.
fn record(octets: &[u8], offset: u32) -> &[u8] {
    let rest = octets.get(offset as usize..).unwrap_or_default();
    let size = Lengths::read(rest).map_or(0, Lengths::size);
    rest.get(..size).unwrap_or_default()
}

#[cfg(test)]
#[path = "memory_tests.rs"]
mod tests;
