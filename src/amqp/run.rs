//! Messages of one queue that lie one behind the other on the disk.

use super::id::{MessageIndex, StoreRef};

/// Messages with consecutive places in their queue that lie one behind the other in one file. What
/// each of them is, and how long, is found by reading them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// The first message's place in its queue.
    pub first: MessageIndex,
    /// How many messages: at least one.
    pub count: u32,
    /// Octets that they take on the disk.
    pub octets: u32,
    /// Where the first one begins.
    pub position: StoreRef,
    /// The size of their bodies, in octets.
    pub bytes: u64,
    /// Whether they were delivered before.
    pub redelivered: bool,
    /// Whether the queue has to look at each of them before its turn comes: it may expire, or be
    /// delivered, before those that came before it.
    pub marked: bool,
}

impl Run {
    /// Takes in the run that comes next, if it follows in the queue and on the disk and both
    /// together have at most `max` octets; returns whether it did.
    pub fn extend(&mut self, next: &Self, max: u32) -> bool {
        let follows = self.end() == next.first
            && (self.redelivered, self.marked) == (next.redelivered, next.marked)
            && self.position.0 + u64::from(self.octets) == next.position.0
            && self.octets.saturating_add(next.octets) <= max;
        if follows {
            self.count += next.count;
            self.octets += next.octets;
            self.bytes += next.bytes;
        }
        follows
    }

    /// The place behind the last message's.
    pub const fn end(&self) -> MessageIndex {
        MessageIndex(self.first.0 + self.count as u64)
    }
}
