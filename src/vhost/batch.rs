//! What connections send to queues: batches of publishes and of settlements.

use std::sync::Arc;

use bytes::Bytes;

use super::inbox::Weigh;
use super::session::Session;
use crate::amqp::id::{ChannelId, ConnectionId, MessageIndex, PublishTag};
use crate::queue::command::Settlement;

/// Messages published to one queue by one connection, in order.
#[derive(Clone, Debug)]
pub struct PublishBatch {
    /// The octets that the messages lie in, each as [`crate::amqp::message`] has it. All queues that
    /// something of the same read went to share them, so that some may hold nothing for this one.
    pub segments: Arc<[Bytes]>,
    /// The messages.
    pub messages: Vec<Placed>,
    /// Who published.
    pub publisher: Arc<dyn Session>,
}

/// A published message, and where it lies.
#[derive(Clone, Copy, Debug)]
pub struct Placed {
    /// Which of the batch's segments.
    pub segment: u32,
    /// Where in the segment the message begins.
    pub offset: u32,
    /// The body's length.
    pub body_len: u32,
    /// The channel that published it.
    pub channel: ChannelId,
    /// Its number there, if the channel wants to hear of it.
    pub confirm: Option<PublishTag>,
    /// delivery-mode 2.
    pub persistent: bool,
}

/// What waits in a queue's inbox.
#[derive(Debug)]
pub(super) enum Task {
    Publish(PublishBatch),
    Settle(Vec<(MessageIndex, Settlement)>),
    Resume(ConnectionId),
}

impl Weigh for Task {
    fn messages(&self) -> usize {
        match self {
            Self::Publish(batch) => batch.messages.len(),
            Self::Settle(settled) => settled.len(),
            Self::Resume(_) => 1,
        }
    }

    fn octets(&self) -> usize {
        match self {
            Self::Publish(batch) => batch.segments.iter().map(Bytes::len).sum(),
            Self::Settle(settled) => settled.len() * 16,
            Self::Resume(_) => 0,
        }
    }
}
