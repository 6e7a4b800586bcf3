//! The messages of one batch that go into one queue, on their way into the log.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use parking_lot::Mutex;

use super::format::position::Position;
use super::log::Log;
use super::segment::{Places, Segment};
use crate::amqp::confirm::Confirm;
use crate::amqp::id::{MessageIndex, QueueId};
use crate::amqp::message::Lengths;
use crate::amqp::run::Run;

/// Hears that what it waited for is in the log.
pub trait Waiter: Send {
    /// Called once, from the log's own thread: it is to be brief.
    fn committed(self: Box<Self>);
}

/// A message to log.
#[derive(Clone, Copy, Debug)]
pub struct PlacedMessage {
    /// Its place in the queue.
    pub index: MessageIndex,
    /// Which of the segments it lies in.
    pub segment: u32,
    /// Where in the segment.
    pub offset: u32,
    /// Its body's length.
    pub bytes: u32,
    /// Whether its queue has to look at it before its turn.
    pub marked: bool,
}

/// Messages of one queue, in order, and which of them are not worth writing any more.
pub struct Placement {
    /// The queue.
    pub queue: QueueId,
    /// When the waiter is told.
    pub confirm: Confirm,
    pub(super) messages: Vec<PlacedMessage>,
    octets: Octets,
    waiter: Mutex<Option<Box<dyn Waiter>>>,
    state: AtomicU8,
    /// One bit for each message that was settled before it was written.
    dropped: Box<[AtomicU64]>,
    /// What the writer has seen of these bits: what it does not write.
    skipped: OnceLock<Box<[u64]>>,
}

const WAITING: u8 = 0;
const TAKEN: u8 = 1;
const WRITTEN: u8 = 2;

impl Placement {
    /// Messages in the order of their places.
    pub fn new(
        queue: QueueId,
        messages: Vec<PlacedMessage>,
        octets: &Octets,
        confirm: Confirm,
        waiter: Option<Box<dyn Waiter>>,
    ) -> Arc<Self> {
        let words = messages.len().div_ceil(64);
        Arc::new(Self {
            queue,
            confirm,
            messages,
            octets: octets.clone(),
            waiter: Mutex::new(waiter),
            state: AtomicU8::new(WAITING),
            dropped: (0..words).map(|_| AtomicU64::new(0)).collect(),
            skipped: OnceLock::new(),
        })
    }

    /// The place behind its last message's.
    pub fn end(&self) -> u64 {
        self.messages.last().map_or(0, |message| message.index.0 + 1)
    }

    /// The place of its first message.
    pub fn start(&self) -> u64 {
        self.messages.first().map_or(0, |message| message.index.0)
    }

    /// Octets that it keeps in memory, about.
    pub(super) fn size(&self) -> usize {
        self.messages.iter().map(|message| message.bytes as usize + 64).sum()
    }

    /// Whether all of it that is worth it is written, and can be read.
    pub fn is_written(&self) -> bool {
        self.state.load(Ordering::Acquire) == WRITTEN
    }

    /// Takes back a message that was settled. Returns whether that was in time: whether the log
    /// will never know of it.
    ///
    /// The writer says that it has taken the placement *before* it looks at the bits, and here the
    /// bit is set *before* we look whether it has. So not both can miss the other.
    pub fn take_back(&self, index: MessageIndex) -> bool {
        let Ok(at) = self.messages.binary_search_by_key(&index, |message| message.index) else {
            return false;
        };
        if let Some(word) = self.dropped.get(at / 64) {
            word.fetch_or(1 << (at % 64), Ordering::SeqCst);
        }
        self.state.load(Ordering::SeqCst) == WAITING
    }

    /// Takes all of its messages back; returns their places.
    pub fn take_back_all(&self) -> impl Iterator<Item = MessageIndex> {
        for word in &self.dropped {
            word.store(u64::MAX, Ordering::SeqCst);
        }
        self.messages.iter().map(|message| message.index)
    }

    /// Where the message may be on the disk, and its octets.
    pub(super) fn message(&self, message: &PlacedMessage) -> Option<(&Places, &[u8])> {
        let segment = self.octets.segment(message.segment)?;
        let rest = segment.octets.get(message.offset as usize..)?;
        Some((segment.places.as_deref()?, rest.get(..Lengths::read(rest)?.size())?))
    }

