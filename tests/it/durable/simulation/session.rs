//! The connection of all clients: it notes what it is sent.

use bytes::Bytes;
use leveret::amqp::ack_mode::AckMode;
use leveret::amqp::id::{ChannelId, ConnectionId, ConsumerId, MessageIndex, PublishTag, QueueId};
use leveret::amqp::message::{MessageRef, Parts};
use leveret::amqp::name::ConsumerTag;
use leveret::vhost::session::{Delivery, Got, Room, Session};
use parking_lot::Mutex;

/// Notes everything, in order.
#[derive(Debug, Default)]
pub struct Recorder {
    events: Mutex<Vec<Event>>,
}

#[derive(Clone, Debug)]
pub enum Event {
    Delivered(Delivered),
    Accepted(PublishTag),
    Cancelled,
}

#[derive(Clone, Debug)]
pub struct Delivered {
    pub queue: QueueId,
    /// `None` for an answer to basic.get.
    pub consumer: Option<ConsumerId>,
    pub acks: AckMode,
    pub index: u64,
    pub redelivered: bool,
    pub message: Bytes,
}

impl Recorder {
    /// What has happened since this was last asked.
    pub fn take(&self) -> Vec<Event> {
        std::mem::take(&mut self.events.lock())
    }

    fn note(&self, event: Event) {
        self.events.lock().push(event);
    }
}

impl Session for Recorder {
    fn id(&self) -> ConnectionId {
        ConnectionId(1)
    }

    fn deliver(&self, queue: QueueId, deliveries: &mut dyn Iterator<Item = Delivery<'_>>) -> Room {
        for Delivery { to, acks, index: MessageIndex(index), redelivered, message, .. } in
            deliveries
        {
            let (consumer, message) = (Some(to.id), copied(message.message));
            let delivered = Delivered { queue, consumer, acks, index, redelivered, message };
            self.note(Event::Delivered(delivered));
        }
        Room::Left
    }

    fn got(&self, queue: QueueId, _: ChannelId, got: Got<'_>, _: u64) {
        let Got { acks, index: MessageIndex(index), redelivered, message, .. } = got;
        let message = copied(message);
        let delivered = Delivered { queue, consumer: None, acks, index, redelivered, message };
        self.note(Event::Delivered(delivered));
    }

    fn accepted(&self, _: ChannelId, publishes: &[PublishTag]) {
        for tag in publishes {
            self.note(Event::Accepted(*tag));
        }
    }

    fn rejected(&self, _: ChannelId, _: &[PublishTag]) {}

    fn cancelled(&self, _: ChannelId, _: ConsumerId, _: &ConsumerTag) {
        self.note(Event::Cancelled);
    }

    fn room(&self, _: QueueId) -> Room {
        Room::Left
    }

    fn reserve_credit(&self, _: QueueId, _: ChannelId, wanted: u32) -> u32 {
        wanted
    }

    fn release_credit(&self, _: ChannelId, _: u32) {}
}

/// A copy of what is delivered, as it would rest.
fn copied(Parts { address, header, body, .. }: Parts<'_>) -> Bytes {
    MessageRef::new(address, header, body).to_bytes()
}
