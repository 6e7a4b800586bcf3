//! What some arguments of queues choose from, by the names that clients write.

use std::sync::Arc;

/// What a queue that is full does with a publish (`x-overflow`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Overflow {
    /// Takes it, and drops from the head.
    #[default]
    DropHead,
    /// Refuses it: `basic.nack` where publishes are confirmed.
    RejectPublish,
    /// Refuses it, and dead-letters a copy.
    RejectPublishDlx,
}

impl Overflow {
    /// The value of that name.
    pub fn parse(name: &[u8]) -> Option<Self> {
        match name {
            b"drop-head" => Some(Self::DropHead),
            b"reject-publish" => Some(Self::RejectPublish),
            b"reject-publish-dlx" => Some(Self::RejectPublishDlx),
            _ => None,
        }
    }
}

/// When a dead-lettered message leaves its queue (`x-dead-letter-strategy`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DeadLetterStrategy {
    /// At once.
    #[default]
    AtMostOnce,
    /// When its new queues have accepted it.
    AtLeastOnce,
}

impl DeadLetterStrategy {
    /// The value of that name.
    pub fn parse(name: &[u8]) -> Option<Self> {
        match name {
            b"at-most-once" => Some(Self::AtMostOnce),
            b"at-least-once" => Some(Self::AtLeastOnce),
            _ => None,
        }
    }
}

/// Which returned messages wait before they are delivered again (`x-delayed-retry-type`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DelayedRetry {
    /// None.
    #[default]
    Disabled,
    /// Those whose delivery counts as failed.
    Failed,
    /// Those whose delivery does not.
    Returned,
    /// Both.
    All,
}

impl DelayedRetry {
    /// The value of that name.
    pub fn parse(name: &[u8]) -> Option<Self> {
        match name {
            b"disabled" => Some(Self::Disabled),
            b"failed" => Some(Self::Failed),
            b"returned" => Some(Self::Returned),
            b"all" => Some(Self::All),
            _ => None,
        }
    }
}

/// What says that messages belong together (`x-group-key`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GroupKey {
    /// The routing key.
    RoutingKey,
    /// The property `correlation-id`.
    CorrelationId,
    /// The header of that name, which is not empty.
    Header(Arc<[u8]>),
}

impl GroupKey {
    /// The key of that name; `None` for the empty name.
    pub fn parse(name: &[u8]) -> Option<Self> {
        match name {
            b"" => None,
            b"routing-key" => Some(Self::RoutingKey),
            b"correlation-id" => Some(Self::CorrelationId),
            header => Some(Self::Header(Arc::from(header))),
        }
    }
}
