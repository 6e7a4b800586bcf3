//! When the messages of a queue expire.
//!
//! In a queue where all live equally long, messages of one level expire in the order of their
//! places, and only the first of each level has to be looked at. Those that break that order have an
//! entry each.

use std::collections::BTreeSet;

use super::lane::Message;
use crate::amqp::id::{MessageIndex, Timestamp};

/// The deadlines of the ready messages that do not expire in the order of their places, or stand
/// apart from the lane.
#[derive(Debug, Default)]
pub struct Deadlines {
    single: BTreeSet<(Timestamp, MessageIndex)>,
    /// Whether a message could expire.
    active: bool,
}

impl Deadlines {
    /// Those of a lane whose messages expire in the order of their places.
    pub const fn in_order() -> Self {
        Self { single: BTreeSet::new(), active: true }
    }

    /// Whether no message expires.
    #[inline]
    pub fn is_idle(&self) -> bool {
        !self.active
    }

    /// Takes note of a message at the end of a lane, and whether it expires behind those before it.
    /// All others may be left out as long as [`is_idle`](Self::is_idle).
    pub fn append(&mut self, message: &Message, in_order: bool) {
        self.active = true;
        if !in_order {
            self.single.insert((message.deadline, message.index));
        }
    }

    /// Takes note of a message that stands apart.
    pub fn add(&mut self, message: &Message) {
        if message.deadline != Timestamp::NEVER {
            self.active = true;
            self.single.insert((message.deadline, message.index));
        }
    }

    /// Whether the message's deadline would be forgotten in a run.
    pub fn is_single(&self, message: &Message) -> bool {
        self.single.contains(&(message.deadline, message.index))
    }

    /// Forgets a message that is not ready any more.
    #[inline]
    pub fn remove(&mut self, message: &Message) {
        if message.deadline != Timestamp::NEVER {
            self.single.remove(&(message.deadline, message.index));
        }
    }

    /// Forgets the message with that deadline and place.
    pub fn forget(&mut self, deadline: Timestamp, index: MessageIndex) {
        self.single.remove(&(deadline, index));
    }

    /// Forgets everything: no message is ready.
    pub fn clear(&mut self) {
        self.single.clear();
        self.active = false;
    }

    /// The first deadline among them.
    pub fn first(&self) -> Option<(Timestamp, MessageIndex)> {
        self.single.first().copied()
    }
}
