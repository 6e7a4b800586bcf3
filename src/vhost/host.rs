//! One virtual host: a single writer of its topology, a snapshot for those who route, and the
//! queues at work.

use std::sync::Arc;

use arc_swap::ArcSwap;
use dashmap::DashMap;
use parking_lot::Mutex;

use super::ids::Ids;
use super::queue::{DeleteConditions, Occupied, Queue, Remains};
use crate::amqp::id::ConnectionId;
use crate::amqp::name::{ExchangeName, QueueName, VhostName};
use crate::amqp::table::Table;
use crate::topology::command::{BindCommand, Change, Command, DeleteCondition, Naming, Outcome};
use crate::topology::error::{Error, Resource};
use crate::topology::exchange::ExchangeDefinition;
use crate::topology::queue::QueueDefinition;
use crate::topology::routing::Routing;
use crate::topology::state::{Topology, check_not_default};

/// A virtual host. Lock order: the topology, then one queue.
#[derive(Debug)]
pub struct Vhost {
    name: VhostName,
    topology: Mutex<Topology>,
    routing: ArcSwap<Routing>,
    queues: DashMap<QueueName, Arc<Queue>, foldhash::fast::RandomState>,
    ids: Arc<Ids>,
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

impl Vhost {
    /// A virtual host with the predeclared exchanges.
    pub fn new(name: VhostName, ids: Arc<Ids>) -> Self {
        let topology = Topology::new(name.clone());
        let routing = ArcSwap::from_pointee(topology.routing());
        let queues = DashMap::default();
        Self { name, topology: Mutex::new(topology), routing, queues, ids }
    }

    /// Its name.
    pub const fn name(&self) -> &VhostName {
        &self.name
    }

    /// The snapshot to route by.
    pub(super) fn routing(&self) -> arc_swap::Guard<Arc<Routing>> {
        self.routing.load()
    }

    /// How many queues there are.
    pub fn queue_count(&self) -> usize {
        self.queues.len()
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

    /// Declares an exchange.
    ///
    /// # Errors
    /// See [`Topology::apply`].
    pub fn declare_exchange(&self, definition: ExchangeDefinition) -> Result<(), Error> {
        self.change(&mut self.topology.lock(), Command::DeclareExchange(definition)).map(|_| ())
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
    ) -> Result<(), Error> {
        let command = Command::DeleteExchange { name, condition };
        self.change(&mut self.topology.lock(), command).map(|_| ())
    }

    /// Adds a binding.
    ///
    /// # Errors
    /// See [`Topology::apply`].
    pub fn bind(&self, command: BindCommand) -> Result<(), Error> {
        self.change(&mut self.topology.lock(), Command::Bind(command)).map(|_| ())
    }

    /// Removes a binding; one that does not exist is removed already.
    ///
    /// # Errors
    /// See [`Topology::apply`].
    pub fn unbind(&self, command: BindCommand) -> Result<(), Error> {
        self.change(&mut self.topology.lock(), Command::Unbind(command)).map(|_| ())
    }

    /// Declares a queue.
    ///
    /// # Errors
    /// See [`Topology::apply`].
    pub fn declare_queue(&self, declare: DeclareQueue) -> Result<Arc<Queue>, Error> {
        let DeclareQueue { name, naming, durable, owner, auto_delete, arguments } = declare;
        let definition = QueueDefinition {
            name: name.clone(),
            id: self.ids.next_queue(),
            durable,
            exclusive_owner: owner,
            auto_delete,
            arguments,
        };
        let topology = &mut self.topology.lock();
        self.change(topology, Command::DeclareQueue { definition, naming })?;
        let missing = || Error::Missing(Resource::queue(&self.name, &name));
        self.find_queue(name.as_bytes()).ok_or_else(missing)
    }

    /// Deletes a queue; one that does not exist is deleted already and leaves nothing.
    ///
    /// # Errors
    /// It is another connection's: 405; a condition does not hold: 406.
    pub fn delete_queue(
        &self,
        name: &QueueName,
        connection: ConnectionId,
        conditions: DeleteConditions,
    ) -> Result<Remains, Error> {
        let queue = match self.queue(name, connection) {
            Ok(queue) => queue,
            Err(Error::Missing(_)) => return Ok(Remains::default()),
            Err(locked) => return Err(locked),
        };
        self.delete(&queue, conditions).map_err(|occupied| {
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
            // In use again: somebody consumes from it.
            drop(self.delete(queue, unused));
        }
    }

    /// Deletes a connection's exclusive queues. Their consumers were the connection's own.
    pub fn delete_exclusive(&self, owner: ConnectionId) {
        let names = self.topology.lock().exclusive_queues(owner);
        for queue in names.iter().filter_map(|name| self.find_queue(name.as_bytes())) {
            drop(self.delete(&queue, DeleteConditions::default()));
        }
    }

    fn delete(
        &self,
        queue: &Arc<Queue>,
        conditions: DeleteConditions,
    ) -> Result<Remains, Occupied> {
        let topology = &mut self.topology.lock();
        if queue.is_deleted() {
            return Ok(Remains::default());
        }
        let remains = queue.delete(conditions)?;
        // A deletion is never refused by the topology.
        drop(self.change(topology, Command::DeleteQueue(queue.name.clone())));
        Ok(remains)
    }

    /// Applies a command, then starts and forgets queues and publishes the snapshot as it says.
    fn change(&self, topology: &mut Topology, command: Command) -> Result<Outcome, Error> {
        let outcome = topology.apply(command)?;
        for change in &outcome.changes {
            match change {
                Change::QueueCreated(definition) => {
                    self.queues.insert(definition.name.clone(), Queue::new(definition));
                }
                Change::QueueDeleted(definition) => {
                    self.queues.remove(&definition.name);
                }
                _ => {}
            }
        }
        if !outcome.is_empty() {
            self.routing.store(Arc::new(topology.routing()));
        }
        Ok(outcome)
    }
}
