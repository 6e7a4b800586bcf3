//! Gathers a connection's publishes into one batch for each queue: one look at the routes and
//! one copy for each message, one lock for each queue and batch.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};

use super::outbox::Outbox;
use crate::amqp::id::{ChannelId, PublishTag, QueueId};
use crate::vhost::batch::{Placed, PublishBatch};
use crate::vhost::queue::Queue;
use crate::vhost::session::Session;

/// Messages from this size on keep a buffer of their own.
pub(super) const OWN_SEGMENT_MIN: usize = 32 << 10;

/// Smallest and largest size of the segments that messages share.
const SEGMENT_MIN: usize = 2 << 10;
const SEGMENT_MAX: usize = 256 << 10;

/// A message as the channel assembled it, ready to be routed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Outgoing {
    pub(super) channel: ChannelId,
    pub(super) confirm: Option<PublishTag>,
    pub(super) persistent: bool,
    pub(super) body_len: u32,
}

/// The batch that a connection gathers from one read of its socket.
#[derive(Debug)]
pub(super) struct Publisher {
    outbox: Arc<Outbox>,
    segment: BytesMut,
    segment_size: usize,
    queues: Vec<Pending>,
    by_queue: HashMap<QueueId, usize, foldhash::fast::RandomState>,
    registered: Vec<(ChannelId, u32)>,
}

#[derive(Debug)]
struct Pending {
    queue: Arc<Queue>,
    /// Segments of single large messages; the shared one comes before them.
    large: Vec<Bytes>,
    messages: Vec<Placed>,
}

impl Publisher {
    pub(super) fn new(outbox: Arc<Outbox>) -> Self {
        Self {
            outbox,
            segment: BytesMut::new(),
            segment_size: SEGMENT_MIN,
            queues: Vec::new(),
            by_queue: HashMap::default(),
            registered: Vec::new(),
        }
    }

    /// Adds a message, in the layout of [`crate::amqp::message`], for each of `queues`.
    pub(super) fn add(&mut self, message: Outgoing, record: &[u8], queues: &[Arc<Queue>]) {
        self.register(message, queues.len());
        if queues.is_empty() {
            return;
        }
        let offset = self.append(record);
        for queue in queues {
            self.pending(queue).messages.push(message.placed(0, offset));
        }
    }

    /// Hands the batch over to the queues.
    pub(super) fn flush(&mut self) {
        self.number();
        if self.queues.is_empty() {
            return;
        }
        let wanted = (4 * self.segment.len()).max(self.segment_size / 2);
        self.segment_size = wanted.clamp(SEGMENT_MIN, SEGMENT_MAX);
        let shared = self.segment.split().freeze();
        self.by_queue.clear();
        for pending in self.queues.drain(..) {
            let mut segments = pending.large;
            segments.insert(0, shared.clone());
            let publisher = Arc::clone(&self.outbox) as Arc<dyn Session>;
            pending.queue.publish(PublishBatch { segments, messages: pending.messages, publisher });
        }
    }

    /// As [`Self::add`], for a message with a buffer of its own.
    pub(super) fn add_whole(&mut self, message: Outgoing, record: &Bytes, queues: &[Arc<Queue>]) {
        self.register(message, queues.len());
        for queue in queues {
            let pending = self.pending(queue);
            pending.large.push(record.clone());
            let segment = u32::try_from(pending.large.len()).unwrap_or(u32::MAX);
            pending.messages.push(message.placed(segment, 0));
        }
    }

    fn append(&mut self, record: &[u8]) -> u32 {
        if self.segment.capacity() - self.segment.len() < record.len() {
            // What was gathered goes first: growing would copy it and leave a hole where it was.
            self.flush();
            self.segment = BytesMut::with_capacity(record.len().max(self.segment_size));
        }
        let offset = u32::try_from(self.segment.len()).unwrap_or(u32::MAX);
        self.segment.extend_from_slice(record);
        offset
    }

    #[allow(clippy::indexing_slicing, reason = "by_queue holds places in queues")]
    fn pending(&mut self, queue: &Arc<Queue>) -> &mut Pending {
        let queues = &mut self.queues;
        if queues.last().is_some_and(|last| last.queue.id == queue.id) {
            let last = queues.len() - 1;
            return &mut queues[last];
        }
        let place = *self.by_queue.entry(queue.id).or_insert_with(|| {
            let queue = Arc::clone(queue);
            queues.push(Pending { queue, large: Vec::new(), messages: Vec::new() });
            queues.len() - 1
        });
        &mut queues[place]
    }

    /// Notes how many queues a confirm waits for.
    fn register(&mut self, message: Outgoing, queues: usize) {
        if message.confirm.is_some() {
            let pending = u32::try_from(queues).unwrap_or(u32::MAX);
            self.registered.push((message.channel, pending));
        }
    }

    /// Has the channels number what they confirm.
    fn number(&mut self) {
        for run in self.registered.chunk_by(|a, b| a.0 == b.0) {
            if let Some((channel, _)) = run.first() {
                self.outbox.number(*channel, run.iter().map(|(_, pending)| *pending));
            }
        }
        self.registered.clear();
    }
}

impl Outgoing {
    fn placed(self, segment: u32, offset: u32) -> Placed {
        let Self { channel, confirm, persistent, body_len } = self;
        Placed { segment, offset, body_len, channel, confirm, persistent }
    }
}
