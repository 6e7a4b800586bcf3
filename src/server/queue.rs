//! The methods of class queue (spec 1.6).

use std::sync::Arc;

use amq_protocol::protocol::AMQPClass;
use amq_protocol::protocol::queue::{AMQPMethod, BindOk, DeclareOk, DeleteOk, PurgeOk, UnbindOk};

use super::service::{Service, exchange_name, expand, invalid, queue_name, strip_line_ends};
use super::{random, replies};
use crate::amqp::exception::Exception;
use crate::amqp::id::ChannelId;
use crate::amqp::name::{BindingKey, QueueName};
use crate::amqp::reply_code::ReplyCode;
use crate::amqp::table::TableRef;
use crate::channel::state::Channel;
use crate::codec::method::Method;
use crate::exchange::binding::{Binding, Destination};
use crate::topology::arguments::name_prefix;
use crate::topology::command::{BindCommand, Naming};
use crate::vhost::Commit;
use crate::vhost::host::DeclareQueue;
use crate::vhost::queue::{DeleteConditions, Queue};

impl Service {
    pub(super) fn handle_queue(
        &mut self,
        channel: &mut Channel,
        at: ChannelId,
        method: Method<'_>,
    ) -> Result<(), Exception> {
        match method {
            Method::QueueDeclare { queue, no_wait, .. } if replies::is_reserved(queue) => {
                self.declare_reply_queue(channel, at, queue, no_wait)?;
            }
            Method::QueueDeclare { no_wait, .. } => {
                let (queue, commit) = self.handle_queue_declare(method)?;
                channel.declared(queue.name.clone());
                if no_wait && commit.is_done() {
                    return Ok(());
                }
                self.reply_after(commit, at, no_wait, declare_ok(&queue));
            }
            Method::QueueBind { queue, exchange, routing_key, no_wait, arguments } => {
                let bind = self.binding(channel, [queue, exchange, routing_key], arguments)?;
                let commit = self.vhost.bind(bind, &self.user)?;
                let bind_ok = AMQPClass::Queue(AMQPMethod::BindOk(BindOk {}));
                self.reply_after(commit, at, no_wait, bind_ok);
            }
            Method::QueueUnbind { queue, exchange, routing_key, arguments } => {
                let bind = self.binding(channel, [queue, exchange, routing_key], arguments)?;
                let commit = self.vhost.unbind(bind, &self.user)?;
                let unbind_ok = AMQPClass::Queue(AMQPMethod::UnbindOk(UnbindOk {}));
                self.reply_after(commit, at, false, unbind_ok);
            }
            Method::QueuePurge { queue, no_wait } => {
                let message_count = match self.reply_name(channel, queue)? {
                    Some(_) => 0,
                    None => count(self.named_queue(channel, queue)?.purge()),
                };
                let purge_ok = PurgeOk { message_count };
                self.reply(at, no_wait, AMQPClass::Queue(AMQPMethod::PurgeOk(purge_ok)));
            }
            Method::QueueDelete { queue, if_unused, if_empty, no_wait } => {
                let name = expand(channel, queue)?;
                let conditions = DeleteConditions { if_unused, if_empty };
                let (remains, commit) =
                    self.vhost.delete_queue(&name, self.id, conditions, &self.user)?;
                let delete_ok = DeleteOk { message_count: count(remains.ready) };
                let delete_ok = AMQPClass::Queue(AMQPMethod::DeleteOk(delete_ok));
                self.reply_after(commit, at, no_wait, delete_ok);
                self.tell_consumers(remains);
            }
            _ => {}
        }
        Ok(())
    }

    fn handle_queue_declare(
        &mut self,
        method: Method<'_>,
    ) -> Result<(Arc<Queue>, Commit), Exception> {
        let Method::QueueDeclare {
            queue, passive, durable, exclusive, auto_delete, arguments, ..
        } = method
        else {
            return Err(invalid("not queue.declare"));
        };
        if passive {
            let queue = self.vhost.queue(&queue_name(queue)?, self.id)?;
            queue.renew();
            return Ok((queue, Commit::done()));
        }
        let (name, naming) = if queue.is_empty() {
            (server_name(arguments)?, Naming::Server)
        } else {
            (queue_name(queue)?, Naming::Client)
        };
        let declare = DeclareQueue {
            name,
            naming,
            durable,
            owner: exclusive.then_some(self.id),
            auto_delete,
            arguments: arguments.without(name_prefix::KEY),
        };
        Ok(self.vhost.declare_queue(declare, &self.user)?)
    }

    /// A binding of a queue. Where both the queue's name and the key are empty, the key is the
    /// queue's name too (spec 1.7.2.3).
    fn binding(
        &self,
        channel: &Channel,
        [queue, exchange, routing_key]: [&str; 3],
        arguments: TableRef<'_>,
    ) -> Result<BindCommand, Exception> {
        let name = expand(channel, queue)?;
        replies::check_bindable(&name)?;
        let key = match (queue, routing_key) {
            ("", "") => name.as_str(),
            _ => routing_key,
        };
        let key = BindingKey::parse(key).map_err(invalid)?;
        let binding = Binding::new(Destination::Queue(name), key, arguments);
        Ok(BindCommand { source: exchange_name(exchange)?, binding, connection: self.id })
    }
}

/// A name that nobody else has, for a queue with these arguments. What it begins with has to be
/// text, as every name that a client gives.
fn server_name(arguments: TableRef<'_>) -> Result<QueueName, Exception> {
    let prefix = str::from_utf8(name_prefix::read(arguments)?)
        .map_err(|_| Exception::new(ReplyCode::FrameError, "Malformed UTF-8 in shortstr"))?;
    let name = random::name(&format!("{}-", strip_line_ends(prefix)))?;
    QueueName::parse(name).map_err(invalid)
}

fn declare_ok(queue: &Arc<Queue>) -> AMQPClass {
    let counts = queue.counts();
    AMQPClass::Queue(AMQPMethod::DeclareOk(DeclareOk {
        queue: queue.name.as_str().into(),
        message_count: count(counts.ready),
        consumer_count: counts.consumers,
    }))
}

pub(super) fn count(messages: u64) -> u32 {
    u32::try_from(messages).unwrap_or(u32::MAX)
}
