//! The topology of one virtual host: the one place where declarations are checked and applied.

use std::sync::Arc;

use imbl::OrdMap;

use crate::amqp::id::ConnectionId;
use crate::amqp::name::{ExchangeName, QueueName, VhostName};
use crate::amqp::table::Table;
use crate::exchange::binding::{Binding, Destination, InvalidBinding};
use crate::exchange::kind::ExchangeKind;
use crate::policy::policies::Policies;

use super::arguments;
use super::arguments::queue_type::QueueType;
use super::command::{BindCommand, Command, DeleteCondition, Naming, Outcome};
use super::edit::Edit;
use super::error::{Error, Resource};
use super::exchange::{Exchange, ExchangeDefinition};
use super::multimap::Multimap;
use super::queue::QueueDefinition;
use super::routing::Routing;

/// What a new virtual host has, besides the default exchange.
const PREDECLARED: [(&str, ExchangeKind, Use); 6] = [
    ("amq.direct", ExchangeKind::Direct, Use::Public),
    ("amq.fanout", ExchangeKind::Fanout, Use::Public),
    ("amq.headers", ExchangeKind::Headers, Use::Public),
    ("amq.match", ExchangeKind::Headers, Use::Public),
    ("amq.rabbitmq.trace", ExchangeKind::Topic, Use::Internal),
    ("amq.topic", ExchangeKind::Topic, Use::Public),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Use {
    Public,
    Internal,
}

/// Exchanges, queues and bindings of one virtual host. Whoever owns it is the only writer; a
/// clone is a snapshot and costs O(1).
#[derive(Clone, Debug)]
pub struct Topology {
    pub(super) vhost: VhostName,
    pub(super) revision: u64,
    pub(super) exchanges: OrdMap<ExchangeName, Arc<Exchange>>,
    pub(super) queues: OrdMap<QueueName, Arc<QueueDefinition>>,
    /// The bindings again, by what they lead to, with their sources.
    pub(super) incoming: Multimap<Destination, (ExchangeName, Binding)>,
    /// Exchanges by the alternate exchange that they name.
    pub(super) alternates: Multimap<ExchangeName, ExchangeName>,
    /// Exclusive queues by their owner.
    pub(super) exclusive: Multimap<ConnectionId, QueueName>,
    pub(super) policies: Policies,
}

impl Topology {
    /// A virtual host with its predeclared exchanges and nothing else.
    pub fn new(vhost: VhostName) -> Self {
        let mut topology = Self {
            vhost,
            revision: 0,
            exchanges: OrdMap::new(),
            queues: OrdMap::new(),
            incoming: Multimap::new(),
            alternates: Multimap::new(),
            exclusive: Multimap::new(),
            policies: Policies::default(),
        };
        let mut edit = Edit::new(&mut topology);
        for (name, kind, whom) in
            [("", ExchangeKind::Direct, Use::Public)].iter().chain(&PREDECLARED)
        {
            let Ok(name) = ExchangeName::parse(name) else { continue };
            edit.create_exchange(ExchangeDefinition {
                name,
                kind: *kind,
                durable: true,
                auto_delete: false,
                internal: *whom == Use::Internal,
                arguments: Table::default(),
                waits_in: None,
            });
        }
        edit.finish();
        topology
    }

    /// The virtual host's name.
    pub const fn vhost(&self) -> &VhostName {
        &self.vhost
    }

    /// Grows with every command that changes something.
    pub const fn revision(&self) -> u64 {
        self.revision
    }

    /// A snapshot to route with.
    pub fn routing(&self) -> Routing {
        Routing::new(self.vhost.clone(), self.exchanges.clone(), self.queues.clone())
    }

    /// All exchanges by name, the default exchange first.
    pub fn exchanges(&self) -> impl Iterator<Item = &Arc<Exchange>> {
        self.exchanges.values()
    }

    /// All queues by name.
    pub fn queues(&self) -> impl Iterator<Item = &Arc<QueueDefinition>> {
        self.queues.values()
    }

    /// The bindings that lead to `destination`, with their sources.
    pub fn bindings_to(
        &self,
        destination: &Destination,
    ) -> impl Iterator<Item = &(ExchangeName, Binding)> {
        self.incoming.of(destination)
    }

    /// The exclusive queues of `connection`, by name.
    pub fn exclusive_queues(&self, connection: ConnectionId) -> Vec<QueueName> {
        self.exclusive.of(&connection).cloned().collect()
    }

    /// The exchange of that name.
    ///
    /// # Errors
    /// There is none: 404.
    pub fn exchange(&self, name: &ExchangeName) -> Result<&Arc<Exchange>, Error> {
        self.exchanges
            .get(name)
            .ok_or_else(|| Error::Missing(Resource::exchange(&self.vhost, name)))
    }

    /// The queue of that name, whoever owns it.
    ///
    /// # Errors
    /// There is none: 404.
    pub fn queue(&self, name: &QueueName) -> Result<&Arc<QueueDefinition>, Error> {
        self.queues.get(name).ok_or_else(|| Error::Missing(Resource::queue(&self.vhost, name)))
    }

    /// The queue of that name, for `connection` to use.
    ///
    /// # Errors
    /// There is none: 404; it is another connection's exclusive queue: 405.
    pub fn queue_for(
        &self,
        name: &QueueName,
        connection: ConnectionId,
    ) -> Result<&Arc<QueueDefinition>, Error> {
        let queue = self.queue(name)?;
        queue.check_access(&self.vhost, connection)?;
        Ok(queue)
    }

    /// Carries out `command`, or changes nothing.
    ///
    /// # Errors
    /// What RabbitMQ refuses, see [`Error`].
    pub fn apply(&mut self, command: Command) -> Result<Outcome, Error> {
        match command {
            Command::DeclareExchange(definition) => self.declare_exchange(definition),
            Command::DeclareOwnExchange(definition) => {
                let mut edit = Edit::new(self);
                if !edit.has_exchange(&definition.name) {
                    edit.create_exchange(definition);
                }
                Ok(edit.finish())
            }
            Command::DeleteExchange { name, condition } => self.delete_exchange(&name, condition),
            Command::Bind(command) => self.bind(command),
            Command::Unbind(command) => self.unbind(&command),
            Command::DeclareQueue { definition, naming } => self.declare_queue(definition, naming),
            Command::DeleteQueue(name) => {
                let mut edit = Edit::new(self);
                edit.delete_queue(&name);
                Ok(edit.finish())
            }
            Command::SetPolicy(policy) => Ok(self.set_policy(policy)),
            Command::ClearPolicy(issuer, name) => self.clear_policy(issuer, &name),
        }
    }

    fn declare_exchange(&mut self, definition: ExchangeDefinition) -> Result<Outcome, Error> {
        check_not_default(&definition.name)?;
        if let Some(existing) = self.exchanges.get(&definition.name) {
            existing.definition.check_equivalence(&self.vhost, &definition)?;
            return Ok(Outcome::default());
        }
        let resource = || Resource::exchange(&self.vhost, &definition.name);
        if is_reserved(definition.name.as_bytes()) {
            return Err(Error::ReservedName(resource()));
        }
        definition.check_arguments(&self.vhost)?;
        let mut edit = Edit::new(self);
        edit.create_exchange(definition);
        Ok(edit.finish())
    }

    fn delete_exchange(
        &mut self,
        name: &ExchangeName,
        condition: DeleteCondition,
    ) -> Result<Outcome, Error> {
        check_deletable(&self.vhost, name)?;
        if let Some(exchange) = self.exchanges.get(name)
            && condition == DeleteCondition::IfUnused
            && !exchange.router.is_empty()
        {
            return Err(Error::InUse(Resource::exchange(&self.vhost, name)));
        }
        let mut edit = Edit::new(self);
        edit.delete_exchange(name);
        Ok(edit.finish())
    }

    fn bind(&mut self, command: BindCommand) -> Result<Outcome, Error> {
        let BindCommand { source, binding, connection } = command;
        check_bindable(&source, binding.destination())?;
        let exchange = self.exchange(&source)?;
        let queue = match binding.destination() {
            Destination::Exchange(name) => self.exchange(name).map(|_| None)?,
            Destination::Queue(name) => Some(self.queue(name)?),
        };
        exchange.router.check(&binding)?;
        if let Some(queue) = queue {
            let queue_type = QueueType::of(queue.arguments.as_ref());
            if queue_type != QueueType::Classic && exchange.router.takes_classic_queues_alone() {
                return Err(InvalidBinding::QueueType(queue_type.module()).into());
            }
            queue.check_access(&self.vhost, connection)?;
        }
        let mut edit = Edit::new(self);
        edit.bind(source, binding, 0);
        Ok(edit.finish())
    }

    fn unbind(&mut self, command: &BindCommand) -> Result<Outcome, Error> {
        let BindCommand { source, binding, connection } = command;
        check_bindable(source, binding.destination())?;
        let exists = self.exchanges.get(source).is_some_and(|x| x.router.contains(binding));
        if !exists {
            return Ok(Outcome::default());
        }
        if let Destination::Queue(name) = binding.destination() {
            self.queue_for(name, *connection)?;
        }
        let mut edit = Edit::new(self);
        edit.unbind(source, binding);
        Ok(edit.finish())
    }

    fn declare_queue(
        &mut self,
        mut definition: QueueDefinition,
        naming: Naming,
    ) -> Result<Outcome, Error> {
        definition.durable &= definition.exclusive_owner.is_none();
        match naming {
            Naming::Server => arguments::check_server_named(definition.arguments.as_ref())?,
            // Other than an exchange's, a queue's reserved name is refused where it exists too.
            Naming::Client if is_reserved(definition.name.as_bytes()) => {
                return Err(Error::ReservedName(Resource::queue(&self.vhost, &definition.name)));
            }
            Naming::Client => {}
        }
        if let Some(existing) = self.queues.get(&definition.name) {
            existing.check_equivalence(&self.vhost, &definition)?;
            return Ok(Outcome::default());
        }
        let resource = || Resource::queue(&self.vhost, &definition.name);
        arguments::check_queue(resource, definition.arguments.as_ref())?;
        definition.check_properties(&self.vhost)?;
        let mut edit = Edit::new(self);
        edit.create_queue(definition);
        Ok(edit.finish())
    }
}

/// Whether an exchange may be declared, passively or not.
///
/// # Errors
/// The default exchange: 403.
pub fn check_not_default(name: &ExchangeName) -> Result<(), Error> {
    if name.is_default() { Err(Error::DefaultExchange) } else { Ok(()) }
}

/// Whether an exchange of `vhost` may be deleted, be it there or not.
///
/// # Errors
/// The default exchange, or one named `amq.*`: 403.
pub fn check_deletable(vhost: &VhostName, name: &ExchangeName) -> Result<(), Error> {
    check_not_default(name)?;
    if is_reserved(name.as_bytes()) {
        return Err(Error::SystemExchange(Resource::exchange(vhost, name)));
    }
    Ok(())
}

/// Whether `source` and `destination` may be bound and unbound.
///
/// # Errors
/// The default exchange on either side: 403.
pub fn check_bindable(source: &ExchangeName, destination: &Destination) -> Result<(), Error> {
    if let Destination::Exchange(name) = destination {
        check_not_default(name)?;
    }
    check_not_default(source)
}

fn is_reserved(name: &[u8]) -> bool {
    name.starts_with(b"amq.")
}
