//! The ready messages in order, the middle of a long lane on the disk.
//!
//! ```text
//!   delivered <--- head (hot) | cold runs | tail (hot) <--- enqueued
//!                        <- load        unload ->
//! ```
//! Without cold runs there is no tail: everything is in the head. What is in head and tail is in
//! memory and has an entry for each message; a run has one for up to 1 MiB of messages.

mod cold;
mod hot;

use cold::Cold;
pub(super) use cold::run_of;
use hot::Hot;

use crate::amqp::id::{MessageIndex, StoreRef, Timestamp};
use crate::amqp::run::Run;
use crate::queue::paging::{Loaded, Located};

/// A message as the queue knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its place in the queue.
    pub index: MessageIndex,
    /// Where the store keeps it.
    pub store: StoreRef,
    /// When it expires; [`Timestamp::NEVER`] if it does not.
    pub deadline: Timestamp,
    /// The size of its body.
    pub bytes: u32,
    /// Whether it was delivered before.
    pub redelivered: bool,
    /// Whether it says itself what becomes of it, so that it has to be looked at before its turn.
    pub marked: bool,
    /// The level that it belongs to.
    pub priority: u8,
}

impl Message {
    /// A message of the lowest level that never expires and was never delivered.
    pub const fn new(index: MessageIndex, store: StoreRef, bytes: u32) -> Self {
        let deadline = Timestamp::NEVER;
        Self { index, store, deadline, bytes, redelivered: false, marked: false, priority: 0 }
    }
}

/// A first-in, first-out list of messages.
#[derive(Debug, Default)]
pub struct Lane {
    /// What comes before the cold runs: all, while there are none.
    head: Hot,
    cold: Cold,
    /// What comes behind the cold runs: nothing, while there are none.
    tail: Hot,
}

impl Lane {
    /// A lane of these runs, which are in index order.
    pub fn restored(runs: impl IntoIterator<Item = Run>) -> Self {
        Self { head: Hot::default(), cold: Cold::restored(runs), tail: Hot::default() }
    }

