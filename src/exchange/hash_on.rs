//! What of a message an exchange of type `x-consistent-hash` hashes (RabbitMQ: `hash_args/1` and
//! `value_to_hash/2` of `rabbit_exchange_type_consistent_hash`).

use std::sync::Arc;

use crate::amqp::exception::Exception;
use crate::amqp::reply_code::ReplyCode;
use crate::amqp::table::{TableRef, Value};
use crate::amqp::term::Term;

use super::hash::hash;
use super::message::Message;

/// The arguments of `exchange.declare` that say so.
const HEADER: &str = "hash-header";
const PROPERTY: &str = "hash-property";

/// What is hashed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum HashOn {
    /// The routing key.
    #[default]
    RoutingKey,
    /// The header of that name.
    Header(Arc<[u8]>),
    /// The property correlation-id.
    CorrelationId,
    /// The property message-id.
    MessageId,
    /// The property timestamp.
    Timestamp,
}

/// Why arguments do not say what is hashed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InvalidHashOn {
    /// An argument is no string.
    Type {
        /// The argument's key.
        key: &'static str,
        /// Its type, in RabbitMQ's words.
        type_name: &'static str,
    },
    /// Both arguments are there.
    Both,
    /// A property that cannot be hashed.
    Property(String),
}

/// RabbitMQ: `validate/1` of `rabbit_exchange_type_consistent_hash`, which crashes on what is no
/// string.
impl From<InvalidHashOn> for Exception {
    fn from(invalid: InvalidHashOn) -> Self {
        let text = match invalid {
            InvalidHashOn::Type { key, type_name } => {
                format!("invalid type '{type_name}' for arg '{key}'")
            }
            InvalidHashOn::Both => format!("{HEADER} and {PROPERTY} are mutually exclusive"),
            InvalidHashOn::Property(name) => format!("Unsupported property: {name}"),
        };
        Self::new(ReplyCode::PreconditionFailed, text)
    }
}

impl HashOn {
    /// What the arguments of an exchange ask for.
    ///
    /// # Errors
    /// Both arguments, one that is no string, or a property other than `correlation_id`,
    /// `message_id` and `timestamp`.
    pub fn of(arguments: TableRef<'_>) -> Result<Self, InvalidHashOn> {
        match (name(arguments, HEADER)?, name(arguments, PROPERTY)?) {
            (None, None) => Ok(Self::RoutingKey),
            (Some(header), None) => Ok(Self::Header(Arc::from(header))),
            (Some(_), Some(_)) => Err(InvalidHashOn::Both),
            (None, Some(b"correlation_id")) => Ok(Self::CorrelationId),
            (None, Some(b"message_id")) => Ok(Self::MessageId),
            (None, Some(b"timestamp")) => Ok(Self::Timestamp),
            (None, Some(other)) => {
                Err(InvalidHashOn::Property(String::from_utf8_lossy(other).into_owned()))
            }
        }
    }

    /// The message's hash; the same for all that lack what is hashed.
    pub(super) fn hash(&self, message: &Message<'_>) -> u64 {
        match self {
            Self::RoutingKey => hash(&[message.key]),
            Self::Header(name) => hash_value(header(message.headers, name)),
            Self::CorrelationId => hash(&[message.correlation_id.unwrap_or_default()]),
            Self::MessageId => hash(&[message.message_id.unwrap_or_default()]),
            Self::Timestamp => hash(&[&message.timestamp.unwrap_or_default().to_be_bytes()]),
        }
    }
}

fn name<'a>(arguments: TableRef<'a>, key: &'static str) -> Result<Option<&'a [u8]>, InvalidHashOn> {
    match arguments.get(key) {
        None => Ok(None),
        Some(Value::LongStr(name)) => Ok(Some(name)),
        Some(other) => Err(InvalidHashOn::Type { key, type_name: other.type_name() }),
    }
}

fn header<'a>(headers: Option<TableRef<'a>>, name: &[u8]) -> Value<'a> {
    headers
        .and_then(|headers| headers.iter().find(|(key, _)| *key == name))
        .map_or(Value::Void, |(_, value)| value)
}

/// Integers hash by value, whatever their width; what has neither octets nor is an integer, as it
/// is printed.
fn hash_value(value: Value<'_>) -> u64 {
    match value {
        Value::Void => hash(&[]),
        Value::LongStr(octets) | Value::Binary(octets) => hash(&[octets]),
        Value::Int(_, number) => hash(&[&number.to_be_bytes()]),
        other => hash(&[Term(other).to_string().as_bytes()]),
    }
}
