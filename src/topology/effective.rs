//! What holds for a queue: its arguments and the policies that count for it, together.

use crate::amqp::argument::{DeadLetterStrategy, DelayedRetry, Overflow};
use crate::amqp::name::ExchangeName;
use crate::policy::checked::Target;
use crate::policy::definition::{Definition, lower_limit};

use super::arguments::queue_type::QueueType;
use super::arguments::values::Values;
use super::queue::QueueDefinition;
use super::state::Topology;

/// The longest time that is waited for, in milliseconds: ten years, as in arguments.
const MILLISECONDS_MAX: u64 = 315_360_000_000;

impl Topology {
    /// What holds for a queue with this definition.
    pub fn effective(&self, queue: &QueueDefinition) -> Values {
        effective(queue, &self.policies.definition(target(queue), queue.name.as_str()))
    }
}

/// A queue's arguments together with what policies set (RabbitMQ:
/// `rabbit_amqqueue_process:process_args_policy/1`, `rabbit_quorum_queue:gather_policy_config/2`).
pub(super) fn effective(queue: &QueueDefinition, policy: &Definition) -> Values {
    let own = queue.values();
    let number = |key| policy.number(key).and_then(|number| u64::try_from(number).ok());
    let text = |key| policy.text(key).map(str::as_bytes);
    let least = |own: Option<u64>, key| own.into_iter().chain(number(key)).min();
    let time = |own, key| least(own, key).map(|time| time.min(MILLISECONDS_MAX));
    let set = Overflow::parse(text("overflow").unwrap_or_default());
    Values {
        message_ttl: time(own.message_ttl, "message-ttl"),
        expires: time(own.expires, "expires"),
        max_length: least(own.max_length, "max-length"),
        max_length_bytes: least(own.max_length_bytes, "max-length-bytes"),
        overflow: match queue.queue_type() {
            QueueType::Classic => own.overflow.or(set),
            QueueType::Quorum => set.or(own.overflow).map(of_quorum),
        },
        dead_letter_exchange: own.dead_letter_exchange.or_else(|| {
            text("dead-letter-exchange").and_then(|name| ExchangeName::parse(name).ok())
        }),
        dead_letter_routing_key: own
            .dead_letter_routing_key
            .or_else(|| text("dead-letter-routing-key").map(Into::into)),
        dead_letter_strategy: own
            .dead_letter_strategy
            .or_else(|| text("dead-letter-strategy").and_then(DeadLetterStrategy::parse)),
        delivery_limit: own
            .delivery_limit
            .into_iter()
            .chain(policy.number("delivery-limit"))
            .reduce(lower_limit),
        consumer_timeout: time(own.consumer_timeout, "consumer-timeout"),
        delayed_retry: text("delayed-retry-type")
            .and_then(DelayedRetry::parse)
            .or(own.delayed_retry),
        delayed_retry_min: time(own.delayed_retry_min, "delayed-retry-min"),
        delayed_retry_max: time(own.delayed_retry_max, "delayed-retry-max"),
        ..own
    }
}

/// A quorum queue takes the third way for the first.
fn of_quorum(overflow: Overflow) -> Overflow {
    if overflow == Overflow::RejectPublishDlx { Overflow::DropHead } else { overflow }
}

/// What a policy can match the queue as.
pub(super) fn target(queue: &QueueDefinition) -> Target {
    match queue.queue_type() {
        QueueType::Classic => Target::ClassicQueue,
        QueueType::Quorum => Target::QuorumQueue,
    }
}
