//! How a queue goes: on which conditions, and what it leaves behind.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::Queue;
use crate::amqp::id::ConnectionId;
use crate::vhost::session::Consumer;

/// Why a queue was not deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occupied {
    /// It has consumers.
    InUse,
    /// It has ready messages.
    NotEmpty,
}

/// What has to hold for a queue to be deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DeleteConditions {
    /// No consumers.
    pub if_unused: bool,
    /// No ready messages.
    pub if_empty: bool,
}

impl DeleteConditions {
    /// The name of the first condition there is.
    pub(in crate::vhost) const fn first(self) -> Option<&'static str> {
        match self {
            Self { if_unused: true, .. } => Some("if-unused"),
            Self { if_empty: true, .. } => Some("if-empty"),
            _ => None,
        }
    }
}

/// What a deleted queue leaves behind.
#[derive(Debug, Default)]
pub struct Remains {
    /// Ready messages that went with it.
    pub ready: u64,
    /// Consumers that have to be told.
    pub consumers: Vec<Consumer>,
}

impl Remains {
    /// What there is to tell the consumers of a connection, and all others.
    #[must_use]
    pub fn split(self, connection: ConnectionId) -> (Self, Self) {
        let Self { ready, consumers } = self;
        let is_own = |consumer: &Consumer| consumer.session.id() == connection;
        let (own, others) = consumers.into_iter().partition(is_own);
        (Self { ready, consumers: own }, Self { ready, consumers: others })
    }

    /// Tells the consumers that their queue is gone.
    pub fn notify(self) {
        for consumer in self.consumers {
            consumer.session.cancelled(consumer.channel, consumer.id, &consumer.tag);
        }
    }
}

impl Queue {
    /// Empties the queue for good.
    ///
    /// # Errors
    /// A condition does not hold; nothing has changed.
    pub fn delete(self: &Arc<Self>, conditions: DeleteConditions) -> Result<Remains, Occupied> {
        self.with(|worker| {
            let counts = worker.counts();
            if conditions.if_empty
                && (counts.ready > 0 || worker.core.delayed() + worker.core.deferred() > 0)
            {
                return Err(Occupied::NotEmpty);
            }
            if conditions.if_unused && counts.consumers > 0 {
                return Err(Occupied::InUse);
            }
            self.deleted.store(true, Ordering::Release);
            Ok(Remains { ready: counts.ready, consumers: worker.close() })
        })
    }

    /// Drops what waits for an exchange that is gone.
    pub(in crate::vhost) fn discard(self: &Arc<Self>) {
        // There is no condition that could not hold, and nobody to be told.
        drop(self.delete(DeleteConditions::default()));
    }

    /// Empties the queue for good if nobody has used it for as long as it may stay without.
    ///
    /// # Errors
    /// It is used; nothing has changed.
    pub(in crate::vhost) fn delete_unused(self: &Arc<Self>) -> Result<Remains, Occupied> {
        self.with(|worker| {
            if !worker.is_unused() {
                return Err(Occupied::InUse);
            }
            self.deleted.store(true, Ordering::Release);
            Ok(Remains { ready: worker.counts().ready, consumers: worker.close() })
        })
    }
}
