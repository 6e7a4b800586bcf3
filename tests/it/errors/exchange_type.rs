//! Exchange types beyond the specification's (queue-and-exchange-arguments.md 9). With RabbitMQ
//! they are plug-ins, or newer than 3.10.

use super::row::{Row, accepted, channel_error};
use crate::raw::method::{
    EXCHANGE_BIND, EXCHANGE_DECLARE, QUEUE_BIND, exchange_bind, exchange_declare, queue_bind,
    queue_declare,
};
use crate::raw::wire::Field::{self, Int, Str};

const HASH: &str = "x-consistent-hash";
const LOCAL: &str = "x-local-random";
const HISTORY: &str = "x-recent-history";
const DEDUPLICATION: &str = "x-message-deduplication";
const DELAYED: &str = "x-delayed-message";

pub fn rows() -> Vec<Row> {
    let rows =
        [declarations(), weights(), local_random(), pasts(), delayed()].into_iter().flatten();
    rows.map(Row::rabbitmq_3_10_unchecked).collect()
}

fn declared(arguments: &[(&'static str, Field)], text: &str) -> Row {
    declared_as(HASH, arguments, text)
}

fn declared_as(kind: &'static str, arguments: &[(&'static str, Field)], text: &str) -> Row {
    let arguments = arguments.to_vec();
    let case = format!("exchange.declare of {kind} with {arguments:?}");
    channel_error(&case, 406, text, EXCHANGE_DECLARE, move |s| {
        s.send(&exchange_declare("x.hash", kind).auto_delete().arguments(&arguments));
    })
}

fn declarations() -> Vec<Row> {
    let header = ("hash-header", Str("h"));
    let exclusive = "hash-header and hash-property are mutually exclusive";
    let alternate = "invalid type 'signedint' for arg 'alternate-exchange' in exchange 'x.hash' in \
                     vhost '/'";
    vec![
        declared(&[header.clone(), ("hash-property", Str("message_id"))], exclusive),
        declared(&[header.clone(), ("hash-property", Str("foo"))], exclusive),
        declared(&[("hash-property", Str("foo"))], "Unsupported property: foo"),
        declared(
            &[("hash-property", Str("correlation-id"))],
            "Unsupported property: correlation-id",
        ),
        declared(&[("hash-header", Int(1))], "invalid type 'signedint' for arg 'hash-header'"),
        declared(&[("alternate-exchange", Int(1)), ("hash-property", Str("foo"))], alternate),
        accepted("exchange.declare of x-consistent-hash again, with another header", move |s| {
            let first = exchange_declare("x.again", HASH).auto_delete();
            s.call(&first);
            s.call(&first.arguments(&[("hash-property", Str("foo"))]));
        }),
        accepted("exchange.declare of x-random with what only x-consistent-hash has", |s| {
            let arguments = [("hash-property", Str("foo"))];
            s.call(&exchange_declare("x.foo", "x-random").auto_delete().arguments(&arguments));
        }),
        channel_error(
            "exchange.declare of x-random that is x-modulus-hash",
            406,
            "inequivalent arg 'type' for exchange 'x.other' in vhost '/': received 'x-random' but \
             current is 'x-modulus-hash'",
            EXCHANGE_DECLARE,
            |s| {
                s.call(&exchange_declare("x.other", "x-modulus-hash").auto_delete());
                s.send(&exchange_declare("x.other", "x-random").auto_delete());
            },
        ),
    ]
}

/// A queue that is bound with a key which the type does not take.
fn bound(kind: &'static str, key: &'static str, text: &str) -> Row {
    let case = format!("queue.bind to {kind} with the key {key:?}");
    channel_error(&case, 406, text, QUEUE_BIND, move |s| {
        let queue = format!("{kind} {key}");
        s.call(&exchange_declare(kind, kind).auto_delete());
        s.call(&queue_declare(&queue).exclusive());
        s.send(&queue_bind(&queue, kind, key));
    })
}

fn weights() -> Vec<Row> {
    vec![
        bound(HASH, "0", "The binding key must be greater than 0"),
        bound(HASH, "-1", "The binding key must be greater than 0"),
        bound(HASH, "10001", "The binding key must not exceed 10000"),
        bound(HASH, "x", "The binding key must be an integer: <<\"x\">>"),
        bound(HASH, "", "The binding key must be an integer: <<>>"),
        channel_error(
            "exchange.bind from x-consistent-hash with a key that is no weight",
            406,
            "The binding key must be an integer: <<\"1.5\">>",
            EXCHANGE_BIND,
            |s| {
                s.call(&exchange_declare("x.from", HASH).auto_delete());
                s.send(&exchange_bind("amq.fanout", "x.from", "1.5"));
            },
        ),
    ]
}

