//! One virtual host: a single writer of its topology, a snapshot for those who route, and the
//! queues at work.

mod change;
mod exchanges;
mod queues;
mod waiting;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock, Weak};

use arc_swap::ArcSwap;
use dashmap::DashMap;
use parking_lot::Mutex;

pub use self::queues::DeclareQueue;
use super::errands::Errands;
use super::ids::Ids;
use super::past::Gate;
use super::queue::Queue;
use super::replies::ReplyConsumers;
use super::reporter::Reporter;
use crate::amqp::name::{ExchangeName, QueueName, VhostName};
use crate::queue::core::Queue as Core;
use crate::store::commit::Commit;
use crate::store::shared::Store;
use crate::topology::queue::QueueDefinition;
use crate::topology::routing::Routing;
use crate::topology::state::Topology;

/// The exchange that what is published and delivered in a virtual host is traced to.
pub const TRACE_EXCHANGE: &str = "amq.rabbitmq.trace";

/// A virtual host. Lock order: the topology, the gate, then one queue.
///
/// Every change comes with a [`Commit`]: when it is durable, or, where nothing had to change, when
/// that is durable which made it so. What need not survive a restart is done at once.
#[derive(Debug)]
pub struct Vhost {
    name: VhostName,
    pub(super) declared: Mutex<Declared>,
    routing: ArcSwap<Routing>,
    queues: DashMap<QueueName, Arc<Queue>, foldhash::fast::RandomState>,
    /// Queues in which messages wait, by the exchanges that they wait for.
    waiting: DashMap<ExchangeName, Arc<Queue>, foldhash::fast::RandomState>,
    ids: Arc<Ids>,
    store: Store,
    errands: Arc<Errands>,
    /// Whether there is or was a queue whose messages need the time.
    timed: AtomicBool,
    /// Whether a queue drops duplicates, or did.
    unique: AtomicBool,
    pub(super) gate: Gate,
    reporter: OnceLock<Arc<Reporter>>,
    replies: OnceLock<Arc<dyn ReplyConsumers>>,
    traced: AtomicBool,
}

/// What is declared. While it is locked the changes go to the log, so they are there in the order
/// in which they were made.
#[derive(Debug)]
pub(super) struct Declared {
    pub(super) topology: Topology,
    /// Of the last durable change, and so of all before it.
    last: Commit,
}

impl Vhost {
    /// A virtual host with the predeclared exchanges, which is durable with `created`.
    pub fn new(name: VhostName, ids: Arc<Ids>, store: Store, created: Commit) -> Arc<Self> {
        Self::with(Topology::new(name), ids, store, created)
    }

    /// A virtual host as it was before a restart; `contents` says what
    /// each queue holds.
    pub fn restored(
        topology: Topology,
        ids: Arc<Ids>,
        store: Store,
        contents: &mut dyn FnMut(&QueueDefinition) -> Core,
    ) -> Arc<Self> {
        let queues: Vec<_> = topology.queues().cloned().collect();
        let exchanges: Vec<_> =
            topology.exchanges().map(|it| Arc::clone(it.definition())).collect();
        let vhost = Self::with(topology, ids, store, Commit::done());
        for definition in queues {
            let core = contents(&definition);
            let values = vhost.declared.lock().topology.effective(&definition);
            let queue = Queue::new(&definition, values, core, &vhost.store, &vhost.errands);
            vhost.add_queue(queue);
        }
        for exchange in exchanges {
            vhost.add_waiting(&exchange, &mut *contents);
        }
        vhost
    }

    fn with(topology: Topology, ids: Arc<Ids>, store: Store, last: Commit) -> Arc<Self> {
        if let Some(last) = topology.last_queue_id() {
            ids.reserve_queues(last);
        }
        Arc::new_cyclic(|vhost| Self {
            name: topology.vhost().clone(),
            routing: ArcSwap::from_pointee(topology.routing()),
            declared: Mutex::new(Declared { topology, last }),
            queues: DashMap::default(),
            waiting: DashMap::default(),
            ids,
            store,
            errands: Arc::new(Errands::new(Weak::clone(vhost))),
            timed: AtomicBool::new(false),
            unique: AtomicBool::new(false),
            gate: Gate::default(),
            reporter: OnceLock::new(),
            replies: OnceLock::new(),
            traced: AtomicBool::new(false),
        })
    }

    /// Has changes reported from now on.
    pub fn report_to(&self, reporter: &Arc<Reporter>) {
        self.reporter.get_or_init(|| Arc::clone(reporter));
    }

    /// Has dead letters reach these consumers of direct replies from now on.
    pub fn reply_to(&self, consumers: Arc<dyn ReplyConsumers>) {
        self.replies.get_or_init(|| consumers);
    }

    /// The consumers of direct replies.
    pub(super) fn replies(&self) -> Option<&dyn ReplyConsumers> {
        self.replies.get().map(AsRef::as_ref)
    }

    /// Whether what is published and delivered is traced. A restart ends it.
    pub fn is_traced(&self) -> bool {
        self.traced.load(Ordering::Relaxed)
    }

    /// Begins or ends tracing; returns whether it was on before.
    pub fn set_traced(&self, traced: bool) -> bool {
        self.traced.swap(traced, Ordering::Relaxed)
    }

    /// Whether there is an exchange of that name, and anything bound to it.
    pub fn is_bound(&self, exchange: &str) -> bool {
        let routing = self.routing();
        routing.exchange(exchange.as_bytes()).is_some_and(|exchange| !exchange.router().is_empty())
    }

    /// Whether a message to the exchange of that name may come to anything, over alternate exchanges
    /// if nothing is bound to it.
    pub fn leads_on(&self, exchange: &str) -> bool {
        self.routing().leads_on(exchange.as_bytes())
    }

    /// Its name.
    pub const fn name(&self) -> &VhostName {
        &self.name
    }

    /// When all that is declared so far is durable.
    pub fn last_commit(&self) -> Commit {
        self.declared.lock().last.clone()
    }

    /// What all queues share.
    pub(super) const fn store(&self) -> &Store {
        &self.store
    }

    /// The snapshot to route by.
    pub(super) fn routing(&self) -> arc_swap::Guard<Arc<Routing>> {
        self.routing.load()
    }

    /// Whether a queue may need to know when its messages were accepted, all or those that wait for
    /// their time.
    #[inline]
    pub fn has_timed_queues(&self) -> bool {
        self.timed.load(Ordering::Relaxed)
    }

    /// Whether a queue may drop a publish as a duplicate of what was not settled before.
    #[inline]
    pub fn has_unique_queues(&self) -> bool {
        self.unique.load(Ordering::Relaxed)
    }

    /// What is done when everything logged so far is durable.
    pub fn barrier(&self) -> Commit {
        self.store.log.as_ref().map_or_else(Commit::done, |log| log.barrier())
    }
}
