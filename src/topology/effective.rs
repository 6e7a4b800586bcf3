//! What holds for a queue: its arguments and the policies that count for it, together.

use std::sync::Arc;

use crate::amqp::name::ExchangeName;
use crate::amqp::table::{TableRef, Value};
use crate::policy::checked::Target;
use crate::policy::definition::{Definition, lower_limit};

use super::queue::QueueDefinition;
use super::state::Topology;

/// The longest time that is waited for, in milliseconds: ten years, as in arguments.
const MILLISECONDS_MAX: u64 = 315_360_000_000;

/// What holds for a queue. Times are in milliseconds, at most ten years.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Effective {
    /// How long a message stays at most; 0 or more.
    pub message_ttl: Option<u64>,
    /// How long the queue stays unused; 1 or more.
    pub expires: Option<u64>,
    /// Ready messages.
    pub max_length: Option<u64>,
    /// Octets of the bodies of ready messages.
    pub max_length_bytes: Option<u64>,
    /// What happens beyond the two.
    pub overflow: Overflow,
    /// Where dead letters go; it need not exist, and may be the default exchange.
    pub dead_letter_exchange: Option<ExchangeName>,
    /// Their routing key, unless it is to stay as it is. Means nothing without the exchange.
    pub dead_letter_routing_key: Option<Arc<[u8]>>,
    /// How surely they get there; of quorum queues.
    pub dead_letter_strategy: DeadLetterStrategy,
    /// How often a message is delivered again, if it was said; negative: without limit. Of quorum
    /// queues.
    pub delivery_limit: Option<i64>,
    /// How long a delivery may stay without an ack, if it was said.
    pub consumer_timeout: Option<u64>,
    /// How long a consumer that cannot be reached keeps its deliveries; of quorum queues.
    pub consumer_disconnected_timeout: Option<u64>,
    /// Which messages wait before they are delivered again; of quorum queues.
    pub delayed_retry: Option<DelayedRetry>,
}

/// What a queue does with messages beyond its maximum length.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Overflow {
    /// The oldest go.
    #[default]
    DropHead,
    /// New ones are refused.
    RejectPublish,
    /// New ones are refused, and dead-lettered.
    RejectPublishDlx,
}

/// How surely dead letters arrive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DeadLetterStrategy {
    /// They may be lost on the way.
    #[default]
    AtMostOnce,
    /// They leave the queue when all that they were routed to have them.
    AtLeastOnce,
}

/// Returned messages that wait, the longer the more often they were returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DelayedRetry {
    /// Which messages.
    pub which: Retried,
    /// The time for each return, 1 or more.
    pub min: u64,
    /// The longest time.
    pub max: u64,
}

/// Why a message is back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retried {
    /// For any reason.
    All,
    /// A delivery failed.
    Failed,
    /// A consumer returned it.
    Returned,
}

impl Topology {
    /// What holds for a queue with this definition.
    pub fn effective(&self, queue: &QueueDefinition) -> Effective {
        Effective::of(queue, &self.policies.definition(target(queue), queue.name.as_str()))
    }
}

impl Effective {
    /// A queue's arguments together with what policies set (RabbitMQ:
    /// `rabbit_amqqueue_process:process_args_policy/1`, `rabbit_quorum_queue:gather_policy_config/2`).
    pub(super) fn of(queue: &QueueDefinition, policy: &Definition) -> Self {
        let both = Both { arguments: queue.arguments.as_ref(), policy };
        let dead_letter_exchange = both.argument_first("dead-letter-exchange");
        let common = Self {
            message_ttl: both.least_time("message-ttl"),
            expires: both.least_time("expires"),
            max_length: both.least("max-length"),
            max_length_bytes: both.least("max-length-bytes"),
            overflow: overflow(both.argument_first("overflow")),
            dead_letter_exchange: dead_letter_exchange.and_then(|it| ExchangeName::parse(it).ok()),
            dead_letter_routing_key: both.argument_first("dead-letter-routing-key").map(Arc::from),
            consumer_timeout: both.least_time("consumer-timeout"),
            ..Self::default()
        };
        match target(queue) {
            Target::QuorumQueue => common.of_quorum(both),
            Target::ClassicQueue | Target::Exchange => common,
        }
    }

