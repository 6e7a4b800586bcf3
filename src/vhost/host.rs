//! One virtual host: a single writer of its topology, a snapshot for those who route, and the
//! queues at work.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock, Weak};

use arc_swap::ArcSwap;
use dashmap::DashMap;
use parking_lot::Mutex;

use super::announce::announce;
use super::errands::Errands;
use super::ids::Ids;
use super::past::Gate;
use super::queue::{DeleteConditions, Occupied, Queue, Remains};
use super::reporter::{INTERNAL_USER, Reporter};
use crate::amqp::id::ConnectionId;
use crate::amqp::name::{ExchangeName, QueueName, VhostName};
use crate::amqp::table::Table;
use crate::exchange::kind::ExchangeKind;
use crate::queue::core::Queue as Core;
use crate::store::commit::Commit;
use crate::store::meta::MetaChange;
use crate::store::shared::Store;
use crate::topology::command::{BindCommand, Change, Command, DeleteCondition, Naming, Outcome};
use crate::topology::durable::change_entry;
use crate::topology::error::{Error, Resource};
use crate::topology::exchange::ExchangeDefinition;
use crate::topology::queue::QueueDefinition;
use crate::topology::quorum::NotOfQuorum;
use crate::topology::routing::Routing;
use crate::topology::state::{Topology, check_not_default};

/// The exchange that what is published and delivered in a virtual host is traced to.
pub const TRACE_EXCHANGE: &str = "amq.rabbitmq.trace";

