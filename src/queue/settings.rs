//! How a queue works, as its definition and the policies say.

use super::command::Marks;
use super::later::Retry;
use super::single_active::Succession;
use crate::amqp::argument::Overflow;
use crate::amqp::id::Timestamp;

/// What can be chosen for a queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Which of its consumers it serves. It stays as it was at first.
    pub serving: Serving,
    /// How long a message lives, in milliseconds (`x-message-ttl`).
    pub message_ttl: Option<u64>,
    /// How many messages are ready at most (`x-max-length`).
    pub max_length: Option<u64>,
    /// How many octets their bodies have at most (`x-max-length-bytes`).
    pub max_bytes: Option<u64>,
    /// What becomes of more (`x-overflow`).
    pub overflow: Overflow,
    /// When what is too much goes because messages came back.
    pub trimming: Trimming,
    /// What becomes of messages that die.
    pub dead: Dead,
    /// Whether it counts how often each message came back.
    pub counts_attempts: bool,
    /// How many deliveries of a message may fail; one more, and it dies (`x-delivery-limit`).
    pub delivery_limit: Option<u32>,
    /// Which messages that came back wait before they are ready again (`x-delayed-retry-type`); only
    /// a queue that counts has them wait.
    pub retry: Option<Retry>,
    /// The levels of its messages. They stay as they were at first.
    pub priorities: Priorities,
    /// How many messages a second are delivered at most (`x-delivery-rate`).
    pub delivery_rate: Option<u64>,
    /// Whether messages that say so wait for their time (`x-delayed`).
    pub delayed: bool,
    /// Whether no message stays: each dies once it is ready, and is published elsewhere.
    pub hands_on: bool,
}

impl Settings {
    /// Whether something goes by when a message was accepted.
    pub const fn is_timed(&self) -> bool {
        self.message_ttl.is_some()
    }

    /// Whether what becomes of a message goes by a property of it that says nothing elsewhere.
    pub const fn reads_all(&self) -> bool {
        self.priorities.highest > 0
    }

    /// When a message expires that was accepted then.
    pub fn deadline(&self, accepted: Timestamp, marks: Marks) -> Timestamp {
        let lifetime = match (self.message_ttl, marks.lifetime) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        lifetime.map_or(Timestamp::NEVER, |lifetime| accepted.plus(lifetime))
    }
}

/// The levels of a queue's messages: 0 to the highest. By default there is one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Priorities {
    /// The highest level (`x-max-priority`).
    pub highest: u8,
    /// The level of a message that does not say.
    pub absent: u8,
}

impl Priorities {
    /// The level of a message with that priority: what is too high is of the highest.
    pub fn level(&self, priority: Option<u8>) -> u8 {
        priority.unwrap_or(self.absent).min(self.highest)
    }
}

/// Which of its consumers a queue serves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Serving {
    /// All of them.
    #[default]
    All,
    /// One at a time, while the others wait (`x-single-active-consumer`).
    SingleActive(Succession),
}

/// When a queue that is too long because messages came back drops its oldest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Trimming {
    /// Before consumers are served (RabbitMQ: `rabbit_amqqueue_process:requeue_and_run/2`).
    #[default]
    First,
    /// After that, as it does with what is published (RabbitMQ: `rabbit_fifo:evaluate_limit/5`).
    Last,
}

/// What becomes of messages that die.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dead {
    /// They are gone.
    #[default]
    Dropped,
    /// They stay until they have been published elsewhere (`x-dead-letter-exchange`).
    Published,
    /// The same, and they count for the limits of length until then, as they may stay for long
    /// (`x-dead-letter-strategy`).
    Kept,
}
