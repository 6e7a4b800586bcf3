//! A durable queue's part in the log: what is on its way there, and what was settled.

use std::collections::VecDeque;
use std::sync::Arc;

use super::batch::{Placed, PublishBatch};
use super::session::Session;
use crate::amqp::confirm::Confirm;
use crate::amqp::id::{ChannelId, MessageIndex, PublishTag, QueueId};
use crate::store::format::record::{Deferred, Lived, Range, Returned};
use crate::store::log::Log;
use crate::store::memory::Located;
use crate::store::placement::{PlacedMessage, Placement, Waiter};

/// A durable queue's part in the log.
#[derive(Debug)]
pub(super) struct Journal {
    log: Arc<Log>,
    pub(super) queue: QueueId,
    confirm: Confirm,
    /// What is not known to be written, in the order of the queue.
    pending: VecDeque<Arc<Placement>>,
    /// Settled after the writer had begun with the placement, and before it had ended.
    late: Vec<(Arc<Placement>, MessageIndex)>,
    /// Settled, and not appended yet.
    settled: Vec<Range>,
    /// How long what comes now lives, as the log has it.
    lived: Option<Lived>,
}

/// Tells a publisher what is in the log now.
pub(super) struct Confirmation {
    pub(super) publisher: Arc<dyn Session>,
    pub(super) tags: Vec<(ChannelId, PublishTag)>,
}

impl Waiter for Confirmation {
    fn committed(self: Box<Self>) {
        accept(&*self.publisher, self.tags.iter().copied());
    }
}

impl Journal {
    /// The part of a queue of which the log says that what comes lives so long, if it says anything.
    pub(super) fn new(
        log: Arc<Log>,
        queue: QueueId,
        confirm: Confirm,
        lived: Option<Lived>,
    ) -> Self {
        Self {
            log,
            queue,
            confirm,
            pending: VecDeque::new(),
            late: Vec::new(),
            settled: Vec::new(),
            lived,
        }
    }

    /// Appends a batch's persistent messages, of which the first message of the batch has the place
    /// `base` in the queue. They are confirmed from the log.
    pub(super) fn enqueue(&mut self, batch: &PublishBatch, base: u64) {
        self.settle_late();
        let persistent = || (base..).zip(&batch.messages).filter(|(_, message)| message.persistent);
        let messages: Vec<PlacedMessage> = persistent().map(|(at, m)| placed(at, m)).collect();
        if messages.is_empty() {
            return;
        }
        let tags: Vec<_> =
            persistent().filter_map(|(_, m)| Some((m.channel, m.confirm?))).collect();
        let publisher = Arc::clone(&batch.publisher);
        let waiter = (!tags.is_empty())
            .then(|| Box::new(Confirmation { publisher, tags }) as Box<dyn Waiter>);
        let placement = Placement::new(self.queue, messages, &batch.octets, self.confirm, waiter);
        self.pending.push_back(Arc::clone(&placement));
        self.log.enqueue(placement);
    }

    /// Notes that a logged message is gone. `locate` says where it is, once it is written.
    pub(super) fn settle(&mut self, index: MessageIndex, locate: impl FnOnce() -> Option<Located>) {
        let before = self.pending.partition_point(|placement| placement.end() <= index.0);
        match self.pending.get(before) {
            Some(placement) if placement.start() <= index.0 && !placement.is_written() => {
                if placement.take_back(index) {
                    return;
                }
                self.late.push((Arc::clone(placement), index));
            }
            _ => {
                if let Some(located) = locate() {
                    self.release(located);
                }
            }
        }
        self.note(Range { first: index.0, count: 1 });
    }

    /// Notes that consecutive messages are gone which nobody has to look up.
    pub(super) fn note(&mut self, range: Range) {
        match self.settled.last_mut() {
            Some(last) if last.first + last.count == range.first => last.count += range.count,
            Some(last) if range.first + range.count == last.first => {
                last.first = range.first;
                last.count += range.count;
            }
            _ => self.settled.push(range),
        }
    }

