//! Numbers that are unique for the life of the node; those of queues for that of its data.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::amqp::id::{ConnectionId, ConsumerId, QueueId};

/// Counts connections, consumers and queues, each from 1.
#[derive(Debug, Default)]
pub struct Ids {
    connections: AtomicU64,
    consumers: AtomicU64,
    queues: AtomicU64,
}

impl Ids {
    /// The next connection.
    pub fn next_connection(&self) -> ConnectionId {
        ConnectionId(next(&self.connections))
    }

    /// The next consumer.
    pub fn next_consumer(&self) -> ConsumerId {
        ConsumerId(next(&self.consumers))
    }

    /// The last incarnation of a queue so far.
    pub fn last_queue(&self) -> QueueId {
        QueueId(self.queues.load(Ordering::Relaxed))
    }

    /// The next incarnation of a queue.
    pub fn next_queue(&self) -> QueueId {
        QueueId(next(&self.queues))
    }

    /// Counts queues on from above `last`, if it has not come so far yet.
    pub fn reserve_queues(&self, last: QueueId) {
        self.queues.fetch_max(last.0, Ordering::Relaxed);
    }
}

fn next(counter: &AtomicU64) -> u64 {
    counter.fetch_add(1, Ordering::Relaxed) + 1
}
