//! What streams refuse.

use crate::errors::queue_type::{declares, not_of, properties, queue_of, typed};
use crate::errors::row::{Row, channel_error, connection_error};
use crate::raw::close::Scope;
use crate::raw::method::{BASIC_CONSUME, Method, basic_consume, basic_get, basic_qos, queue_purge};
use crate::raw::wire::Field::{self, Bool, Int, Long, Str};

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
