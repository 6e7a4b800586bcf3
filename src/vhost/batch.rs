//! What connections send to queues: batches of publishes and of settlements.

use std::io;
use std::sync::Arc;

use bytes::Bytes;

use super::fate::Fate;
use super::inbox::Weigh;
use super::leaving::Copied;
use super::queue::Queue;
use super::session::Session;
use crate::amqp::id::{ChannelId, ConnectionId, ConsumerId, MessageIndex, PublishTag};
use crate::amqp::run::Run;
use crate::queue::command::Settlement;
use crate::store::placement::{Octets, Pins};

/// Messages published to one queue by one connection, in order.
#[derive(Clone, Debug)]
pub struct PublishBatch {
    /// What the messages lie in. All queues that something of the same read went to share it, so
    /// that some of it may hold nothing for this one.
    pub octets: Octets,
    /// The messages.
    pub messages: Vec<Placed>,
    /// Who published.
    pub publisher: Arc<dyn Session>,
    /// What becomes of the values that exchanges saw first with messages of the read, if any did.
    pub fate: Option<Arc<Fate>>,
}

/// The octets of a batch that goes to `queues`; `persistent` if any message is whatever the queue.
pub fn octets<'a>(
    segments: impl Iterator<Item = Bytes>,
    persistent: bool,
    queues: impl ExactSizeIterator<Item = &'a Arc<Queue>>,
) -> Octets {
    let several = queues.len() > 1;
    let mut durable = queues.filter(|it| it.durable && (persistent || it.is_quorum()));
    match durable.find_map(|queue| queue.log.as_ref()) {
        Some(log) => Octets::logged(segments, several.then(|| Pins::new(Arc::clone(log)))),
        None => Octets::transient(segments),
    }
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
    /// Whether it says something of its life in a queue, such as when it expires.
    pub marked: bool,
}

/// What a channel that ends gives back to one queue.
#[derive(Debug, Default)]
pub struct Leaving {
    /// Its consumers.
    pub consumers: Vec<ConsumerId>,
    /// What it has not settled.
    pub requeued: Vec<MessageIndex>,
}

/// What waits in a queue's inbox.
#[derive(Debug)]
pub(super) enum Task {
    Publish(PublishBatch),
    Settle(Vec<(MessageIndex, Settlement)>),
    Resume(ConnectionId),
    /// Runs that were wanted, and what was read of each.
    Loaded(Vec<(Run, io::Result<Bytes>)>),
    /// Messages that left memory.
    Left(Copied),
    /// Memory is short.
    Relieve,
    /// The time has come for which the queue wanted to be woken.
    Tick,
    /// Messages that died here have arrived elsewhere.
    Buried(Vec<MessageIndex>),
}

impl Weigh for Task {
    fn messages(&self) -> usize {
        match self {
            Self::Publish(batch) => batch.messages.len(),
            Self::Settle(settled) => settled.len(),
            Self::Resume(_) | Self::Left(_) | Self::Relieve | Self::Tick => 1,
            Self::Buried(buried) => buried.len(),
            Self::Loaded(read) => read.iter().map(|(run, _)| run.count as usize).sum(),
        }
    }

    fn octets(&self) -> usize {
        match self {
            Self::Publish(batch) => batch.octets.size(),
            Self::Settle(settled) => settled.len() * 16,
            Self::Resume(_) | Self::Left(_) | Self::Relieve | Self::Tick => 0,
            Self::Buried(buried) => buried.len() * 8,
            Self::Loaded(read) => {
                read.iter().filter_map(|(_, octets)| octets.as_ref().ok()).map(Bytes::len).sum()
            }
        }
    }
}
