//! Reading what arguments ask for.

use super::*;
use crate::amqp::argument::{DeadLetterStrategy, DelayedRetry, GroupKey, Overflow};
use crate::amqp::confirm::Confirm;
use crate::amqp::name::ExchangeName;
use crate::topology::arguments::values::Values;

fn read(fields: &[(&str, Value<'_>)]) -> Values {
    Values::read(table(fields).as_ref())
}

#[test]
fn every_argument_is_read_into_its_field() {
    let values = read(&[
        ("x-message-ttl", int(1)),
        ("x-expires", Value::Int(b'B', 2)),
        ("x-max-length", int(0)),
        ("x-max-length-bytes", int(i64::MAX)),
        ("x-overflow", text("reject-publish")),
        ("x-dead-letter-exchange", text("")),
        ("x-dead-letter-routing-key", text("k")),
        ("x-dead-letter-strategy", text("at-least-once")),
        ("x-max-priority", int(255)),
        ("x-delivery-limit", int(-1)),
        ("x-consumer-timeout", int(0)),
        ("x-delayed-retry-type", text("returned")),
        ("x-delayed-retry-min", int(3)),
        ("x-delayed-retry-max", int(4)),
        ("x-single-active-consumer", Value::Bool(true)),
        ("x-confirm", text("written")),
        ("x-message-deduplication", Value::Bool(true)),
        ("x-deduplication-fallback", text("message-id")),
        ("x-group-key", text("customer")),
        ("x-delivery-rate", int(5)),
        ("x-delayed", Value::Bool(false)),
    ]);

    let expected = Values {
        waits_for: None,
        message_ttl: Some(1),
        expires: Some(2),
        max_length: Some(0),
        max_length_bytes: Some(i64::MAX.unsigned_abs()),
        overflow: Some(Overflow::RejectPublish),
        dead_letter_exchange: ExchangeName::parse("").ok(),
        dead_letter_routing_key: Some(b"k".as_slice().into()),
        dead_letter_strategy: Some(DeadLetterStrategy::AtLeastOnce),
        max_priority: Some(255),
        delivery_limit: Some(-1),
        consumer_timeout: Some(0),
        delayed_retry: Some(DelayedRetry::Returned),
        delayed_retry_min: Some(3),
        delayed_retry_max: Some(4),
        single_active_consumer: Some(true),
        confirm: Some(Confirm::Written),
        deduplication: Some(true),
        deduplication_by_message_id: Some(true),
        group_key: Some(GroupKey::Header(b"customer".as_slice().into())),
        delivery_rate: Some(5),
        delayed: Some(false),
    };
    assert_eq!(values, expected);
}

#[test]
fn what_is_absent_or_of_another_type_says_nothing() {
    assert_eq!(read(&[]), Values::default());
    assert_eq!(read(&[("x-delivery-limit", text("5"))]), Values::default());
}

#[test]
fn names_are_read_as_what_they_stand_for() {
    for (name, overflow) in
        [("drop-head", Overflow::DropHead), ("reject-publish-dlx", Overflow::RejectPublishDlx)]
    {
        assert_eq!(read(&[("x-overflow", text(name))]).overflow, Some(overflow));
    }
    for (name, retry) in [
        ("all", DelayedRetry::All),
        ("failed", DelayedRetry::Failed),
        ("disabled", DelayedRetry::Disabled),
    ] {
        assert_eq!(read(&[("x-delayed-retry-type", text(name))]).delayed_retry, Some(retry));
    }
    for (name, key) in
        [("routing-key", GroupKey::RoutingKey), ("correlation-id", GroupKey::CorrelationId)]
    {
        assert_eq!(read(&[("x-group-key", text(name))]).group_key, Some(key));
    }
    let at_most = read(&[("x-dead-letter-strategy", text("at-most-once"))]);
    assert_eq!(at_most.dead_letter_strategy, Some(DeadLetterStrategy::AtMostOnce));
}
