//! A message's way through exchanges that have a past.

use std::sync::Arc;
use std::time::Duration;

use crate::amqp::fingerprint::Fingerprint;
use crate::exchange::deduplication::{Deduplication, Verdict};
use crate::exchange::message::Message;
use crate::exchange::past::Past;
use crate::exchange::recent_history::RecentHistory;

/// An exchange, and the value of a message there.
pub type Sight = (Arc<Deduplication>, Fingerprint);

/// What a message met on its way.
#[derive(Debug, Default)]
pub(super) struct Passage {
    /// The time at which it goes through. Without one the way is only looked for, and ends at the
    /// first exchange that has a past: nothing is remembered of the message.
    now: Option<Duration>,
    /// Whether there was such an exchange.
    met: bool,
    duplicate: bool,
    /// The exchanges that saw its value for the first time.
    noted: Vec<Sight>,
    /// The exchanges that took it for a duplicate of a message of which nobody knows yet what
    /// becomes of it.
    open: Vec<Sight>,
    /// The exchanges that keep it.
    keepers: Vec<Arc<RecentHistory>>,
}

impl Passage {
    /// Begins anew, for a message that goes through at that time, or only looks for its way.
    pub(super) fn begin(&mut self, now: Option<Duration>) {
        self.now = now;
        self.met = false;
        self.duplicate = false;
        // Nobody has said what became of the message before.
        self.forget();
        self.open.clear();
        self.keepers.clear();
    }

    /// Whether the way was only looked for, and cannot be known beforehand.
    pub(super) const fn is_blocked(&self) -> bool {
        self.met && self.now.is_none()
    }

    /// Whether any exchange took it for a duplicate.
    pub(super) const fn is_duplicate(&self) -> bool {
        self.duplicate
    }

    /// The exchanges that keep it.
    pub(super) fn keepers(&self) -> &[Arc<RecentHistory>] {
        &self.keepers
    }

    /// Whether an exchange with such a past hands the message on.
    pub(super) fn pass(&mut self, past: &Past, message: &Message<'_>) -> bool {
        self.met = true;
        let Some(now) = self.now else { return false };
        match past {
            Past::RecentHistory(history) => {
                if RecentHistory::takes(message) {
                    self.keepers.push(Arc::clone(history));
                }
            }
            Past::Deduplication(deduplication) => match deduplication.check(message, now) {
                Verdict::Unchecked => {}
                Verdict::New(value) => self.noted.push((Arc::clone(deduplication), value)),
                Verdict::Duplicate => {
                    self.duplicate = true;
                    return false;
                }
                Verdict::DuplicateOfOpen(value) => {
                    self.duplicate = true;
                    self.open.push((Arc::clone(deduplication), value));
                    return false;
                }
            },
        }
        true
    }

    /// Has the exchanges that saw the message's value for the first time unsee it.
    pub(super) fn forget(&mut self) {
        for (deduplication, value) in self.noted.drain(..) {
            deduplication.forget(&[value]);
        }
    }

    /// Whether an exchange saw its value for the first time.
    pub(super) const fn is_noted(&self) -> bool {
        !self.noted.is_empty()
    }

    /// Takes out the exchanges that saw its value for the first time: whoever has them says what
    /// became of the message.
    pub(super) fn take_noted(&mut self) -> std::vec::Drain<'_, Sight> {
        self.noted.drain(..)
    }

    /// The exchanges that took it for a duplicate of one of which nobody knows yet what becomes
    /// of it.
    pub(super) fn open(&self) -> &[Sight] {
        &self.open
    }
}
