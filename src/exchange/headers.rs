//! Headers matching: a binding's arguments against a message's headers (spec 3.1.3.4; RabbitMQ:
//! `rabbit_exchange_type_headers`).

use crate::amqp::table::{TableRef, Value};
use crate::amqp::term::Term;

use super::binding::InvalidBinding;

/// More header fields than this are sorted once, instead of searched for each argument.
const SCANNED_MAX: usize = 16;

/// How many of a binding's arguments have to match, and whether those that begin with `x-` count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MatchMode {
    All,
    Any,
    AllWithX,
    AnyWithX,
}

impl MatchMode {
    /// What `x-match` asks for; all when it is missing.
    pub(super) fn of(arguments: TableRef<'_>) -> Result<Self, InvalidBinding> {
        match arguments.get("x-match") {
            None | Some(Value::LongStr(b"all")) => Ok(Self::All),
            Some(Value::LongStr(b"any")) => Ok(Self::Any),
            Some(Value::LongStr(b"all-with-x")) => Ok(Self::AllWithX),
            Some(Value::LongStr(b"any-with-x")) => Ok(Self::AnyWithX),
            Some(value @ Value::LongStr(_)) => {
                Err(InvalidBinding::UnknownMatch(Term(value).to_string()))
            }
            Some(other) => Err(InvalidBinding::MatchType {
                type_name: other.type_name(),
                value: Term(other).to_string(),
            }),
        }
    }

    fn counts(self, key: &[u8]) -> bool {
        match self {
            Self::All | Self::Any => !key.starts_with(b"x-"),
            Self::AllWithX | Self::AnyWithX => key != b"x-match",
        }
    }
}

/// A message's headers, ready to be looked up.
pub(super) struct Headers<'a> {
    table: TableRef<'a>,
    /// All fields by name, first of a name first; empty when there are few.
    sorted: Vec<(&'a [u8], Value<'a>)>,
}

impl<'a> Headers<'a> {
    pub(super) fn of(table: TableRef<'a>) -> Self {
        let mut sorted = Vec::new();
        if table.iter().nth(SCANNED_MAX).is_some() {
            sorted.extend(table.iter());
            sorted.sort_by_key(|(key, _)| *key);
        }
        Self { table, sorted }
    }

    /// Whether a binding with these arguments takes the message.
    pub(super) fn match_binding(&self, arguments: TableRef<'_>) -> bool {
        let Ok(mode) = MatchMode::of(arguments) else { return false };
        let mut fields = arguments.iter().filter(|(key, _)| mode.counts(key));
        match mode {
            MatchMode::All | MatchMode::AllWithX => fields.all(|field| self.holds(field)),
            MatchMode::Any | MatchMode::AnyWithX => fields.any(|field| self.holds(field)),
        }
    }

    fn holds(&self, (key, wanted): (&[u8], Value<'_>)) -> bool {
        self.get(key).is_some_and(|value| wanted == Value::Void || same(wanted, value))
    }

    fn get(&self, key: &[u8]) -> Option<Value<'a>> {
        if self.sorted.is_empty() {
            return self.table.iter().find(|(name, _)| *name == key).map(|(_, value)| value);
        }
        let at = self.sorted.partition_point(|(name, _)| *name < key);
        self.sorted.get(at).filter(|(name, _)| *name == key).map(|(_, value)| *value)
    }
}

/// Whether two values are one to RabbitMQ 4.3: types that hold the same kind of thing compare by
/// value, an integer and a float never.
fn same(a: Value<'_>, b: Value<'_>) -> bool {
    match (a, b) {
        (Value::Int(_, a), Value::Int(_, b)) => a == b,
        (Value::Float(a), Value::Float(b)) => f64::from(a).to_bits() == f64::from(b).to_bits(),
        (Value::Float(a), Value::Double(b)) | (Value::Double(b), Value::Float(a)) => {
            f64::from(a).to_bits() == b.to_bits()
        }
        (Value::Double(a), Value::Double(b)) => a.to_bits() == b.to_bits(),
        (Value::LongStr(a) | Value::Binary(a), Value::LongStr(b) | Value::Binary(b)) => a == b,
        (a, b) => a == b,
    }
}
