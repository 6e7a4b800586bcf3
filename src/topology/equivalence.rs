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

/// Types of one class compare by value: integers and decimals, floats and doubles; others have to
/// be the same type.
fn same(a: Value<'_>, b: Value<'_>) -> bool {
    match (a, b) {
        (Value::Int(_, a), Value::Int(_, b)) => a == b,
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
