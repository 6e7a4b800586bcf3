//! Where everything bound for one client meets: replies of its own task, deliveries and confirms
//! of the queues, encoded straight into one buffer behind one lock.

mod replies;

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Weak};
use std::task::Waker;
use std::time::Instant;

use amq_protocol::protocol::AMQPClass;
use amq_protocol::protocol::basic::{AMQPMethod, Cancel};
use bytes::BytesMut;
use parking_lot::{Mutex, MutexGuard};

use super::attempts::told;
use super::output::Output;
use super::trace::{Delivered, Tracer};
use crate::amqp::ack_mode::AckMode;
use crate::amqp::exception::Exception;
use crate::amqp::id::{ChannelId, ConnectionId, ConsumerId, DeliveryTag, PublishTag, QueueId};
use crate::amqp::name::{ConsumerTag, QueueName};
use crate::broker::connections::Link;
use crate::channel::confirms::{Confirms, Outcome};
use crate::channel::credit::ChannelCredit;
use crate::channel::deliveries::{Deliveries, Reach, Unacked, UnknownDeliveryTag};
use crate::codec::encode;
use crate::queue::command::ChannelLimit;
use crate::vhost::session::{Credit, Delivery, Got, Room, Session};
use crate::vhost::{Commit, Completer};

/// Octets of output at which queues are told to pause; one batch of each may still come on top.
const OUTPUT_MAX: usize = 512 << 10;

/// Octets of replies, confirms and returns that a client may leave unread before what it sends is
/// not carried out any more. Deliveries do not count: a client whose deliveries wait is still
/// read, for it may not read them before it has written what it is writing.
const REPLIES_MAX: usize = 4 << 20;

/// The outgoing half of a connection.
#[derive(Debug)]
pub(super) struct Outbox {
    connection: ConnectionId,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    output: Output,
    /// Octets of output that a writing round is likely to find.
    usual: usize,
    /// How much of the output is no delivery.
    replies: usize,
    frame_max: u32,
    channels: HashMap<ChannelId, Sending, foldhash::fast::RandomState>,
    /// Queues that were told [`Room::Full`].
    paused: VecDeque<QueueId>,
    /// Whether any channel has starved queues.
    starving: bool,
    waker: Option<Waker>,
    signals: Signals,
    cancel_notify: bool,
    /// Who waits until direct replies have room.
    waiters: Vec<Weak<dyn Link>>,
    /// Whether nothing is written any more.
    has_ended: bool,
    tracer: Option<Arc<Tracer>>,
    /// The queue that the next basic.get-ok comes from, if that is traced.
    getting: Option<QueueName>,
}

/// What others have to say to a connection's task.
#[derive(Debug, Default)]
pub(super) struct Signals {
    /// The connection has to close.
    pub(super) close: Option<Exception>,
    /// Consumers that went with their queue.
    pub(super) cancelled: Vec<(ChannelId, ConsumerId)>,
}

/// When settled deliveries stop to count against the channel's own prefetch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Freed {
    /// At once.
    Now,
    /// With the transaction's commit.
    Later,
}

/// The outgoing half of a channel.
#[derive(Debug, Default)]
struct Sending {
    deliveries: Deliveries,
    confirms: Confirms,
    /// Whether its publishes are a transaction's, which is answered instead of them.
    commit: Option<CommitState>,
    /// Whether a queue has refused something of a transaction.
    partial: bool,
    credit: ChannelCredit,
    /// Queues that asked in vain for credit.
    starved: Vec<QueueId>,
}

/// How far a transaction is that is being committed.
#[derive(Debug)]
enum CommitState {
    /// More may be published.
    Publishing,
    /// Completed when the queues have accepted everything.
    Accepting(Completer),
}

impl Outbox {
    pub(super) fn new(connection: ConnectionId) -> Arc<Self> {
        Arc::new(Self { connection, state: Mutex::default() })
    }

