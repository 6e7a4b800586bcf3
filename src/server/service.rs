//! What one connection's methods are carried out with: its virtual host, the queues it deals
//! with, and its outbox. One file for each class of methods beside this one.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Instant;

use amq_protocol::protocol::AMQPClass;
use amq_protocol::protocol::confirm::{AMQPMethod, SelectOk};

use super::life::Ends;
use super::outbox::Outbox;
use super::publisher::Publisher;
use super::random::Chances;
use super::trace::Tracer;
use super::transaction::Transaction;
use super::waiting::Waiting;
use crate::amqp::exception::Exception;
use crate::amqp::id::{ChannelId, ConnectionId, MessageIndex, QueueId};
use crate::amqp::name::{ExchangeName, QueueName};
use crate::amqp::reply_code::ReplyCode;
use crate::broker::node::Node;
use crate::broker::replies::Requester;
use crate::channel::deliveries::Unacked;
use crate::channel::state::Channel;
use crate::codec::encode;
use crate::codec::method::Method;
use crate::queue::command::Settlement;
use crate::vhost::batch::Leaving;
use crate::vhost::host::Vhost;
use crate::vhost::queue::Queue;
use crate::vhost::routes::RouteCache;
use crate::vhost::session::Session;

/// Queues that a connection remembers before it looks whether they are still there.
const QUEUES_PRUNE_MIN: usize = 64;

/// The broker half as one connection sees it, after connection.open.
#[derive(Debug)]
pub(super) struct Service {
    pub(super) id: ConnectionId,
    pub(super) node: Arc<Node>,
    pub(super) vhost: Arc<Vhost>,
    pub(super) outbox: Arc<Outbox>,
    pub(super) routes: RouteCache,
    pub(super) chances: Chances,
    pub(super) publisher: Publisher,
    /// Queues that this connection consumes from or has unsettled messages of.
    pub(super) queues: HashMap<QueueId, Arc<Queue>, foldhash::fast::RandomState>,
    pub(super) transactions: HashMap<ChannelId, Transaction>,
    /// What was settled and the queues have not been told yet.
    pub(super) settled: Vec<(QueueId, MessageIndex, Settlement)>,
    /// Whether that is not acks alone.
    pub(super) refused: bool,
    /// Scratch for what a settlement takes.
    pub(super) taken: Vec<Unacked>,
    pub(super) user: Arc<str>,
    pub(super) tracer: Arc<Tracer>,
    /// Whether the virtual host is traced, as of the last read.
    pub(super) traced: bool,
    /// A method that is carried out and not durable yet.
    pub(super) waiting: Option<Waiting>,
    /// Who was sent replies and has no room for more.
    pub(super) crowded: Vec<Arc<dyn Requester>>,
    /// When to look for deliveries that wait too long for their acknowledgement.
    pub(super) look_at: Option<Instant>,
    /// At how many entries `queues` is next cleared of queues that are gone.
    queues_prune_at: usize,
}

impl Service {
    /// The service of a connection to `vhost`, between `ends` and logged in as `user`.
    pub(super) fn new(
        (id, ends): (ConnectionId, Ends),
        node: Arc<Node>,
        vhost: Arc<Vhost>,
        outbox: Arc<Outbox>,
        user: Arc<str>,
    ) -> Self {
        let tracer = Arc::new(Tracer {
            vhost: Arc::clone(&vhost),
            reporter: Arc::clone(&node.reporter),
            connection: ends.name().into(),
            user: Arc::clone(&user),
        });
        outbox.trace_with(Arc::clone(&tracer));
        Self {
            id,
            tracer,
            traced: false,
            node,
            routes: RouteCache::default(),
            chances: Chances::of(id),
            publisher: Publisher::new(Arc::clone(&outbox), Arc::clone(&vhost)),
            vhost,
            outbox,
            queues: HashMap::default(),
            transactions: HashMap::new(),
            settled: Vec::new(),
            refused: false,
            taken: Vec::new(),
            user,
            waiting: None,
            crowded: Vec::new(),
            look_at: None,
            queues_prune_at: QUEUES_PRUNE_MIN,
        }
    }

    /// Carries out a method of an open channel.
    ///
    /// # Errors
    /// What the peer did wrong.
    pub(super) fn handle(
        &mut self,
        channel: &mut Channel,
        at: ChannelId,
        method: Method<'_>,
    ) -> Result<(), Exception> {
        let result = if method.is_settlement() {
            self.handle_settlement(channel, at, method)
        } else {
            // What the channel sent before is in its queues before anything else is done.
            self.flush();
            self.handle_other(channel, at, method)
        };
        result.map_err(|exception| exception.caused_by(method.id()))
    }

