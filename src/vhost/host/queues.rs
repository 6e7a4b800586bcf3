//! Queues of a virtual host: found, declared and deleted.

use std::sync::Arc;

use super::Vhost;
use crate::amqp::id::ConnectionId;
use crate::amqp::name::QueueName;
use crate::amqp::table::Table;
use crate::store::commit::Commit;
use crate::topology::command::{Command, Naming};
use crate::topology::error::{Error, Resource};
use crate::topology::queue::QueueDefinition;
use crate::topology::quorum::NotOfQuorum;
use crate::vhost::queue::{DeleteConditions, Occupied, Queue, Remains};
use crate::vhost::reporter::INTERNAL_USER;

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
    /// How many queues there are.
    pub fn queue_count(&self) -> usize {
        self.queues.len()
    }

    /// All queues, and those in which messages wait at exchanges.
    pub fn queues(&self) -> Vec<Arc<Queue>> {
        let queues = self.queues.iter().map(|queue| Arc::clone(&queue));
        queues.chain(self.waiting.iter().map(|queue| Arc::clone(&queue))).collect()
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

    /// Declares a queue for the user `by`.
    ///
    /// # Errors
    /// See [`Topology::apply`](crate::topology::state::Topology::apply).
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
    pub(in crate::vhost) fn delete_by<E>(
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
}
