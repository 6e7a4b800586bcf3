//! Where everything bound for one client meets: replies of its own task, deliveries and confirms
//! of the queues, encoded straight into one buffer behind one lock.

mod channels;
mod confirms;
mod replies;
mod sending;
mod session;

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Weak};
use std::task::Waker;

use bytes::BytesMut;
use parking_lot::{Mutex, MutexGuard};

pub(super) use self::channels::Freed;
use self::sending::Sending;
use super::output::Output;
use super::trace::Tracer;
use crate::amqp::exception::Exception;
use crate::amqp::id::{ChannelId, ConnectionId, ConsumerId, QueueId};
use crate::amqp::name::QueueName;
use crate::broker::connections::Link;
use crate::vhost::Completer;
use crate::vhost::session::Room;

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
