//! Arguments of classic queues and their consumers (queue-and-exchange-arguments.md 1, 4).

use super::row::{Row, channel_error};
use crate::raw::method::{BASIC_CONSUME, QUEUE_DECLARE, basic_consume, queue_declare};
use crate::raw::wire::Field::{self, Array, Bool, Double, Int, Long, Str, Table, Timestamp, Void};

/// The longest time to live, in milliseconds, and one more.
const TOO_LONG: i64 = 315_360_000_001;

pub fn rows() -> Vec<Row> {
    [numbers(), strings(), other_types(), names(), consumers()].into_iter().flatten().collect()
}

/// A queue.declare of a new queue with one wrong argument.
fn argument(key: &'static str, value: Field, detail: &str) -> Row {
    let queue = format!("{key} {value:?}");
    let text = format!("invalid arg '{key}' for queue '{queue}' in vhost '/': {detail}");
    declaration(queue, key, value, &text)
}

fn declaration(queue: String, key: &'static str, value: Field, text: &str) -> Row {
    channel_error(&format!("queue.declare {queue}"), 406, text, QUEUE_DECLARE, move |s| {
        s.send(&queue_declare(&queue).exclusive().arguments(&[(key, value.clone())]));
    })
}

fn numbers() -> Vec<Row> {
    let text = "\"expected integer, got longstr\"";
    vec![
        argument("x-message-ttl", Int(-1), "{value_negative,-1}"),
        argument("x-message-ttl", Long(TOO_LONG), "{value_too_large,315360000001}"),
        argument("x-message-ttl", Str("5"), text),
        argument("x-message-ttl", Double(5.0), "\"expected integer, got double\""),
        argument("x-message-ttl", Timestamp(5), "\"expected integer, got timestamp\""),
        argument("x-message-ttl", Bool(true), "\"expected integer, got bool\""),
        argument("x-message-ttl", Void, "\"expected integer, got void\""),
        argument("x-message-ttl", Array(vec![]), "\"expected integer, got array\""),
        argument("x-message-ttl", Table(vec![]), "\"expected integer, got table\""),
        argument("x-expires", Int(0), "{value_zero,0}"),
        argument("x-expires", Int(-1), "{value_negative,-1}"),
        argument("x-expires", Long(TOO_LONG), "{value_too_large,315360000001}"),
        argument("x-expires", Str("5"), text),
        argument("x-max-length", Int(-1), "{value_negative,-1}"),
        argument("x-max-length", Str("5"), text),
        argument("x-max-length-bytes", Int(-1), "{value_negative,-1}"),
        argument("x-max-length-bytes", Str("5"), text),
        argument("x-max-priority", Int(256), "{max_value_exceeded,256}"),
        argument("x-max-priority", Int(-1), "{value_negative,-1}"),
        argument("x-queue-version", Int(3), "\"unsupported queue version '3'\""),
        argument("x-queue-version", Int(-1), "{value_negative,-1}"),
    ]
}

fn strings() -> Vec<Row> {
    let mistyped = "{unacceptable_type,signedint}";
    let exchange = "x-dead-letter-exchange 5";
    vec![
        argument("x-queue-type", Str("foo"), "\"unsupported queue type 'foo'\""),
        argument("x-queue-type", Int(1), mistyped),
        argument("x-overflow", Str("foo"), "invalid_overflow"),
        argument("x-overflow", Int(1), mistyped),
        declaration(
            exchange.to_owned(),
            "x-dead-letter-exchange",
            Int(5),
            &format!(
                "invalid type 'signedint' for arg 'x-dead-letter-exchange' in queue '{exchange}' \
                 in vhost '/'"
            ),
        ),
        argument("x-dead-letter-routing-key", Str("k"), "routing_key_but_no_dlx_defined"),
        argument("x-dead-letter-routing-key", Int(1), mistyped),
        argument("x-queue-leader-locator", Str("foo"), "invalid_queue_locator_arg")
            .rabbitmq_3_10_unchecked(),
    ]
}

fn other_types() -> Vec<Row> {
    let not_of_classic = |key: &'static str, value: Field| {
        let queue = format!("{key} of a classic queue");
        let text = format!(
            "invalid arg '{key}' for queue '{queue}' in vhost '/' of queue type \
             rabbit_classic_queue"
        );
        declaration(queue, key, value, &text)
    };
    let both = channel_error(
        "queue.declare with an argument of another type, and a wrong one of its own",
        406,
        "invalid arg 'x-expires' for queue 'both' in vhost '/': {value_zero,0}",
        QUEUE_DECLARE,
        |s| {
            let arguments = [("x-max-age", Str("1D")), ("x-expires", Int(0))];
            s.send(&queue_declare("both").exclusive().arguments(&arguments));
        },
    );
    vec![
        both,
        argument("x-single-active-consumer", Str("x"), "{unacceptable_type,longstr}"),
        not_of_classic("x-dead-letter-strategy", Str("at-least-once")),
        not_of_classic("x-quorum-initial-group-size", Int(1)),
        not_of_classic("x-delivery-limit", Int(1)),
        not_of_classic("x-max-in-memory-length", Int(1)),
        not_of_classic("x-max-in-memory-bytes", Int(1)),
        not_of_classic("x-max-age", Str("1D")),
        not_of_classic("x-stream-max-segment-size-bytes", Int(1)),
        not_of_classic("x-initial-cluster-size", Int(1)),
    ]
}

fn names() -> Vec<Row> {
    let row = |kind: &'static str| {
        let text = format!("Cannot declare a server-named queue for type rabbit_{kind}_queue");
        let case = format!("queue.declare of a {kind} queue without a name");
        channel_error(&case, 406, &text, QUEUE_DECLARE, move |s| {
            let arguments = [("x-queue-type", Str(kind))];
            s.send(&queue_declare("").durable().arguments(&arguments));
        })
    };
    let prefix = "p".repeat(65).leak();
    let text = format!("Queue name prefix '{prefix}' exceeds the 64-byte limit");
    let prefix = Str(prefix);
    let case = "queue.declare with a long prefix";
    let long = channel_error(case, 406, &text, QUEUE_DECLARE, move |s| {
        let arguments = [("x-name-prefix", prefix.clone())];
        s.send(&queue_declare("").exclusive().arguments(&arguments));
    });
    vec![row("quorum"), row("stream"), long.rabbitmq_3_10_unchecked()]
}

fn consumers() -> Vec<Row> {
    let row = |case, key: &'static str, value: Field, tail: &str| {
        let queue = format!("consumer's {key} {value:?}");
        let text = format!("invalid arg '{key}' for queue '{queue}' in vhost '/'{tail}");
        channel_error(case, 406, &text, BASIC_CONSUME, move |s| {
            s.call(&queue_declare(&queue).exclusive());
            s.send(&basic_consume(&queue, "").arguments(&[(key, value.clone())]));
        })
    };
    vec![
        row(
            "basic.consume with a priority that is no integer",
            "x-priority",
            Str("x"),
            ": \"expected integer, got longstr\"",
        ),
        row(
            "basic.consume of a classic queue with a stream offset",
            "x-stream-offset",
            Str("first"),
            " of queue type rabbit_classic_queue",
        ),
    ]
}
