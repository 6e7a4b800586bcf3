//! Arguments of classic queues.

use super::*;

const EXPECTED_INTEGER: &str = "\"expected integer, got longstr\"";

/// Key, value, detail of the refusal.
const REFUSED: [(&str, Value<'_>, &str); 54] = [
    ("x-queue-type", text("foo"), "\"unsupported queue type 'foo'\""),
    ("x-queue-type", text("stream"), "\"queue type 'stream' is not supported by this broker\""),
    ("x-queue-type", Value::Int(b'I', 5), "{unacceptable_type,signedint}"),
    ("x-message-ttl", int(-1), "{value_negative,-1}"),
    ("x-message-ttl", int(315_360_000_001), "{value_too_large,315360000001}"),
    ("x-message-ttl", text("5"), EXPECTED_INTEGER),
    ("x-message-ttl", Value::Double(5.0), "\"expected integer, got double\""),
    ("x-message-ttl", Value::Bool(true), "\"expected integer, got bool\""),
    ("x-message-ttl", Value::Timestamp(5), "\"expected integer, got timestamp\""),
    ("x-message-ttl", Value::Decimal(0, 5), "\"expected integer, got decimal\""),
    ("x-expires", int(0), "{value_zero,0}"),
    ("x-expires", int(-1), "{value_negative,-1}"),
    ("x-expires", int(315_360_000_001), "{value_too_large,315360000001}"),
    ("x-expires", text("5"), EXPECTED_INTEGER),
    ("x-max-length", int(-1), "{value_negative,-1}"),
    ("x-max-length", text("5"), EXPECTED_INTEGER),
    ("x-max-length-bytes", int(-1), "{value_negative,-1}"),
    ("x-max-length-bytes", text("5"), EXPECTED_INTEGER),
    ("x-overflow", text("foo"), "invalid_overflow"),
    ("x-overflow", Value::Int(b'I', 5), "{unacceptable_type,signedint}"),
    ("x-dead-letter-routing-key", text("k"), "routing_key_but_no_dlx_defined"),
    ("x-dead-letter-routing-key", Value::Int(b'I', 5), "{unacceptable_type,signedint}"),
    ("x-max-priority", int(256), "{max_value_exceeded,256}"),
    ("x-max-priority", int(-1), "{value_negative,-1}"),
    ("x-max-priority", text("5"), EXPECTED_INTEGER),
    ("x-single-active-consumer", text("true"), "{unacceptable_type,longstr}"),
    ("x-queue-version", int(3), "\"unsupported queue version '3'\""),
    ("x-queue-version", text("2"), EXPECTED_INTEGER),
    ("x-queue-leader-locator", text("foo"), "invalid_queue_locator_arg"),
    ("x-queue-leader-locator", Value::Void, "{unacceptable_type,void}"),
    ("x-queue-master-locator", Value::Int(b's', 5), "{unacceptable_type,short}"),
    ("x-max-length", Value::Float(1.0), "\"expected integer, got float\""),
    ("x-max-length", Value::Void, "\"expected integer, got void\""),
    ("x-max-length", Value::Binary(b"1"), "\"expected integer, got binary\""),
    ("x-expires", Value::Int(b'b', -1), "{value_negative,-1}"),
    ("x-dead-letter-exchange", Value::LongStr(b"\xff"), "invalid_dead_letter_exchange"),
    ("x-queue-version", int(-1), "{value_negative,-1}"),
    ("x-consumer-timeout", int(-1), "{value_negative,-1}"),
    ("x-consumer-timeout", text("1"), EXPECTED_INTEGER),
    ("x-delayed-retry-type", text("some"), "invalid_delayed_retry_type"),
    ("x-delayed-retry-type", int(1), "{unacceptable_type,long}"),
    ("x-delayed-retry-type", text("failed"), "delayed_retry_type_but_no_min_defined"),
    ("x-delayed-retry-min", int(0), "{value_zero,0}"),
    ("x-delayed-retry-min", int(-1), "{value_negative,-1}"),
    ("x-delayed-retry-max", int(315_360_000_001), "{value_too_large,315360000001}"),
    ("x-message-deduplication", text("true"), "{unacceptable_type,longstr}"),
    ("x-deduplication-fallback", text("type"), "invalid_deduplication_fallback"),
    ("x-deduplication-fallback", text("message-id"), "fallback_but_no_deduplication"),
    ("x-group-key", text(""), "invalid_group_key"),
    ("x-group-key", Value::Void, "{unacceptable_type,void}"),
    ("x-delivery-rate", int(0), "{value_zero,0}"),
    ("x-delivery-rate", int(-5), "{value_negative,-5}"),
    ("x-delivery-rate", Value::Double(0.5), "\"expected integer, got double\""),
    ("x-delayed", int(1), "{unacceptable_type,long}"),
];

#[test]
fn an_argument_that_cannot_be_had_is_refused_with_rabbitmqs_detail() {
    for (key, value, detail) in REFUSED {
        let expected = format!("invalid arg '{key}' for queue 'q' in vhost '/': {detail}");
        assert_refused(queue(&[(key, value)]), &expected);
    }
}

#[test]
fn arguments_that_can_be_had_are_accepted() {
    for (key, value) in [
        ("x-queue-type", text("classic")),
        ("x-queue-type", text("")),
        ("x-queue-type", text("undefined")),
        ("x-queue-mode", text("lazy")),
        ("x-queue-mode", text("default")),
        ("x-queue-mode", text("foo")),
        ("x-queue-mode", int(5)),
        ("x-queue-version", int(1)),
        ("x-queue-version", int(2)),
        ("x-queue-master-locator", text("min-masters")),
        ("x-queue-leader-locator", text("client-local")),
        ("x-queue-leader-locator", text("balanced")),
        ("x-queue-leader-locator", text("random")),
        ("x-queue-leader-locator", text("least-leaders")),
        ("x-expires", int(1)),
        ("x-expires", Value::Int(b'i', 4_294_967_295)),
        ("x-max-length", int(0)),
        ("x-max-length-bytes", int(i64::MAX)),
        ("x-overflow", text("drop-head")),
        (DEAD_LETTER_EXCHANGE, text("")),
        (DEAD_LETTER_EXCHANGE, text("dlx")),
        ("x-overflow", text("reject-publish")),
        ("x-overflow", text("reject-publish-dlx")),
        (SINGLE_ACTIVE_CONSUMER, Value::Bool(false)),
        (SINGLE_ACTIVE_CONSUMER, Value::Bool(true)),
        ("x-consumer-timeout", int(0)),
        ("x-consumer-timeout", int(1_800_000)),
        ("x-delayed-retry-type", text("disabled")),
        ("x-delayed-retry-min", int(1)),
        ("x-delayed-retry-max", int(1)),
        ("x-message-deduplication", Value::Bool(false)),
        ("x-message-deduplication", Value::Bool(true)),
        ("x-delivery-rate", int(1)),
        ("x-group-key", text("customer")),
        ("x-delayed", Value::Bool(true)),
        ("x-confirm", text("written")),
        ("x-ha-policy", text("all")),
        ("x-anything", Value::Void),
        ("message-ttl", int(-1)),
    ] {
        assert_eq!(queue(&[(key, value)]), Ok(()), "{key}");
    }
}

#[test]
fn a_dead_letter_exchange_that_is_no_string_has_a_text_of_its_own() {
    let fields = [("x-queue-type", text("foo")), (DEAD_LETTER_EXCHANGE, Value::Int(b'I', 5))];

    assert_refused(
        queue(&fields),
        "invalid type 'signedint' for arg 'x-dead-letter-exchange' in queue 'q' in vhost '/'",
    );
}

#[test]
fn arguments_of_other_queue_types_are_refused_with_the_type() {
    for key in [
        "x-dead-letter-strategy",
        "x-quorum-initial-group-size",
        "x-quorum-target-group-size",
        "x-delivery-limit",
        "x-max-in-memory-length",
        "x-max-in-memory-bytes",
        "x-max-age",
        "x-stream-max-segment-size-bytes",
        "x-stream-filter-size-bytes",
        "x-initial-cluster-size",
        "x-consumer-disconnected-timeout",
        "x-member-placement-tag",
    ] {
        assert_refused(
            queue(&[(key, int(1))]),
            &format!(
                "invalid arg '{key}' for queue 'q' in vhost '/' of queue type rabbit_classic_queue"
            ),
        );
    }
}

#[test]
fn the_type_is_checked_first_then_values_then_foreign_arguments() {
    let ttl = ("x-message-ttl", int(-1));
    let foreign = ("x-max-age", text("1D"));
    let another = ("x-delivery-limit", int(1));

    assert_refused(
        queue(&[ttl, foreign, ("x-queue-type", text("foo"))]),
        "invalid arg 'x-queue-type' for queue 'q' in vhost '/': \"unsupported queue type 'foo'\"",
    );
    assert_refused(
        queue(&[foreign, ("x-max-length", int(-1)), ttl]),
        "invalid arg 'x-message-ttl' for queue 'q' in vhost '/': {value_negative,-1}",
    );
    assert_refused(
        queue(&[another, ("x-delayed-retry-type", text("disabled"))]),
        "invalid arg 'x-delivery-limit' for queue 'q' in vhost '/' of queue type \
         rabbit_classic_queue",
    );
    assert_refused(
        queue(&[another, foreign]),
        "invalid arg 'x-delivery-limit' for queue 'q' in vhost '/' of queue type \
         rabbit_classic_queue",
    );
}

#[test]
fn the_server_names_classic_queues_only() {
    for (queue_type, name) in [("quorum", "rabbit_quorum_queue"), ("stream", "rabbit_stream_queue")]
    {
        let arguments = table(&[("x-queue-type", text(queue_type))]);

        assert_refused(
            check_server_named(arguments.as_ref()),
            &format!("Cannot declare a server-named queue for type {name}"),
        );
    }
    assert_eq!(check_server_named(TableRef::default()), Ok(()));
}

#[test]
fn a_dead_letter_routing_key_fits_on_the_wire() {
    let key = "k".repeat(256);
    let fields = [("x-dead-letter-routing-key", text(&key)), (DEAD_LETTER_EXCHANGE, text("dlx"))];

    let checked = check::dead_letter_routing_key(text(&key), table(&fields).as_ref());

    assert_eq!(checked, Err("invalid_dead_letter_routing_key".to_owned()));
}
