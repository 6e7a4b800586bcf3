//! One queue at work: its core and its messages' contents behind one lock, carried out against
//! the sessions it serves.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};

use arc_swap::ArcSwap;
use bytes::Bytes;
use tokio::runtime::Handle;

use super::alarm::Alarm;
use super::backing::Backing;
use super::batch::{Leaving, PublishBatch, Task};
use super::burial::letter::DeadLetters;
use super::delays::DelayedMessage;
use super::errands::Errands;
use super::inbox::{Inbox, Turn};
use super::journal::Journal;
use super::keys::Keys;
use super::lease::Lease;
use super::leaving::Copied;
use super::session::{Consumer, Session};
use super::settings::settings;
use super::worker::{Counts, NotAttached, QueueWorker, Terms};
use crate::amqp::ack_mode::AckMode;
use crate::amqp::confirm::Confirm;
use crate::amqp::id::{ChannelId, ConnectionId, ConsumerId, MessageIndex, QueueId, Timestamp};
use crate::amqp::name::QueueName;
use crate::amqp::run::Run;
use crate::queue::command::{ChannelLimit, Settlement};
use crate::queue::core::Queue as Core;
use crate::queue::waiting::Rank;
use crate::store::format::checkpoint::QueueImage;
use crate::store::log::Log;
use crate::store::reclaim::{Holder, Holding, Relocation};
use crate::store::shared::Store;
use crate::topology::arguments::queue_type::QueueType;
use crate::topology::arguments::values::Values;
use crate::topology::queue::QueueDefinition;

/// A queue that connections publish to, consume from and settle with. All that one thread asks
/// of it happens in the order asked.
#[derive(Debug)]
pub struct Queue {
    /// Its name within the virtual host.
    pub name: QueueName,
    /// This incarnation of it.
    pub id: QueueId,
    /// What kind of queue it is.
    pub queue_type: QueueType,
    /// The connection that alone may use it.
    pub owner: Option<ConnectionId>,
    /// Whether it goes with its last consumer.
    pub auto_delete: bool,
    /// Whether its persistent messages are logged.
    pub durable: bool,
    /// Where its messages go that are logged, or do not stay in memory.
    pub log: Option<Arc<Log>>,
    /// What arguments and policies say together.
    values: ArcSwap<Values>,
    inbox: Inbox<QueueWorker>,
    /// Whether something of it goes by when its messages were accepted.
    timed: AtomicBool,
    /// Whether messages with `x-delay` wait in it.
    pub delayed: bool,
    deleted: AtomicBool,
}

/// Why a queue was not deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occupied {
    /// It has consumers.
    InUse,
    /// It has ready messages.
    NotEmpty,
}

/// What has to hold for a queue to be deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DeleteConditions {
    /// No consumers.
    pub if_unused: bool,
    /// No ready messages.
    pub if_empty: bool,
}

impl DeleteConditions {
    /// The name of the first condition there is.
    pub(super) const fn first(self) -> Option<&'static str> {
        match self {
            Self { if_unused: true, .. } => Some("if-unused"),
            Self { if_empty: true, .. } => Some("if-empty"),
            _ => None,
        }
    }
}

/// What a deleted queue leaves behind.
#[derive(Debug, Default)]
pub struct Remains {
    /// Ready messages that went with it.
    pub ready: u64,
    /// Consumers that have to be told.
    pub consumers: Vec<Consumer>,
}

impl Remains {
    /// Tells the consumers that their queue is gone.
    pub fn notify(self) {
        for consumer in self.consumers {
            consumer.session.cancelled(consumer.channel, consumer.id, &consumer.tag);
        }
    }
}

impl Queue {
    /// A queue that holds what `core` does, all of it on the disk, and works as its definition says.
    pub(super) fn new(
        definition: &QueueDefinition,
        values: Values,
        core: Core,
        store: &Store,
        errands: &Arc<Errands>,
    ) -> Arc<Self> {
        let log = store.log.as_ref();
        let core = core.with_settings(settings(definition.queue_type(), &values));
        let timed = core.settings().is_timed();
        let keys = Keys::of(&values);
        let delayed = core.settings().delayed;
        let alarm = |shared: &Weak<Self>| {
            Alarm::new(definition.id, Weak::clone(shared), Arc::clone(errands))
        };
        Arc::new_cyclic(|shared| {
            let backing = log.map(|log| {
                let confirm = match definition.queue_type() {
                    QueueType::Quorum => Confirm::Synced,
                    QueueType::Classic => definition.confirm().unwrap_or(store.confirm),
                };
                let journal = || Journal::new(Arc::clone(log), definition.id, confirm);
                let journal = definition.durable.then(journal);
                let residence = Arc::clone(&store.residence);
                Backing::new(Arc::clone(log), journal, residence, Weak::clone(shared))
            });
            let mut worker = QueueWorker::new(definition.id, core, backing, alarm(shared));
            worker.keys = keys;
            worker.dead_letters = DeadLetters::of(&definition.name, shared, &values);
            let (queue, errands) = (Weak::clone(shared), Arc::clone(errands));
            worker.lease = Some(Lease::new(definition.id, queue, errands, values.expires));
            Self {
                name: definition.name.clone(),
                id: definition.id,
                queue_type: definition.queue_type(),
                owner: definition.exclusive_owner,
                auto_delete: definition.auto_delete,
                durable: definition.durable,
                log: log.cloned(),
                inbox: Inbox::new(worker),
                timed: AtomicBool::new(timed),
                values: ArcSwap::from_pointee(values),
                delayed,
                deleted: AtomicBool::new(false),
            }
        })
    }

