//! What a queue's arguments ask for, read once.

use std::sync::Arc;

use crate::amqp::argument::{DeadLetterStrategy, DelayedRetry, GroupKey, Overflow};
use crate::amqp::confirm::Confirm;
use crate::amqp::name::ExchangeName;
use crate::amqp::table::{TableRef, Value};

/// The values of checked arguments; `None` where they say nothing. Times are in milliseconds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Values {
    /// How long a message stays (`x-message-ttl`).
    pub message_ttl: Option<u64>,
    /// How long the queue stays unused (`x-expires`).
    pub expires: Option<u64>,
    /// How many messages are ready at most (`x-max-length`).
    pub max_length: Option<u64>,
    /// How many bytes their bodies have at most (`x-max-length-bytes`).
    pub max_length_bytes: Option<u64>,
    /// What becomes of more (`x-overflow`).
    pub overflow: Option<Overflow>,
    /// Where dead letters go (`x-dead-letter-exchange`).
    pub dead_letter_exchange: Option<ExchangeName>,
    /// The key they go with, instead of their own; at most 255 octets
    /// (`x-dead-letter-routing-key`).
    pub dead_letter_routing_key: Option<Arc<[u8]>>,
    /// When they leave the queue (`x-dead-letter-strategy`).
    pub dead_letter_strategy: Option<DeadLetterStrategy>,
    /// The highest priority of a message (`x-max-priority`).
    pub max_priority: Option<u8>,
    /// Failed deliveries beyond which a message is dead-lettered; without limit if negative
    /// (`x-delivery-limit`). RabbitMQ passes over one that is no integer.
    pub delivery_limit: Option<i64>,
    /// How long a delivery may wait for its acknowledgement; 0 is without end
    /// (`x-consumer-timeout`).
    pub consumer_timeout: Option<u64>,
    /// Which messages wait before they come again (`x-delayed-retry-type`).
    pub delayed_retry: Option<DelayedRetry>,
    /// How long, for each delivery that failed (`x-delayed-retry-min`). Without it none waits.
    pub delayed_retry_min: Option<u64>,
    /// How long at most; by default as long as at least (`x-delayed-retry-max`).
    pub delayed_retry_max: Option<u64>,
    /// Whether one consumer is served at a time (`x-single-active-consumer`).
    pub single_active_consumer: Option<bool>,
    /// When persistent messages are confirmed (`x-confirm`).
    pub confirm: Option<Confirm>,
    /// Whether a message is dropped whose like is in the queue (`x-message-deduplication`).
    pub deduplication: Option<bool>,
    /// Whether a message without a value to compare is known by its `message-id`
    /// (`x-deduplication-fallback`).
    pub deduplication_by_message_id: Option<bool>,
    /// What says that messages belong together (`x-group-key`).
    pub group_key: Option<GroupKey>,
    /// How many messages a second are delivered at most (`x-delivery-rate`).
    pub delivery_rate: Option<u64>,
    /// Whether messages with `x-delay` wait (`x-delayed`).
    pub delayed: Option<bool>,
    /// The exchange whose messages wait in it, and leave it when they are due. No argument says so.
    pub waits_for: Option<ExchangeName>,
}

impl Values {
    /// What holds for a queue in which an exchange's messages wait.
    pub fn of_waiting_for(exchange: ExchangeName) -> Self {
        Self { delayed: Some(true), waits_for: Some(exchange), ..Self::default() }
    }

    /// Reads arguments that have been checked; others say nothing.
    pub fn read(arguments: TableRef<'_>) -> Self {
        let number = |key| int(arguments, key).and_then(|value| u64::try_from(value).ok());
        let octets = |key| arguments.get(key).and_then(Value::as_long_str);
        let flag = |key| match arguments.get(key) {
            Some(Value::Bool(value)) => Some(value),
            _ => None,
        };
        Self {
            message_ttl: number("x-message-ttl"),
            expires: number("x-expires"),
            max_length: number("x-max-length"),
            max_length_bytes: number("x-max-length-bytes"),
            overflow: octets("x-overflow").and_then(Overflow::parse),
            dead_letter_exchange: octets(super::DEAD_LETTER_EXCHANGE)
                .and_then(|name| ExchangeName::parse(name).ok()),
            dead_letter_routing_key: octets("x-dead-letter-routing-key").map(Arc::from),
            dead_letter_strategy: octets("x-dead-letter-strategy")
                .and_then(DeadLetterStrategy::parse),
            max_priority: number("x-max-priority").and_then(|value| u8::try_from(value).ok()),
            delivery_limit: int(arguments, "x-delivery-limit"),
            consumer_timeout: number(super::CONSUMER_TIMEOUT),
            delayed_retry: octets("x-delayed-retry-type").and_then(DelayedRetry::parse),
            delayed_retry_min: number("x-delayed-retry-min"),
            delayed_retry_max: number("x-delayed-retry-max"),
            single_active_consumer: flag(super::SINGLE_ACTIVE_CONSUMER),
            confirm: octets(super::CONFIRM).and_then(Confirm::parse),
            deduplication: flag("x-message-deduplication"),
            deduplication_by_message_id: octets("x-deduplication-fallback")
                .map(|by| by == b"message-id"),
            group_key: octets("x-group-key").and_then(GroupKey::parse),
            delivery_rate: number("x-delivery-rate"),
            delayed: flag("x-delayed"),
            waits_for: None,
        }
    }
}

fn int(arguments: TableRef<'_>, key: &str) -> Option<i64> {
    match arguments.get(key) {
        Some(Value::Int(_, value)) => Some(value),
        _ => None,
    }
}
