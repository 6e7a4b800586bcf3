//! A message that died, and where its queue wants it to go.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Weak};
use std::time::Duration;

use bytes::Bytes;
use tracing::warn;

use crate::amqp::argument::{DeadLetterStrategy, Overflow};
use crate::amqp::id::{MessageIndex, Timestamp};
use crate::amqp::message::MessageRef;
use crate::amqp::name::{ExchangeName, QueueName};
use crate::codec::death::{self, Buried, DeathReason, History, bury};
use crate::queue::dying::Death;
use crate::topology::arguments::values::Values;
use crate::vhost::queue::Queue;

/// Where a queue's dead letters go.
#[derive(Debug)]
pub(in crate::vhost) struct DeadLetters {
    /// The queue that they come from.
    pub(super) queue: QueueName,
    /// That queue at work.
    pub(super) source: Weak<Queue>,
    /// The dead letter exchange; it need not exist.
    pub(super) exchange: ExchangeName,
    /// What they are routed by, instead of their own keys.
    pub(super) routing_key: Option<Arc<[u8]>>,
    /// What becomes of those that nobody takes.
    pub(super) strategy: DeadLetterStrategy,
    /// Whether it was said that nobody takes them.
    pub(super) warned: AtomicBool,
}

impl DeadLetters {
    /// What the values of a queue ask for; `None` if its dead messages are gone.
    pub(in crate::vhost) fn of(
        queue: &QueueName,
        source: &Weak<Queue>,
        values: &Values,
    ) -> Option<Arc<Self>> {
        Some(Arc::new(Self {
            queue: queue.clone(),
            source: Weak::clone(source),
            exchange: values.dead_letter_exchange.clone()?,
            routing_key: values.dead_letter_routing_key.clone(),
            strategy: strategy(queue, values),
            warned: AtomicBool::new(false),
        }))
    }

    /// Whether a message that nobody takes is kept and tried again.
    pub(super) fn keeps(&self) -> bool {
        self.strategy == DeadLetterStrategy::AtLeastOnce
    }
}

/// A queue that drops what it has no room for cannot promise to keep dead letters (RabbitMQ:
/// `rabbit_quorum_queue:dead_letter_handler/2`).
fn strategy(queue: &QueueName, values: &Values) -> DeadLetterStrategy {
    let wanted = values.dead_letter_strategy.unwrap_or_default();
    if wanted == DeadLetterStrategy::AtLeastOnce && values.overflow != Some(Overflow::RejectPublish)
    {
        warn!(
            "queue '{queue}' falls back to dead-letter-strategy at-most-once: at-least-once needs \
             overflow reject-publish"
        );
        return DeadLetterStrategy::AtMostOnce;
    }
    wanted
}

/// A message that died.
#[derive(Clone, Debug)]
pub(in crate::vhost) struct Letter {
    /// Where it goes.
    pub(super) terms: Arc<DeadLetters>,
    /// Its place in the queue that it comes from.
    pub(super) index: MessageIndex,
    /// The message as it rests there.
    pub(super) octets: Bytes,
    pub(super) reason: DeathReason,
    /// When it died.
    pub(super) at: Timestamp,
}

impl Letter {
    /// The message, and its header with this death; `None` if it is no message.
    pub(super) fn open(&self) -> Option<(MessageRef<'_>, Buried<'_>)> {
        let message = MessageRef::read(&self.octets)?;
        let history = if message.stamp.buried { History::Own } else { History::Foreign };
        let death = death::Death {
            queue: self.terms.queue.as_bytes(),
            reason: self.reason,
            at: Duration::from_millis(self.at.0),
            routing_key: self.terms.routing_key.as_deref(),
        };
        let buried = bury(&message, history, &death).ok()?;
        Some((message, buried))
    }
}

/// Its name in the headers.
pub(super) const fn reason(death: Death) -> DeathReason {
    match death {
        Death::Rejected => DeathReason::Rejected,
        Death::Expired => DeathReason::Expired,
        Death::MaxLength => DeathReason::MaxLen,
        Death::DeliveryLimit => DeathReason::DeliveryLimit,
    }
}
