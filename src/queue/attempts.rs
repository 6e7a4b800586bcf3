//! How often messages came back, and the limit of deliveries that fail.
//!
//! Only messages that came back have an entry, and only in a queue that counts.

use std::collections::BTreeMap;

use super::command::Settlement;
use super::core::Queue;
use super::dying::Death;
use super::effect::Effects;
use super::lane::Message;
use crate::amqp::attempts::Attempts;
use crate::amqp::id::MessageIndex;

/// The counts of those messages that came back.
#[derive(Debug, Default)]
pub(super) struct Counts {
    by_index: BTreeMap<MessageIndex, Attempts>,
}

impl Counts {
    /// Counts that a message came back; returns what it comes to.
    fn count(&mut self, index: MessageIndex, how: Settlement) -> Attempts {
        let attempts = self.by_index.entry(index).or_default();
        attempts.acquired = attempts.acquired.saturating_add(1);
        if how == Settlement::Fail {
            attempts.failed = attempts.failed.saturating_add(1);
        }
        *attempts
    }

    pub(super) fn get(&self, index: MessageIndex) -> Option<Attempts> {
        self.by_index.get(&index).copied()
    }

    /// A message that came back before a restart has another place from now on.
    pub(super) fn rename(&mut self, from: MessageIndex, to: MessageIndex) {
        if let Some(attempts) = self.by_index.remove(&from) {
            self.by_index.insert(to, attempts);
        }
    }

    /// Forgets a message that is gone.
    pub(super) fn forget(&mut self, index: MessageIndex) {
        self.by_index.remove(&index);
    }
}

impl Queue {
    /// The same queue with what was counted before a restart, of messages that are still there.
    #[must_use]
    pub fn with_attempts(
        mut self,
        attempts: impl IntoIterator<Item = (MessageIndex, Attempts)>,
    ) -> Self {
        self.counts.by_index = attempts.into_iter().collect();
        self
    }

    /// What it has counted, by place of the message.
    pub fn attempts(&self) -> impl Iterator<Item = (MessageIndex, Attempts)> {
        self.counts.by_index.iter().map(|(index, attempts)| (*index, *attempts))
    }

    /// Puts an unacked message back, or has it die when its deliveries have failed too often or its
    /// time is over: nobody is sent a message that has expired.
    pub(super) fn take_back(&mut self, message: Message, how: Settlement, effects: &mut Effects) {
        if self.settings.counts_attempts {
            let attempts = self.counts.count(message.index, how);
            if self.settings.delivery_limit.is_some_and(|limit| attempts.failed > limit) {
                return self.kill(message, Death::DeliveryLimit, effects);
            }
            if message.deadline <= self.now {
                return self.kill(message, Death::Expired, effects);
            }
            effects.count(message.index, attempts);
            let message = Message { redelivered: true, ..message };
            match self.waits_until(how, attempts) {
                Some(until) => {
                    effects.defer(message.index, until);
                    self.defer(message, until);
                }
                None => self.set_apart(message),
            }
            return;
        }
        if message.deadline <= self.now {
            return self.kill(message, Death::Expired, effects);
        }
        self.set_apart(Message { redelivered: true, ..message });
    }

    /// Forgets the counts of all messages that are not unacked.
    pub(super) fn forget_ready_counts(&mut self) {
        if self.counts.by_index.is_empty() {
            return;
        }
        let before = std::mem::take(&mut self.counts.by_index);
        let kept = self.unacked.iter();
        let kept = kept.filter_map(|it| Some((it.index, *before.get(&it.index)?)));
        self.counts.by_index = kept.collect();
    }
}

#[cfg(test)]
#[path = "attempts_tests.rs"]
mod tests;
