//! The types of exchange (spec 3.1.3).

use std::fmt;

use crate::amqp::exception::Exception;
use crate::amqp::reply_code::ReplyCode;

/// How an exchange chooses destinations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ExchangeKind {
    /// The binding key is the routing key.
    Direct,
    /// Every binding.
    Fanout,
    /// The binding key is a pattern of words.
    Topic,
    /// The binding's arguments match the message's headers.
    Headers,
    /// One destination, by a hash; the binding key is its weight.
    ConsistentHash,
    /// One binding, at random.
    Random,
    /// One queue of this node, at random.
    LocalRandom,
    /// One binding, by the routing key's hash modulo their number.
    ModulusHash,
    /// Every binding; a new one is sent the last messages.
    RecentHistory,
    /// Every binding, unless the message is a duplicate.
    MessageDeduplication,
    /// As another type, once the message has waited for as long as it says.
    Delayed,
}

/// A type that the broker does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownKind(String);

impl ExchangeKind {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Direct,
        Self::Fanout,
        Self::Topic,
        Self::Headers,
        Self::ConsistentHash,
        Self::Random,
        Self::LocalRandom,
        Self::ModulusHash,
        Self::RecentHistory,
        Self::MessageDeduplication,
        Self::Delayed,
    ];

    /// The type of that name, as `exchange.declare` spells it.
    ///
    /// # Errors
    /// No such type: 406.
    pub fn parse(name: &str) -> Result<Self, UnknownKind> {
        let found = Self::ALL.into_iter().find(|kind| kind.name() == name);
        found.ok_or_else(|| UnknownKind(name.to_owned()))
    }

    /// Whether each routing key of a message may find destinations of its own.
    pub const fn takes_keys(self) -> bool {
        matches!(self, Self::Direct | Self::Topic)
    }

    /// The type's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Fanout => "fanout",
            Self::Topic => "topic",
            Self::Headers => "headers",
            Self::ConsistentHash => "x-consistent-hash",
            Self::Random => "x-random",
            Self::LocalRandom => "x-local-random",
            Self::ModulusHash => "x-modulus-hash",
            Self::RecentHistory => "x-recent-history",
            Self::MessageDeduplication => "x-message-deduplication",
            Self::Delayed => "x-delayed-message",
        }
    }
}

impl fmt::Display for ExchangeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// RabbitMQ: `rabbit_exchange:check_type/1`, a channel error since 3.13.
impl From<UnknownKind> for Exception {
    fn from(UnknownKind(name): UnknownKind) -> Self {
        Self::new(ReplyCode::PreconditionFailed, format!("unknown exchange type '{name}'"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_is_found_by_its_name() {
        for (name, kind) in [
            ("direct", ExchangeKind::Direct),
            ("fanout", ExchangeKind::Fanout),
            ("topic", ExchangeKind::Topic),
            ("headers", ExchangeKind::Headers),
            ("x-consistent-hash", ExchangeKind::ConsistentHash),
            ("x-random", ExchangeKind::Random),
            ("x-local-random", ExchangeKind::LocalRandom),
            ("x-modulus-hash", ExchangeKind::ModulusHash),
            ("x-recent-history", ExchangeKind::RecentHistory),
            ("x-message-deduplication", ExchangeKind::MessageDeduplication),
            ("x-delayed-message", ExchangeKind::Delayed),
        ] {
            assert_eq!(ExchangeKind::parse(name), Ok(kind));
            assert_eq!(kind.name(), name);
        }
    }

    #[test]
    fn a_type_that_the_broker_lacks_is_refused_by_name() {
        for name in ["foo", "", "Direct", "x-jms-topic"] {
            let exception = Exception::from(ExchangeKind::parse(name).unwrap_err());

            assert_eq!(exception.code, ReplyCode::PreconditionFailed);
            assert_eq!(exception.text, format!("unknown exchange type '{name}'"));
        }
    }
}
