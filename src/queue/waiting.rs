//! A message that waits for its time, as small as it can be.

use super::lane::Message;
use crate::amqp::id::{MessageIndex, StoreRef, Timestamp};
use crate::amqp::run::Run;

/// A message that waits for its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// When it becomes ready.
    pub due: Timestamp,
    /// Under which place of the queue it came.
    pub index: MessageIndex,
    /// Where the store keeps it.
    pub store: StoreRef,
    /// The size of its body.
    pub bytes: u32,
    /// What it takes on the disk, in octets; 0 while it is in memory.
    pub octets: u32,
    /// The checksum of its `message-id`, by which it is found.
    pub id: u32,
    /// The level that it becomes ready in.
    pub priority: u8,
    /// Whether it was delivered before.
    pub redelivered: bool,
    /// Whether it has a lifetime of its own, which is kept elsewhere.
    pub mortal: bool,
}

/// Where a waiting message stands among the others: the first to become ready comes first.
pub type Rank = (Timestamp, MessageIndex);

impl Waiting {
    /// One that is in memory and was never delivered.
    pub const fn new(due: Timestamp, index: MessageIndex, store: StoreRef, bytes: u32) -> Self {
        Self {
            due,
            index,
            store,
            bytes,
            octets: 0,
            id: 0,
            priority: 0,
            redelivered: false,
            mortal: false,
        }
    }

    /// Where it stands.
    pub const fn rank(&self) -> Rank {
        (self.due, self.index)
    }

    /// It on the disk.
    pub const fn run(&self) -> Run {
        let Self { index, store, bytes, octets, redelivered, .. } = *self;
        let bytes = bytes as u64;
        Run { first: index, count: 1, octets, position: store, bytes, redelivered, marked: true }
    }

    /// It as a message of the queue.
    pub(super) const fn message(&self) -> Message {
        let Self { index, store, bytes, redelivered, priority, .. } = *self;
        Message { redelivered, priority, marked: true, ..Message::new(index, store, bytes) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_stays_small() {
        assert!(size_of::<Waiting>() <= 40);
    }
}
