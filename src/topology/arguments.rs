//! The arguments of queues and consumers that RabbitMQ knows, and what the broker makes of them.
//! Others are kept and mean nothing. An argument whose feature is missing is refused, never
//! ignored: whoever sends it counts on it.

use crate::amqp::confirm::Confirm;
use crate::amqp::table::{TableRef, Value};

use super::equivalence::compare_argument;
use super::error::{Error, Resource};

const DEAD_LETTER_EXCHANGE: &str = "x-dead-letter-exchange";
const QUEUE_TYPE: &str = "x-queue-type";
const PRIORITY: &str = "x-priority";
pub(super) const SINGLE_ACTIVE_CONSUMER: &str = "x-single-active-consumer";

/// Leveret's own: when persistent messages are confirmed.
pub(super) const CONFIRM: &str = "x-confirm";

/// The longest time that a timer can be set for, in milliseconds: ten years of 365 days
/// (RabbitMQ: `?MAX_EXPIRY_TIMER`).
const MILLISECONDS_MAX: i64 = 315_360_000_000;

/// The detail of a refusal, as an Erlang term.
type Refusal = String;

/// Checks one argument, with all of them at hand.
type Check = fn(Value<'_>, TableRef<'_>) -> Result<(), Refusal>;

/// The arguments of a classic queue, in the order in which RabbitMQ checks and compares them
/// (RabbitMQ: `rabbit_amqqueue:declare_args/0`).
const CLASSIC_QUEUE: [(&str, Check); 15] = [
    ("x-expires", |value, _| time(value, 1).and_then(missing)),
    ("x-message-ttl", |value, _| time(value, 0).and_then(missing)),
    (DEAD_LETTER_EXCHANGE, |value, _| long_str(value).and_then(missing)),
    ("x-dead-letter-routing-key", dead_letter_routing_key),
    ("x-max-length", |value, _| non_negative(value).and_then(missing)),
    ("x-max-length-bytes", |value, _| non_negative(value).and_then(missing)),
    ("x-max-priority", max_priority),
    ("x-overflow", overflow),
    ("x-queue-mode", queue_mode),
    ("x-queue-version", queue_version),
    (SINGLE_ACTIVE_CONSUMER, |value, _| boolean(value)),
    (QUEUE_TYPE, queue_type),
    ("x-queue-leader-locator", leader_locator),
    ("x-queue-master-locator", |value, _| long_str(value).map(drop)),
    (CONFIRM, confirm),
];

/// What only quorum queues or streams have.
const OTHER_QUEUE: [&str; 16] = [
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
    "x-consumer-timeout",
    "x-consumer-disconnected-timeout",
    "x-delayed-retry-type",
    "x-delayed-retry-min",
    "x-delayed-retry-max",
    "x-member-placement-tag",
];

/// The arguments of a consumer of a classic queue.
const CLASSIC_CONSUMER: [(&str, Check); 1] = [(PRIORITY, |value, _| integer(value).map(drop))];

/// What only consumers of quorum queues or streams have.
const OTHER_CONSUMER: [&str; 4] =
    ["x-stream-offset", "x-stream-filter", "x-stream-match-unfiltered", "x-consumer-timeout"];

/// Whether a new queue may have these arguments (RabbitMQ:
/// `rabbit_amqqueue:check_declare_arguments/2`, and `queue.declare` in `rabbit_channel`).
///
/// # Errors
/// A value that the argument cannot have, or a feature that is missing: 406.
pub fn check_queue(resource: impl Fn() -> Resource, arguments: TableRef<'_>) -> Result<(), Error> {
    match arguments.get(DEAD_LETTER_EXCHANGE) {
        None | Some(Value::LongStr(_)) => {}
        Some(other) => {
            return Err(Error::ArgumentType {
                resource: resource(),
                key: DEAD_LETTER_EXCHANGE,
                type_name: other.type_name(),
            });
        }
    }
    check(&resource, arguments, &[(QUEUE_TYPE, queue_type)])?;
    refuse_others(&resource, arguments, &OTHER_QUEUE)?;
    check(&resource, arguments, &CLASSIC_QUEUE)
}

/// Whether the server may invent the name of a queue with these arguments.
///
/// # Errors
/// A quorum queue or a stream: 406.
pub fn check_server_named(arguments: TableRef<'_>) -> Result<(), Error> {
    match arguments.get(QUEUE_TYPE) {
        Some(Value::LongStr(b"quorum")) => {
            Err(Error::ServerNamed { queue_type: "rabbit_quorum_queue" })
        }
        Some(Value::LongStr(b"stream")) => {
            Err(Error::ServerNamed { queue_type: "rabbit_stream_queue" })
        }
        _ => Ok(()),
    }
}

/// Whether a consumer of a queue may have these arguments.
///
/// # Errors
/// A value that the argument cannot have, or a feature that is missing: 406.
pub fn check_consumer(
    resource: impl Fn() -> Resource,
    arguments: TableRef<'_>,
) -> Result<(), Error> {
    refuse_others(&resource, arguments, &OTHER_CONSUMER)?;
    check(&resource, arguments, &CLASSIC_CONSUMER)
}

/// The priority of a consumer whose arguments are these; 0 if they do not say.
pub fn consumer_priority(arguments: TableRef<'_>) -> i64 {
    match arguments.get(PRIORITY) {
        Some(Value::Int(_, priority)) => priority,
        _ => 0,
    }
}

