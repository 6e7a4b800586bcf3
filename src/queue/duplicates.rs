//! The values by which a queue knows the messages that it holds, so that a duplicate can be told
//! (`x-message-deduplication`).

use std::collections::{BTreeMap, HashMap};

use foldhash::fast::FixedState;

use super::core::Queue;
use super::effect::Effects;
use crate::amqp::fingerprint::Fingerprint;
use crate::amqp::id::MessageIndex;
use crate::amqp::run::Run;

/// The values of the messages that a queue holds, ready, unacked or waiting for their time, in memory
/// or not; not of those that have died. About 80 octets each.
#[derive(Debug, Default)]
pub struct Known {
    by_value: HashMap<Fingerprint, MessageIndex, FixedState>,
    by_index: BTreeMap<MessageIndex, Fingerprint>,
}

impl Known {
    /// Whether no message has a value.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.by_index.is_empty()
    }

    /// How many messages have one.
    pub fn len(&self) -> usize {
        self.by_index.len()
    }

    /// Whether a message has that value.
    pub fn contains(&self, value: &Fingerprint) -> bool {
        self.by_value.contains_key(value)
    }

    /// Whether the message at that place has a value.
    pub fn has(&self, index: MessageIndex) -> bool {
        self.by_index.contains_key(&index)
    }

    /// Takes note of a message's value. One that is known already is the later message's.
    pub fn insert(&mut self, index: MessageIndex, value: Fingerprint) {
        self.by_value.insert(value, index);
        self.by_index.insert(index, value);
    }

    /// A message has another place from now on.
    pub fn rename(&mut self, from: MessageIndex, to: MessageIndex) {
        if let Some(value) = self.by_index.remove(&from) {
            self.insert(to, value);
        }
    }

    /// Forgets a message, if it has a value.
    pub fn remove(&mut self, index: MessageIndex) {
        let Some(value) = self.by_index.remove(&index) else { return };
        if self.by_value.get(&value) == Some(&index) {
            self.by_value.remove(&value);
        }
        let capacity = self.by_value.capacity();
        if capacity > 1024 && self.by_value.len() < capacity / 8 {
            self.by_value.shrink_to(capacity / 4);
        }
    }

    /// Forgets the messages of a run.
    fn remove_run(&mut self, run: &Run) {
        while let Some((&index, _)) = self.by_index.range(run.first..run.end()).next() {
            self.remove(index);
        }
    }
}

impl Queue {
    /// Whether it holds a message with that value. After a restart it knows so only when it has
    /// looked at all that [`unseen`](Self::unseen) tells of.
    pub fn is_known(&self, value: &Fingerprint) -> bool {
        self.known.contains(value)
    }

    /// A run whose messages have to be looked at before it is known what they say.
    pub fn unseen(&self) -> Option<&Run> {
        self.ready.first_marked_run()
    }

    /// Forgets the values of what was released.
    pub(super) fn forget_released(&mut self, effects: &Effects) {
        for (index, _) in effects.released() {
            self.known.remove(*index);
            self.groups.remove(*index);
        }
        for run in effects.released_runs() {
            self.known.remove_run(run);
        }
    }
}

#[cfg(test)]
#[path = "duplicates_tests.rs"]
mod tests;
