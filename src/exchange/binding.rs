//! A binding: what a source exchange hands its messages on to, and on which condition.

use std::cmp::Ordering;
use std::fmt;

use equivalent::{Comparable, Equivalent};

use crate::amqp::exception::Exception;
use crate::amqp::name::{BindingKey, ExchangeName, QueueName};
use crate::amqp::reply_code::ReplyCode;
use crate::amqp::table::{Table, TableRef};

/// What a binding leads to. Cheap to clone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Destination {
    /// A queue takes the message.
    Queue(QueueName),
    /// Another exchange routes it further.
    Exchange(ExchangeName),
}

impl fmt::Debug for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Queue(name) => write!(f, "queue {name:?}"),
            Self::Exchange(name) => write!(f, "exchange {name:?}"),
        }
    }
}

/// One binding of a source exchange. Two with the same destination, key and arguments are the
/// same one, whatever the order of the arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    destination: Destination,
    key: BindingKey,
    /// Sorted by name, so that equal arguments are equal octets.
    arguments: Table,
}

impl Binding {
    /// A binding that leads to `destination`.
    pub fn new(destination: Destination, key: BindingKey, arguments: TableRef<'_>) -> Self {
        Self { destination, key, arguments: arguments.sorted() }
    }

    /// What it leads to.
    pub const fn destination(&self) -> &Destination {
        &self.destination
    }

    /// The binding key.
    pub const fn key(&self) -> &BindingKey {
        &self.key
    }

    /// The arguments, sorted by name.
    pub fn arguments(&self) -> TableRef<'_> {
        self.arguments.as_ref()
    }
}

/// By key first, so that the bindings of one key lie together.
impl Ord for Binding {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key
            .cmp(&other.key)
            .then_with(|| self.destination.cmp(&other.destination))
            .then_with(|| self.arguments().as_bytes().cmp(other.arguments().as_bytes()))
    }
}

impl PartialOrd for Binding {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Stands before all bindings of a key, and behind those of smaller keys.
pub(super) struct StartOfKey<'a>(pub(super) &'a [u8]);

impl Equivalent<Binding> for StartOfKey<'_> {
    fn equivalent(&self, _: &Binding) -> bool {
        false
    }
}

impl Comparable<Binding> for StartOfKey<'_> {
    fn compare(&self, binding: &Binding) -> Ordering {
        self.0.cmp(binding.key.as_bytes()).then(Ordering::Less)
    }
}

/// Why an exchange does not take a binding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InvalidBinding {
    /// A topic key with more `#` words than can be matched at bounded cost.
    TooManyHashes {
        /// The binding key.
        key: BindingKey,
        /// How many of its words are `#`.
        hashes: usize,
    },
    /// `x-match` is a string that names no mode; how RabbitMQ prints it.
    UnknownMatch(String),
    /// `x-match` is no string.
    MatchType {
        /// Its type, in RabbitMQ's words.
        type_name: &'static str,
        /// How RabbitMQ prints it.
        value: String,
    },
    /// A key that has to be a weight is no integer; how RabbitMQ prints it.
    NoWeight(String),
    /// A weight below 1.
    WeightTooSmall,
    /// A weight above the largest.
    WeightTooLarge {
        /// The largest.
        max: u16,
    },
    /// A key where there may be none.
    Key(BindingKey),
    /// It leads to an exchange, and only queues are taken.
    NoQueue,
    /// It leads to a queue of that type, in RabbitMQ's words, which the exchange's type does not
    /// take.
    QueueType(&'static str),
}

/// RabbitMQ: `validate_binding/2` of `rabbit_exchange_type_topic`, `_headers`, `_consistent_hash`
/// and `_local_random`.
impl From<InvalidBinding> for Exception {
    fn from(invalid: InvalidBinding) -> Self {
        let text = match invalid {
            InvalidBinding::TooManyHashes { key, hashes } => format!(
                "Topic binding key '{key}' uses {hashes} '#' wildcards, at most 2 are allowed"
            ),
            InvalidBinding::UnknownMatch(value) => format!(
                "Invalid x-match field value {value}; expected all, any, all-with-x, or any-with-x"
            ),
            InvalidBinding::MatchType { type_name, value } => {
                format!("Invalid x-match field type {type_name} (value {value}); expected longstr")
            }
            InvalidBinding::NoWeight(key) => format!("The binding key must be an integer: {key}"),
            InvalidBinding::WeightTooSmall => "The binding key must be greater than 0".to_owned(),
            InvalidBinding::WeightTooLarge { max } => {
                format!("The binding key must not exceed {max}")
            }
            InvalidBinding::Key(key) => format!("Non empty binding '{key}' key not permitted"),
            InvalidBinding::NoQueue => "Destination not found".to_owned(),
            InvalidBinding::QueueType(name) => {
                format!("Queue type {name} not valid for this exchange type")
            }
        };
        Self::new(ReplyCode::PreconditionFailed, text)
    }
}
