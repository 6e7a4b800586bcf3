//! Messages that came back and wait before they are ready again, the longer the more often they
//! came (`x-delayed-retry-type`).

use std::collections::BTreeSet;

use super::apart::Apart;
use super::command::Settlement;
use super::core::Queue;
use super::lane::Message;
use crate::amqp::argument::DelayedRetry;
use crate::amqp::attempts::Attempts;
use crate::amqp::id::{MessageIndex, Timestamp};

/// Which messages wait, and how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// Which messages.
    pub which: DelayedRetry,
    /// How long for each time that the message came back so, in milliseconds.
    pub min: u64,
    /// How long at most, in milliseconds.
    pub max: u64,
}

impl Retry {
    /// How long a message waits that came back in that way, in milliseconds; `None` if not at all.
    fn delay(self, how: Settlement, attempts: Attempts) -> Option<u64> {
        let Attempts { failed, acquired } = attempts;
        let times = match (self.which, how) {
            (DelayedRetry::All | DelayedRetry::Failed, Settlement::Fail) => failed,
            (DelayedRetry::All | DelayedRetry::Returned, Settlement::Requeue) => {
                acquired.saturating_sub(failed)
            }
            _ => return None,
        };
        Some(self.min.saturating_mul(times.max(1).into()).min(self.max))
    }
}

/// The messages that wait.
#[derive(Debug, Default)]
pub struct Later {
    pub(super) messages: Apart,
    due: BTreeSet<(Timestamp, MessageIndex)>,
}

impl Later {
    /// Whether there is none.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.due.is_empty()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.due.len()
    }

    /// When the first is ready again.
    pub fn first_due(&self) -> Option<Timestamp> {
        self.due.first().map(|(due, _)| *due)
    }

    fn insert(&mut self, message: Message, due: Timestamp) {
        self.due.insert((due, message.index));
        self.messages.insert(message);
    }

    fn pop_due(&mut self, now: Timestamp) -> Option<Message> {
        let (due, index) = *self.due.first()?;
        if due > now {
            return None;
        }
        self.due.pop_first();
        self.messages.remove(index)
    }
}

impl Queue {
    /// Has a message that came back wait, if it is one that does.
    pub(super) fn defer(
        &mut self,
        message: Message,
        how: Settlement,
        attempts: Attempts,
    ) -> Result<(), Message> {
        let delay = self.settings.retry.and_then(|retry| retry.delay(how, attempts));
        let Some(delay) = delay else { return Err(message) };
        self.later.insert(message, self.now.plus(delay));
        Ok(())
    }

    /// Puts back in their places those that have waited long enough.
    pub(super) fn bring_back(&mut self) {
        while let Some(message) = self.later.pop_due(self.now) {
            self.set_apart(message);
        }
    }

    /// How many messages wait after they came back. They are not among the ready ones.
    pub fn deferred(&self) -> usize {
        self.later.len()
    }
}
