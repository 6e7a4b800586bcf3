//! The ready messages of a queue by their priorities: those of a higher level come first.

mod occupied;

use std::iter::Peekable;
use std::ops::ControlFlow;

use super::lane::Message;
use super::paging::{Loaded, Located, Wanted};
use super::ready::Ready;
use crate::amqp::id::{MessageIndex, StoreRef, Timestamp};
use crate::amqp::run::Run;
use occupied::Occupied;

/// Ready messages in the order of their turns: from the highest level to the lowest, within a level
/// in the order of their places.
///
/// After a restart nobody knows which levels the messages belong to. All their runs are in the
/// lowest level then, marked, and no message has its turn before all of them were looked at.
#[derive(Debug, Default)]
pub struct Levels {
    lowest: Ready,
    /// Absent where all messages are of one level.
    above: Option<Box<Above>>,
}

#[derive(Debug)]
struct Above {
    /// From level 1 up; those that were never used are absent.
    levels: Vec<Option<Box<Ready>>>,
    /// The levels that have messages, the lowest among them.
    occupied: Occupied,
}

impl Above {
    #[inline]
    fn get_mut(&mut self, level: u8) -> Option<&mut Ready> {
        let place = usize::from(level).checked_sub(1)?;
        Some(self.levels.get_mut(place)?.get_or_insert_with(|| unused(level)))
    }
}

/// A level that was never used.
#[cold]
fn unused(level: u8) -> Box<Ready> {
    Box::new(Ready::of_level(level))
}

impl Levels {
    /// One level of these messages.
    pub fn flat(lowest: Ready) -> Self {
        Self { lowest, above: None }
    }

    /// The same with levels from 0 to `highest`. The messages are all on the disk.
    #[must_use]
    pub fn with_levels(mut self, highest: u8) -> Self {
        if highest == 0 {
            return self;
        }
        debug_assert!(self.is_flat() && self.lowest.lane.at_hand() == 0);
        self.mark_runs(|_| true);
        let levels = (0..highest).map(|_| None).collect();
        let mut occupied = Occupied::default();
        occupied.set(0, !self.lowest.is_empty());
        self.above = Some(Box::new(Above { levels, occupied }));
        self
    }

    /// The level, where there is only one.
    #[inline]
    pub fn flat_mut(&mut self) -> Option<&mut Ready> {
        self.above.is_none().then_some(&mut self.lowest)
    }

    /// Whether there is only one level.
    #[inline]
    pub const fn is_flat(&self) -> bool {
        self.above.is_none()
    }

    /// How many messages there are, in memory or not.
    pub fn len(&self) -> usize {
        self.downwards().map(Ready::len).sum()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        match &self.above {
            None => self.lowest.is_empty(),
            Some(above) => above.occupied.highest().is_none(),
        }
    }

    /// The size of the bodies.
    pub fn bytes(&self) -> u64 {
        self.downwards().map(Ready::bytes).sum()
    }

    /// Whether messages have to be looked at before any has its turn.
    fn is_unknown(&self) -> bool {
        !self.is_flat() && self.lowest.lane.has_marked_runs()
    }

    /// Whether there is a first message, and in memory.
    #[inline]
    pub fn is_front_hot(&self) -> bool {
        match &self.above {
            None => self.lowest.is_front_hot(),
            Some(_) if self.is_unknown() => false,
            Some(above) => {
                let highest = above.occupied.highest();
                highest.is_some_and(|level| self.level(level).is_front_hot())
            }
        }
    }

    /// Takes the first message, if it is in memory.
    #[inline]
    pub fn pop_front(&mut self) -> Option<Message> {
        match &self.above {
            None => self.lowest.pop_front(),
            Some(_) if self.is_unknown() => None,
            Some(above) => {
                let level = above.occupied.highest()?;
                self.change(level, Ready::pop_front)
            }
        }
    }

    /// Takes messages in the order of their turns, until `take` breaks off or the next is not in
    /// memory.
    #[inline]
    pub fn take_each(&mut self, mut take: impl FnMut(Message) -> ControlFlow<()>) {
        let Self { lowest, above } = self;
        let Some(above) = above else {
            lowest.take_each(&mut take);
            return;
        };
        if lowest.lane.has_marked_runs() {
            return;
        }
        while let Some(level) = above.occupied.highest() {
            let ready = above.get_mut(level).unwrap_or(&mut *lowest);
            let is_over = ready.take_each(&mut take);
            let is_occupied = !ready.is_empty();
            above.occupied.set(level, is_occupied);
            if is_over || is_occupied {
                return;
            }
        }
    }

    /// Takes the first message, if it is in memory or stands apart.
    pub fn take_front(&mut self) -> Option<Message> {
        let level = self.next()?.level;
        self.change(level, Ready::take_front)
    }

    /// The place of the first message, if it is in memory or stands apart.
    pub fn front_index(&self) -> Option<MessageIndex> {
        self.next()?.front_index()
    }

    /// Takes a message out that stands apart.
    pub fn remove_apart(&mut self, index: MessageIndex) -> Option<Message> {
        self.find(|ready| ready.apart.remove(index))
    }

