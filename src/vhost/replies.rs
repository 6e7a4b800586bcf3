//! What a virtual host needs of direct replies: a way to whoever consumes them.

use std::fmt;

use crate::amqp::message::Resting;
use crate::vhost::session::Room;

/// The consumers of direct replies, as dead letters reach them.
///
/// A delivery locks the consumer's entry and its connection's outbox. Call it without any lock.
pub trait ReplyConsumers: Send + Sync + fmt::Debug {
    /// Whether a message to that name goes to a consumer of replies, alive or not, and to no queue.
    fn is_name(&self, name: &[u8]) -> bool;

    /// Whether the consumer of that name has room for more; one that is gone has.
    fn room(&self, name: &[u8]) -> Room;

    /// Delivers a message to the consumer of that name, if there still is one.
    fn deliver(&self, name: &[u8], message: Resting<'_>);
}
