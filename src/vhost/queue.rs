//! One queue at work: its core and its messages' contents behind one lock, carried out against
//! the sessions it serves.

mod deletion;
mod requests;
mod upkeep;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Weak};

use arc_swap::ArcSwap;
use tokio::runtime::Handle;

pub use self::deletion::{DeleteConditions, Occupied, Remains};
use super::alarm::Alarm;
use super::backing::Backing;
use super::batch::{PublishBatch, Task};
use super::burial::letter::DeadLetters;
use super::errands::Errands;
use super::inbox::{Inbox, Turn};
use super::journal::Journal;
use super::keys::Keys;
use super::lease::Lease;
use super::settings::settings;
use super::worker::QueueWorker;
use crate::amqp::confirm::Confirm;
use crate::amqp::id::{ConnectionId, QueueId};
use crate::amqp::name::QueueName;
use crate::queue::core::Queue as Core;
use crate::queue::settings::{Priorities, Settings};
use crate::store::log::Log;
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
    /// The levels of its messages.
    pub priorities: Priorities,
    /// What arguments and policies say together.
    values: ArcSwap<Values>,
    inbox: Inbox<QueueWorker>,
    /// Whether something of it goes by when its messages were accepted.
    timed: AtomicBool,
    /// Which messages wait in it for their time.
    pub delays: Delays,
    deleted: AtomicBool,
    /// How often its dead letters that nobody takes were purged.
    letter_purges: AtomicU64,
}

/// Which messages wait in a queue for their time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delays {
    /// None.
    Off,
    /// Its own, with `x-delay` (`x-delayed`).
    Own,
    /// Those of an exchange (`x-delayed-message`), and it has no others.
    OfExchange,
}

impl Delays {
    const fn of(settings: &Settings) -> Self {
        match settings {
            Settings { hands_on: true, .. } => Self::OfExchange,
            Settings { delayed: true, .. } => Self::Own,
            _ => Self::Off,
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
        let lived = core.lifetimes().next_back();
        let core = core.with_settings(settings(definition.queue_type(), &values));
        let timed = core.settings().is_timed();
        let keys = Keys::of(&values);
        let priorities = core.settings().priorities;
        let delays = Delays::of(core.settings());
        let alarm = |shared: &Weak<Self>| {
            Alarm::new(definition.id, Weak::clone(shared), Arc::clone(errands))
        };
        Arc::new_cyclic(|shared| {
            let backing = log.map(|log| {
                let confirm = match definition.queue_type() {
                    QueueType::Quorum => Confirm::Synced,
                    QueueType::Classic => definition.confirm().unwrap_or(store.confirm),
                };
                let journal = || Journal::new(Arc::clone(log), definition.id, confirm, lived);
                let journal = definition.durable.then(journal);
                let residence = Arc::clone(&store.residence);
                let mut backing =
                    Backing::new(Arc::clone(log), journal, residence, Weak::clone(shared));
                backing.live(&core);
                backing
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
                priorities,
                inbox: Inbox::new(worker),
                timed: AtomicBool::new(timed),
                values: ArcSwap::from_pointee(values),
                delays,
                deleted: AtomicBool::new(false),
                letter_purges: AtomicU64::new(0),
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

    /// Whether it drops its oldest before it serves consumers, where messages came back.
    pub fn trims_first(&self) -> bool {
        settings(self.queue_type, &self.values.load()).trims_first()
    }

    /// Whether its messages need the time at which they were accepted.
    #[inline]
    pub fn is_timed(&self) -> bool {
        self.timed.load(Ordering::Relaxed)
    }

    /// How often its dead letters that nobody takes were purged. It changes while the queue is locked.
    pub(in crate::vhost) fn letter_purges(&self) -> u64 {
        self.letter_purges.load(Ordering::Acquire)
    }

    /// Says that those until now were purged.
    pub(in crate::vhost) fn purge_letters(&self) {
        self.letter_purges.fetch_add(1, Ordering::AcqRel);
    }

    /// Whether it was deleted: what is published to it is accepted and dropped.
    pub fn is_deleted(&self) -> bool {
        self.deleted.load(Ordering::Acquire)
    }

    /// Whether it is one in which messages wait for an exchange, and that nobody declared.
    #[inline]
    pub fn is_waiting(&self) -> bool {
        self.delays == Delays::OfExchange
    }

    /// Whether it is a quorum queue: all of its messages are persistent, whatever they say.
    #[inline]
    pub fn is_quorum(&self) -> bool {
        self.queue_type == QueueType::Quorum
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
