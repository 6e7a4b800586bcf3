//! Publishes what the broker itself has to say: events, traces, log lines. Nobody waits for its
//! confirms, and nothing is told when a message finds no queue.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};

use super::batch::{Placed, PublishBatch, octets};
use super::fate::Firsts;
use super::host::Vhost;
use super::past::{Publication, read_header};
use super::queue::Queue;
use super::session::{Delivery, Got, Room, Session};
use crate::amqp::id::{ChannelId, ConnectionId, ConsumerId, PublishTag, QueueId};
use crate::amqp::message::{MessageRef, split_address};
use crate::amqp::name::ConsumerTag;
use crate::exchange::hash::mix;
use crate::exchange::message::Message;
use crate::topology::routing::Routes;

/// Messages from this size on keep the buffer that they are in.
const OWN_SEGMENT_MIN: usize = 32 << 10;

/// Octets of small messages that share a segment.
const SEGMENT_MAX: usize = 256 << 10;

/// Gathers messages into one batch for each queue. Hold no lock while calling it: it calls queues.
#[derive(Debug)]
pub struct InternalPublisher {
    session: Arc<dyn Session>,
    /// Small messages, one behind the other.
    segment: BytesMut,
    /// Segments of single large messages; the shared one comes before them.
    large: Vec<Bytes>,
    queues: Vec<(Arc<Queue>, Vec<Placed>)>,
    by_queue: HashMap<QueueId, usize, foldhash::fast::RandomState>,
    persistent: bool,
    chance: u64,
    routes: Routes,
    firsts: Firsts,
}

/// A message to publish.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// The message as it rests.
    pub record: Bytes,
    /// Whether it is to survive a restart.
    pub persistent: bool,
}

impl Default for InternalPublisher {
    fn default() -> Self {
        Self {
            session: Arc::new(Nobody),
            segment: BytesMut::new(),
            large: Vec::new(),
            queues: Vec::new(),
            by_queue: HashMap::default(),
            persistent: false,
            chance: 0,
            routes: Routes::default(),
            firsts: Firsts::default(),
        }
    }
}

impl InternalPublisher {
    /// Routes a message through the exchange that it names, which may be internal, and adds it for
    /// each queue that it goes to. `seen` is what exchanges look at beside the routing key.
    pub fn add(&mut self, vhost: &Vhost, message: &Outgoing, seen: Message<'_>) {
        let Some(parts) = MessageRef::read(&message.record) else { return };
        let (_, key) = split_address(parts.address);
        self.chance = self.chance.wrapping_add(1);
        let seen = Message { key, chance: mix(self.chance), ..seen };
        let Outgoing { persistent, .. } = *message;
        let publication = Publication {
            message: parts,
            keys: &[],
            seen,
            read: read_header,
            persistent,
            mandatory: false,
        };
        vhost.pass_own(&publication, &mut self.routes);
        let queues: Vec<_> = vhost.queues_of(&self.routes).collect();
        if queues.is_empty() {
            return self.firsts.note(vhost, self.routes.take_noted(), None, None);
        }
        let (segment, offset) = self.append(&message.record);
        self.firsts.note(vhost, self.routes.take_noted(), Some((segment, offset)), None);
        self.persistent |= message.persistent;
        let placed = Placed {
            segment,
            offset,
            body_len: u32::try_from(parts.body.len()).unwrap_or(u32::MAX),
            channel: ChannelId(0),
            confirm: None,
            persistent: message.persistent,
            marked: false,
        };
        for queue in queues {
            self.place(queue, placed);
        }
    }

    /// Hands what was gathered over to the queues.
    pub fn flush(&mut self) {
        let shared = self.segment.split().freeze();
        let segments = std::iter::once(shared).chain(self.large.drain(..));
        let persistent = std::mem::take(&mut self.persistent);
        let octets = octets(segments, persistent, self.queues.iter().map(|(queue, _)| queue));
        self.by_queue.clear();
        let fate = self.firsts.share(&self.session, self.queues.len());
        for (queue, messages) in self.queues.drain(..) {
            let (octets, publisher) = (octets.clone(), Arc::clone(&self.session));
            queue.publish(PublishBatch { octets, messages, publisher, fate: fate.clone() });
        }
        if let Some(fate) = fate {
            fate.turn();
        }
    }

    /// Keeps a message; returns in which segment, and where it begins there.
    fn append(&mut self, record: &Bytes) -> (u32, u32) {
        if record.len() >= OWN_SEGMENT_MIN {
            self.large.push(record.clone());
            return (u32::try_from(self.large.len()).unwrap_or(u32::MAX), 0);
        }
        if self.segment.len() + record.len() > SEGMENT_MAX {
            self.flush();
        }
        let offset = u32::try_from(self.segment.len()).unwrap_or(u32::MAX);
        self.segment.extend_from_slice(record);
        (0, offset)
    }

    #[allow(clippy::indexing_slicing, reason = "by_queue holds places in queues")]
    fn place(&mut self, queue: Arc<Queue>, placed: Placed) {
        let queues = &mut self.queues;
        let place = *self.by_queue.entry(queue.id).or_insert_with(|| {
            queues.push((queue, Vec::new()));
            queues.len() - 1
        });
        queues[place].1.push(placed);
    }
}

/// Who publishes for the broker: it consumes nothing and waits for no confirm.
#[derive(Debug)]
pub(super) struct Nobody;

impl Session for Nobody {
    /// Those of connections count from 1.
    fn id(&self) -> ConnectionId {
        ConnectionId(0)
    }

    fn deliver(&self, _: QueueId, _: &mut dyn Iterator<Item = Delivery<'_>>) -> Room {
        Room::Left
    }

    fn got(&self, _: QueueId, _: ChannelId, _: Got<'_>, _: u64) {}

    fn accepted(&self, _: ChannelId, _: &[PublishTag]) {}

    fn rejected(&self, _: ChannelId, _: &[PublishTag]) {}

    fn cancelled(&self, _: ChannelId, _: ConsumerId, _: &ConsumerTag) {}

    fn room(&self, _: QueueId) -> Room {
        Room::Left
    }

    fn reserve_credit(&self, _: QueueId, _: ChannelId, _: u32) -> u32 {
        0
    }

    fn release_credit(&self, _: ChannelId, _: u32) {}
}