/// A virtual host. Lock order: the topology, the gate, then one queue.
#[derive(Debug)]
pub struct Vhost {
    name: VhostName,
    pub(super) declared: Mutex<Declared>,
    routing: ArcSwap<Routing>,
    queues: DashMap<QueueName, Arc<Queue>, foldhash::fast::RandomState>,
    ids: Arc<Ids>,
    store: Store,
    errands: Arc<Errands>,
    /// Whether there is or was a queue whose messages need the time.
    timed: AtomicBool,
    /// Whether a queue drops duplicates, or did.
    unique: AtomicBool,
    pub(super) gate: Gate,
    reporter: OnceLock<Arc<Reporter>>,
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

/// What queue.declare asks for.
#[derive(Clone, Debug)]
pub struct DeclareQueue {
    /// The queue's name, made up if the client gave none.
    pub name: QueueName,
    /// Who made the name up.
    pub naming: Naming,
    /// Whether it survives a restart.
    pub durable: bool,
    /// Who has it for itself, if anybody.
    pub owner: Option<ConnectionId>,
    /// Whether it goes with its last consumer.
    pub auto_delete: bool,
    /// Its arguments as they came.
    pub arguments: Table,
}

/// Every change comes with a [`Commit`]: when it is durable, or, where nothing had to change, when
/// that is durable which made it so. What need not survive a restart is done at once.
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
        let vhost = Self::with(topology, ids, store, Commit::done());
        for definition in queues {
            let core = contents(&definition);
            let values = vhost.declared.lock().topology.effective(&definition);
            let queue = Queue::new(&definition, values, core, &vhost.store, &vhost.errands);
            vhost.add_queue(queue);
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
            ids,
            store,
            errands: Arc::new(Errands::new(Weak::clone(vhost))),
            timed: AtomicBool::new(false),
            unique: AtomicBool::new(false),
            gate: Gate::default(),
            reporter: OnceLock::new(),
            traced: AtomicBool::new(false),
        })
    }

    /// Has changes reported from now on.
    pub fn report_to(&self, reporter: &Arc<Reporter>) {
        self.reporter.get_or_init(|| Arc::clone(reporter));
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

    /// Its name.
    pub const fn name(&self) -> &VhostName {
        &self.name
    }

    /// When all that is declared so far is durable.
    pub fn last_commit(&self) -> Commit {
        self.declared.lock().last.clone()
    }

    /// The snapshot to route by.
    pub(super) fn routing(&self) -> arc_swap::Guard<Arc<Routing>> {
        self.routing.load()
    }

    /// How many queues there are.
    pub fn queue_count(&self) -> usize {
        self.queues.len()
    }

    /// All queues.
    pub fn queues(&self) -> Vec<Arc<Queue>> {
        self.queues.iter().map(|queue| Arc::clone(&queue)).collect()
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

    /// The queue of that name at work, whoever owns it.
    pub fn find_queue(&self, name: &[u8]) -> Option<Arc<Queue>> {
        self.queues.get(name).map(|queue| Arc::clone(&queue))
    }

    /// The queue of that name, for `connection` to use.
    ///
    /// # Errors
    /// There is none: 404; it is another connection's: 405.
    pub fn queue(&self, name: &QueueName, connection: ConnectionId) -> Result<Arc<Queue>, Error> {
        let resource = || Resource::queue(&self.name, name);
        let queue = self.find_queue(name.as_bytes()).ok_or_else(|| Error::Missing(resource()))?;
        match queue.owner {
            Some(owner) if owner != connection => Err(Error::Locked(resource())),
            _ => Ok(queue),
        }
    }

    /// Declares an exchange for the user `by`.
    ///
    /// # Errors
    /// See [`Topology::apply`].
    pub fn declare_exchange(
        &self,
        definition: ExchangeDefinition,
        by: &str,
    ) -> Result<Commit, Error> {
        self.change(&mut self.declared.lock(), Command::DeclareExchange(definition), by)
    }

    /// Declares a durable internal topic exchange that the broker itself publishes to.
    ///
    /// # Errors
    /// See [`Topology::apply`].
    pub fn declare_own_exchange(&self, name: ExchangeName) -> Result<Commit, Error> {
        let definition = ExchangeDefinition {
            name,
            kind: ExchangeKind::Topic,
            durable: true,
            auto_delete: false,
            internal: true,
            arguments: Table::default(),
        };
        let command = Command::DeclareOwnExchange(definition);
        self.change(&mut self.declared.lock(), command, INTERNAL_USER)
    }

    /// Checks that an exchange exists.
    ///
    /// # Errors
    /// 404; the default exchange: 403.
    pub fn check_exchange(&self, name: &ExchangeName) -> Result<(), Error> {
        check_not_default(name)?;
        match self.routing().exchange(name.as_bytes()) {
            Some(_) => Ok(()),
            None => Err(Error::Missing(Resource::exchange(&self.name, name))),
        }
    }

    /// Deletes an exchange and its bindings; one that does not exist is deleted already.
    ///
    /// # Errors
    /// See [`Topology::apply`].
    pub fn delete_exchange(
        &self,
        name: ExchangeName,
        condition: DeleteCondition,
        by: &str,
    ) -> Result<Commit, Error> {
        self.change(&mut self.declared.lock(), Command::DeleteExchange { name, condition }, by)
    }

    /// What is done when everything logged so far is durable.
    pub fn barrier(&self) -> Commit {
        self.store.log.as_ref().map_or_else(Commit::done, |log| log.barrier())
    }

    /// Adds a binding. If it is new and leads from an exchange that keeps messages, it is sent
    /// those before any other.
    ///
    /// # Errors
    /// See [`Topology::apply`].
    pub fn bind(&self, command: BindCommand, by: &str) -> Result<Commit, Error> {
        let mut declared = self.declared.lock();
        let Some(history) = self.history(&command.source) else {
            return self.change(&mut declared, Command::Bind(command), by);
        };
        let destination = command.binding.destination().clone();
        let before = declared.topology.revision();
        let closed = self.gate.close();
        let commit = self.change(&mut declared, Command::Bind(command), by)?;
        let is_new = declared.topology.revision() != before;
        let sent = if is_new { self.replay(&history, &destination) } else { Vec::new() };
        drop((closed, declared));
        for queue in sent {
            queue.work();
        }
        Ok(commit)
    }

    /// Removes a binding; one that does not exist is removed already.
    ///
    /// # Errors
    /// See [`Topology::apply`].
    pub fn unbind(&self, command: BindCommand, by: &str) -> Result<Commit, Error> {
        self.change(&mut self.declared.lock(), Command::Unbind(command), by)
    }

    /// Declares a queue for the user `by`.
    ///
    /// # Errors
    /// See [`Topology::apply`].
    pub fn declare_queue(
        &self,
        declare: DeclareQueue,
        by: &str,
    ) -> Result<(Arc<Queue>, Commit), Error> {
        let DeclareQueue { name, naming, durable, owner, auto_delete, arguments } = declare;
        let definition = QueueDefinition {
            name: name.clone(),
            id: self.ids.next_queue(),
            durable,
            exclusive_owner: owner,
            auto_delete,
            arguments,
        };
        let declared = &mut self.declared.lock();
        let commit = self.change(declared, Command::DeclareQueue { definition, naming }, by)?;
        let missing = || Error::Missing(Resource::queue(&self.name, &name));
        let queue = self.find_queue(name.as_bytes()).ok_or_else(missing)?;
        queue.renew();
        Ok((queue, commit))
    }

    /// Deletes a queue; one that does not exist is deleted already and leaves nothing.
    ///
    /// # Errors
    /// It is another connection's: 405; a condition does not hold: 406; a quorum queue, on a
    /// condition: 540.
    pub fn delete_queue(
        &self,
        name: &QueueName,
        connection: ConnectionId,
        conditions: DeleteConditions,
        by: &str,
    ) -> Result<(Remains, Commit), Error> {
        let queue = match self.queue(name, connection) {
            Ok(queue) => queue,
            Err(Error::Missing(_)) => return Ok((Remains::default(), self.last_commit())),
            Err(locked) => return Err(locked),
        };
        if let Some(flag) = conditions.first().filter(|_| queue.is_quorum()) {
            return Err(Error::Quorum(NotOfQuorum::DeleteIf(
                Resource::queue(&self.name, name),
                flag,
            )));
        }
        self.delete(&queue, conditions, by).map_err(|occupied| {
            let resource = Resource::queue(&self.name, name);
            match occupied {
                Occupied::InUse => Error::InUse(resource),
                Occupied::NotEmpty => Error::NotEmpty(resource),
            }
        })
    }

    /// Deletes an auto-delete queue that has lost its last consumer, unless it has found another.
    pub fn delete_abandoned(&self, queue: &Arc<Queue>) {
        if queue.auto_delete {
            let unused = DeleteConditions { if_unused: true, if_empty: false };
            // In use again: somebody consumes from it. Nobody waits for the commit.
            drop(self.delete(queue, unused, INTERNAL_USER));
        }
    }

    /// Deletes a connection's exclusive queues. Their consumers were the connection's own.
    pub fn delete_exclusive(&self, owner: ConnectionId) {
        let names = self.declared.lock().topology.exclusive_queues(owner);
        for queue in names.iter().filter_map(|name| self.find_queue(name.as_bytes())) {
            drop(self.delete(&queue, DeleteConditions::default(), INTERNAL_USER));
        }
    }

    fn delete(
        &self,
        queue: &Arc<Queue>,
        conditions: DeleteConditions,
        by: &str,
    ) -> Result<(Remains, Commit), Occupied> {
        self.delete_by(queue, |queue| queue.delete(conditions), by)
    }

    /// Deletes a queue, which `empty` empties for good unless something speaks against it.
    pub(super) fn delete_by<E>(
        &self,
        queue: &Arc<Queue>,
        empty: impl FnOnce(&Arc<Queue>) -> Result<Remains, E>,
        by: &str,
    ) -> Result<(Remains, Commit), E> {
        let declared = &mut self.declared.lock();
        if queue.is_deleted() {
            return Ok((Remains::default(), declared.last.clone()));
        }
        let remains = empty(queue)?;
        // A deletion is never refused by the topology.
        let commit = self.change(declared, Command::DeleteQueue(queue.name.clone()), by);
        Ok((remains, commit.unwrap_or_else(|_| declared.last.clone())))
    }

    /// Applies a command and logs what is durable of it, then starts, forgets and configures queues
    /// and publishes the snapshot as it says. So whatever is done with a queue is logged after it.
    pub(super) fn change(
        &self,
        declared: &mut Declared,
        command: Command,
        by: &str,
    ) -> Result<Commit, Error> {
        let outcome = declared.topology.apply(command)?;
        if outcome.is_empty() {
            return Ok(declared.last.clone());
        }
        let commit = self.log(declared, &outcome);
        for change in &outcome.changes {
            match change {
                Change::QueueCreated(definition) => {
                    let values = declared.topology.effective(definition);
                    let core = Core::new();
                    let queue = Queue::new(definition, values, core, &self.store, &self.errands);
                    self.add_queue(queue);
                }
                Change::QueueDeleted(definition) => {
                    self.queues.remove(&definition.name);
                }
                Change::QueueReconfigured(definition) => {
                    if let Some(queue) = self.find_queue(definition.name.as_bytes()) {
                        queue.configure(declared.topology.effective(definition));
                        self.timed.fetch_or(queue.is_timed(), Ordering::Relaxed);
                    }
                }
                _ => {}
            }
        }
        self.routing.store(Arc::new(declared.topology.routing()));
        if let Some(reporter) = self.reporter.get() {
            announce(reporter, &self.name, &outcome.changes, by);
        }
        Ok(commit)
    }

    fn add_queue(&self, queue: Arc<Queue>) {
        self.timed.fetch_or(queue.is_timed() || queue.delayed, Ordering::Relaxed);
        self.unique.fetch_or(queue.values().deduplication == Some(true), Ordering::Relaxed);
        self.queues.insert(queue.name.clone(), queue);
    }

    fn log(&self, declared: &mut Declared, outcome: &Outcome) -> Commit {
        let entries = outcome.changes.iter().filter_map(|it| change_entry(&self.name, it));
        let changes: Vec<_> = entries.map(|(key, value)| MetaChange { key, value }).collect();
        if changes.is_empty() {
            return Commit::done();
        }
        declared.last = self.store.meta.append(changes);
        declared.last.clone()
    }
}
