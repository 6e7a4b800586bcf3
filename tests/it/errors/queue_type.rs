//! What quorum queues refuse, and rows that other types of queues share with them.

use super::row::{Row, channel_error, connection_error};
use crate::raw::method::{
    BASIC_GET, Method, QUEUE_DECLARE, QUEUE_DELETE, basic_get, queue_declare, queue_delete,
};
use crate::raw::wire::Field::{self, Bool, Int, Str};

pub fn quorum() -> Vec<Row> {
    let conditional = |flag: &'static str, delete: fn(Method) -> Method| {
        let text = format!(
            "cannot delete queue 'w.quorum' in vhost '/'. queue.delete operations with {flag} flag \
             set are not supported by quorum queues"
        );
        let case = format!("queue.delete of a quorum queue with {flag}");
        connection_error(&case, 540, &text, QUEUE_DELETE, move |s| {
            s.call(&queue_of("w.quorum", "quorum"));
            s.send(&delete(queue_delete("w.quorum")));
        })
    };
    let mut rows = properties("quorum");
    rows.extend([
        conditional("if-unused", Method::if_unused),
        conditional("if-empty", Method::if_empty),
        typed("quorum", "x-dead-letter-strategy", Str("foo"), "invalid_dlx_strategy"),
        typed("quorum", "x-quorum-initial-group-size", Int(0), "{value_zero,0}"),
        not_of("quorum", "x-max-priority", Int(1)),
        not_of("quorum", "x-queue-mode", Str("lazy")),
        not_of("quorum", "x-max-age", Str("1D")),
        quorum_single(),
        not_of("quorum", "x-confirm", Str("written")).rabbitmq_3_10_unchecked(),
    ]);
    rows
}

fn quorum_single() -> Row {
    channel_error(
        "basic.get from a quorum queue with a single active consumer",
        405,
        "cannot obtain access to locked queue 'w.single' in vhost '/'. basic.get operations are \
         not supported by quorum queues with single active consumer",
        BASIC_GET,
        |s| {
            let single =
                [("x-queue-type", Str("quorum")), ("x-single-active-consumer", Bool(true))];
            s.call(&queue_declare("w.single").durable().arguments(&single));
            s.send(&basic_get("w.single"));
        },
    )
}

pub fn queue_of(queue: &str, kind: &'static str) -> Method {
    queue_declare(queue).durable().arguments(&[("x-queue-type", Str(kind))])
}

/// A queue.declare of a new durable queue of that type, with one wrong argument.
pub fn typed(kind: &'static str, key: &'static str, value: Field, detail: &str) -> Row {
    let queue = format!("{kind} {key} {value:?}");
    let text = format!("invalid arg '{key}' for queue '{queue}' in vhost '/': {detail}");
    declares(queue, kind, key, value, &text)
}

pub fn not_of(kind: &'static str, key: &'static str, value: Field) -> Row {
    let queue = format!("{key} of a {kind} queue");
    let text = format!(
        "invalid arg '{key}' for queue '{queue}' in vhost '/' of queue type rabbit_{kind}_queue"
    );
    declares(queue, kind, key, value, &text)
}

pub fn declares(
    queue: String,
    kind: &'static str,
    key: &'static str,
    value: Field,
    text: &str,
) -> Row {
    channel_error(&format!("queue.declare {queue}"), 406, text, QUEUE_DECLARE, move |s| {
        let arguments = [("x-queue-type", Str(kind)), (key, value.clone())];
        s.send(&queue_declare(&queue).durable().arguments(&arguments));
    })
}

/// The properties that neither quorum queues nor streams can have.
pub fn properties(kind: &'static str) -> Vec<Row> {
    let row = |property, declare: fn(&str) -> Method| {
        let queue = format!("{kind} {property}");
        let text = format!("invalid property '{property}' for queue '{queue}' in vhost '/'");
        channel_error(&format!("queue.declare {queue}"), 406, &text, QUEUE_DECLARE, move |s| {
            s.send(&declare(&queue).arguments(&[("x-queue-type", Str(kind))]));
        })
    };
    vec![
        row("non-durable", queue_declare),
        row("exclusive-owner", |queue| queue_declare(queue).durable().exclusive()),
        row("auto-delete", |queue| queue_declare(queue).durable().auto_delete()),
    ]
}
