//! Direct reply-to: a consumer without a queue, and a name by which one publish can reach it
//! (RabbitMQ: `rabbit_channel`, since 4.2 `rabbit_volatile_queue`).

use std::sync::{Arc, Weak};

use amq_protocol::protocol::AMQPClass;
use amq_protocol::protocol::basic::{self, ConsumeOk};
use amq_protocol::protocol::queue::{self, DeclareOk};

use super::basic::{acks, new_tag};
use super::outbox::Outbox;
use super::peer::Peer;
use super::random;
use super::service::{Service, invalid, queue_name};
use crate::amqp::exception::Exception;
use crate::amqp::id::ChannelId;
use crate::amqp::message::Resting;
use crate::amqp::name::QueueName;
use crate::amqp::reply_code::ReplyCode;
use crate::broker::connections::Link;
use crate::broker::replies::{PREFIX, ReplyConsumer, Requester, is_well_formed};
use crate::channel::state::Channel;
use crate::codec::method::Method;
use crate::topology::error::{Error, Resource};
use crate::vhost::session::Room;

/// What clients consume replies from, and give as reply-to.
pub(super) const NAME: &str = "amq.rabbitmq.reply-to";

/// Whether no queue has that name, because it is of those for replies.
pub(super) fn is_reserved(name: &str) -> bool {
    name.starts_with(NAME)
}

/// The names of consumers of replies, alive or not, that a publish goes to: `keys`, or if there are
/// none the key in its address. Through other exchanges than the default one there is no way.
pub(super) fn addressed(address: &[u8], keys: &[&[u8]]) -> Vec<Box<[u8]>> {
    let [0, _, own @ ..] = address else { return Vec::new() };
    let own = [own];
    let keys = if keys.is_empty() { &own } else { keys };
    keys.iter().filter(|key| is_well_formed(key)).map(|key| Box::from(*key)).collect()
}

/// Whether that name of a queue, or of the one declared last, is what replies are consumed from.
pub(super) fn is_for_consumers(channel: &Channel, name: &str) -> bool {
    let last = || channel.last_declared().is_ok_and(|last| last.as_str() == NAME);
    name == NAME || name.is_empty() && last()
}

/// Checks that a queue's name can be bound, and unbound. That which clients consume replies from is
/// one of no queue, as others are.
///
/// # Errors
/// It is one of those that replies are published to: 403.
pub(super) fn check_bindable(name: &QueueName) -> Result<(), Exception> {
    if name.as_str().starts_with(PREFIX) {
        let text = "cannot bind or unbind to a volatile (direct reply-to) queue";
        return Err(Exception::new(ReplyCode::AccessRefused, text));
    }
    Ok(())
}

impl Service {
    /// Begins to consume replies, under a name that nobody can guess.
    ///
    /// # Errors
    /// With acks, or a second time: 406.
    pub(super) fn consume_replies(
        &self,
        channel: &mut Channel,
        at: ChannelId,
        method: Method<'_>,
    ) -> Result<(), Exception> {
        let Method::BasicConsume { consumer_tag, no_ack, no_wait, .. } = method else {
            return Ok(());
        };
        channel.replies.check(acks(no_ack))?;
        let tag = new_tag(consumer_tag)?;
        let name = QueueName::parse(random::name(PREFIX)?).map_err(invalid)?;
        let consume_ok = ConsumeOk { consumer_tag: tag.as_str().into() };
        let consume_ok = AMQPClass::Basic(basic::AMQPMethod::ConsumeOk(consume_ok));
        self.reply(at, no_wait, consume_ok);
        let requester = Arc::clone(&self.outbox) as Arc<dyn Requester>;
        let consumer = ReplyConsumer { requester, channel: at, tag: tag.clone() };
        self.node.replies.insert(name.clone(), consumer);
        channel.replies.set(tag, name);
        Ok(())
    }

    /// Ends the channel's consumer of replies; later ones are dropped.
    pub(super) fn release_replies(&self, channel: &Channel) {
        if let Ok(name) = channel.replies.name() {
            self.node.replies.remove(name);
        }
    }

    /// Declares one of the names for replies, passively or not: it asks whether its consumer lives.
    ///
    /// # Errors
    /// It does not: 404.
    pub(super) fn declare_reply_queue(
        &self,
        channel: &mut Channel,
        at: ChannelId,
        name: &str,
        no_wait: bool,
    ) -> Result<(), Exception> {
        let name = queue_name(name)?;
        if name.as_str() != NAME && !self.node.replies.contains(name.as_bytes()) {
            return Err(Error::Missing(self.resource(&name)).into());
        }
        let declare_ok =
            DeclareOk { queue: name.as_str().into(), message_count: 0, consumer_count: 1 };
        let declare_ok = AMQPClass::Queue(queue::AMQPMethod::DeclareOk(declare_ok));
        self.reply(at, no_wait, declare_ok);
        channel.declared(name);
        Ok(())
    }