    /// How many messages there are, loaded or not.
    pub fn len(&self) -> usize {
        self.head.len() + self.cold.messages() + self.tail.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The size of the bodies.
    pub fn bytes(&self) -> u64 {
        self.head.bytes() + self.cold.bytes() + self.tail.bytes()
    }

    /// How many messages can be taken before a run has to be loaded.
    #[inline]
    pub fn at_hand(&self) -> usize {
        self.head.len()
    }

    /// The size of their bodies.
    pub fn bytes_at_hand(&self) -> u64 {
        self.head.bytes()
    }

    /// Adds a message that is in memory behind all others.
    #[inline]
    pub fn push_back(&mut self, message: Message) {
        let end = if self.cold.is_empty() { &mut self.head } else { &mut self.tail };
        end.push_back(message);
    }

    /// Takes the first message, if it is in memory.
    #[inline]
    pub fn pop_front(&mut self) -> Option<Message> {
        self.head.pop_front()
    }

    /// The place of the first message, cold or not.
    #[inline]
    pub fn first_index(&self) -> Option<MessageIndex> {
        let hot = self.head.front().map(|message| message.index);
        hot.or_else(|| self.cold.first().map(|run| run.first))
    }

    /// When the first message expires; `None` where that is not known before it is loaded, or there
    /// is none.
    pub fn first_deadline(&self) -> Option<Timestamp> {
        let hot = self.head.front().map(|message| message.deadline);
        hot.or_else(|| self.cold.first_deadline())
    }

    /// Takes a message out that is in memory.
    pub fn remove(&mut self, index: MessageIndex) -> Option<Message> {
        let found = self.head.remove(index).or_else(|| self.tail.remove(index));
        self.close_gap();
        found
    }

    /// Has the runs, which are all there is, be marked where `which` holds.
    pub fn mark_runs(&mut self, which: impl FnMut(&Run) -> bool) {
        self.cold.mark(which);
    }

    /// Whether there are runs whose messages have to be looked at before their turn.
    #[inline]
    pub fn has_marked_runs(&self) -> bool {
        self.cold.has_marked()
    }

    /// The first run whose messages have to be looked at before their turn.
    pub fn first_marked_run(&self) -> Option<&Run> {
        if self.cold.has_marked() { self.cold.iter().find(|run| run.marked) } else { None }
    }

    /// Puts a message that is on the disk into its place among the runs; `false` if others have
    /// their place between it and the runs, and nothing has changed.
    pub fn insert_cold(&mut self, message: &Message, located: Located) -> bool {
        let Self { head, cold, tail } = self;
        if head.front().is_some_and(|first| message.index < first.index) && cold.is_empty() {
            *tail = std::mem::take(head);
        }
        let follows_head = head.back().is_none_or(|last| last.index < message.index);
        let precedes_tail = tail.front().is_none_or(|first| message.index < first.index);
        let fits = follows_head && precedes_tail;
        if fits {
            cold.insert(message, located);
        }
        self.close_gap();
        fits
    }

    /// The run to load next.
    pub fn first_run(&self) -> Option<&Run> {
        self.cold.first()
    }

    /// Puts the messages of the first run, or of its beginning, into the head. `run` is what was
    /// read; `false` if the first run does not begin with it any more, and nothing has changed.
    /// All are of that level.
    pub fn load(&mut self, run: &Run, messages: &[Loaded], priority: u8) -> bool {
        debug_assert!(
            messages
                .iter()
                .all(|m| (run.first..run.end()).contains(&m.index) && !m.store.is_cold())
        );
        debug_assert!(messages.is_sorted_by(|a, b| a.index < b.index));
        if !self.cold.take_first(run) {
            return false;
        }
        for &Loaded { index, store, bytes, deadline } in messages {
            let message = Message::new(index, store, bytes);
            let redelivered = run.redelivered;
            self.head.push_back(Message { deadline, redelivered, priority, ..message });
        }
        self.close_gap();
        true
    }

    /// Makes messages behind the first `keep` cold, as far as they can be located, and returns how
    /// many. They make runs, but for those that `aside` takes, which leave the lane. It never leaves a message in memory between two runs: without runs it begins with
    /// the oldest; else it takes the tail, oldest first, and the head, newest first.
    pub fn unload(
        &mut self,
        keep: usize,
        mut locate: impl FnMut(&Message) -> Option<Located>,
        mut aside: impl FnMut(&Message, Located) -> bool,
    ) -> usize {
        let mut count = 0;
        let mut put = |message: &Message, located, push: &mut dyn FnMut(&Message, Located)| {
            count += 1;
            if !aside(message, located) {
                push(message, located);
            }
        };
        let Self { head, cold, tail } = self;
        if cold.is_empty() {
            let Some(message) = head.get(keep) else { return 0 };
            let Some(located) = locate(message) else { return 0 };
            put(message, located, &mut |message, at| cold.push_back(message, at));
            *tail = head.split_off(keep);
            tail.pop_front();
        }
        while let Some(message) = tail.front()
            && let Some(located) = locate(message)
        {
            put(message, located, &mut |message, at| cold.push_back(message, at));
            tail.pop_front();
        }
        while head.len() > keep
            && let Some(message) = head.back()
            && let Some(located) = locate(message)
        {
            put(message, located, &mut |message, at| cold.push_front(message, at));
            head.pop_back();
        }
        self.close_gap();
        count
    }

    /// What [`unload`](Self::unload) looks at, in its order.
    pub fn unloadable(&self, keep: usize) -> impl Iterator<Item = &Message> {
        let is_whole = self.cold.is_empty();
        let all = self.head.iter().skip(if is_whole { keep } else { usize::MAX });
        let left = if is_whole { 0 } else { self.head.len().saturating_sub(keep) };
        all.chain(self.tail.iter()).chain(self.head.iter().rev().take(left))
    }

    /// Replaces a run, or its beginning, by others in which the same messages are found, or those
    /// of them that are left; `false` if no run begins with it any more, and nothing has changed.
    pub fn replace_run(&mut self, run: &Run, moved: &[Run]) -> bool {
        let replaced = self.cold.replace(run, moved);
        self.close_gap();
        replaced
    }

    /// Takes everything out: first what is in memory, then the runs.
    pub fn drain(&mut self) -> (impl Iterator<Item = Message>, impl Iterator<Item = Run>) {
        let Self { head, cold, tail } = std::mem::take(self);
        (head.into_messages().chain(tail.into_messages()), cold.into_runs())
    }

    /// What comes before the cold runs.
    pub fn head(&self) -> impl Iterator<Item = &Message> {
        self.head.iter()
    }

    /// The cold runs.
    pub fn runs(&self) -> impl Iterator<Item = &Run> {
        self.cold.iter()
    }

    /// What comes behind the cold runs.
    pub fn tail(&self) -> impl Iterator<Item = &Message> {
        self.tail.iter()
    }

    /// Each message that is in memory, to be pointed elsewhere in the store.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Message> {
        self.head.iter_mut().chain(self.tail.iter_mut())
    }

    /// Each cold run as it is, and its position, to be replaced.
    pub fn runs_mut(&mut self) -> impl Iterator<Item = (Run, &mut StoreRef)> {
        self.cold.positions_mut()
    }

    fn close_gap(&mut self) {
        if self.cold.is_empty() && !self.tail.is_empty() {
            self.head.append(std::mem::take(&mut self.tail));
        }
    }
}

#[cfg(test)]
mod tests;
