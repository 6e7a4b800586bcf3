//! Direct replies: who consumes them, by the name that they are published to. There is no queue:
//! a reply goes straight to the channel of the one who asked, or nowhere.

use std::fmt;
use std::sync::{Arc, Weak};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dashmap::DashMap;

use super::connections::Link;
use crate::amqp::id::{ChannelId, ConnectionId};
use crate::amqp::message::Resting;
use crate::amqp::name::{ConsumerTag, QueueName};
use crate::vhost::replies::ReplyConsumers;
use crate::vhost::session::Room;

/// What the names begin with that replies are published to; 22 characters of base64 follow.
pub const PREFIX: &str = "amq.rabbitmq.reply-to.";

/// Octets that these characters stand for.
const KEY_SIZE: usize = 16;

/// Whether a name is one of those that replies are published to, whoever has it.
pub fn is_well_formed(name: &[u8]) -> bool {
    name.strip_prefix(PREFIX.as_bytes()).is_some_and(|key| {
        let mut octets = [0; KEY_SIZE];
        URL_SAFE_NO_PAD.decode_slice(key, &mut octets) == Ok(KEY_SIZE)
    })
}

/// A connection that replies are delivered to.
pub trait Requester: Send + Sync + fmt::Debug {
    /// The connection.
    fn id(&self) -> ConnectionId;

    /// Takes a reply for one of its consumers. After [`Room::Full`] it still takes what comes, but
    /// whoever sent it is to send no more before there is room.
    fn reply(&self, to: &ReplyConsumer, message: Resting<'_>) -> Room;

    /// Says whether there is room; after [`Room::Full`] has `waiter`, if there is one, look again
    /// when there may be.
    fn reply_room(&self, waiter: Option<&Weak<dyn Link>>) -> Room;
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

/// Whoever sends dead letters looks again of its own accord for a client without room.
impl ReplyConsumers for Replies {
    fn is_name(&self, name: &[u8]) -> bool {
        is_well_formed(name)
    }

    fn room(&self, name: &[u8]) -> Room {
        let requester = self.consumers.get(name).map(|consumer| Arc::clone(&consumer.requester));
        requester.map_or(Room::Left, |requester| requester.reply_room(None))
    }

    fn deliver(&self, name: &[u8], message: Resting<'_>) {
        // Room was asked for before.
        drop(Self::deliver(self, name, message));
    }
}
