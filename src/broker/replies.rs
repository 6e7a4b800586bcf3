//! Direct replies: who consumes them, by the name that they are published to. There is no queue:
//! a reply goes straight to the channel of the one who asked, or nowhere.

use std::fmt;
use std::sync::{Arc, Weak};

use dashmap::DashMap;

use super::connections::Link;
use crate::amqp::id::{ChannelId, ConnectionId};
use crate::amqp::message::Resting;
use crate::amqp::name::{ConsumerTag, QueueName};
use crate::vhost::session::Room;

/// A connection that replies are delivered to.
pub trait Requester: Send + Sync + fmt::Debug {
    /// The connection.
    fn id(&self) -> ConnectionId;

    /// Takes a reply for one of its consumers. After [`Room::Full`] it still takes what comes, but
    /// whoever sent it is to send no more before there is room.
    fn reply(&self, to: &ReplyConsumer, message: Resting<'_>) -> Room;

    /// Says whether there is room; after [`Room::Full`] has `waiter` look again when there may be.
    fn reply_room(&self, waiter: &Weak<dyn Link>) -> Room;
}

/// A consumer of replies.
#[derive(Clone, Debug)]
pub struct ReplyConsumer {
    /// Its connection.
    pub requester: Arc<dyn Requester>,
    /// Its channel there.
    pub channel: ChannelId,
    /// Its tag within the channel.
    pub tag: ConsumerTag,
}

/// The consumers of replies of all connections, whatever their virtual hosts.
#[derive(Debug, Default)]
pub struct Replies {
    consumers: DashMap<QueueName, ReplyConsumer, foldhash::fast::RandomState>,
}

impl Replies {
    /// Notes a consumer under a name that nobody can guess.
    pub fn insert(&self, name: QueueName, consumer: ReplyConsumer) {
        self.consumers.insert(name, consumer);
    }

    /// Forgets a consumer. Nothing is delivered to it afterwards.
    pub fn remove(&self, name: &QueueName) {
        self.consumers.remove(name);
    }

    /// Whether there is a consumer of that name.
    pub fn contains(&self, name: &[u8]) -> bool {
        self.consumers.contains_key(name)
    }

    /// Delivers a message to the consumer of that name, if there is one. Returns its connection
    /// where that has no room for more.
    ///
    /// The entry is held meanwhile, so that no delivery follows a [`Self::remove`].
    pub fn deliver(&self, name: &[u8], message: Resting<'_>) -> Option<Arc<dyn Requester>> {
        let consumer = self.consumers.get(name)?;
        match consumer.requester.reply(&consumer, message) {
            Room::Left => None,
            Room::Full => Some(Arc::clone(&consumer.requester)),
        }
    }
}
