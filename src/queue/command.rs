//! What the outside asks of a queue.

use crate::amqp::ack_mode::AckMode;
use crate::amqp::fingerprint::Fingerprint;
use crate::amqp::id::{ConsumerId, MessageIndex, StoreRef, Timestamp};

/// A message as its queue's store keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Where the store keeps it.
    pub store: StoreRef,
    /// The size of its body.
    pub bytes: u32,
}

/// What a message itself says of its life in a queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// How long it lives at most, in milliseconds (`expiration`).
    pub lifetime: Option<u64>,
    /// How urgent it is (`priority`).
    pub priority: Option<u8>,
}

impl Marks {
    /// Whether it says anything that it would be forgotten by among its neighbours on the disk. Those
    /// are of one level.
    pub fn is_any(&self) -> bool {
        Self { priority: None, ..*self } != Self::default()
    }
}

/// What a message is known by in its queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// The value by which duplicates of it are told (`x-message-deduplication`).
    Value(Fingerprint),
    /// The group that it belongs to (`x-group-key`).
    Group(Fingerprint),
}

/// One step of a queue. A batch of them is applied in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Puts a message at the end of the queue.
    Enqueue(Stored),
    /// Puts a message at the end of the queue that says something itself.
    EnqueueMarked(Stored, Marks),
    /// Has a message die at once for which there is no room.
    Refuse(Stored),
    /// Says what the message is known by that is about to get that place, with
    /// [`EnqueueMarked`](Self::EnqueueMarked).
    Identify {
        /// The message.
        index: MessageIndex,
        /// What it is known by.
        key: Key,
    },
    /// Takes a message in that becomes ready later, at the end of the queue as it is then.
    Delay {
        /// The message.
        stored: Stored,
        /// When it becomes ready.
        due: Timestamp,
        /// How long it lives from then on at most, in milliseconds; `u64::MAX` if it does not say.
        lifetime: u64,
        /// The checksum of its `message-id`.
        id: u32,
        /// Its priority, if it says one.
        priority: Option<u8>,
    },
    /// Removes a message that waits for its time; one that does not wait any more is ignored.
    CancelDelayed {
        /// The message.
        index: MessageIndex,
        /// When it is due.
        due: Timestamp,
    },
    /// Starts a consumer.
    Attach(Attach),
    /// Ends a consumer. Its unacked messages stay unacked until they are settled.
    Detach {
        /// The consumer; an unknown one is ignored.
        consumer: ConsumerId,
    },
    /// Takes one message, if there is one, whatever the consumers' credit.
    Get {
        /// Comes back in the effect that answers.
        request: u32,
        /// Whether the message stays unacked.
        acks: AckMode,
    },
    /// Settles an unacked message; an index that is not unacked is ignored.
    Settle {
        /// The message.
        index: MessageIndex,
        /// What becomes of it.
        outcome: Settlement,
    },
    /// Stops deliveries to a consumer whose output is full.
    Pause {
        /// The consumer; an unknown one is ignored.
        consumer: ConsumerId,
    },
    /// Lets deliveries to a paused consumer go on.
    Resume {
        /// The consumer; an unknown one is ignored.
        consumer: ConsumerId,
    },
    /// Sets what a channel-limited consumer may take. The allowance lasts until the end of the
    /// call that grants it; what is left then is given back by an effect.
    Grant {
        /// The consumer; for one that is unknown or not limited all of it is given back.
        consumer: ConsumerId,
        /// Messages.
        credit: u32,
    },
    /// Says whether a running consumer's channel has a limit of its own now.
    LimitChannel {
        /// The consumer; an unknown one is ignored.
        consumer: ConsumerId,
        /// Whether it needs allowances from now on.
        limit: ChannelLimit,
    },
    /// A message that died is where it had to go; one that is not dying is ignored.
    Bury {
        /// The message.
        index: MessageIndex,
    },
    /// Removes every ready message, every one that came back and waits, and every dead one that is
    /// kept.
    Purge {
        /// Comes back in the effect that answers.
        request: u32,
    },
}

/// A consumer to start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attach {
    /// A consumer that this queue has never seen.
    pub consumer: ConsumerId,
    /// It is served before those of a lower priority, as long as it can take messages.
    pub priority: i64,
    /// How many unacked messages it may hold; 0 is no limit. It has no meaning without manual acks.
    pub prefetch: u16,
    /// Whether what it is sent stays unacked.
    pub acks: AckMode,
    /// Whether it wants the queue for itself.
    pub exclusivity: Exclusivity,
    /// Whether its channel has a limit over all of its consumers.
    pub limit: ChannelLimit,
}

/// Whether a consumer shares its queue with others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exclusivity {
    /// Beside others.
    Shared,
    /// Alone (`exclusive` of basic.consume).
    Exclusive,
}

/// Whether a consumer's channel limits all of its consumers together (basic.qos with `global`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChannelLimit {
    /// Only the consumer's own prefetch counts.
    Absent,
    /// Each message needs an allowance too. It has no meaning without manual acks.
    Present,
}

/// What becomes of an unacked message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settlement {
    /// It was handled: the message is gone.
    Ack,
    /// It goes back to its place, marked as redelivered.
    Requeue,
    /// The same, and its delivery has failed: that counts, in a queue that counts.
    Fail,
    /// It was refused: the message dies.
    Discard,
}
