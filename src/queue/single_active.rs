//! Who is served where only one consumer is at a time, and who takes over.

use std::collections::VecDeque;

use crate::amqp::id::ConsumerId;

/// Whether a consumer is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// As far as its credit allows.
    Active,
    /// Not before another one has gone.
    Waiting,
}

/// The consumers of a queue that serves one at a time. The first to come is active; one that comes
/// later does not replace it, whatever its priority (RabbitMQ: `rabbit_amqqueue_process`).
#[derive(Debug, Default)]
pub struct SingleActive {
    active: Option<ConsumerId>,
    /// With their priorities, the highest first; among equals the one that waits longest.
    waiting: VecDeque<(i64, ConsumerId)>,
}

impl SingleActive {
    /// Adds a consumer, and says whether it is active.
    pub fn join(&mut self, id: ConsumerId, priority: i64) -> Standing {
        if self.active.is_none() {
            self.active = Some(id);
            return Standing::Active;
        }
        let place = self.waiting.partition_point(|(before, _)| *before >= priority);
        self.waiting.insert(place, (priority, id));
        Standing::Waiting
    }

    /// Removes a consumer, and says which one is active now in its stead.
    pub fn leave(&mut self, id: ConsumerId) -> Option<ConsumerId> {
        if self.active != Some(id) {
            self.waiting.retain(|(_, waiting)| *waiting != id);
            return None;
        }
        self.active = self.waiting.pop_front().map(|(_, next)| next);
        self.active
    }
}