fn local_random() -> Vec<Row> {
    vec![
        bound(LOCAL, "k", "Non empty binding 'k' key not permitted"),
        channel_error(
            "exchange.bind from x-local-random",
            406,
            "Destination not found",
            EXCHANGE_BIND,
            |s| {
                s.call(&exchange_declare("x.local", LOCAL).auto_delete());
                s.send(&exchange_bind("amq.fanout", "x.local", ""));
            },
        ),
        channel_error(
            "queue.bind of a quorum queue to x-local-random",
            406,
            "Queue type rabbit_quorum_queue not valid for this exchange type",
            QUEUE_BIND,
            |s| {
                s.call(&exchange_declare("x.local", LOCAL).auto_delete());
                let quorum = [("x-queue-type", Str("quorum")), ("x-expires", Int(1000))];
                s.call(&queue_declare("x.local.quorum").durable().arguments(&quorum));
                s.send(&queue_bind("x.local.quorum", "x.local", ""));
            },
        ),
    ]
}

/// An exchange at which messages wait says how it routes, and has the arguments of that type.
fn delayed() -> Vec<Row> {
    let none = "Invalid argument, 'x-delayed-type' must be an existing exchange type";
    let itself = "Invalid argument, 'x-delayed-message' can't be used for 'x-delayed-type'";
    let of_type = |kind: &'static str| ("x-delayed-type", Str(kind));
    vec![
        declared_as(DELAYED, &[], none),
        declared_as(DELAYED, &[("x-delayed-type", Int(1))], none),
        declared_as(DELAYED, &[of_type(DELAYED)], itself),
        declared_as(DELAYED, &[of_type("foo")], "unknown exchange type 'foo'"),
        declared_as(
            DELAYED,
            &[of_type(HASH), ("hash-property", Str("foo"))],
            "Unsupported property: foo",
        ),
        declared_as(
            DELAYED,
            &[of_type(HISTORY), ("x-recent-history-length", Int(0))],
            "Invalid argument 0, 'x-recent-history-length' must be a positive integer",
        ),
        channel_error(
            "queue.bind to x-delayed-message with a key that its type does not take",
            406,
            "The binding key must be greater than 0",
            QUEUE_BIND,
            move |s| {
                let declare = exchange_declare("x.delayed", DELAYED).auto_delete();
                s.call(&declare.arguments(&[of_type(HASH)]));
                s.call(&queue_declare("x.of delayed").exclusive());
                s.send(&queue_bind("x.of delayed", "x.delayed", "0"));
            },
        ),
        accepted("exchange.declare of x-delayed-message again, with another type", move |s| {
            let first = exchange_declare("x.again delayed", DELAYED).auto_delete();
            s.call(&first.clone().arguments(&[of_type("direct")]));
            s.call(&first.arguments(&[of_type("topic")]));
        }),
    ]
}

/// Arguments of types that remember messages. The plug-in for deduplication has line ends and
/// spaces in the middle of its texts.
fn pasts() -> Vec<Row> {
    let length = |value: Field, printed: &str| {
        let text = format!(
            "Invalid argument {printed}, 'x-recent-history-length' must be a positive integer"
        );
        declared_as(HISTORY, &[("x-recent-history-length", value)], &text)
    };
    let deduplication = |arguments: &[(&'static str, Field)], text: &str| {
        let size = ("x-cache-size", Int(10));
        let arguments: Vec<_> = std::iter::once(size).chain(arguments.iter().cloned()).collect();
        declared_as(DEDUPLICATION, &arguments, text)
    };
    let size = "Missing or invalid argument, 'x-cache-size' must be an integer greater than 0";
    let ttl = "Invalid argument, 'x-cache-ttl' must be an integer greater than 0";
    vec![
        length(Int(0), "0"),
        length(Int(-5), "-5"),
        length(Str("5"), "<<\"5\">>"),
        declared_as(DEDUPLICATION, &[], size),
        declared_as(DEDUPLICATION, &[("x-cache-size", Int(0))], size),
        declared_as(DEDUPLICATION, &[("x-cache-size", Str("many"))], size),
        declared_as(
            DEDUPLICATION,
            &[("x-cache-size", Field::Long(1 << 40))],
            "Invalid argument, 'x-cache-size' must not exceed 1073741824",
        ),
        deduplication(&[("x-cache-ttl", Int(0))], ttl),
        deduplication(&[("x-cache-ttl", Field::Bool(true))], ttl),
        deduplication(
            &[("x-cache-persistence", Str("ram"))],
            "Invalid argument, 'x-cache-persistence' must be either 'disk' or 'memory'",
        ),
        deduplication(
            &[("x-deduplication-fallback", Str("correlation-id"))],
            "Invalid argument, 'x-deduplication-fallback' must be 'message-id'",
        ),
        accepted("exchange.declare of x-recent-history again, with another length", |s| {
            let first = exchange_declare("x.history", HISTORY).auto_delete();
            s.call(&first);
            s.call(&first.arguments(&[("x-recent-history-length", Int(0))]));
        }),
    ]
}