    /// Has it work as its arguments and the policies say now.
    pub(super) fn configure(self: &Arc<Self>, values: Values) {
        let settings = settings(self.queue_type, &values);
        let dead_letters = DeadLetters::of(&self.name, &Arc::downgrade(self), &values);
        self.timed.store(settings.is_timed(), Ordering::Relaxed);
        let expires = values.expires;
        self.values.store(Arc::new(values));
        self.with(|worker| {
            worker.lease.iter_mut().for_each(|lease| lease.change(expires));
            worker.configure(settings, dead_letters);
        });
    }

    /// What its arguments and the policies say together.
    pub fn values(&self) -> Arc<Values> {
        self.values.load_full()
    }

    /// What it holds, as far as it is written; `None` if it is not durable.
    pub fn image(self: &Arc<Self>) -> Option<QueueImage> {
        self.log.as_ref().filter(|_| self.durable)?;
        self.with(QueueWorker::image)
    }

    /// What it has in that file.
    pub fn holding(self: &Arc<Self>, file: u32) -> Option<Holding> {
        self.log.as_ref()?;
        let runs = self.with(|worker| worker.runs_in(file));
        let holder = Arc::new(Arc::clone(self));
        (!runs.is_empty()).then_some(Holding { queue: self.id, runs, holder })
    }

    /// Takes in what was read from the disk.
    pub(super) fn loaded(self: &Arc<Self>, read: Vec<(Run, io::Result<Bytes>)>) {
        self.submit(Task::Loaded(read));
    }

    /// Takes note of messages that have left memory.
    pub(super) fn left(self: &Arc<Self>, copied: Copied) {
        self.submit(Task::Left(copied));
    }

    /// Takes note that it is used: it stays for as long as it may without (`x-expires`).
    pub fn renew(self: &Arc<Self>) {
        if self.values.load().expires.is_some() {
            self.with(QueueWorker::renew);
        }
    }

    /// Begins with what it does of its own accord, if it came back with messages.
    pub fn begin(self: &Arc<Self>) {
        self.renew();
        if self.with(|worker| worker.is_restless()) {
            self.tick();
        }
    }

    /// Does what it wanted to be woken for.
    pub(super) fn tick(self: &Arc<Self>) {
        self.submit(Task::Tick);
    }

    /// Takes out what died and has arrived elsewhere.
    pub(super) fn bury(self: &Arc<Self>, buried: Vec<MessageIndex>) {
        self.submit(Task::Buried(buried));
    }

    /// Has what is not needed soon go out of memory, when memory is short.
    pub fn relieve(self: &Arc<Self>) {
        self.submit(Task::Relieve);
    }

    /// Whether its messages need the time at which they were accepted.
    #[inline]
    pub fn is_timed(&self) -> bool {
        self.timed.load(Ordering::Relaxed)
    }

    /// Whether it was deleted: what is published to it is accepted and dropped.
    pub fn is_deleted(&self) -> bool {
        self.deleted.load(Ordering::Acquire)
    }

    /// Whether it is a quorum queue: all of its messages are persistent, whatever they say.
    #[inline]
    pub fn is_quorum(&self) -> bool {
        self.queue_type == QueueType::Quorum
    }

    /// Takes in a batch.
    pub fn publish(self: &Arc<Self>, mut batch: PublishBatch) {
        if self.is_quorum() {
            batch.messages.iter_mut().for_each(|message| message.persistent = true);
        }
        self.submit(Task::Publish(batch));
    }

    /// Takes in a batch, for somebody to [work](Self::work).
    pub(super) fn put(&self, batch: PublishBatch) {
        self.inbox.put(Task::Publish(batch));
    }

    /// Carries out what waits, unless somebody else does.
    pub(super) fn work(self: &Arc<Self>) {
        let turn = self.inbox.run();
        self.hand_over(turn);
    }

    /// Settles deliveries.
    pub fn settle(self: &Arc<Self>, settled: Vec<(MessageIndex, Settlement)>) {
        self.submit(Task::Settle(settled));
    }

    /// Goes on delivering to the consumers of a session that has room or credit again.
    pub fn resume(self: &Arc<Self>, session: ConnectionId) {
        self.submit(Task::Resume(session));
    }

    /// Ready messages and consumers.
    pub fn counts(self: &Arc<Self>) -> Counts {
        self.with(|worker| worker.counts())
    }

    /// How many duplicates were published to it since it was declared or the broker started.
    pub fn duplicates(self: &Arc<Self>) -> u64 {
        self.with(|worker| worker.duplicates)
    }