    fn handle_other(
        &mut self,
        channel: &mut Channel,
        at: ChannelId,
        method: Method<'_>,
    ) -> Result<(), Exception> {
        match method {
            Method::ExchangeDeclare { .. }
            | Method::ExchangeDelete { .. }
            | Method::ExchangeBind { .. }
            | Method::ExchangeUnbind { .. } => self.handle_exchange(at, method),
            Method::QueueDeclare { .. }
            | Method::QueueBind { .. }
            | Method::QueueUnbind { .. }
            | Method::QueuePurge { .. }
            | Method::QueueDelete { .. } => self.handle_queue(channel, at, method),
            Method::ConfirmSelect { no_wait } => {
                channel.select_confirm()?;
                self.reply(at, no_wait, AMQPClass::Confirm(AMQPMethod::SelectOk(SelectOk {})));
                Ok(())
            }
            Method::TxSelect | Method::TxCommit | Method::TxRollback => {
                self.handle_transaction(channel, at, method)
            }
            _ => self.handle_basic(channel, at, method),
        }
    }

    /// Hands what was gathered over to the queues.
    pub(super) fn flush(&mut self) {
        self.publisher.flush();
        self.flush_settled();
    }

    /// Writes a reply, unless the client wants none.
    pub(super) fn reply(&self, channel: ChannelId, no_wait: bool, reply: AMQPClass) {
        if !no_wait {
            self.outbox.write(|out| encode::method(out, channel, reply));
        }
    }

    /// Gives back all that a channel holds: its consumers go, its deliveries are requeued.
    pub(super) fn release_channel(&mut self, channel: &Channel, at: ChannelId) {
        self.flush();
        self.release_replies(channel);
        let mut leaving: BTreeMap<QueueId, Leaving> = BTreeMap::new();
        for (tag, consumer) in channel.consumers() {
            self.report_consumer_deleted(at, tag.as_str(), consumer.queue);
            if let Some(queue) = self.queues.get(&consumer.queue) {
                queue.silence(consumer.id);
                leaving.entry(consumer.queue).or_default().consumers.push(consumer.id);
            }
        }
        // Now that no more is delivered, this is all that goes back.
        let mut unacked = self.outbox.close_channel(at);
        if let Some(transaction) = self.transactions.remove(&at) {
            unacked.extend(transaction.into_settled());
        }
        for Unacked { queue, index, .. } in unacked {
            leaving.entry(queue).or_default().requeued.push(index);
        }
        for (queue, leaving) in leaving {
            if let Some(queue) = self.queues.get(&queue)
                && queue.leave(&leaving)
            {
                self.vhost.delete_abandoned(queue);
            }
        }
        self.report_channel_closed(channel, at);
    }

    /// Gives back what goes with the connection itself.
    pub(super) fn release(&mut self) {
        self.vhost.delete_exclusive(self.id);
        self.queues.clear();
    }

    /// Lets queues go on that waited for room in the outbox or for channel-wide credit.
    pub(super) fn resume(&mut self) {
        while let Some(id) = self.outbox.next_paused() {
            // It fills the outbox, or has nothing more to send.
            if let Some(queue) = self.queues.get(&id) {
                queue.resume(self.id);
            }
        }
        let mut starved = Vec::new();
        self.outbox.take_starved(&mut starved);
        for id in starved {
            if let Some(queue) = self.queues.get(&id) {
                queue.resume(self.id);
            }
        }
    }

    /// The session that queues deliver to.
    pub(super) fn session(&self) -> Arc<dyn Session> {
        Arc::clone(&self.outbox) as Arc<dyn Session>
    }

    /// The queue of that name; an empty name is the one that the channel declared last.
    pub(super) fn named_queue(
        &self,
        channel: &Channel,
        name: &str,
    ) -> Result<Arc<Queue>, Exception> {
        let name = expand(channel, name)?;
        Ok(self.vhost.queue(&name, self.id)?)
    }

    /// Remembers a queue that this connection will settle deliveries of.
    pub(super) fn remember(&mut self, queue: &Arc<Queue>) {
        if self.queues.len() >= self.queues_prune_at {
            self.queues.retain(|_, queue| !queue.is_deleted());
            self.queues_prune_at = QUEUES_PRUNE_MIN.max(2 * self.queues.len());
        }
        if let Entry::Vacant(vacant) = self.queues.entry(queue.id) {
            vacant.insert(Arc::clone(queue));
            self.watch(queue.values().consumer_timeout);
        }
    }
}

/// A queue's name; an empty one is the queue that the channel declared last.
pub(super) fn expand(channel: &Channel, name: &str) -> Result<QueueName, Exception> {
    if name.is_empty() {
        return Ok(channel.last_declared()?.clone());
    }
    queue_name(name)
}

/// A queue's name as it is kept: without line ends (RabbitMQ: `rabbit_channel:strip_cr_lf/1`).
pub(super) fn queue_name(name: &str) -> Result<QueueName, Exception> {
    QueueName::parse(strip_line_ends(name).as_ref()).map_err(invalid)
}

/// An exchange's name as it is kept.
pub(super) fn exchange_name(name: &str) -> Result<ExchangeName, Exception> {
    ExchangeName::parse(strip_line_ends(name).as_ref()).map_err(invalid)
}

/// A name without line ends.
pub(super) fn strip_line_ends(name: &str) -> std::borrow::Cow<'_, str> {
    if name.contains(['\r', '\n']) { name.replace(['\r', '\n'], "").into() } else { name.into() }
}

pub(super) fn invalid(error: impl std::fmt::Display) -> Exception {
    Exception::new(ReplyCode::SyntaxError, error.to_string())
}