    /// Checks that a queue's name can be consumed from; whether it exists is not asked.
    ///
    /// # Errors
    /// A consumer of replies has it: 406.
    pub(super) fn check_consumable(&self, channel: &Channel, name: &str) -> Result<(), Exception> {
        let Some(name) = self.reply_name(channel, name)? else { return Ok(()) };
        let refusal = if channel.replies.name() == Ok(&name) {
            "multiple consumers are unsupported for"
        } else {
            "only creator channel may consume from"
        };
        let text = format!("{refusal} {}", self.resource(&name));
        Err(Exception::new(ReplyCode::PreconditionFailed, text))
    }

    /// Checks that messages can be got from a queue's name; whether it exists is not asked.
    ///
    /// # Errors
    /// A consumer of replies has it: 540.
    pub(super) fn check_gettable(&self, channel: &Channel, name: &str) -> Result<(), Exception> {
        let Some(name) = self.reply_name(channel, name)? else { return Ok(()) };
        let text = format!("basic.get not supported by volatile {}", self.resource(&name));
        Err(Exception::new(ReplyCode::NotImplemented, text))
    }

    /// The name, or that of the queue declared last, if a consumer of replies has it.
    pub(super) fn reply_name(
        &self,
        channel: &Channel,
        name: &str,
    ) -> Result<Option<QueueName>, Exception> {
        let name = if name.is_empty() { channel.last_declared()?.as_str() } else { name };
        if !is_reserved(name) {
            return Ok(None);
        }
        let name = queue_name(name)?;
        Ok(self.node.replies.contains(name.as_bytes()).then_some(name))
    }

    fn resource(&self, name: &QueueName) -> Resource {
        Resource::queue(self.vhost.name(), name)
    }

    /// Delivers a message to a consumer of replies, if it still is one.
    pub(super) fn deliver_reply(&mut self, name: &[u8], message: Resting<'_>) {
        let Some(full) = self.node.replies.deliver(name, message) else { return };
        if self.crowded.iter().all(|known| known.id() != full.id()) {
            self.crowded.push(full);
        }
    }

    /// Whether somebody who was sent replies has no room for more.
    fn replies_wait(&mut self) -> bool {
        if self.crowded.is_empty() {
            return false;
        }
        let own: Weak<Outbox> = Arc::downgrade(&self.outbox);
        let own: Weak<dyn Link> = own;
        self.crowded.retain(|requester| requester.reply_room(Some(&own)) == Room::Full);
        !self.crowded.is_empty()
    }
}

impl Peer {
    /// Whether a client that was sent replies has to read before more can be sent.
    pub(super) fn replies_wait(&mut self) -> bool {
        self.service.as_mut().is_some_and(Service::replies_wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_well_formed_by_its_form_alone() {
        let made = random::name(PREFIX).unwrap();
        let key = made.strip_prefix(PREFIX).unwrap();
        let bad = [
            NAME.to_owned(),
            PREFIX.to_owned(),
            format!("{PREFIX}foo"),
            format!("{made}A"),
            format!("{made}AAAA"),
            format!("amq.rabbitmq.reply-to-{key}"),
            made.replace(key, &key.replace(char::is_alphanumeric, "+")),
        ];

        assert!(is_well_formed(made.as_bytes()), "{made}");
        for name in bad {
            assert!(!is_well_formed(name.as_bytes()), "{name}");
        }
    }

    #[test]
    fn replies_are_addressed_through_the_default_exchange_by_any_key() {
        let names: Vec<_> = (0..2).map(|_| random::name(PREFIX).unwrap().into_bytes()).collect();
        let [one, two] = [&names[0][..], &names[1][..]];
        let address = |exchange: &[u8]| {
            let short = |text: &[u8]| [&[u8::try_from(text.len()).unwrap()], text].concat();
            [short(exchange), short(one)].concat()
        };
        let addressed = |exchange: &[u8], keys: &[&[u8]]| addressed(&address(exchange), keys);

        assert_eq!(addressed(b"", &[]), [Box::from(one)]);
        assert_eq!(addressed(b"", &[b"q", one, two]), [Box::from(one), Box::from(two)]);
        assert!(addressed(b"amq.direct", &[one]).is_empty());
    }
}