    /// Appends that messages came back.
    pub(super) fn give_back(&self, returned: Vec<Returned>) {
        if !returned.is_empty() {
            self.log.give_back(self.queue, returned);
        }
    }

    /// Appends that messages that came back wait.
    pub(super) fn defer(&self, deferred: Vec<Deferred>) {
        if !deferred.is_empty() {
            self.log.defer(self.queue, deferred);
        }
    }

    /// Appends how long messages live that come from now on, unless the log has that.
    pub(super) fn live(&mut self, lived: Option<Lived>) {
        if lived != self.lived {
            self.lived = lived;
            self.log.live(self.queue, lived.into_iter().collect());
        }
    }

    /// Appends what was settled.
    pub(super) fn flush(&mut self) {
        if !self.settled.is_empty() {
            self.log.settle(self.queue, std::mem::take(&mut self.settled));
        }
    }

    /// Messages before this place are written, those from there on may be not.
    pub(super) fn written_up_to(&mut self, next_index: u64) -> u64 {
        self.settle_late();
        self.pending.front().map_or(next_index, |placement| placement.start())
    }

    /// Counts off a message.
    pub(super) fn release(&self, Located { position, octets }: Located) {
        self.log.release(position, octets.into());
    }

    /// The queue is gone: nothing of it is worth writing any more. What was written when
    /// [`Self::written_up_to`] was last asked is counted off by the caller.
    pub(super) fn delete(mut self) {
        let pending = std::mem::take(&mut self.pending);
        self.late.retain(|(late, _)| !pending.iter().any(|placement| Arc::ptr_eq(placement, late)));
        for placement in pending {
            let indices = placement.take_back_all();
            self.late.extend(indices.map(|index| (Arc::clone(&placement), index)));
        }
        self.log.delete(self.queue);
        let (log, late) = (Arc::clone(&self.log), self.late);
        self.log.barrier().on_done(move || release(&log, &late));
    }

    /// Forgets what is written, and counts off what was settled too late to be left out.
    fn settle_late(&mut self) {
        while self.pending.front().is_some_and(|placement| placement.is_written()) {
            self.pending.pop_front();
        }
        if self.late.first().is_some_and(|(placement, _)| placement.is_written()) {
            let written = self.late.iter().take_while(|(placement, _)| placement.is_written());
            let written = written.count();
            let settled: Vec<_> = self.late.drain(..written).collect();
            release(&self.log, &settled);
        }
    }
}

/// Counts off messages of written placements.
fn release(log: &Log, settled: &[(Arc<Placement>, MessageIndex)]) {
    for (placement, index) in settled {
        if let Some((position, octets)) = placement.written(*index) {
            log.release(position, octets.into());
        }
    }
}

const fn placed(index: u64, message: &Placed) -> PlacedMessage {
    let Placed { segment, offset, body_len, marked, .. } = *message;
    PlacedMessage { index: MessageIndex(index), segment, offset, bytes: body_len, marked }
}

/// Tells a publisher that a queue has what it published.
pub fn accept(publisher: &dyn Session, tags: impl Iterator<Item = (ChannelId, PublishTag)>) {
    by_channel(tags, |channel, tags| publisher.accepted(channel, tags));
}

/// Goes through publishes, those of one channel that stand together at once.
pub(super) fn by_channel(
    tags: impl Iterator<Item = (ChannelId, PublishTag)>,
    tell: impl Fn(ChannelId, &[PublishTag]),
) {
    let tags: Vec<_> = tags.collect();
    for run in tags.chunk_by(|a, b| a.0 == b.0) {
        let tags: Vec<PublishTag> = run.iter().map(|(_, tag)| *tag).collect();
        if let Some((channel, _)) = run.first() {
            tell(*channel, &tags);
        }
    }
}
