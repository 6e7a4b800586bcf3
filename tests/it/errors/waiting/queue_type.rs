//! What quorum queues and streams refuse.

use crate::errors::row::{Row, channel_error, connection_error};
use crate::raw::close::Scope;
use crate::raw::method::{
    BASIC_CONSUME, BASIC_GET, Method, QUEUE_DECLARE, QUEUE_DELETE, basic_consume, basic_get,
    basic_qos, queue_declare, queue_delete, queue_purge,
};
use crate::raw::wire::Field::{self, Bool, Int, Long, Str};

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
        connection_error(
            "basic.consume from a quorum queue under a limit for the channel",
            540,
            "queue 'w.quorum' in vhost '/' does not support global qos",
            BASIC_CONSUME,
            |s| {
                s.call(&queue_of("w.quorum", "quorum"));
                s.call(&basic_qos(0, 1).global());
                s.send(&basic_consume("w.quorum", ""));
            },
        ),
    ]);
    rows
}

pub fn quorum_single() -> Vec<Row> {
    vec![channel_error(
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
    )]
}

pub fn streams() -> Vec<Row> {
    let row = |case, text: &str, method: Method| {
        let id = method.id;
        connection_error(case, 540, text, id, move |s| {
            s.call(&queue_of("w.stream", "stream"));
            s.call(&basic_qos(0, 10));
            s.send(&method);
        })
    };
    let mut rows = properties("stream");
    rows.extend([
        row(
            "queue.purge of a stream",
            "queue.purge not supported by stream queues queue 'w.stream' in vhost '/'",
            queue_purge("w.stream"),
        ),
        row(
            "basic.get from a stream",
            "basic.get not supported by stream queues queue 'w.stream' in vhost '/'",
            basic_get("w.stream"),
        ),
        row(
            "basic.consume from a stream without acks",
            "automatic acknowledgement not supported by stream queue 'w.stream' in vhost '/'",
            basic_consume("w.stream", "").no_ack(),
        )
        .rabbitmq_3_10_closes(
            Scope::Connection,
            540,
            "automatic acknowledgement not supported by stream queues queue 'w.stream' in vhost '/'",
        ),
        channel_error(
            "basic.consume from a stream without a prefetch count",
            406,
            "consumer prefetch count is not set for stream queue 'w.stream' in vhost '/'",
            BASIC_CONSUME,
            |s| {
                s.call(&queue_of("w.stream", "stream"));
                s.send(&basic_consume("w.stream", ""));
            },
        )
        .rabbitmq_3_10_closes(
            Scope::Channel,
            406,
            "consumer prefetch count is not set for 'queue 'w.stream' in vhost '/''",
        ),
    ]);
    rows
}

pub fn stream_arguments() -> Vec<Row> {
    vec![
        offset(Str("1x"), "{longstr,<<\"1x\">>}"),
        offset(Str("foo"), "{longstr,<<\"foo\">>}").rabbitmq_3_10_unchecked(),
        typed("stream", "x-max-age", Str("1x"), "invalid_max_age"),
        typed("stream", "x-initial-cluster-size", Int(0), "{value_zero,0}"),
        typed("stream", "x-queue-leader-locator", Str("foo"), "invalid_queue_locator_arg"),
        not_of("stream", "x-message-ttl", Int(1)),
        not_of("stream", "x-expires", Int(1)),
        not_of("stream", "x-max-length", Int(1)),
        not_of("stream", "x-dead-letter-exchange", Str("x")),
        not_of("stream", "x-single-active-consumer", Bool(true)),
        declares(
            "large segments".to_owned(),
            "stream",
            "x-stream-max-segment-size-bytes",
            Long(3_000_000_001),
            "Exceeded max value for x-stream-max-segment-size-bytes",
        ),
        declares(
            "large filters".to_owned(),
            "stream",
            "x-stream-filter-size-bytes",
            Int(256),
            "Invalid value for x-stream-filter-size-bytes",
        )
        .rabbitmq_3_10_unchecked(),
    ]
}

fn queue_of(queue: &str, kind: &'static str) -> Method {
    queue_declare(queue).durable().arguments(&[("x-queue-type", Str(kind))])
}

/// A queue.declare of a new durable queue of that type, with one wrong argument.
fn typed(kind: &'static str, key: &'static str, value: Field, detail: &str) -> Row {
    let queue = format!("{kind} {key} {value:?}");
    let text = format!("invalid arg '{key}' for queue '{queue}' in vhost '/': {detail}");
    declares(queue, kind, key, value, &text)
}

fn not_of(kind: &'static str, key: &'static str, value: Field) -> Row {
    let queue = format!("{key} of a {kind} queue");
    let text = format!(
        "invalid arg '{key}' for queue '{queue}' in vhost '/' of queue type rabbit_{kind}_queue"
    );
    declares(queue, kind, key, value, &text)
}

fn declares(queue: String, kind: &'static str, key: &'static str, value: Field, text: &str) -> Row {
    channel_error(&format!("queue.declare {queue}"), 406, text, QUEUE_DECLARE, move |s| {
        let arguments = [("x-queue-type", Str(kind)), (key, value.clone())];
        s.send(&queue_declare(&queue).durable().arguments(&arguments));
    })
}

/// The properties that neither quorum queues nor streams can have.
fn properties(kind: &'static str) -> Vec<Row> {
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

fn offset(offset: Field, shown: &str) -> Row {
    let text = format!(
        "invalid arg 'x-stream-offset' for queue 'w.stream' in vhost '/': \
         {{invalid_stream_offset_arg,{shown}}}"
    );
    let case = format!("basic.consume from a stream at {offset:?}");
    channel_error(&case, 406, &text, BASIC_CONSUME, move |s| {
        s.call(&queue_of("w.stream", "stream"));
        s.call(&basic_qos(0, 10));
        let at = [("x-stream-offset", offset.clone())];
        s.send(&basic_consume("w.stream", "").arguments(&at));
    })
}
