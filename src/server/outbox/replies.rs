//! Direct replies into an outbox, and who waits until it has room for more of them.

use std::sync::Weak;

use super::{Outbox, Output, REPLIES_MAX, State, wake};
use crate::amqp::ack_mode::AckMode;
use crate::amqp::id::{ConnectionId, MessageIndex, QueueId};
use crate::amqp::message::Resting;
use crate::broker::connections::Link;
use crate::broker::replies::{ReplyConsumer, Requester};
use crate::codec::encode;
use crate::vhost::session::Room;

impl Requester for Outbox {
    fn id(&self) -> ConnectionId {
        self.connection
    }

    fn reply(&self, to: &ReplyConsumer, message: Resting<'_>) -> Room {
        let mut guard = self.state.lock();
        let state = &mut *guard;
        let Some(sending) = state.channels.get_mut(&to.channel) else { return Room::Left };
        // It is numbered as what queues deliver is, and nobody will settle it.
        let (queue, index) = (QueueId::default(), MessageIndex::default());
        let deliver = encode::Deliver {
            channel: to.channel,
            consumer_tag: to.tag.as_bytes(),
            delivery_tag: sending.deliveries.deliver(queue, index, None, AckMode::Automatic),
            redelivered: false,
            address: message.message.address,
        };
        state.make_room();
        state.output.deliver(&deliver, message, state.frame_max);
        let room = state.reply_room();
        wake(guard);
        room
    }

    fn reply_room(&self, waiter: Option<&Weak<dyn Link>>) -> Room {
        let mut state = self.state.lock();
        let room = state.reply_room();
        if room == Room::Full
            && let Some(waiter) = waiter
            && !state.waiters.iter().any(|known| known.ptr_eq(waiter))
        {
            state.waiters.push(Weak::clone(waiter));
        }
        room
    }
}

impl Outbox {
    /// Says that nothing is written any more.
    pub(in crate::server) fn end(&self) {
        let mut state = self.state.lock();
        state.has_ended = true;
        state.output = Output::default();
        let waiters = std::mem::take(&mut state.waiters);
        drop(state);
        wake_all(&waiters);
    }
}

impl State {
    /// The bound is that of replies to methods: a responder that waits serves nobody, so it is not
    /// to wait for a client that is merely slow.
    fn reply_room(&self) -> Room {
        if self.has_ended || self.output.len() < REPLIES_MAX { Room::Left } else { Room::Full }
    }
}

/// Has those look again who waited for room; none of the outboxes is locked.
pub(super) fn wake_all(waiters: &[Weak<dyn Link>]) {
    for waiter in waiters.iter().filter_map(Weak::upgrade) {
        waiter.wake();
    }
}
