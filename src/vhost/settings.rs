//! What a queue's arguments and policies say of how it works.

use crate::amqp::argument::{DeadLetterStrategy, DelayedRetry};
use crate::queue::later::Retry;
use crate::queue::settings::{Dead, Priorities, Serving, Settings, Trimming};
use crate::queue::single_active::Succession;
use crate::topology::arguments::queue_type::QueueType;
use crate::topology::arguments::values::Values;

/// How many deliveries of a message may fail in a queue that counts them and does not say (RabbitMQ:
/// `?DEFAULT_DELIVERY_LIMIT`).
const DELIVERY_LIMIT: i64 = 20;

/// How a queue of that type works whose arguments and policies say that together.
pub(super) fn settings(queue_type: QueueType, values: &Values) -> Settings {
    let hands_on = values.waits_for.is_some();
    let is_published = hands_on || values.dead_letter_exchange.is_some();
    let retry = retry(values);
    // What is retried later is not retried for ever.
    let counts = queue_type == QueueType::Quorum || retry.is_some();
    Settings {
        serving: serving(queue_type, values),
        message_ttl: values.message_ttl,
        delivery_rate: values.delivery_rate,
        dead: match values.dead_letter_strategy {
            _ if !is_published => Dead::Dropped,
            Some(DeadLetterStrategy::AtLeastOnce) => Dead::Kept,
            _ => Dead::Published,
        },
        max_length: values.max_length,
        max_bytes: values.max_length_bytes,
        overflow: values.overflow.unwrap_or_default(),
        trimming: match queue_type {
            QueueType::Classic => Trimming::First,
            QueueType::Quorum => Trimming::Last,
        },
        counts_attempts: counts,
        delivery_limit: if counts { delivery_limit(values.delivery_limit) } else { None },
        retry,
        priorities: priorities(queue_type, values),
        delayed: values.delayed == Some(true),
        hands_on,
    }
}

/// Which of its consumers it serves. Where it is one at a time, only one of a quorum queue is replaced
/// before it goes.
fn serving(queue_type: QueueType, values: &Values) -> Serving {
    match (values.single_active_consumer, queue_type) {
        (None | Some(false), _) => Serving::All,
        (Some(true), QueueType::Classic) => Serving::SingleActive(Succession::Gone),
        (Some(true), QueueType::Quorum) => Serving::SingleActive(Succession::Outranked),
    }
}

/// How many deliveries may fail; a negative number is no limit.
fn delivery_limit(said: Option<i64>) -> Option<u32> {
    let limit = said.unwrap_or(DELIVERY_LIMIT);
    (limit >= 0).then(|| u32::try_from(limit).unwrap_or(u32::MAX))
}

/// Which messages that came back wait; none without a least time (RabbitMQ:
/// `rabbit_quorum_queue:get_delayed_retry_config/1`).
fn retry(values: &Values) -> Option<Retry> {
    let which = values.delayed_retry.filter(|which| *which != DelayedRetry::Disabled)?;
    let min = values.delayed_retry_min?;
    Some(Retry { which, min, max: values.delayed_retry_max.unwrap_or(min).max(min) })
}

/// The levels of its messages. A quorum queue has 32, whatever it asks for (RabbitMQ 4.3).
fn priorities(queue_type: QueueType, values: &Values) -> Priorities {
    match queue_type {
        QueueType::Classic => Priorities { highest: values.max_priority.unwrap_or(0), absent: 0 },
        QueueType::Quorum => Priorities { highest: 31, absent: 4 },
    }
}
