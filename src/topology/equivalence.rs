//! Comparing a declaration with what exists (RabbitMQ: `rabbit_misc:assert_args_equivalence1/4`,
//! `assert_field_equivalence/4`, `val/1`).

use std::fmt;

use crate::amqp::table::Value;
use crate::amqp::term::Term;

use super::error::{Error, Inequivalence, Resource};

/// Compares an attribute.
pub(super) fn compare_field<T: PartialEq + fmt::Display>(
    resource: impl Fn() -> Resource,
    field: &str,
    received: &T,
    current: &T,
) -> Result<(), Error> {
    if received == current {
        return Ok(());
    }
    Err(Error::Inequivalent(Box::new(Inequivalence {
        resource: resource(),
        field: field.to_owned(),
        received: format!("'{received}'"),
        current: format!("'{current}'"),
    })))
}

/// Compares an argument that either side may have or not.
pub(super) fn compare_argument(
    resource: impl Fn() -> Resource,
    key: &str,
    received: Option<Value<'_>>,
    current: Option<Value<'_>>,
) -> Result<(), Error> {
    let (received, current) = match (received, current) {
        (None, None) => return Ok(()),
        (Some(received), Some(current)) if same(received, current) => return Ok(()),
        (Some(received), Some(current)) => (bare(received), bare(current)),
        (Some(received), None) => (typed(received), "none".to_owned()),
        (None, Some(current)) => ("none".to_owned(), typed(current)),
    };
    Err(Error::Inequivalent(Box::new(Inequivalence {
        resource: resource(),
        field: key.to_owned(),
        received,
        current,
    })))
}

/// Values are compared and not types, as far as RabbitMQ has one term for both: integers of every
/// width and timestamps, floats and doubles, strings and octets. An integer is no float.
fn same(a: Value<'_>, b: Value<'_>) -> bool {
    match (a, b) {
        (Value::Int(_, a), Value::Int(_, b)) => a == b,
        (Value::Int(_, number), Value::Timestamp(seconds))
        | (Value::Timestamp(seconds), Value::Int(_, number)) => {
            u64::try_from(number) == Ok(seconds)
        }
        (Value::LongStr(a), Value::Binary(b)) | (Value::Binary(b), Value::LongStr(a)) => a == b,
        (Value::Float(a), Value::Double(b)) | (Value::Double(b), Value::Float(a)) => {
            f64::from(a).to_bits() == b.to_bits()
        }
        (a, b) => a == b,
    }
}

fn typed(value: Value<'_>) -> String {
    format!("the value {} of type '{}'", bare(value), value.type_name())
}

fn bare(value: Value<'_>) -> String {
    match value {
        Value::LongStr(octets) | Value::Binary(octets) => {
            format!("'{}'", String::from_utf8_lossy(octets))
        }
        other => format!("'{}'", Term(other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::amqp::name::{QueueName, VhostName};

    fn compare(received: Value<'_>, current: Value<'_>) -> Result<(), String> {
        let vhost = VhostName::parse(b"/").unwrap();
        let queue = QueueName::parse(b"q").unwrap();
        let resource = || Resource::queue(&vhost, &queue);
        compare_argument(resource, "x", Some(received), Some(current)).map_err(|e| match e {
            Error::Inequivalent(why) => {
                format!("received {} current {}", why.received, why.current)
            }
            other => panic!("{other:?}"),
        })
    }

    #[test]
    fn what_is_one_term_to_rabbitmq_is_equal_whatever_its_type() {
        let five = Value::Int(b'I', 5);
        for (a, b) in [
            (Value::Int(b'l', 5), five),
            (Value::Timestamp(5), five),
            (Value::Float(1.5), Value::Double(1.5)),
            (Value::Binary(b"classic"), Value::LongStr(b"classic")),
        ] {
            assert_eq!(compare(a, b), Ok(()), "{a:?} {b:?}");
            assert_eq!(compare(b, a), Ok(()), "{b:?} {a:?}");
        }
    }

    #[test]
    fn values_of_different_kinds_differ() {
        let different = |received: &str, current: &str| {
            Err(format!("received '{received}' current '{current}'"))
        };
        let five = Value::Int(b'I', 5);
        assert_eq!(compare(Value::Double(5.0), five), different("5.0", "5"));
        assert_eq!(compare(Value::LongStr(b"5"), five), different("5", "5"));
        assert_eq!(
            compare(Value::Timestamp(u64::MAX), Value::Int(b'l', -1)),
            different("18446744073709551615", "-1")
        );
        assert_eq!(compare(Value::Bool(true), Value::Int(b'I', 1)), different("true", "1"));
    }
}