    /// Notes what the client takes: the largest frame, and whether it wants to hear of consumers
    /// that the server cancels.
    pub(super) fn negotiated(&self, frame_max: u32, cancel_notify: bool) {
        let mut state = self.state.lock();
        state.frame_max = frame_max;
        state.cancel_notify = cancel_notify;
    }

    /// Traces deliveries from now on, while the virtual host is traced.
    pub(super) fn trace_with(&self, tracer: Arc<Tracer>) {
        self.state.lock().tracer = Some(tracer);
    }

    /// Traces the next answer to basic.get, which is about to come from this queue.
    pub(super) fn trace_next_got(&self, queue: &QueueName) {
        self.state.lock().getting = Some(queue.clone());
    }

    /// Appends to the output. No waking: the connection's own task writes it out at its turn's
    /// end.
    pub(super) fn write(&self, write: impl FnOnce(&mut BytesMut)) {
        self.state.lock().reply(write);
    }

    /// Appends a content-bearing method's frames, split for the client.
    pub(super) fn write_content(&self, write: impl FnOnce(&mut BytesMut, u32)) {
        let state = &mut *self.state.lock();
        let frame_max = state.frame_max;
        state.reply(|out| write(out, frame_max));
    }

    /// Has `waker` woken at the next delivery, confirm or signal.
    pub(super) fn register(&self, waker: &Waker) {
        let mut state = self.state.lock();
        if !state.waker.as_ref().is_some_and(|known| known.will_wake(waker)) {
            state.waker = Some(waker.clone());
        }
    }

    /// Swaps what there is to write into the empty `buffer`; `false` when there is nothing.
    pub(super) fn take_output(&self, buffer: &mut Output) -> bool {
        let mut state = self.state.lock();
        std::mem::swap(&mut state.output, buffer);
        state.usual = buffer.octets.len().max(state.usual / 2).min(OUTPUT_MAX);
        state.replies = 0;
        let waiters = std::mem::take(&mut state.waiters);
        drop(state);
        replies::wake_all(&waiters);
        !buffer.is_empty()
    }

    /// Takes what others have to say to the connection's task.
    pub(super) fn take_signals(&self) -> Signals {
        std::mem::take(&mut self.state.lock().signals)
    }

    /// Takes the queue that was told to pause first, if there is room for what it has.
    pub(super) fn next_paused(&self) -> Option<QueueId> {
        let mut state = self.state.lock();
        if state.output.len() < OUTPUT_MAX { state.paused.pop_front() } else { None }
    }

    /// Takes the queues that asked in vain for credit, and may go on now.
    pub(super) fn take_starved(&self, out: &mut Vec<QueueId>) {
        let state = &mut *self.state.lock();
        if std::mem::take(&mut state.starving) {
            for sending in state.channels.values_mut() {
                if sending.credit.available() > 0 {
                    out.append(&mut sending.starved);
                }
                state.starving |= !sending.starved.is_empty();
            }
        }
    }

    /// Whether the client leaves so many replies unread that it gets no more.
    pub(super) fn is_flooded(&self) -> bool {
        self.state.lock().replies >= REPLIES_MAX
    }

    pub(super) fn open_channel(&self, channel: ChannelId) {
        self.state.lock().channels.insert(channel, Sending::default());
    }

    /// Ends a channel; returns what it had not settled.
    pub(super) fn close_channel(&self, channel: ChannelId) -> Vec<Unacked> {
        let mut unacked = Vec::new();
        if let Some(mut sending) = self.state.lock().channels.remove(&channel) {
            sending.deliveries.take_all(&mut unacked);
        }
        unacked
    }

    /// Takes what a settlement names, appending it to `out`, which is empty.
    ///
    /// # Errors
    /// The tag is not outstanding.
    pub(super) fn take(
        &self,
        channel: ChannelId,
        (tag, reach): (DeliveryTag, Reach),
        freed: Freed,
        out: &mut Vec<Unacked>,
    ) -> Result<(), UnknownDeliveryTag> {
        let mut state = self.state.lock();
        let sending = state.channels.get_mut(&channel).ok_or(UnknownDeliveryTag(tag))?;
        sending.deliveries.take(tag, reach, out)?;
        if freed == Freed::Now {
            sending.free(&*out);
        }
        Ok(())
    }

