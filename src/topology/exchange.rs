//! A declared exchange: its definition, its bindings and its generation.

use std::sync::Arc;

use crate::amqp::name::{ExchangeName, VhostName};
use crate::amqp::table::{Table, Value};
use crate::exchange::hash_on::HashOn;
use crate::exchange::kind::ExchangeKind;
use crate::exchange::router::Router;

use super::equivalence::{compare_argument, compare_field};
use super::error::{Error, Resource};
use super::generation::Generation;

/// The argument that names the exchange for messages which find no destination.
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
}

impl ExchangeDefinition {
    /// The alternate exchange; it need not exist.
    pub fn alternate(&self) -> Option<ExchangeName> {
        let Value::LongStr(name) = self.arguments.as_ref().get(ALTERNATE_EXCHANGE)? else {
            return None;
        };
        ExchangeName::parse(name).ok()
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
        if self.kind == ExchangeKind::ConsistentHash {
            HashOn::of(self.arguments.as_ref())?;
        }
        Ok(())
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
    pub(super) generation: Generation,
}

impl Exchange {
    pub(super) fn new(definition: ExchangeDefinition, revision: u64) -> Self {
        Self {
            alternate: definition.alternate(),
            router: Router::new(definition.kind, definition.arguments.as_ref()),
            definition: Arc::new(definition),
            generation: Generation::new(revision),
        }
    }

    /// What was declared.
    pub const fn definition(&self) -> &Arc<ExchangeDefinition> {
        &self.definition
    }

    /// Its bindings as a source.
    pub const fn router(&self) -> &Router {
        &self.router
    }

    /// Outdated by any change that can alter where its messages go.
    pub const fn generation(&self) -> &Generation {
        &self.generation
    }
}