/// Compares the arguments of a declared queue with those of the existing one.
pub(super) fn compare(
    resource: impl Fn() -> Resource,
    received: TableRef<'_>,
    current: TableRef<'_>,
) -> Result<(), Error> {
    for (key, _) in CLASSIC_QUEUE {
        let (mut received, mut current) = (received.get(key), current.get(key));
        if key == QUEUE_TYPE {
            received = Some(type_or_default(received));
            current = Some(type_or_default(current));
        }
        compare_argument(&resource, key, received, current)?;
    }
    Ok(())
}

fn check(
    resource: &impl Fn() -> Resource,
    arguments: TableRef<'_>,
    rules: &[(&'static str, Check)],
) -> Result<(), Error> {
    for (key, check) in rules {
        if let Some(value) = arguments.get(key) {
            check(value, arguments).map_err(|detail| Error::Argument {
                resource: resource(),
                key,
                detail,
            })?;
        }
    }
    Ok(())
}

/// Refuses the first argument that belongs to another type of queue.
fn refuse_others(
    resource: &impl Fn() -> Resource,
    arguments: TableRef<'_>,
    others: &[&'static str],
) -> Result<(), Error> {
    let found = arguments.iter().find_map(|(key, _)| others.iter().find(|k| k.as_bytes() == key));
    found.map_or(Ok(()), |key| Err(Error::ArgumentOfOtherType { resource: resource(), key }))
}

/// A queue without a type is a classic one.
fn type_or_default(value: Option<Value<'_>>) -> Value<'_> {
    match value {
        None | Some(Value::LongStr(b"" | b"undefined")) => Value::LongStr(b"classic"),
        Some(value) => value,
    }
}

/// The value is lawful, and its feature does not exist.
fn missing<T>(_: T) -> Result<(), Refusal> {
    Err("\"not supported by this broker\"".to_owned())
}

fn dead_letter_routing_key(value: Value<'_>, all: TableRef<'_>) -> Result<(), Refusal> {
    long_str(value)?;
    if all.get(DEAD_LETTER_EXCHANGE).is_none() {
        return Err("routing_key_but_no_dlx_defined".to_owned());
    }
    missing(value)
}

fn max_priority(value: Value<'_>, _: TableRef<'_>) -> Result<(), Refusal> {
    let value = non_negative(value)?;
    if value > 255 {
        return Err(format!("{{max_value_exceeded,{value}}}"));
    }
    missing(value)
}

/// Dropping the head is what a queue would do at a limit; the other ways do not exist.
fn overflow(value: Value<'_>, _: TableRef<'_>) -> Result<(), Refusal> {
    match long_str(value)? {
        b"drop-head" => Ok(()),
        b"reject-publish" | b"reject-publish-dlx" => missing(value),
        _ => Err("invalid_overflow".to_owned()),
    }
}

/// Both modes are the same since RabbitMQ 3.12.
fn queue_mode(value: Value<'_>, _: TableRef<'_>) -> Result<(), Refusal> {
    match long_str(value)? {
        b"default" | b"lazy" => Ok(()),
        unknown => {
            Err(format!("\"unsupported queue mode '{}'\"", String::from_utf8_lossy(unknown)))
        }
    }
}

/// Versions differ in how RabbitMQ stores messages, not in what a queue does.
fn queue_version(value: Value<'_>, _: TableRef<'_>) -> Result<(), Refusal> {
    match integer(value)? {
        1 | 2 => Ok(()),
        unknown => Err(format!("\"unsupported queue version '{unknown}'\"")),
    }
}

fn queue_type(value: Value<'_>, _: TableRef<'_>) -> Result<(), Refusal> {
    match long_str(type_or_default(Some(value)))? {
        b"classic" => Ok(()),
        other => Err(format!("\"unsupported queue type '{}'\"", String::from_utf8_lossy(other))),
    }
}

fn confirm(value: Value<'_>, _: TableRef<'_>) -> Result<(), Refusal> {
    match Confirm::parse(long_str(value)?) {
        Some(_) => Ok(()),
        None => Err("invalid_confirm".to_owned()),
    }
}

fn leader_locator(value: Value<'_>, _: TableRef<'_>) -> Result<(), Refusal> {
    match long_str(value)? {
        b"client-local" | b"balanced" | b"random" | b"least-leaders" => Ok(()),
        _ => Err("invalid_queue_locator_arg".to_owned()),
    }
}

/// A time in milliseconds, at least `min`.
fn time(value: Value<'_>, min: i64) -> Result<i64, Refusal> {
    match non_negative(value)? {
        0 if min > 0 => Err("{value_zero,0}".to_owned()),
        long if long > MILLISECONDS_MAX => Err(format!("{{value_too_large,{long}}}")),
        value => Ok(value),
    }
}

fn non_negative(value: Value<'_>) -> Result<i64, Refusal> {
    match integer(value)? {
        negative if negative < 0 => Err(format!("{{value_negative,{negative}}}")),
        value => Ok(value),
    }
}

fn integer(value: Value<'_>) -> Result<i64, Refusal> {
    match value {
        Value::Int(_, value) => Ok(value),
        other => Err(format!("\"expected integer, got {}\"", other.type_name())),
    }
}

fn boolean(value: Value<'_>) -> Result<(), Refusal> {
    match value {
        Value::Bool(_) => Ok(()),
        other => Err(unacceptable_type(other)),
    }
}

fn long_str(value: Value<'_>) -> Result<&[u8], Refusal> {
    value.as_long_str().ok_or_else(|| unacceptable_type(value))
}

fn unacceptable_type(value: Value<'_>) -> Refusal {
    format!("{{unacceptable_type,{}}}", value.type_name())
}

#[cfg(test)]
mod tests;
