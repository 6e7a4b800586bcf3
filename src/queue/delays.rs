//! Messages that wait for their time, and become ready at the end of the queue.

use std::collections::BTreeSet;

use super::command::Marks;
use super::core::Queue;
use super::effect::Effects;
use super::lane::Message;
use super::paging::{Entry, Located};
use super::waiting::{Rank, Waiting};
use super::wheel::Far;
use crate::amqp::id::{MessageIndex, StoreRef, Timestamp};
use crate::amqp::run::Run;

/// How many messages become ready in one call.
const STEP: usize = 4096;

/// A message that has left those that wait, and what its owner has to know of it from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ripened {
    /// Under which place it came.
    pub from: MessageIndex,
    /// Its place from now on, the same for one that is gone.
    pub place: MessageIndex,
    /// What it takes on the disk, in octets; 0 if it is in memory.
    pub octets: u32,
}

impl Queue {
    /// How many messages wait for their time. They are not among the ready ones.
    pub fn delayed(&self) -> usize {
        self.delayed.len()
    }

    /// The size of the bodies of the messages that wait.
    pub fn delayed_bytes(&self) -> u64 {
        self.delayed.bytes()
    }

    /// The first `limit` messages that wait behind `after`, the first due first.
    pub fn list_delayed(&self, after: Rank, limit: usize) -> Vec<Waiting> {
        self.delayed.list(after, limit)
    }

    /// The messages that wait whose `message-id` has that checksum, the first due first.
    pub fn find_delayed(&self, id: u32) -> Vec<Waiting> {
        let mut found: Vec<_> = self.delayed.iter().filter(|it| it.id == id).copied().collect();
        found.sort_unstable_by_key(Waiting::rank);
        found
    }

    /// What became ready or was cancelled since this was last asked, in order. Its owner has to ask
    /// before it carries out what is released.
    pub fn ripened(&mut self) -> impl Iterator<Item = Ripened> {
        self.ripened.drain(..)
    }

    /// What lies on the disk and has come within a second or two of its time since this was last
    /// asked. Its owner may have it fetched meanwhile.
    pub fn coming(&mut self) -> impl Iterator<Item = Run> {
        self.delayed.coming()
    }

    /// Takes a message in that was found on the disk: it waits, if it is due later than at the last
    /// call, and becomes ready with the next call else.
    pub fn restore_delayed(&mut self, waiting: Waiting, lifetime: Option<u64>) {
        self.delayed.advance(self.now);
        self.delayed.insert(waiting, lifetime);
    }

    /// The messages in memory that wait, the last to be due first.
    pub fn hot_delayed(&self) -> impl Iterator<Item = Message> {
        self.delayed.hot().map(Waiting::message)
    }

    /// Makes a message cold that waits. Returns where in memory it was, of which the queue has no
    /// use any more; `None` if it does not hold such a message in memory.
    pub fn unload_delayed(&mut self, index: MessageIndex, located: Located) -> Option<StoreRef> {
        self.delayed.unload(index, located)
    }

    pub(super) fn delay(&mut self, waiting: Waiting, lifetime: Option<u64>) {
        let index = MessageIndex(self.next_index);
        self.next_index += 1;
        self.delayed.insert(Waiting { index, ..waiting }, lifetime);
    }

    pub(super) fn cancel_delayed(&mut self, rank: Rank, effects: &mut Effects) {
        let Some((Waiting { index, store, octets, .. }, _)) = self.delayed.remove(rank) else {
            return;
        };
        self.ripened.push(Ripened { from: index, place: index, octets });
        effects.release(index, store);
    }

    /// Has those become ready whose time has come, some thousands at most. Each gets a place at the
    /// end of the queue, and its lifetime begins.
    pub(super) fn ripen(&mut self) {
        self.delayed.advance(self.now);
        // After a restart, one that is due before these may still be found.
        if self.ready.wanted_look().is_some() {
            return;
        }
        for _ in 0..STEP {
            let Some((waiting, lifetime)) = self.delayed.pop_due(self.now) else { return };
            let place = MessageIndex(self.next_index);
            self.next_index += 1;
            self.ripened.push(Ripened { from: waiting.index, place, octets: waiting.octets });
            self.known.rename(waiting.index, place);
            self.groups.rename(waiting.index, place);
            self.counts.rename(waiting.index, place);
            let marks = Marks { lifetime, ..Marks::default() };
            let deadline = self.settings.deadline(waiting.due, marks);
            let message = Message { index: place, deadline, ..waiting.message() };
            match self.later.found(waiting.index, self.now) {
                Some(until) => {
                    self.defer(message, until);
                    self.hold_up(place);
                }
                None => self.set_apart(message),
            }
        }
    }

    /// When it has something to do for those that wait.
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        self.delayed.next_wake()
    }

    /// The messages that wait on the disk and are due later than in a second or two, as they are
    /// now: whoever goes through them needs the queue no longer.
    pub fn far(&self) -> Far {
        self.delayed.far()
    }

    /// Has messages that wait lie elsewhere on the disk: `moved` is asked about those that are due
    /// at these times, and about others, and says where those are now that have moved. Those that
    /// are due within a second or two are [among others](Self::cold_held_mut).
    pub fn relocate_far(
        &mut self,
        dues: &BTreeSet<Timestamp>,
        moved: impl FnMut(&Waiting) -> Option<StoreRef>,
    ) {
        self.delayed.relocate_far(dues, moved);
    }

    /// What waits, but for [those far ahead](Self::far).
    pub(super) fn near_entries(&self) -> impl Iterator<Item = Entry> {
        self.delayed.near().map(|waiting| {
            if waiting.store.is_cold() {
                Entry::Run(waiting.run())
            } else {
                Entry::Ready(waiting.message())
            }
        })
    }
}

#[cfg(test)]
#[path = "delays_tests.rs"]
mod tests;