    /// Starts a consumer. `announce` runs once it is certain to start and before its first
    /// delivery.
    ///
    /// # Errors
    /// The queue is, or would have to be, in exclusive use; or it was deleted meanwhile.
    pub fn attach(
        self: &Arc<Self>,
        consumer: Consumer,
        terms: Terms,
        announce: impl FnOnce(),
    ) -> Result<(), NotAttached> {
        self.with(|worker| worker.attach(consumer, terms, announce))
    }

    /// Ends a consumer; what it has not settled stays with its channel. Returns whether it was
    /// the last one.
    pub fn detach(self: &Arc<Self>, consumer: ConsumerId) -> bool {
        self.with(|worker| worker.detach(consumer))
    }

    /// Stops deliveries to a consumer, which is about to [leave](Self::leave).
    pub fn silence(self: &Arc<Self>, consumer: ConsumerId) {
        self.with(|worker| worker.silence(consumer));
    }

    /// Ends consumers and requeues what was theirs, all before anybody else is served. Returns
    /// whether the last consumer has gone.
    pub fn leave(self: &Arc<Self>, leaving: &Leaving) -> bool {
        self.with(|worker| worker.leave(leaving))
    }

    /// Hands the next ready message to `session`; `false` when there is none.
    pub fn get(
        self: &Arc<Self>,
        session: &Arc<dyn Session>,
        channel: ChannelId,
        acks: AckMode,
    ) -> bool {
        self.with(|worker| worker.get(&**session, channel, acks))
    }

    /// Drops all ready messages; returns how many.
    pub fn purge(self: &Arc<Self>) -> u64 {
        self.with(QueueWorker::purge)
    }

    /// The first `limit` messages that wait for their time behind `after`. It may read from the
    /// disk.
    pub fn list_delayed(self: &Arc<Self>, after: Rank, limit: usize) -> Vec<DelayedMessage> {
        self.with(|worker| worker.list_delayed(after, limit))
    }

    /// Removes the messages that wait with that `message-id`; returns how many.
    pub fn cancel_delayed(self: &Arc<Self>, message_id: &[u8]) -> usize {
        self.with(|worker| worker.cancel_delayed(message_id))
    }

    /// Has the messages that wait with that `message-id` become ready at `due`; returns how many.
    pub fn retime_delayed(self: &Arc<Self>, message_id: &[u8], due: Timestamp) -> usize {
        self.with(|worker| worker.retime_delayed(self, message_id, due))
    }

    /// Changes the prefetch regime of a session's consumers on one channel.
    pub fn limit_channel(
        self: &Arc<Self>,
        session: ConnectionId,
        channel: ChannelId,
        limit: ChannelLimit,
    ) {
        self.with(|worker| worker.limit_channel(session, channel, limit));
    }

    /// Empties the queue for good.
    ///
    /// # Errors
    /// A condition does not hold; nothing has changed.
    pub fn delete(self: &Arc<Self>, conditions: DeleteConditions) -> Result<Remains, Occupied> {
        self.with(|worker| {
            let counts = worker.counts();
            if conditions.if_empty
                && (counts.ready > 0 || worker.core.delayed() + worker.core.deferred() > 0)
            {
                return Err(Occupied::NotEmpty);
            }
            if conditions.if_unused && counts.consumers > 0 {
                return Err(Occupied::InUse);
            }
            self.deleted.store(true, Ordering::Release);
            Ok(Remains { ready: counts.ready, consumers: worker.close() })
        })
    }

    /// Empties the queue for good if nobody has used it for as long as it may stay without.
    ///
    /// # Errors
    /// It is used; nothing has changed.
    pub(super) fn delete_unused(self: &Arc<Self>) -> Result<Remains, Occupied> {
        self.with(|worker| {
            if !worker.is_unused() {
                return Err(Occupied::InUse);
            }
            self.deleted.store(true, Ordering::Release);
            Ok(Remains { ready: worker.counts().ready, consumers: worker.close() })
        })
    }

    fn submit(self: &Arc<Self>, task: Task) {
        let turn = self.inbox.submit(task);
        self.hand_over(turn);
    }

    fn with<R>(self: &Arc<Self>, ask: impl FnOnce(&mut QueueWorker) -> R) -> R {
        let (answer, turn) = self.inbox.with(ask);
        self.hand_over(turn);
        answer
    }

    /// Leaves what a long turn did not get to to a task of its own.
    fn hand_over(self: &Arc<Self>, turn: Turn) {
        if turn == Turn::Done {
            return;
        }
        let queue = Arc::clone(self);
        let rest = async move {
            while queue.inbox.run() == Turn::HandOver {
                tokio::task::yield_now().await;
            }
        };
        match Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn(rest)),
            // A connection that goes with its runtime, while the runtime is being dropped.
            Err(_) => while self.inbox.run() == Turn::HandOver {},
        }
    }
}

impl Holder for Arc<Queue> {
    fn relocate(&self, relocation: Relocation) {
        if let Some(log) = &self.log {
            self.with(|worker| worker.relocate(log, &relocation));
        }
    }
}
