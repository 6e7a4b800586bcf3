//! The exchange that a load publishes to.

use clap::ValueEnum;

/// The exchange to publish to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Exchange {
    /// The default exchange: straight to the queues
    #[default]
    Default,
    /// Of type direct, with a binding for each queue
    Direct,
    /// Of type fanout: every queue gets every message
    Fanout,
    /// Of type topic, with a binding for each queue
    Topic,
    /// Of type headers, with a binding for each queue
    Headers,
    /// Of that type: the routing key chooses one of the queues
    #[value(name = "x-consistent-hash")]
    ConsistentHash,
    /// Of that type: the routing key chooses one of the queues
    #[value(name = "x-modulus-hash")]
    ModulusHash,
    /// Of that type: chance chooses one of the queues
    #[value(name = "x-random")]
    Random,
    /// Of that type: every queue gets every message that is no duplicate
    #[value(name = "x-message-deduplication")]
    Deduplication,
}

impl Exchange {
    /// The name of its type, unless it is the default exchange.
    pub(super) const fn kind(self) -> Option<&'static str> {
        match self {
            Self::Default => None,
            Self::Direct => Some("direct"),
            Self::Fanout => Some("fanout"),
            Self::Topic => Some("topic"),
            Self::Headers => Some("headers"),
            Self::ConsistentHash => Some("x-consistent-hash"),
            Self::ModulusHash => Some("x-modulus-hash"),
            Self::Random => Some("x-random"),
            Self::Deduplication => Some("x-message-deduplication"),
        }
    }

    /// Whether every queue gets every message.
    pub(super) const fn copies(self) -> bool {
        matches!(self, Self::Fanout | Self::Deduplication)
    }

    /// Whether it chooses one queue for each message.
    pub(super) const fn chooses(self) -> bool {
        matches!(self, Self::ConsistentHash | Self::ModulusHash | Self::Random)
    }
}
