//! What can be asked of a topology, and what comes of it.

use std::sync::Arc;

use crate::amqp::id::ConnectionId;
use crate::amqp::name::{ExchangeName, PolicyName, QueueName};
use crate::exchange::binding::Binding;
use crate::policy::checked::{Issuer, Policy};

use super::exchange::ExchangeDefinition;
use super::queue::QueueDefinition;

/// A change that somebody wants.
#[derive(Clone, Debug)]
pub enum Command {
    /// `exchange.declare`, not passive.
    DeclareExchange(ExchangeDefinition),
    /// An exchange of the broker's own, whose name may be reserved; nothing changes when there is one
    /// of that name.
    DeclareOwnExchange(ExchangeDefinition),
    /// `exchange.delete`; nothing changes when there is no such exchange.
    DeleteExchange {
        /// The exchange.
        name: ExchangeName,
        /// When to go ahead.
        condition: DeleteCondition,
    },
    /// `queue.bind` or `exchange.bind`.
    Bind(BindCommand),
    /// `queue.unbind` or `exchange.unbind`; nothing changes when anything of it is missing.
    Unbind(BindCommand),
    /// `queue.declare`, not passive.
    DeclareQueue {
        /// The queue; `durable` counts only without an owner, `id` only when it is new.
        definition: QueueDefinition,
        /// Whose name it is.
        naming: Naming,
    },
    /// Takes a queue and its bindings away; nothing changes when there is no such queue.
    DeleteQueue(QueueName),
    /// Sets a policy, in place of one of the same issuer and name.
    SetPolicy(Arc<Policy>),
    /// Takes a policy away.
    ClearPolicy(Issuer, PolicyName),
}

/// When a deletion goes ahead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeleteCondition {
    /// In any case.
    Always,
    /// Unless bindings lead from the exchange.
    IfUnused,
}

/// Who chose a queue's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Naming {
    /// The client, who may not begin with `amq.`.
    Client,
    /// The server, for a client who sent an empty name.
    Server,
}

/// A binding to add or to remove.
#[derive(Clone, Debug)]
pub struct BindCommand {
    /// The exchange that it leads from.
    pub source: ExchangeName,
    /// What it leads to, and when.
    pub binding: Binding,
    /// Who asks; exclusive queues of other connections are locked.
    pub connection: ConnectionId,
}

/// What a command changed, in order; empty when everything was so already.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// The changes, among them those that followed from the one asked for.
    pub changes: Vec<Change>,
}

/// One change.
#[derive(Clone, Debug)]
pub enum Change {
    /// A new exchange.
    ExchangeCreated(Arc<ExchangeDefinition>),
    /// An exchange went; its bindings went before it.
    ExchangeDeleted(Arc<ExchangeDefinition>),
    /// A new queue.
    QueueCreated(Arc<QueueDefinition>),
    /// A queue went; its bindings went before it.
    QueueDeleted(Arc<QueueDefinition>),
    /// A new binding.
    Bound(BindingChange),
    /// A binding went.
    Unbound(BindingChange),
    /// A new policy.
    PolicySet(PolicyChange),
    /// A policy went.
    PolicyCleared(Arc<Policy>),
    /// Other policies count for a queue, and something else holds for it: see
    /// [`Topology::effective`](super::state::Topology::effective).
    QueueReconfigured(Arc<QueueDefinition>),
    /// Other policies count for an exchange, and it has another alternate exchange.
    ExchangeReconfigured(Arc<ExchangeDefinition>),
}

/// A binding that came or went.
#[derive(Clone, Debug)]
pub struct BindingChange {
    /// The exchange that it leads from.
    pub source: ExchangeName,
    /// The binding.
    pub binding: Binding,
    /// Whether both its ends are durable, and it with them.
    pub durable: bool,
    /// See [`Router::rank`](crate::exchange::router::Router::rank).
    pub rank: u32,
}

/// A policy that came.
#[derive(Clone, Debug)]
pub struct PolicyChange {
    /// The policy.
    pub policy: Arc<Policy>,
    /// The one that it stands in for.
    pub replaced: Option<Arc<Policy>>,
}

impl Outcome {
    /// Whether anything changed.
    pub const fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }
}

impl Change {
    /// Whether it has to survive a restart.
    pub fn is_durable(&self) -> bool {
        match self {
            Self::ExchangeCreated(exchange) | Self::ExchangeDeleted(exchange) => exchange.durable,
            Self::QueueCreated(queue) | Self::QueueDeleted(queue) => queue.durable,
            Self::Bound(change) | Self::Unbound(change) => change.durable,
            Self::PolicySet(PolicyChange { policy, replaced }) => {
                policy.is_stored() || replaced.as_ref().is_some_and(|it| it.is_stored())
            }
            Self::PolicyCleared(policy) => policy.is_stored(),
            Self::QueueReconfigured(_) | Self::ExchangeReconfigured(_) => false,
        }
    }
}