    /// What is otherwise, and more, with quorum queues.
    fn of_quorum(self, both: Both<'_>) -> Self {
        let at_least_once = both.argument_first("dead-letter-strategy") == Some(b"at-least-once");
        Self {
            overflow: match overflow(both.policy_first("overflow")) {
                // A quorum queue takes it for the default.
                Overflow::RejectPublishDlx => Overflow::DropHead,
                overflow => overflow,
            },
            dead_letter_strategy: if at_least_once {
                DeadLetterStrategy::AtLeastOnce
            } else {
                DeadLetterStrategy::AtMostOnce
            },
            delivery_limit: both.limit("delivery-limit"),
            consumer_disconnected_timeout: both.least_time("consumer-disconnected-timeout"),
            delayed_retry: delayed_retry(both),
            ..self
        }
    }
}

/// What a policy can match the queue as.
pub(super) fn target(queue: &QueueDefinition) -> Target {
    match queue.arguments.as_ref().get("x-queue-type") {
        Some(Value::LongStr(b"quorum")) => Target::QuorumQueue,
        _ => Target::ClassicQueue,
    }
}

/// The two places where a setting may stand.
#[derive(Clone, Copy)]
struct Both<'d> {
    arguments: TableRef<'d>,
    policy: &'d Definition,
}

impl<'d> Both<'d> {
    /// The argument of that name, with `x-` before it.
    fn argument(self, key: &str) -> Option<Value<'d>> {
        self.arguments.get(&format!("x-{key}"))
    }

    fn argument_number(self, key: &str) -> Option<i64> {
        match self.argument(key)? {
            Value::Int(_, number) => Some(number),
            _ => None,
        }
    }

    fn argument_text(self, key: &str) -> Option<&'d [u8]> {
        match self.argument(key)? {
            Value::LongStr(text) => Some(text),
            _ => None,
        }
    }

    fn policy_text(self, key: &str) -> Option<&'d [u8]> {
        self.policy.text(key).map(str::as_bytes)
    }

    fn argument_first(self, key: &str) -> Option<&'d [u8]> {
        self.argument_text(key).or_else(|| self.policy_text(key))
    }

    fn policy_first(self, key: &str) -> Option<&'d [u8]> {
        self.policy_text(key).or_else(|| self.argument_text(key))
    }

    fn least(self, key: &str) -> Option<u64> {
        let both = [self.argument_number(key), self.policy.number(key)];
        both.into_iter().flatten().filter_map(|number| u64::try_from(number).ok()).min()
    }

    fn least_time(self, key: &str) -> Option<u64> {
        self.least(key).map(|time| time.min(MILLISECONDS_MAX))
    }

    fn limit(self, key: &str) -> Option<i64> {
        let both = [self.argument_number(key), self.policy.number(key)];
        both.into_iter().flatten().reduce(lower_limit)
    }
}

fn overflow(name: Option<&[u8]>) -> Overflow {
    match name {
        Some(b"reject-publish") => Overflow::RejectPublish,
        Some(b"reject-publish-dlx") => Overflow::RejectPublishDlx,
        _ => Overflow::DropHead,
    }
}

/// RabbitMQ: `rabbit_quorum_queue:get_delayed_retry_config/1`.
fn delayed_retry(both: Both<'_>) -> Option<DelayedRetry> {
    let which = match both.policy_first("delayed-retry-type")? {
        b"all" => Retried::All,
        b"failed" => Retried::Failed,
        b"returned" => Retried::Returned,
        _ => return None,
    };
    let positive = |key| both.least_time(key).filter(|time| *time > 0);
    let min = positive("delayed-retry-min")?;
    Some(DelayedRetry { which, min, max: positive("delayed-retry-max").unwrap_or(min) })
}
