//! What a queue needs of the connections it serves: somewhere to put deliveries and confirms.

use std::sync::Arc;

use crate::amqp::ack_mode::AckMode;
use crate::amqp::attempts::Attempts;
use crate::amqp::id::{ChannelId, ConnectionId, ConsumerId, MessageIndex, PublishTag, QueueId};
use crate::amqp::message::{Parts, Resting};
use crate::amqp::name::{ConsumerTag, QueueName};

/// The receiving end of one connection, as its queues see it.
///
/// A queue calls it while it holds its own lock, so an implementation never calls a queue, and
/// never blocks for longer than its own lock.
pub trait Session: Send + Sync + std::fmt::Debug {
    /// The connection.
    fn id(&self) -> ConnectionId;

    /// Takes deliveries of one queue, in order. After [`Room::Full`] the queue sends nothing more
    /// until it is told to resume, which the session does once it has room.
    fn deliver(&self, queue: QueueId, deliveries: &mut dyn Iterator<Item = Delivery<'_>>) -> Room;

    /// Answers a basic.get, `remaining` ready messages being left behind it.
    fn got(&self, queue: QueueId, channel: ChannelId, got: Got<'_>, remaining: u64);

    /// Tells that one queue has accepted these publishes of the channel.
    fn accepted(&self, channel: ChannelId, publishes: &[PublishTag]);

    /// Tells that one queue has refused these publishes of the channel.
    fn rejected(&self, channel: ChannelId, publishes: &[PublishTag]);

    /// Tells that the queue of a consumer is gone, and the consumer with it.
    fn cancelled(&self, channel: ChannelId, consumer: ConsumerId, tag: &ConsumerTag);

    /// Says whether there is room; after [`Room::Full`] as after that of a delivery.
    fn room(&self, queue: QueueId) -> Room;

    /// Sets aside up to `wanted` of the channel's own prefetch; returns how many. What was asked
    /// for in vain is remembered: the queue is told to resume when there is credit again.
    fn reserve_credit(&self, queue: QueueId, channel: ChannelId, wanted: u32) -> u32;

    /// Gives back what a batch did not use of a reservation.
    fn release_credit(&self, channel: ChannelId, unused: u32);
}

/// Whether more deliveries are welcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Room {
    /// Go on.
    Left,
    /// Pause every consumer of the session.
    Full,
}

/// A message on its way to a consumer.
#[derive(Clone, Copy, Debug)]
pub struct Delivery<'a> {
    /// The consumer.
    pub to: &'a Consumer,
    /// Whether the consumer has to settle it.
    pub acks: AckMode,
    /// Its place in the queue.
    pub index: MessageIndex,
    /// Whether it was delivered before.
    pub redelivered: bool,
    /// How often it came back, if its queue counts and it did.
    pub attempts: Option<Attempts>,
    /// Whether the channel's own prefetch has been charged for it.
    pub credit: Credit,
    /// The message.
    pub message: Resting<'a>,
}

/// How a delivery counts against the prefetch of its whole channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credit {
    /// [`Session::reserve_credit`] has counted it.
    Reserved,
    /// It has yet to be counted.
    Charge,
}

/// A message in answer to basic.get.
#[derive(Clone, Copy, Debug)]
pub struct Got<'a> {
    /// Whether it has to be settled.
    pub acks: AckMode,
    /// Its place in the queue.
    pub index: MessageIndex,
    /// Whether it was delivered before.
    pub redelivered: bool,
    /// How often it came back, if its queue counts and it did.
    pub attempts: Option<Attempts>,
    /// The message.
    pub message: Parts<'a>,
}

/// A consumer as its queue knows it.
#[derive(Clone, Debug)]
pub struct Consumer {
    /// Unique in the node.
    pub id: ConsumerId,
    /// Where its deliveries go.
    pub session: Arc<dyn Session>,
    /// The channel within the session.
    pub channel: ChannelId,
    /// Its tag within the channel.
    pub tag: ConsumerTag,
    /// Its queue's name.
    pub queue: QueueName,
}