    /// Keeps the file for the other queues of the batch.
    pub(super) fn pin(&self, position: Position, octets: u32) {
        if let Some(pins) = &self.octets.pins {
            pins.add(position, octets.into());
        }
    }

    /// Has the writer begin with it. What is taken back from now on is written nevertheless.
    pub(super) fn take(&self) {
        self.state.store(TAKEN, Ordering::SeqCst);
        self.skipped
            .get_or_init(|| self.dropped.iter().map(|word| word.load(Ordering::SeqCst)).collect());
    }

    /// Whether the message at that place of the list is not written.
    pub(super) fn is_skipped(&self, at: usize) -> bool {
        let word = self.skipped.get().and_then(|words| words.get(at / 64));
        word.is_some_and(|word| word & 1 << (at % 64) != 0)
    }

    /// Where a message of a written placement is, and how many octets it takes; `None` if it was
    /// not written.
    pub fn written(&self, index: MessageIndex) -> Option<(Position, u32)> {
        let at = self.messages.binary_search_by_key(&index, |message| message.index).ok()?;
        let message = self.messages.get(at).filter(|_| !self.is_skipped(at))?;
        let (places, octets) = self.message(message)?;
        Some((places.find(message.offset)?, u32::try_from(octets.len()).unwrap_or(u32::MAX)))
    }

    pub(super) fn set_written(&self) {
        self.state.store(WRITTEN, Ordering::Release);
    }

    pub(super) fn take_waiter(&self) -> Option<Box<dyn Waiter>> {
        self.waiter.lock().take()
    }
}

impl PlacedMessage {
    /// As a run of its own, written at `position`.
    pub(super) const fn run(&self, position: Position, octets: u32) -> Run {
        Run {
            first: self.index,
            count: 1,
            octets,
            position: position.store_ref(),
            bytes: self.bytes as u64,
            redelivered: false,
            marked: self.marked,
        }
    }
}

/// What published messages lie in, for all queues that they went to. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Octets {
    segments: Arc<[Segment]>,
    pins: Option<Arc<Pins>>,
}

impl Octets {
    /// Of which nothing goes to the log.
    pub fn transient(segments: impl Iterator<Item = Bytes>) -> Self {
        Self { segments: segments.map(Segment::transient).collect(), pins: None }
    }

    /// Of which something goes to the log; `pins` where several queues share it.
    pub fn logged(segments: impl Iterator<Item = Bytes>, pins: Option<Arc<Pins>>) -> Self {
        Self { segments: segments.map(Segment::logged).collect(), pins }
    }

    /// One of the segments.
    pub fn segment(&self, number: u32) -> Option<&Segment> {
        self.segments.get(number as usize)
    }

    /// What rests in a segment from `offset` on; nothing if there is no such place.
    pub fn resting(&self, segment: u32, offset: u32) -> &[u8] {
        let rest = self.segment(segment).and_then(|it| it.octets.get(offset as usize..));
        rest.unwrap_or_default()
    }

    /// Their size.
    pub fn size(&self) -> usize {
        self.segments.iter().map(|segment| segment.octets.len()).sum()
    }
}

/// What one batch has written for several queues. The first of them may have settled it before the
/// log hears of the last one: until all have let go, it counts as alive.
#[derive(Debug)]
pub struct Pins {
    log: Arc<Log>,
    /// Octets of each file; mostly of one.
    held: Mutex<Vec<(u32, u64)>>,
}

impl Pins {
    /// Nothing written yet.
    pub fn new(log: Arc<Log>) -> Arc<Self> {
        Arc::new(Self { log, held: Mutex::default() })
    }

    fn add(&self, position: Position, octets: u64) {
        self.log.files.add(position.file, octets);
        let mut held = self.held.lock();
        match held.last_mut() {
            Some((file, sum)) if *file == position.file => *sum += octets,
            _ => held.push((position.file, octets)),
        }
    }
}

impl Drop for Pins {
    fn drop(&mut self) {
        for (file, octets) in self.held.get_mut().drain(..) {
            self.log.files.release(file, octets);
        }
    }
}

impl std::fmt::Debug for Placement {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Placement")
            .field("queue", &self.queue)
            .field("messages", &self.messages.len())
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}
