//! What quorum queues refuse that classic ones do, in RabbitMQ's words.

use super::error::Resource;
use crate::amqp::exception::Exception;
use crate::amqp::reply_code::ReplyCode;

/// What a quorum queue does not do. The resource is the queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotOfQuorum {
    /// Being deleted on a condition, `if-unused` or `if-empty` (RabbitMQ:
    /// `rabbit_quorum_queue:delete/4`).
    DeleteIf(Resource, &'static str),
    /// basic.get beside a single active consumer (RabbitMQ: `rabbit_quorum_queue:dequeue/5`).
    Get(Resource),
}

impl From<NotOfQuorum> for Exception {
    fn from(refusal: NotOfQuorum) -> Self {
        use ReplyCode::{NotImplemented, ResourceLocked};
        match refusal {
            NotOfQuorum::DeleteIf(queue, flag) => Self::new(
                NotImplemented,
                format!(
                    "cannot delete {queue}. queue.delete operations with {flag} flag set are not \
                     supported by quorum queues"
                ),
            ),
            NotOfQuorum::Get(queue) => Self::new(
                ResourceLocked,
                format!(
                    "cannot obtain access to locked {queue}. basic.get operations are not \
                     supported by quorum queues with single active consumer"
                ),
            ),
        }
    }
}
