//! The table of arguments: who may have each of them, and what it may be.

use super::QueueType;
use super::check::{
    Checked, boolean, confirm, dead_letter_exchange, dead_letter_routing_key, dead_letter_strategy,
    deduplication_fallback, delayed_retry, delayed_retry_max, group_key, integer, leader_locator,
    long_str, max_priority, member_placement_tag, non_negative, overflow, positive, positive_time,
    queue_type, queue_version, time,
};
use crate::amqp::table::{TableRef, Value};

const RETRY_TYPE: &str = "x-delayed-retry-type";

/// An argument that means something.
pub(super) struct Rule {
    pub(super) key: &'static str,
    types: Types,
    /// Checks the value, with all arguments at hand.
    pub(super) check: fn(Value<'_>, TableRef<'_>) -> Checked,
}

/// The types of queues that have an argument.
#[derive(Clone, Copy)]
enum Types {
    All,
    Classic,
    Quorum,
    /// Those that count deliveries which fail: quorum queues, and others that retry later.
    Counting,
    Stream,
}

use Types::{All, Classic, Counting, Quorum, Stream};

const fn rule(
    key: &'static str,
    types: Types,
    check: fn(Value<'_>, TableRef<'_>) -> Checked,
) -> Rule {
    Rule { key, types, check }
}

impl Rule {
    /// Whether queues of that type with these arguments have this one, or their consumers.
    pub(super) fn applies_to(&self, queue_type: QueueType, arguments: TableRef<'_>) -> bool {
        match self.types {
            All => true,
            Classic => matches!(queue_type, QueueType::Classic),
            Quorum => matches!(queue_type, QueueType::Quorum),
            Counting => matches!(queue_type, QueueType::Quorum) || is_retrying(arguments),
            Stream => false,
        }
    }
}

/// Whether a queue with these arguments retries later, and so counts.
fn is_retrying(arguments: TableRef<'_>) -> bool {
    let which = arguments.get(RETRY_TYPE).map(Value::as_long_str);
    which.is_some_and(|which| which != Some(b"disabled"))
}

/// The arguments of queues: RabbitMQ's in the order in which it checks them (RabbitMQ:
/// `rabbit_amqqueue:declare_args/0`), which is also ours to compare them, then our own. RabbitMQ
/// looks at no value of `x-delivery-limit`, and from 4.3 on at none of `x-queue-mode`.
#[rustfmt::skip]
pub(super) const QUEUE: [Rule; 36] = [
    rule("x-expires", All, |value, _| positive_time(value)),
    rule("x-message-ttl", All, |value, _| time(value)),
    rule(super::DEAD_LETTER_EXCHANGE, All, |value, _| dead_letter_exchange(value)),
    rule("x-dead-letter-routing-key", All, dead_letter_routing_key),
    rule("x-dead-letter-strategy", Quorum, |value, _| dead_letter_strategy(value)),
    rule("x-max-length", All, |value, _| non_negative(value)),
    rule("x-max-length-bytes", All, |value, _| non_negative(value)),
    rule("x-max-in-memory-length", Quorum, |value, _| non_negative(value)),
    rule("x-max-in-memory-bytes", Quorum, |value, _| non_negative(value)),
    rule("x-max-priority", Classic, |value, _| max_priority(value)),
    rule("x-overflow", All, |value, _| overflow(value)),
    rule("x-queue-mode", Classic, |_, _| Ok(())),
    rule("x-queue-version", Classic, |value, _| queue_version(value)),
    rule(super::SINGLE_ACTIVE_CONSUMER, All, |value, _| boolean(value)),
    rule(super::CONSUMER_TIMEOUT, All, |value, _| non_negative(value)),
    rule("x-consumer-disconnected-timeout", Quorum, |value, _| non_negative(value)),
    rule(super::queue_type::KEY, All, |value, _| queue_type(value)),
    rule("x-quorum-initial-group-size", Quorum, |value, _| positive(value)),
    rule("x-quorum-target-group-size", Quorum, |value, _| positive(value)),
    rule("x-max-age", Stream, |_, _| Ok(())),
    rule("x-stream-max-segment-size-bytes", Stream, |_, _| Ok(())),
    rule("x-stream-filter-size-bytes", Stream, |_, _| Ok(())),
    rule("x-initial-cluster-size", Stream, |_, _| Ok(())),
    rule("x-queue-leader-locator", All, |value, _| leader_locator(value)),
    rule("x-queue-master-locator", Classic, |value, _| long_str(value).map(drop)),
    rule("x-member-placement-tag", Quorum, |value, _| member_placement_tag(value)),
    rule("x-delivery-limit", Counting, |_, _| Ok(())),
    rule(RETRY_TYPE, All, delayed_retry),
    rule("x-delayed-retry-min", All, |value, _| positive_time(value)),
    rule("x-delayed-retry-max", All, delayed_retry_max),
    rule(super::CONFIRM, Classic, |value, _| confirm(value)),
    rule("x-message-deduplication", All, |value, _| boolean(value)),
    rule("x-deduplication-fallback", All, deduplication_fallback),
    rule("x-group-key", All, |value, _| group_key(value)),
    rule("x-delivery-rate", All, |value, _| positive(value)),
    rule("x-delayed", All, |value, _| boolean(value)),
];

/// The arguments of consumers (RabbitMQ: `rabbit_amqqueue:consume_args/0`).
#[rustfmt::skip]
pub(super) const CONSUMER: [Rule; 5] = [
    rule(super::PRIORITY, All, |value, _| integer(value).map(drop)),
    rule(super::CONSUMER_TIMEOUT, All, |value, _| non_negative(value)),
    rule("x-stream-offset", Stream, |_, _| Ok(())),
    rule("x-stream-filter", Stream, |_, _| Ok(())),
    rule("x-stream-match-unfiltered", Stream, |_, _| Ok(())),
];
