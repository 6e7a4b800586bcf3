//! What single arguments may be, with RabbitMQ's details of a refusal (RabbitMQ:
//! `rabbit_amqqueue:check_*_arg/2`).

use super::queue_type;
use crate::amqp::argument::{DeadLetterStrategy, DelayedRetry, GroupKey, Overflow};
use crate::amqp::confirm::Confirm;
use crate::amqp::name::ExchangeName;
use crate::amqp::table::{TableRef, Value};

/// The longest time that a timer can be set for, in milliseconds: ten years of 365 days
/// (RabbitMQ: `?MAX_EXPIRY_TIMER`).
const MILLISECONDS_MAX: i64 = 315_360_000_000;

/// The detail of a refusal, as an Erlang term.
pub(super) type Refusal = String;

/// What came of a check.
pub(super) type Checked = Result<(), Refusal>;

/// A time in milliseconds.
pub(super) fn time(value: Value<'_>) -> Checked {
    match integer(value)? {
        long if long > MILLISECONDS_MAX => Err(format!("{{value_too_large,{long}}}")),
        _ => non_negative(value),
    }
}

/// A time in milliseconds that is not 0.
pub(super) fn positive_time(value: Value<'_>) -> Checked {
    time(value)?;
    positive(value)
}

pub(super) fn positive(value: Value<'_>) -> Checked {
    match integer(value)? {
        0 => Err("{value_zero,0}".to_owned()),
        _ => non_negative(value),
    }
}

pub(super) fn non_negative(value: Value<'_>) -> Checked {
    match integer(value)? {
        negative if negative < 0 => Err(format!("{{value_negative,{negative}}}")),
        _ => Ok(()),
    }
}

pub(super) fn integer(value: Value<'_>) -> Result<i64, Refusal> {
    match value {
        Value::Int(_, value) => Ok(value),
        other => Err(format!("\"expected integer, got {}\"", other.type_name())),
    }
}

pub(super) fn boolean(value: Value<'_>) -> Checked {
    match value {
        Value::Bool(_) => Ok(()),
        other => Err(unacceptable_type(other)),
    }
}

pub(super) fn long_str(value: Value<'_>) -> Result<&[u8], Refusal> {
    value.as_long_str().ok_or_else(|| unacceptable_type(value))
}

/// A name that no exchange can have would lose every message, so that one is refused.
pub(super) fn dead_letter_exchange(value: Value<'_>) -> Checked {
    let name = ExchangeName::parse(long_str(value)?);
    name.map(drop).map_err(|_| "invalid_dead_letter_exchange".to_owned())
}

/// A key has at most 255 octets on the wire.
pub(super) fn dead_letter_routing_key(value: Value<'_>, all: TableRef<'_>) -> Checked {
    let key = long_str(value)?;
    if all.get(super::DEAD_LETTER_EXCHANGE).is_none() {
        return Err("routing_key_but_no_dlx_defined".to_owned());
    }
    if key.len() > 255 { Err("invalid_dead_letter_routing_key".to_owned()) } else { Ok(()) }
}

pub(super) fn dead_letter_strategy(value: Value<'_>) -> Checked {
    one_of(value, DeadLetterStrategy::parse, "invalid_dlx_strategy")
}

pub(super) fn max_priority(value: Value<'_>) -> Checked {
    match integer(value)? {
        high if high > 255 => Err(format!("{{max_value_exceeded,{high}}}")),
        _ => non_negative(value),
    }
}

pub(super) fn overflow(value: Value<'_>) -> Checked {
    one_of(value, Overflow::parse, "invalid_overflow")
}

/// Who has messages wait says how long.
pub(super) fn delayed_retry(value: Value<'_>, arguments: TableRef<'_>) -> Checked {
    one_of(value, DelayedRetry::parse, "invalid_delayed_retry_type")?;
    let is_on = value.as_long_str() != Some(b"disabled");
    if is_on && arguments.get("x-delayed-retry-min").is_none() {
        return Err("delayed_retry_type_but_no_min_defined".to_owned());
    }
    Ok(())
}

pub(super) fn delayed_retry_max(value: Value<'_>, arguments: TableRef<'_>) -> Checked {
    positive_time(value)?;
    match (value, arguments.get("x-delayed-retry-min")) {
        (Value::Int(_, max), Some(Value::Int(_, min))) if max < min => {
            Err(format!("{{smaller_than_min,{max}}}"))
        }
        _ => Ok(()),
    }
}

pub(super) fn group_key(value: Value<'_>) -> Checked {
    one_of(value, GroupKey::parse, "invalid_group_key")
}

/// What it falls back from has to be asked for, too.
pub(super) fn deduplication_fallback(value: Value<'_>, arguments: TableRef<'_>) -> Checked {
    match long_str(value)? {
        b"message-id" if arguments.get("x-message-deduplication") == Some(Value::Bool(true)) => {
            Ok(())
        }
        b"message-id" => Err("fallback_but_no_deduplication".to_owned()),
        _ => Err("invalid_deduplication_fallback".to_owned()),
    }
}

pub(super) fn confirm(value: Value<'_>) -> Checked {
    one_of(value, Confirm::parse, "invalid_confirm")
}

/// Versions differ in how RabbitMQ stores messages, not in what a queue does.
pub(super) fn queue_version(value: Value<'_>) -> Checked {
    non_negative(value)?;
    match integer(value)? {
        1 | 2 => Ok(()),
        unknown => Err(format!("\"unsupported queue version '{unknown}'\"")),
    }
}

pub(super) fn leader_locator(value: Value<'_>) -> Checked {
    match long_str(value)? {
        b"client-local" | b"balanced" | b"random" | b"least-leaders" => Ok(()),
        _ => Err("invalid_queue_locator_arg".to_owned()),
    }
}

pub(super) fn member_placement_tag(value: Value<'_>) -> Checked {
    match long_str(value)? {
        b"" => Err("invalid_member_placement_tag_arg".to_owned()),
        _ => Ok(()),
    }
}

pub(super) fn queue_type(value: Value<'_>) -> Checked {
    match long_str(queue_type::or_default(Some(value)))? {
        b"classic" | b"quorum" => Ok(()),
        b"stream" => Err("\"queue type 'stream' is not supported by this broker\"".to_owned()),
        other => Err(format!("\"unsupported queue type '{}'\"", String::from_utf8_lossy(other))),
    }
}

fn one_of<T>(value: Value<'_>, parse: fn(&[u8]) -> Option<T>, refusal: &str) -> Checked {
    parse(long_str(value)?).map(drop).ok_or_else(|| refusal.to_owned())
}

fn unacceptable_type(value: Value<'_>) -> Refusal {
    format!("{{unacceptable_type,{}}}", value.type_name())
}
