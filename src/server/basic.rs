//! The methods of class basic that carry no content from the client (spec 1.8; publish and the
//! settlements have files of their own).

use amq_protocol::protocol::AMQPClass;
use amq_protocol::protocol::basic::{AMQPMethod, CancelOk, ConsumeOk, GetEmpty, QosOk};

use super::service::{Service, invalid};
use super::{random, replies};
use crate::amqp::ack_mode::AckMode;
use crate::amqp::exception::Exception;
use crate::amqp::id::ChannelId;
use crate::amqp::name::ConsumerTag;
use crate::amqp::reply_code::ReplyCode;
use crate::channel::state::{self, Channel};
use crate::codec::encode;
use crate::codec::method::Method;
use crate::queue::command::{ChannelLimit, Exclusivity};
use crate::queue::error::ExclusiveUse;
use crate::topology::arguments::{check_consumer, consumer_priority, consumer_timeout};
use crate::topology::error::{Error, Resource};
use crate::topology::quorum::NotOfQuorum;
use crate::vhost::queue::Queue;
use crate::vhost::session::Consumer;
use crate::vhost::worker::{NotAttached, Terms};

impl Service {
    pub(super) fn handle_basic(
        &mut self,
        channel: &mut Channel,
        at: ChannelId,
        method: Method<'_>,
    ) -> Result<(), Exception> {
        match method {
            Method::BasicQos { prefetch_size, prefetch_count, global } => {
                if prefetch_size != 0 {
                    let text = format!("prefetch_size!=0 ({prefetch_size})");
                    return Err(Exception::new(ReplyCode::NotImplemented, text));
                }
                self.handle_basic_qos(channel, at, prefetch_count, global);
                self.reply(at, false, AMQPClass::Basic(AMQPMethod::QosOk(QosOk {})));
                Ok(())
            }
            Method::BasicConsume { .. } => self.handle_basic_consume(channel, at, method),
            Method::BasicCancel { consumer_tag, no_wait } => {
                self.cancel_consumer(channel, at, consumer_tag);
                let cancel_ok = CancelOk { consumer_tag: consumer_tag.into() };
                self.reply(at, no_wait, AMQPClass::Basic(AMQPMethod::CancelOk(cancel_ok)));
                Ok(())
            }
            Method::BasicGet { queue, no_ack } => self.handle_basic_get(channel, at, queue, no_ack),
            _ => self.handle_settlement(channel, at, method),
        }
    }

    /// Without `global` for each consumer to come, with it for the channel as a whole
    /// (RabbitMQ's reading of spec 1.8.3.1).
    fn handle_basic_qos(&self, channel: &mut Channel, at: ChannelId, count: u16, global: bool) {
        let channel_limit = if global {
            count
        } else {
            channel.set_prefetch(count);
            0
        };
        let before = self.outbox.limit_channel(at, channel_limit);
        let limit = self.outbox.channel_limit(at);
        if limit == ChannelLimit::Absent && before == ChannelLimit::Absent {
            return;
        }
        for (_, consumer) in channel.consumers() {
            if let Some(queue) = self.queues.get(&consumer.queue) {
                queue.limit_channel(self.id, at, limit);
            }
        }
    }