    /// The level that the first message is of; none before all were looked at.
    pub fn next(&self) -> Option<&Ready> {
        match &self.above {
            None => Some(&self.lowest),
            Some(_) if self.is_unknown() => None,
            Some(above) => above.occupied.highest().map(|level| self.level(level)),
        }
    }

    /// Adds a message at the end of its level, where none expires.
    #[inline]
    pub fn push_back(&mut self, message: Message) {
        let Self { lowest, above } = self;
        let Some(above) = above else { return lowest.lane.push_back(message) };
        let level = message.priority;
        above.occupied.set(level, true);
        above.get_mut(level).unwrap_or(lowest).lane.push_back(message);
    }

    /// Adds a message at the end of its level. Returns whether it expires behind those before it.
    pub fn append(&mut self, message: Message) -> bool {
        // What is not known of may come before it yet, and expire behind it.
        let is_known = message.deadline == Timestamp::NEVER || !self.is_unknown();
        self.change(message.priority, |ready| ready.append(message)) && is_known
    }

    /// Adds a message to those that stand apart in its level.
    pub fn set_apart(&mut self, message: Message) {
        self.change(message.priority, |ready| ready.apart.insert(message));
    }

    /// Takes a message out, if it is in memory or stands apart.
    pub fn remove(&mut self, index: MessageIndex) -> Option<Message> {
        self.find(|ready| ready.remove(index))
    }

    /// Takes a message that is the first of a lane and expires at `until` or before.
    pub fn pop_expired(&mut self, until: Timestamp) -> Option<Message> {
        self.find(|ready| ready.pop_expired(until))
    }

    /// When the first message of any lane expires, where that is known.
    pub fn first_deadline(&self) -> Option<Timestamp> {
        self.downwards().filter_map(|ready| ready.lane.first_deadline()).min()
    }

    /// Forgets when the last message of each lane expires: there is none.
    pub fn forget_deadlines(&mut self) {
        self.upwards_mut().for_each(|ready| ready.last_deadline = None);
    }

    /// Has the messages on the disk expire in the order of their places, the last of them at `last`
    /// or before.
    pub fn expect_deadlines(&mut self, last: Timestamp) {
        self.upwards_mut().for_each(|ready| ready.last_deadline = Some(last));
    }

    /// Has the runs for which `which` holds be looked at before their turn. All messages are on the
    /// disk.
    pub fn mark_runs(&mut self, which: impl FnMut(&Run) -> bool) {
        self.lowest.lane.mark_runs(which);
    }

    /// Takes everything out.
    pub fn drain(&mut self) -> impl Iterator<Item = Ready> {
        let highest = self.above.as_ref().map_or(0, |above| above.levels.len());
        let Self { lowest, above } = std::mem::take(self);
        let highest = u8::try_from(highest).unwrap_or(u8::MAX);
        *self = Self::default().with_levels(highest);
        let above = above.into_iter().flat_map(|above| above.levels.into_iter().rev().flatten());
        above.map(|ready| *ready).chain([lowest])
    }

    /// A level. One without messages may be said to be another.
    pub(super) fn level(&self, level: u8) -> &Ready {
        let above = self.above.as_ref().zip(usize::from(level).checked_sub(1));
        let found = above.and_then(|(above, place)| above.levels.get(place)?.as_deref());
        found.unwrap_or(&self.lowest)
    }

    /// The levels, the highest first.
    pub(super) fn downwards(&self) -> impl Iterator<Item = &Ready> {
        let above = self.above.iter().flat_map(|above| above.levels.iter().rev().flatten());
        above.map(|ready| &**ready).chain([&self.lowest])
    }

    /// The levels, the lowest first, to be changed without that one gains or loses all of its
    /// messages.
    pub(super) fn upwards_mut(&mut self) -> impl Iterator<Item = &mut Ready> {
        let above = self.above.iter_mut().flat_map(|above| above.levels.iter_mut().flatten());
        std::iter::once(&mut self.lowest).chain(above.map(|ready| &mut **ready))
    }

    /// Each level, the lowest first, and how many of its first messages are among the first `keep`.
    fn kept(&self, keep: usize) -> impl Iterator<Item = (&Ready, usize)> {
        let above = self.above.iter().flat_map(|above| above.levels.iter().flatten());
        let mut before = self.len();
        std::iter::once(&self.lowest).chain(above.map(|ready| &**ready)).map(move |ready| {
            before -= ready.len();
            (ready, keep.saturating_sub(before))
        })
    }

    /// Changes one level.
    #[inline]
    fn change<R>(&mut self, level: u8, change: impl FnOnce(&mut Ready) -> R) -> R {
        let Self { lowest, above } = self;
        let Some(above) = above else { return change(lowest) };
        let ready = above.get_mut(level).unwrap_or(lowest);
        let changed = change(ready);
        let is_occupied = !ready.is_empty();
        above.occupied.set(level, is_occupied);
        changed
    }

