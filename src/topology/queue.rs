//! A declared queue, as far as the topology knows it.

use crate::amqp::confirm::Confirm;
use crate::amqp::id::{ConnectionId, QueueId};
use crate::amqp::name::{QueueName, VhostName};
use crate::amqp::table::Table;

use super::arguments;
use super::arguments::queue_type::QueueType;
use super::arguments::values::Values;
use super::equivalence::compare_field;
use super::error::{Error, Resource};

/// What `queue.declare` says about a queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueDefinition {
    /// Its name within the virtual host.
    pub name: QueueName,
    /// This incarnation of it.
    pub id: QueueId,
    /// Whether it survives a restart; never with an owner.
    pub durable: bool,
    /// The connection that alone may use it, and with which it goes.
    pub exclusive_owner: Option<ConnectionId>,
    /// Whether it goes with its last consumer.
    pub auto_delete: bool,
    /// As the client sent them.
    pub arguments: Table,
}

impl QueueDefinition {
    /// Whether `connection` may use the queue.
    ///
    /// # Errors
    /// Another connection's exclusive queue: 405.
    pub fn check_access(&self, vhost: &VhostName, connection: ConnectionId) -> Result<(), Error> {
        match self.exclusive_owner {
            Some(owner) if owner != connection => {
                Err(Error::Locked(Resource::queue(vhost, &self.name)))
            }
            _ => Ok(()),
        }
    }

    /// What kind of queue it is.
    pub fn queue_type(&self) -> QueueType {
        QueueType::of(self.arguments.as_ref())
    }

    /// What its arguments ask for.
    pub fn values(&self) -> Values {
        Values::read(self.arguments.as_ref())
    }

    /// When its persistent messages are confirmed, if the queue says so itself.
    pub fn confirm(&self) -> Option<Confirm> {
        self.values().confirm
    }

    /// Whether it serves one consumer at a time.
    pub fn single_active_consumer(&self) -> bool {
        self.values().single_active_consumer == Some(true)
    }

    /// Whether a new queue may have these properties with its type (RabbitMQ: `rabbit_queue_type_util`,
    /// in the order of `rabbit_quorum_queue:declare/2`).
    pub(super) fn check_properties(&self, vhost: &VhostName) -> Result<(), Error> {
        let wrong = match self.queue_type() {
            QueueType::Quorum if self.auto_delete => Some("auto-delete"),
            QueueType::Quorum if self.exclusive_owner.is_some() => Some("exclusive-owner"),
            QueueType::Quorum if !self.durable => Some("non-durable"),
            QueueType::Classic | QueueType::Quorum => None,
        };
        match wrong {
            None => Ok(()),
            Some(property) => {
                Err(Error::Property { resource: Resource::queue(vhost, &self.name), property })
            }
        }
    }

    /// Whether `received` declares what exists already (RabbitMQ:
    /// `rabbit_amqqueue:assert_equivalence/5`).
    pub(super) fn check_equivalence(
        &self,
        vhost: &VhostName,
        received: &Self,
    ) -> Result<(), Error> {
        let resource = || Resource::queue(vhost, &self.name);
        if received.exclusive_owner != self.exclusive_owner {
            return Err(Error::Locked(resource()));
        }
        compare_field(resource, "durable", &received.durable, &self.durable)?;
        compare_field(resource, "auto_delete", &received.auto_delete, &self.auto_delete)?;
        arguments::compare(resource, received.arguments.as_ref(), self.arguments.as_ref())
    }
}
