//! What queues do to a client: the outbox as the session that they know.

use amq_protocol::protocol::AMQPClass;
use amq_protocol::protocol::basic::{AMQPMethod, Cancel};

use super::{Outbox, State, wake};
use crate::amqp::id::{ChannelId, ConnectionId, ConsumerId, PublishTag, QueueId};
use crate::amqp::name::ConsumerTag;
use crate::channel::confirms::Outcome;
use crate::codec::encode;
use crate::server::attempts::told;
use crate::server::trace::Delivered;
use crate::vhost::session::{Delivery, Got, Room, Session};

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
            let mut message = delivery.message;
            let told = delivery.attempts.map(|attempts| told(message.message.header, attempts));
            if let Some(header) = &told {
                message.message.header = header;
            }
            if let Some(tracer) = tracer {
                tracer.delivered(
                    channel,
                    Delivered {
                        queue: delivery.to.queue.as_bytes(),
                        redelivered: delivery.redelivered,
                        message: message.message,
                    },
                );
            }
            let deliver = encode::Deliver {
                channel,
                consumer_tag: delivery.to.tag.as_bytes(),
                delivery_tag: sending.number(queue, &delivery),
                redelivered: delivery.redelivered,
                address: message.message.address,
            };
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
        let Got { redelivered, attempts, mut message, .. } = got;
        let told = attempts.map(|attempts| told(message.header, attempts));
        if let Some(header) = &told {
            message.header = header;
        }
        if let (Some(queue), Some(tracer)) = (state.getting.take(), &state.tracer) {
            let queue = queue.as_bytes();
            tracer.delivered(channel, Delivered { queue, redelivered, message });
        }
        let message_count = u32::try_from(remaining).unwrap_or(u32::MAX);
        let address = message.address;
        let get_ok = encode::GetOk { channel, delivery_tag, redelivered, address, message_count };
        let frame_max = state.frame_max;
        state.reply(|out| {
            encode::get_ok(out, &get_ok);
            encode::content(out, channel, message.header, message.body, frame_max);
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
