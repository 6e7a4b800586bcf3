//! A declared exchange: its definition, its bindings and its generation.

use std::sync::Arc;

use crate::amqp::id::QueueId;
use crate::amqp::name::{ExchangeName, QueueName, VhostName};
use crate::amqp::table::{Table, Value};
use crate::exchange::delayed::routing_kind;
use crate::exchange::hash_on::HashOn;
use crate::exchange::kind::ExchangeKind;
use crate::exchange::past::Past;
use crate::exchange::router::Router;
use crate::policy::checked::{Issuer, Target};
use crate::policy::policies::Policies;

use super::durable::exchange_key;
use super::equivalence::{compare_argument, compare_field};
use super::error::{Error, Resource};
use super::generation::Generation;
use super::queue::QueueDefinition;

/// The argument, and the policies' key, that names the exchange for messages which find no
/// destination.
const ALTERNATE_EXCHANGE: &str = "alternate-exchange";

/// What `exchange.declare` says about an exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExchangeDefinition {
    /// Its name within the virtual host.
    pub name: ExchangeName,
    /// How it routes.
    pub kind: ExchangeKind,
    /// Whether it survives a restart.
    pub durable: bool,
    /// Whether it goes with its last binding.
    pub auto_delete: bool,
    /// Whether only other exchanges hand it messages.
    pub internal: bool,
    /// As the client sent them.
    pub arguments: Table,
    /// Which incarnation of a queue its messages wait in, where its type has them wait.
    pub waits_in: Option<QueueId>,
}

impl ExchangeDefinition {
    /// The alternate exchange, which need not exist: as the arguments say, else as the policy does
    /// that counts (RabbitMQ: `rabbit_policy:get_arg/3`). The default exchange has none, and is
    /// none: its bindings are not stored, so that RabbitMQ finds no queue there.
    pub(super) fn alternate(&self, policies: &Policies) -> Option<ExchangeName> {
        if self.name.is_default() {
            return None;
        }
        let policy;
        let name =
            if let Some(Value::LongStr(name)) = self.arguments.as_ref().get(ALTERNATE_EXCHANGE) {
                name
            } else {
                policy = policies.select(Issuer::User, Target::Exchange, self.name.as_str())?;
                policy.definition().text(ALTERNATE_EXCHANGE)?.as_bytes()
            };
        ExchangeName::parse(name).ok().filter(|name| !name.is_default())
    }

    /// Whether a new exchange may have these arguments.
    pub(super) fn check_arguments(&self, vhost: &VhostName) -> Result<(), Error> {
        match self.arguments.as_ref().get(ALTERNATE_EXCHANGE) {
            None | Some(Value::LongStr(_)) => {}
            Some(other) => {
                return Err(Error::ArgumentType {
                    resource: Resource::exchange(vhost, &self.name),
                    key: ALTERNATE_EXCHANGE,
                    type_name: other.type_name(),
                });
            }
        }
        let kind = routing_kind(self.kind, self.arguments.as_ref())?;
        if kind == ExchangeKind::ConsistentHash {
            HashOn::of(self.arguments.as_ref())?;
        }
        Past::of(kind, self.arguments.as_ref(), None)?;
        Ok(())
    }

    /// The queue in which its messages wait, if any do. It has the exchange's name and is not among
    /// those that were declared.
    pub fn waiting_queue(&self) -> Option<QueueDefinition> {
        Some(QueueDefinition {
            name: QueueName::parse(self.name.as_bytes()).ok()?,
            id: self.waits_in?,
            durable: self.durable,
            exclusive_owner: None,
            auto_delete: false,
            arguments: Table::default(),
        })
    }

    /// Whether `received` declares what exists already (RabbitMQ:
    /// `rabbit_exchange:assert_equivalence/6`).
    pub(super) fn check_equivalence(
        &self,
        vhost: &VhostName,
        received: &Self,
    ) -> Result<(), Error> {
        let resource = || Resource::exchange(vhost, &self.name);
        compare_field(resource, "type", &received.kind, &self.kind)?;
        compare_field(resource, "durable", &received.durable, &self.durable)?;
        compare_field(resource, "auto_delete", &received.auto_delete, &self.auto_delete)?;
        compare_field(resource, "internal", &received.internal, &self.internal)?;
        compare_argument(
            resource,
            ALTERNATE_EXCHANGE,
            received.arguments.as_ref().get(ALTERNATE_EXCHANGE),
            self.arguments.as_ref().get(ALTERNATE_EXCHANGE),
        )
    }
}

/// An exchange in one version of the topology.
#[derive(Clone, Debug)]
pub struct Exchange {
    pub(super) definition: Arc<ExchangeDefinition>,
    pub(super) alternate: Option<ExchangeName>,
    pub(super) router: Router,
    pub(super) past: Option<Past>,
    pub(super) generation: Generation,
}

impl Exchange {
    pub(super) fn new(
        vhost: &VhostName,
        definition: ExchangeDefinition,
        alternate: Option<ExchangeName>,
        revision: u64,
    ) -> Self {
        let arguments = definition.arguments.as_ref();
        let key = definition.durable.then(|| exchange_key(vhost, &definition.name));
        let router = Router::new(definition.kind, arguments);
        Self {
            alternate,
            // Arguments that its type does not take were refused when it was declared.
            past: Past::of(router.kind(), arguments, key).ok().flatten(),
            router,
            definition: Arc::new(definition),
            generation: Generation::new(revision),
        }
    }

    /// What was declared.
    pub const fn definition(&self) -> &Arc<ExchangeDefinition> {
        &self.definition
    }

    /// Where messages go that find no destination; it need not exist.
    pub const fn alternate(&self) -> Option<&ExchangeName> {
        self.alternate.as_ref()
    }

    /// Its bindings as a source.
    pub const fn router(&self) -> &Router {
        &self.router
    }

    /// What it knows of the messages that went through it, if its type has to.
    pub const fn past(&self) -> Option<&Past> {
        self.past.as_ref()
    }

    /// Outdated by any change that can alter where its messages go.
    pub const fn generation(&self) -> &Generation {
        &self.generation
    }
}
