//! Messages that came back and wait before they are ready again, the longer the more often their
//! delivery failed (`x-delayed-retry-type`).

use std::collections::{BTreeMap, BTreeSet};

use super::apart::Apart;
use super::command::Settlement;
use super::core::Queue;
use super::lane::Message;
use super::paging::Wanted;
use crate::amqp::argument::DelayedRetry;
use crate::amqp::attempts::Attempts;
use crate::amqp::id::{MessageIndex, Timestamp};
use crate::amqp::run::Run;

/// Which messages wait, and how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// Which messages.
    pub which: DelayedRetry,
    /// How long for each delivery that failed, and where none did, in milliseconds.
    pub min: u64,
    /// How long at most, in milliseconds.
    pub max: u64,
}

impl Retry {
    /// How long a message waits that came back in that way, in milliseconds; `None` if not at all.
    /// What was given back otherwise does not make it longer (RabbitMQ:
    /// `rabbit_fifo:calculate_ready_at/4`).
    fn delay(self, how: Settlement, attempts: Attempts) -> Option<u64> {
        let which = match how {
            Settlement::Fail => DelayedRetry::Failed,
            Settlement::Requeue => DelayedRetry::Returned,
            Settlement::Ack | Settlement::Discard => return None,
        };
        let waits = [DelayedRetry::All, which].contains(&self.which);
        let times = u64::from(attempts.failed.max(1));
        waits.then(|| self.min.saturating_mul(times).min(self.max))
    }
}

/// The messages that wait.
#[derive(Debug, Default)]
pub struct Later {
    pub(super) messages: Apart,
    until: BTreeMap<MessageIndex, Timestamp>,
    due: BTreeSet<(Timestamp, MessageIndex)>,
    /// Those that waited before a restart and were not found yet, by the places that they had then.
    awaited: BTreeMap<MessageIndex, Timestamp>,
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

    /// Whether a message that was found after a restart has to wait.
    pub fn is_awaited(&self, index: MessageIndex) -> bool {
        self.awaited.contains_key(&index)
    }

    /// Until when a message waits that was found after a restart; `None` if that time is over.
    pub fn found(&mut self, index: MessageIndex, now: Timestamp) -> Option<Timestamp> {
        self.awaited.remove(&index).filter(|until| *until > now)
    }

    /// The size of the bodies.
    pub fn bytes(&self) -> u64 {
        self.messages.bytes()
    }

    /// Takes all of them out.
    pub fn drain(&mut self) -> impl Iterator<Item = Message> {
        self.until.clear();
        self.due.clear();
        self.messages.drain()
    }

    /// Takes a message out; `None` if there is no such one.
    pub fn remove(&mut self, index: MessageIndex) -> Option<Message> {
        let due = self.until.remove(&index)?;
        self.due.remove(&(due, index));
        self.messages.remove(index)
    }

    fn insert(&mut self, message: Message, due: Timestamp) {
        self.until.insert(message.index, due);
        self.due.insert((due, message.index));
        self.messages.insert(message);
    }

    fn pop_due(&mut self, now: Timestamp) -> Option<Message> {
        let (due, index) = *self.due.first()?;
        if due > now { None } else { self.remove(index) }
    }
}

impl Queue {
    /// A queue as [`restored`](Self::restored), of whose messages these wait until those times. Where
    /// they are among the others is found when their runs have been looked at.
    pub fn restored_with(
        next_index: u64,
        runs: impl IntoIterator<Item = Run>,
        deferred: impl IntoIterator<Item = (MessageIndex, Timestamp)>,
    ) -> Self {
        let awaited: BTreeMap<_, _> = deferred.into_iter().collect();
        let waits = |run: &Run| awaited.range(run.first..run.end()).next().is_some();
        let runs = runs.into_iter().map(|run| Run { marked: run.marked || waits(&run), ..run });
        let mut restored = Self::restored(next_index, runs);
        restored.later.awaited = awaited;
        restored
    }

    /// Until when a message waits that came back in that way; `None` if it is ready at once.
    pub(super) fn waits_until(&self, how: Settlement, attempts: Attempts) -> Option<Timestamp> {
        let delay = self.settings.retry?.delay(how, attempts)?;
        Some(self.now.plus(delay))
    }

    /// Has a message that came back wait. It may expire meanwhile.
    pub(super) fn defer(&mut self, message: Message, until: Timestamp) {
        self.deadlines.add(&message);
        self.later.insert(message, until);
    }

    /// Puts back in their places those that have waited long enough.
    pub(super) fn bring_back(&mut self) {
        while let Some(message) = self.later.pop_due(self.now) {
            self.set_apart(message);
        }
    }

    /// What has to be looked at, after a restart, to know which messages wait for anything.
    pub fn wanted_for_waiting(&self) -> Option<Wanted> {
        let waits = self.settings.delayed || !self.later.awaited.is_empty();
        self.ready.wanted_look().filter(|_| waits)
    }

    /// How many messages wait after they came back. They are not among the ready ones.
    pub fn deferred(&self) -> usize {
        self.later.len()
    }

    /// The messages that came back and wait, by place, and until when; also those that were not
    /// found yet after a restart.
    pub fn deferrals(&self) -> impl Iterator<Item = (MessageIndex, Timestamp)> {
        let Later { until, awaited, .. } = &self.later;
        until.iter().chain(awaited).map(|(index, until)| (*index, *until))
    }
}

#[cfg(test)]
#[path = "later_tests.rs"]
mod tests;
