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
use crate::codec::due::Due;
use crate::codec::header::parse_header;
use crate::exchange::delayed::{DELAY, delay};
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
    /// The dead letter exchange, which need not exist, or the one at which they wait.
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
            exchange: values.waits_for.as_ref().or(values.dead_letter_exchange.as_ref())?.clone(),
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
    /// Why it died; nothing for one whose time has come.
    pub(super) reason: Option<DeathReason>,
    /// When it died.
    pub(super) at: Timestamp,
    /// How often its queue's letters had been purged by then.
    pub(super) purges: u64,
}

/// What becomes of a message.
#[derive(Debug)]
pub(super) enum Content<'a> {
    /// A dead letter.
    Dead(Buried<'a>),
    /// The message itself, whose time has come.
    Due(Due<'a>),
}

impl Letter {
    /// Whether it was purged with its queue, which keeps what nobody takes.
    pub(super) fn is_purged(&self) -> bool {
        let purges = || self.terms.source.upgrade().map(|source| source.letter_purges());
        self.terms.keeps() && purges().is_some_and(|purges| purges != self.purges)
    }

    /// The message, and what becomes of it; `None` if it is no message, or was to wait for an
    /// exchange that is gone.
    pub(super) fn open(&self) -> Option<(MessageRef<'_>, Content<'_>)> {
        let message = MessageRef::read(&self.octets)?;
        let content = match self.reason {
            Some(reason) => Content::Dead(self.bury(&message, reason)?),
            None => Content::Due(self.release(&message)?),
        };
        Some((message, content))
    }

    fn release<'a>(&self, message: &MessageRef<'a>) -> Option<Due<'a>> {
        let source = self.terms.source.upgrade()?;
        let header = parse_header(message.header).ok()?;
        let delay = delay(header.properties.headers()).unwrap_or(0);
        (!source.is_deleted()).then(|| Due::new(message, DELAY, delay).ok())?
    }

    fn bury<'a>(&'a self, message: &MessageRef<'a>, reason: DeathReason) -> Option<Buried<'a>> {
        let history = if message.stamp.buried { History::Own } else { History::Foreign };
        let death = death::Death {
            queue: self.terms.queue.as_bytes(),
            reason,
            at: Duration::from_millis(self.at.0),
            routing_key: self.terms.routing_key.as_deref(),
        };
        bury(message, history, &death).ok()
    }
}

/// Its name in the headers, if it is one.
pub(super) const fn reason(death: Death) -> Option<DeathReason> {
    Some(match death {
        Death::Rejected => DeathReason::Rejected,
        Death::Expired => DeathReason::Expired,
        Death::MaxLength => DeathReason::MaxLen,
        Death::DeliveryLimit => DeathReason::DeliveryLimit,
        Death::Due => return None,
    })
}