    fn handle_basic_consume(
        &mut self,
        channel: &mut Channel,
        at: ChannelId,
        method: Method<'_>,
    ) -> Result<(), Exception> {
        let Method::BasicConsume {
            queue, consumer_tag, no_ack, exclusive, no_wait, arguments, ..
        } = method
        else {
            return Ok(());
        };
        channel.check_consumer_tag(consumer_tag.as_bytes())?;
        if replies::is_for_consumers(channel, queue) {
            return self.consume_replies(channel, at, method);
        }
        self.check_consumable(channel, queue)?;
        let queue = self.named_queue(channel, queue)?;
        let resource = || Resource::queue(self.vhost.name(), &queue.name);
        check_consumer(resource, queue.queue_type, arguments)?;
        let limit = self.outbox.channel_limit(at);
        let tag = new_tag(consumer_tag)?;
        let terms = Terms {
            priority: consumer_priority(arguments),
            prefetch: channel.prefetch(),
            acks: acks(no_ack),
            exclusivity: exclusivity(exclusive && !queue.is_quorum()),
            limit,
        };
        let id = self.node.ids.next_consumer();
        let consumer = Consumer {
            id,
            session: self.session(),
            channel: at,
            tag: tag.clone(),
            queue: queue.name.clone(),
        };
        self.remember(&queue);
        let timeout = consumer_timeout(arguments);
        self.watch(timeout);
        queue
            .attach(consumer, terms, || {
                let consume_ok = ConsumeOk { consumer_tag: tag.as_str().into() };
                self.reply(at, no_wait, AMQPClass::Basic(AMQPMethod::ConsumeOk(consume_ok)));
            })
            .map_err(|why| self.not_attached(&queue, why))?;
        self.report_consumer_created((at, tag.as_str()), &queue, &terms, arguments);
        channel.add_consumer(
            tag,
            state::Consumer { id, queue: queue.id, acks: terms.acks, timeout },
        )?;
        Ok(())
    }

    fn not_attached(&self, queue: &Queue, why: NotAttached) -> Exception {
        let (queue, vhost) = (queue.name.clone(), self.vhost.name().clone());
        match why {
            NotAttached::Deleted => Error::Missing(Resource::queue(&vhost, &queue)).into(),
            NotAttached::ExclusiveUse => ExclusiveUse { queue, vhost }.into(),
        }
    }

    fn cancel_consumer(&mut self, channel: &mut Channel, at: ChannelId, tag: &str) {
        if let Some(name) = channel.replies.cancel(tag.as_bytes()) {
            return self.node.replies.remove(&name);
        }
        let Some(consumer) = channel.remove_consumer(tag.as_bytes()) else { return };
        self.report_consumer_deleted(at, tag, consumer.queue);
        let Some(queue) = self.queues.get(&consumer.queue) else { return };
        if queue.detach(consumer.id) {
            self.vhost.delete_abandoned(queue);
        }
    }

    fn handle_basic_get(
        &mut self,
        channel: &Channel,
        at: ChannelId,
        queue: &str,
        no_ack: bool,
    ) -> Result<(), Exception> {
        self.check_gettable(channel, queue)?;
        let queue = self.named_queue(channel, queue)?;
        if queue.is_quorum() && queue.values().single_active_consumer == Some(true) {
            let resource = Resource::queue(self.vhost.name(), &queue.name);
            return Err(Error::Quorum(NotOfQuorum::Get(resource)).into());
        }
        self.remember(&queue);
        if self.traced {
            self.outbox.trace_next_got(&queue.name);
        }
        if !queue.get(&self.session(), at, acks(no_ack)) {
            let get_empty = AMQPClass::Basic(AMQPMethod::GetEmpty(GetEmpty {}));
            self.outbox.write(|out| encode::method(out, at, get_empty));
        }
        Ok(())
    }
}

/// Quorum queues take no notice of `exclusive` (RabbitMQ: `rabbit_quorum_queue:consume/3`).
fn exclusivity(exclusive: bool) -> Exclusivity {
    if exclusive { Exclusivity::Exclusive } else { Exclusivity::Shared }
}

pub(super) fn acks(no_ack: bool) -> AckMode {
    if no_ack { AckMode::Automatic } else { AckMode::Manual }
}

/// A consumer's tag; one that the server makes up where the client gives none.
pub(super) fn new_tag(given: &str) -> Result<ConsumerTag, Exception> {
    let tag = match given {
        "" => ConsumerTag::parse(random::name("amq.ctag-")?),
        tag => ConsumerTag::parse(tag),
    };
    tag.map_err(invalid)
}
