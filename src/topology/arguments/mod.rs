//! The arguments of queues and consumers that mean something, and what the broker makes of them.
//! Others are kept and mean nothing.
//!
//! `rule` has the table, `check` what values may be, [`values`] what checked arguments ask for.

mod check;
pub mod name_prefix;
pub mod queue_type;
mod rule;
pub mod values;

use self::queue_type::QueueType;
use self::rule::Rule;
use self::values::Values;
use crate::amqp::table::{TableRef, Value};
use crate::topology::equivalence::compare_argument;
use crate::topology::error::{Error, Resource};

const DEAD_LETTER_EXCHANGE: &str = "x-dead-letter-exchange";
const CONSUMER_TIMEOUT: &str = "x-consumer-timeout";
const PRIORITY: &str = "x-priority";
const SINGLE_ACTIVE_CONSUMER: &str = "x-single-active-consumer";

/// Leveret's own: when persistent messages are confirmed.
const CONFIRM: &str = "x-confirm";

/// Whether a new queue may have these arguments: their type, then the values of those that the
/// type has, then those that it does not have (RabbitMQ:
/// `rabbit_amqqueue:check_declare_arguments/3`, and `queue.declare` in `rabbit_channel`).
///
/// # Errors
/// A value that the argument cannot have, or an argument of another type of queue: 406.
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
    let its_type = rule::QUEUE.iter().filter(|rule| rule.key == queue_type::KEY);
    check_values(&resource, arguments, its_type)?;
    check_for(QueueType::of(arguments), &rule::QUEUE, &resource, arguments)
}

/// Whether the server may invent the name of a queue with these arguments.
///
/// # Errors
/// A quorum queue or a stream: 406.
pub fn check_server_named(arguments: TableRef<'_>) -> Result<(), Error> {
    match arguments.get(queue_type::KEY) {
        Some(Value::LongStr(b"quorum")) => {
            Err(Error::ServerNamed { queue_type: QueueType::Quorum.module() })
        }
        Some(Value::LongStr(b"stream")) => {
            Err(Error::ServerNamed { queue_type: "rabbit_stream_queue" })
        }
        _ => Ok(()),
    }
}

/// Whether a consumer of a queue of that type may have these arguments.
///
/// # Errors
/// As [`check_queue`].
pub fn check_consumer(
    resource: impl Fn() -> Resource,
    queue_type: QueueType,
    arguments: TableRef<'_>,
) -> Result<(), Error> {
    check_for(queue_type, &rule::CONSUMER, &resource, arguments)
}

/// The priority of a consumer whose arguments are these; 0 if they do not say.
pub fn consumer_priority(arguments: TableRef<'_>) -> i64 {
    match arguments.get(PRIORITY) {
        Some(Value::Int(_, priority)) => priority,
        _ => 0,
    }
}

/// How long a delivery to a consumer with these arguments may wait for its acknowledgement, in
/// milliseconds, 0 for without end; `None` if they do not say.
pub fn consumer_timeout(arguments: TableRef<'_>) -> Option<u64> {
    Values::read(arguments).consumer_timeout
}

/// Compares the arguments of a declared queue with those of the existing one, as far as its type
/// has them.
pub(super) fn compare(
    resource: impl Fn() -> Resource,
    received: TableRef<'_>,
    current: TableRef<'_>,
) -> Result<(), Error> {
    let queue_type = QueueType::of(current);
    for rule in rule::QUEUE.iter().filter(|rule| rule.applies_to(queue_type, current)) {
        let (mut received, mut current) = (received.get(rule.key), current.get(rule.key));
        if rule.key == queue_type::KEY {
            received = Some(queue_type::or_default(received));
            current = Some(queue_type::or_default(current));
        }
        compare_argument(&resource, rule.key, received, current)?;
    }
    Ok(())
}

fn check_for(
    queue_type: QueueType,
    rules: &'static [Rule],
    resource: &impl Fn() -> Resource,
    arguments: TableRef<'_>,
) -> Result<(), Error> {
    let own = rules.iter().filter(|rule| rule.applies_to(queue_type, arguments));
    check_values(resource, arguments, own)?;
    let foreign = |key| rules.iter().find(|rule| rule.key.as_bytes() == key);
    let mut found = arguments.iter().filter_map(|(key, _)| foreign(key));
    match found.find(|rule| !rule.applies_to(queue_type, arguments)) {
        None => Ok(()),
        Some(Rule { key, .. }) => {
            Err(Error::ArgumentOfOtherType { resource: resource(), key, queue_type })
        }
    }
}

fn check_values(
    resource: &impl Fn() -> Resource,
    arguments: TableRef<'_>,
    rules: impl Iterator<Item = &'static Rule>,
) -> Result<(), Error> {
    for Rule { key, check, .. } in rules {
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

#[cfg(test)]
mod tests;