    /// Gives back the channel-wide credit of deliveries that a transaction settled.
    pub(super) fn freed<'a>(
        &self,
        channel: ChannelId,
        settled: impl IntoIterator<Item = &'a Unacked>,
    ) {
        if let Some(sending) = self.state.lock().channels.get_mut(&channel) {
            sending.free(settled);
        }
    }

    /// Undoes a [`Self::take`].
    pub(super) fn restore(&self, channel: ChannelId, taken: impl IntoIterator<Item = Unacked>) {
        if let Some(sending) = self.state.lock().channels.get_mut(&channel) {
            sending.deliveries.restore(taken);
        }
    }

    /// Takes note of the time on every channel, and asks `overdue` about what is outstanding, oldest
    /// first; returns the channels on which it found something, with that.
    pub(super) fn look<T>(
        &self,
        now: Instant,
        mut overdue: impl FnMut(ChannelId, &mut dyn Iterator<Item = (Unacked, Instant)>) -> Option<T>,
    ) -> Vec<(ChannelId, T)> {
        let mut state = self.state.lock();
        let look = |(channel, sending): (&ChannelId, &mut Sending)| {
            sending.deliveries.look(now);
            Some((*channel, overdue(*channel, &mut sending.deliveries.aged())?))
        };
        state.channels.iter_mut().filter_map(look).collect()
    }

    /// Sets the limit on unacked deliveries of the whole channel, 0 for none; returns what it
    /// was.
    pub(super) fn limit_channel(&self, channel: ChannelId, limit: u16) -> ChannelLimit {
        let mut state = self.state.lock();
        let Some(sending) = state.channels.get_mut(&channel) else { return ChannelLimit::Absent };
        let before = sending.limit();
        sending.credit.set_limit(limit);
        before
    }

    /// Whether the channel has a limit of its own.
    pub(super) fn channel_limit(&self, channel: ChannelId) -> ChannelLimit {
        self.state.lock().channels.get(&channel).map_or(ChannelLimit::Absent, Sending::limit)
    }

    /// Numbers publishes that so many queues each have to accept, in order; those that none has
    /// to are confirmed.
    pub(super) fn number(&self, channel: ChannelId, pending: impl Iterator<Item = u32>) {
        let state = &mut *self.state.lock();
        let Some(sending) = state.channels.get_mut(&channel) else { return };
        for queues in pending {
            sending.confirms.publish(queues);
        }
        // Not the end of a transaction: that more may be numbered is why nobody waits yet.
        drop(state.answer(channel));
    }

    /// Has no publish of the channel answered that is numbered from now on.
    pub(super) fn begin_commit(&self, channel: ChannelId) {
        if let Some(sending) = self.state.lock().channels.get_mut(&channel) {
            sending.commit = Some(CommitState::Publishing);
        }
    }

    /// Something that is done when all publishes since [`Self::begin_commit`] are accepted.
    pub(super) fn end_commit(&self, channel: ChannelId) -> Commit {
        let mut state = self.state.lock();
        let Some(sending) = state.channels.get_mut(&channel) else { return Commit::done() };
        if sending.confirms.is_empty() {
            sending.commit = None;
            return Commit::done();
        }
        let (commit, completer) = Commit::pending();
        sending.commit = Some(CommitState::Accepting(completer));
        commit
    }

    /// Whether a queue has refused something of the transaction that was committed last.
    pub(super) fn is_partial(&self, channel: ChannelId) -> bool {
        self.state.lock().channels.get(&channel).is_some_and(|sending| sending.partial)
    }

    /// Notes the answers of a queue.
    fn settle(&self, channel: ChannelId, publishes: &[PublishTag], outcome: Outcome) {
        let mut guard = self.state.lock();
        let state = &mut *guard;
        let Some(sending) = state.channels.get_mut(&channel) else { return };
        sending.partial |= outcome == Outcome::Nack && sending.commit.is_some();
        for publish in publishes {
            sending.confirms.settle(*publish, outcome);
        }
        let committed = state.answer(channel);
        wake(guard);
        // Who waits for it looks at the outbox.
        if let Some(completer) = committed {
            completer.complete();
        }
    }
}

