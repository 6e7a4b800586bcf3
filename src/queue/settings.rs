//! How a queue works, as its definition and the policies say.

use super::command::Marks;
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
    /// What becomes of messages that die.
    pub dead: Dead,
    /// Whether it counts how often each message came back.
    pub counts_attempts: bool,
    /// How many deliveries of a message may fail; one more, and it dies (`x-delivery-limit`).
    pub delivery_limit: Option<u32>,
}

impl Settings {
    /// Whether something goes by when a message was accepted.
    pub const fn is_timed(&self) -> bool {
        self.message_ttl.is_some()
    }

    /// When a message expires that was accepted then.
    pub fn deadline(&self, accepted: Timestamp, marks: Marks) -> Timestamp {
        let lifetime = self.message_ttl.into_iter().chain(marks.lifetime).min();
        lifetime.map_or(Timestamp::NEVER, |lifetime| accepted.plus(lifetime))
    }
}

/// Which of its consumers a queue serves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Serving {
    /// All of them.
    #[default]
    All,
    /// One until it goes, while the others wait (`x-single-active-consumer`).
    SingleActive,
}

/// What becomes of messages that die.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dead {
    /// They are gone.
    #[default]
    Dropped,
    /// They stay until they have been published elsewhere (`x-dead-letter-exchange`).
    Published,
}