    /// Changes the level in which something is found.
    fn find<R>(&mut self, mut change: impl FnMut(&mut Ready) -> Option<R>) -> Option<R> {
        let Self { lowest, above } = self;
        let Some(above) = above else { return change(lowest) };
        let Above { levels, occupied } = &mut **above;
        let levels = levels.iter_mut().flatten().map(|ready| &mut **ready);
        let (ready, changed) = std::iter::once(lowest)
            .chain(levels)
            .find_map(|ready| change(&mut *ready).map(|changed| (ready, changed)))?;
        occupied.set(ready.level, !ready.is_empty());
        Some(changed)
    }
}

/// What is only on the disk.
impl Levels {
    /// How many messages can be taken before something has to be loaded, counted up to `limit`.
    pub fn at_hand(&self, limit: usize) -> usize {
        if self.is_unknown() {
            return 0;
        }
        let mut count = 0;
        for ready in self.downwards() {
            let at_hand = ready.at_hand(limit - count);
            count += at_hand;
            if at_hand < ready.len() {
                break;
            }
        }
        count
    }

    /// How many messages at the front have `octets` in memory.
    pub fn front(&self, octets: usize) -> usize {
        let (mut count, mut left) = (0, octets as u64);
        if self.is_unknown() {
            return 0;
        }
        for ready in self.downwards() {
            let (messages, octets) = ready.front(left);
            count += messages;
            left = left.saturating_sub(octets);
            if messages < ready.len() {
                break;
            }
        }
        count
    }

    /// What to load next, if less than `ahead` octets in memory are before it.
    pub fn wanted(&self, ahead: u64) -> Option<Wanted> {
        if self.is_unknown() {
            return self.wanted_look();
        }
        let mut left = ahead;
        for ready in self.downwards() {
            match ready.wanted(left) {
                Ok(octets) => left = left.saturating_sub(octets),
                Err(wanted) => return Some(wanted),
            }
        }
        None
    }

    /// The first run whose messages have to be looked at.
    pub fn wanted_look(&self) -> Option<Wanted> {
        self.first_marked_run().copied().map(Wanted::Look)
    }

    /// The same.
    pub fn first_marked_run(&self) -> Option<&Run> {
        self.lowest.lane.first_marked_run()
    }

    /// Puts the messages of a run into memory; `false` if no level's runs begin with it.
    pub fn load(&mut self, run: &Run, messages: &[Loaded]) -> bool {
        self.find(|ready| ready.lane.load(run, messages, ready.level).then_some(())).is_some()
    }

    /// Replaces a run, or its beginning; `false` if there is no such one.
    pub fn replace_run(&mut self, run: &Run, moved: &[Run]) -> bool {
        self.find(|ready| ready.lane.replace_run(run, moved).then_some(())).is_some()
    }

    /// Puts a message on the disk into its place in its lane; `false` if it can only stand apart.
    pub fn insert_cold(&mut self, message: &Message, located: Located) -> bool {
        self.change(message.priority, |ready| ready.insert_cold(message, located))
    }

    /// Puts a message into memory that stands apart, cold at `position`; `false` if there is none.
    pub fn load_single(
        &mut self,
        index: MessageIndex,
        position: StoreRef,
        store: StoreRef,
    ) -> bool {
        self.upwards_mut().any(|ready| ready.apart.load(index, position, store))
    }

    /// Makes a message cold that stands apart; returns where in memory it was.
    pub fn unload_single(&mut self, index: MessageIndex, position: StoreRef) -> Option<StoreRef> {
        self.upwards_mut().find_map(|ready| ready.apart.unload(index, position))
    }

    /// Makes messages of the lanes cold but for the first `keep` ready ones, the lowest level first.
    /// Those that `aside` takes stand apart from then on.
    pub fn unload(
        &mut self,
        keep: usize,
        mut locate: impl FnMut(&Message) -> Option<Located>,
        mut aside: impl FnMut(&Message, Located) -> bool,
    ) -> usize {
        let kept: Vec<usize> = self.kept(keep).map(|(_, kept)| kept).collect();
        let levels = self.upwards_mut().zip(kept);
        levels.map(|(ready, kept)| ready.unload(kept, &mut locate, &mut aside)).sum()
    }

    /// The messages that stand apart but for the first `keep` ready ones, from that place on, in
    /// the order of their places.
    pub fn apart_from(&self, from: MessageIndex, keep: usize) -> impl Iterator<Item = &Message> {
        let levels = self.kept(keep).map(|(ready, keep)| ready.apart_from(from, keep).peekable());
        by_index(levels.collect())
    }

    /// What [`Queue::unload`](super::core::Queue::unload) looks at, in its order.
    pub fn unloadable(&self, keep: usize) -> impl Iterator<Item = &Message> {
        self.kept(keep).flat_map(|(ready, keep)| ready.unloadable(keep))
    }
}

/// The messages of all parts, which are in the order of their places each, in that order.
pub(super) fn by_index<'a>(
    mut parts: Vec<Peekable<impl Iterator<Item = &'a Message>>>,
) -> impl Iterator<Item = &'a Message> {
    std::iter::from_fn(move || {
        let firsts = parts.iter_mut().filter_map(|part| Some((part.peek()?.index, part)));
        firsts.min_by_key(|(index, _)| *index)?.1.next()
    })
}

#[cfg(test)]
#[path = "levels_tests.rs"]
mod tests;