impl Session for Outbox {
    fn id(&self) -> ConnectionId {
        self.connection
    }

    fn deliver(&self, queue: QueueId, deliveries: &mut dyn Iterator<Item = Delivery<'_>>) -> Room {
        let mut guard = self.state.lock();
        let state = &mut *guard;
        state.make_room();
        let State { output, channels, frame_max, tracer, .. } = state;
        let tracer = tracer.as_ref().filter(|tracer| tracer.is_on());
        // Neighbours mostly go to the same channel.
        let mut last = None;
        for delivery in deliveries {
            let channel = delivery.to.channel;
            if last.as_ref().is_none_or(|(id, _)| *id != channel) {
                last = channels.get_mut(&channel).map(|sending| (channel, sending));
            }
            let Some((_, sending)) = &mut last else { continue };
            if let Some(tracer) = tracer {
                tracer.delivered(
                    channel,
                    Delivered {
                        queue: delivery.to.queue.as_bytes(),
                        redelivered: delivery.redelivered,
                        message: delivery.message.message,
                    },
                );
            }
            let deliver = encode::Deliver {
                channel,
                consumer_tag: delivery.to.tag.as_bytes(),
                delivery_tag: sending.number(queue, &delivery),
                redelivered: delivery.redelivered,
                address: delivery.message.message.address,
            };
            let mut message = delivery.message;
            let told = delivery.attempts.map(|attempts| told(message.message.header, attempts));
            if let Some(header) = &told {
                message.message.header = header;
            }
            output.deliver(&deliver, message, *frame_max);
        }
        let room = state.room(queue);
        wake(guard);
        room
    }

    fn got(&self, queue: QueueId, channel: ChannelId, got: Got<'_>, remaining: u64) {
        let mut guard = self.state.lock();
        let state = &mut *guard;
        let Some(sending) = state.channels.get_mut(&channel) else { return };
        let delivery_tag = sending.deliveries.deliver(queue, got.index, None, got.acks);
        let Got { redelivered, attempts, message, .. } = got;
        if let (Some(queue), Some(tracer)) = (state.getting.take(), &state.tracer) {
            let queue = queue.as_bytes();
            tracer.delivered(channel, Delivered { queue, redelivered, message });
        }
        let told = attempts.map(|attempts| told(message.header, attempts));
        let header = told.as_deref().unwrap_or(message.header);
        let message_count = u32::try_from(remaining).unwrap_or(u32::MAX);
        let address = message.address;
        let get_ok = encode::GetOk { channel, delivery_tag, redelivered, address, message_count };
        let frame_max = state.frame_max;
        state.reply(|out| {
            encode::get_ok(out, &get_ok);
            encode::content(out, channel, header, message.body, frame_max);
        });
    }

    fn accepted(&self, channel: ChannelId, publishes: &[PublishTag]) {
        self.settle(channel, publishes, Outcome::Ack);
    }

    fn rejected(&self, channel: ChannelId, publishes: &[PublishTag]) {
        self.settle(channel, publishes, Outcome::Nack);
    }

    fn cancelled(&self, channel: ChannelId, consumer: ConsumerId, tag: &ConsumerTag) {
        let mut guard = self.state.lock();
        let state = &mut *guard;
        if !state.channels.contains_key(&channel) {
            return;
        }
        state.signals.cancelled.push((channel, consumer));
        if state.cancel_notify {
            let cancel = Cancel { consumer_tag: tag.as_str().into(), nowait: true };
            let cancel = AMQPClass::Basic(AMQPMethod::Cancel(cancel));
            encode::method(&mut state.output.octets, channel, cancel);
        }
        wake(guard);
    }

    fn room(&self, queue: QueueId) -> Room {
        self.state.lock().room(queue)
    }

