//! Types of queues.

use crate::amqp::table::{TableRef, Value};

pub(super) const KEY: &str = "x-queue-type";

/// What kind of queue it is. On one node the types differ in the arguments and properties that
/// they may have, and in what follows from those.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum QueueType {
    /// What a queue is that does not say.
    #[default]
    Classic,
    /// Durable and shared by all, with a limit of deliveries.
    Quorum,
}

impl QueueType {
    /// The type of a queue whose arguments are these, and have been checked.
    pub fn of(arguments: TableRef<'_>) -> Self {
        match arguments.get(KEY) {
            Some(Value::LongStr(b"quorum")) => Self::Quorum,
            _ => Self::Classic,
        }
    }

    /// Its name in error texts (RabbitMQ: the type's module).
    pub const fn module(self) -> &'static str {
        match self {
            Self::Classic => "rabbit_classic_queue",
            Self::Quorum => "rabbit_quorum_queue",
        }
    }
}

/// A queue without a type is a classic one.
pub(super) fn or_default(value: Option<Value<'_>>) -> Value<'_> {
    match value {
        None | Some(Value::LongStr(b"" | b"undefined")) => Value::LongStr(b"classic"),
        Some(value) => value,
    }
}
