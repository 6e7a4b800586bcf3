//! Numbers that must not be swapped for one another.

use std::fmt;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident($inner:ty);)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub $inner);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

ids! {
    /// A channel's number within its connection; 0 is the connection itself.
    ChannelId(u16);
    /// A delivery's number within its channel, from 1 (spec 1.1).
    DeliveryTag(u64);
    /// A publish's number within its confirming channel, from 1.
    PublishTag(u64);
    /// A connection, unique for the life of the node.
    ConnectionId(u64);
    /// A consumer, unique for the life of the node.
    ConsumerId(u64);
    /// One incarnation of a queue: a queue deleted and declared again has another.
    QueueId(u64);
    /// A message's place in its queue: earlier messages have smaller ones.
    MessageIndex(u64);
    /// Where a queue's store keeps a message; only the store can read it. With
    /// [`COLD`](StoreRef::COLD) set it says where on the disk, else where in memory.
    StoreRef(u64);
    /// Milliseconds since the epoch; what is stored or replicated carries it.
    Timestamp(u64);
}

impl Timestamp {
    /// Later than any time.
    pub const NEVER: Self = Self(u64::MAX);

    /// So many milliseconds later.
    #[must_use]
    pub const fn plus(self, milliseconds: u64) -> Self {
        Self(self.0.saturating_add(milliseconds))
    }
}

impl ChannelId {
    /// The connection itself.
    pub const CONNECTION: Self = Self(0);
}

impl StoreRef {
    /// The bit of a message that is only on the disk.
    pub const COLD: u64 = 1 << 63;

    /// The bit of a cold message that is of no use to another process: it is gone after a restart.
    pub const VOLATILE: u64 = 1 << 62;

    /// Whether the message has to be loaded before it can be read.
    #[inline]
    pub const fn is_cold(self) -> bool {
        self.0 & Self::COLD != 0
    }

    /// Whether a cold message is gone after a restart.
    #[inline]
    pub const fn is_volatile(self) -> bool {
        self.0 & Self::VOLATILE != 0
    }
}