    fn reserve_credit(&self, queue: QueueId, channel: ChannelId, wanted: u32) -> u32 {
        let mut state = self.state.lock();
        let Some(sending) = state.channels.get_mut(&channel) else { return 0 };
        // Queues that waited longer come first: they are resumed before the task rests.
        let first = sending.starved.first();
        let in_turn = first.is_none_or(|first| *first == queue);
        let granted = if in_turn { sending.credit.reserve(wanted) } else { 0 };
        if granted > 0 && first.is_some() {
            sending.starved.remove(0);
        }
        if granted < wanted && !sending.starved.contains(&queue) {
            sending.starved.push(queue);
            state.starving = true;
        }
        granted
    }

    fn release_credit(&self, channel: ChannelId, unused: u32) {
        let mut state = self.state.lock();
        if let Some(sending) = state.channels.get_mut(&channel) {
            sending.credit.release(unused);
            if !sending.starved.is_empty() {
                wake(state);
            }
        }
    }
}

impl Link for Outbox {
    fn close(&self, why: Exception) {
        let mut state = self.state.lock();
        state.signals.close.get_or_insert(why);
        wake(state);
    }

    fn wake(&self) {
        wake(self.state.lock());
    }
}

/// Lets go of the lock, then has the connection's task look at what there is.
fn wake(mut state: MutexGuard<'_, State>) {
    let waker = state.waker.take();
    drop(state);
    if let Some(waker) = waker {
        waker.wake();
    }
}

impl State {
    fn reply(&mut self, write: impl FnOnce(&mut BytesMut)) {
        let before = self.output.len();
        write(&mut self.output.octets);
        self.replies += self.output.len() - before;
    }

    /// Answers what is complete of a channel's publishes. If that was the last of a transaction,
    /// it is committed.
    fn answer(&mut self, channel: ChannelId) -> Option<Completer> {
        let before = self.output.len();
        let sending = self.channels.get_mut(&channel)?;
        let committed = sending.answer(channel, &mut self.output.octets);
        self.replies += self.output.len() - before;
        committed
    }

    /// Sets a new buffer's size at once: growing to it would copy it as much again.
    fn make_room(&mut self) {
        if self.output.octets.capacity() == 0 {
            self.output.octets.reserve(self.usual);
        }
    }

    fn room(&mut self, queue: QueueId) -> Room {
        if self.output.len() < OUTPUT_MAX {
            return Room::Left;
        }
        if !self.paused.contains(&queue) {
            self.paused.push_back(queue);
        }
        Room::Full
    }
}

impl Sending {
    fn limit(&self) -> ChannelLimit {
        if self.credit.is_limited() { ChannelLimit::Present } else { ChannelLimit::Absent }
    }

    fn free<'a>(&mut self, settled: impl IntoIterator<Item = &'a Unacked>) {
        let to_consumers = settled.into_iter().filter(|unacked| unacked.consumer.is_some()).count();
        self.credit.release(u32::try_from(to_consumers).unwrap_or(u32::MAX));
    }

    fn number(&mut self, queue: QueueId, delivery: &Delivery<'_>) -> DeliveryTag {
        if delivery.credit == Credit::Charge && delivery.acks == AckMode::Manual {
            self.credit.charge(1);
        }
        self.deliveries.deliver(queue, delivery.index, Some(delivery.to.id), delivery.acks)
    }

    fn answer(&mut self, channel: ChannelId, output: &mut BytesMut) -> Option<Completer> {
        if self.commit.is_some() {
            self.confirms.drain(&mut |_, _, _| {});
            let is_accepted = |commit: &mut _| {
                matches!(commit, CommitState::Accepting(_)) && self.confirms.is_empty()
            };
            return match self.commit.take_if(is_accepted) {
                Some(CommitState::Accepting(completer)) => Some(completer),
                _ => None,
            };
        }
        self.confirms.drain(&mut |tag, reach, outcome| {
            let multiple = reach == Reach::UpTo;
            match outcome {
                Outcome::Ack => encode::ack(output, channel, tag, multiple),
                Outcome::Nack => encode::nack(output, channel, tag, multiple),
            }
        });
        None
    }
}
