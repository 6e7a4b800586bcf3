//! Exchanges and bindings of a virtual host: declared, checked and deleted.

use super::Vhost;
use crate::amqp::name::ExchangeName;
use crate::amqp::table::Table;
use crate::exchange::kind::ExchangeKind;
use crate::store::commit::Commit;
use crate::topology::command::{BindCommand, Command, DeleteCondition};
use crate::topology::error::{Error, Resource};
use crate::topology::exchange::ExchangeDefinition;
use crate::topology::state::{check_deletable, check_not_default};
use crate::vhost::announce::{deletion_begins, deletion_ends};
use crate::vhost::reporter::INTERNAL_USER;

impl Vhost {
    /// Declares an exchange for the user `by`.
    ///
    /// # Errors
    /// See [`Topology::apply`](crate::topology::state::Topology::apply).
    pub fn declare_exchange(
        &self,
        mut definition: ExchangeDefinition,
        by: &str,
    ) -> Result<Commit, Error> {
        let has_them_wait = definition.kind == ExchangeKind::Delayed;
        definition.waits_in = has_them_wait.then(|| self.ids.next_queue());
        self.change(&mut self.declared.lock(), Command::DeclareExchange(definition), by)
    }

    /// Declares a durable internal topic exchange that the broker itself publishes to.
    ///
    /// # Errors
    /// See [`Topology::apply`](crate::topology::state::Topology::apply).
    pub fn declare_own_exchange(&self, name: ExchangeName) -> Result<Commit, Error> {
        let definition = ExchangeDefinition {
            name,
            kind: ExchangeKind::Topic,
            durable: true,
            auto_delete: false,
            internal: true,
            arguments: Table::default(),
            waits_in: None,
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
    /// See [`Topology::apply`](crate::topology::state::Topology::apply).
    pub fn delete_exchange(
        &self,
        name: &ExchangeName,
        condition: DeleteCondition,
        by: &str,
    ) -> Result<Commit, Error> {
        check_deletable(&self.name, name)?;
        let mut declared = self.declared.lock();
        if let Some(reporter) = self.reporter.get() {
            deletion_begins(reporter, &self.name, name, by);
        }
        let command = Command::DeleteExchange { name: name.clone(), condition };
        let deleted = self.change(&mut declared, command, by);
        if let Some(reporter) = self.reporter.get() {
            deletion_ends(reporter, &self.name, name, by);
        }
        deleted
    }

    /// Adds a binding. If it is new and leads from an exchange that keeps messages, it is sent
    /// those before any other.
    ///
    /// # Errors
    /// See [`Topology::apply`](crate::topology::state::Topology::apply).
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
    /// See [`Topology::apply`](crate::topology::state::Topology::apply).
    pub fn unbind(&self, command: BindCommand, by: &str) -> Result<Commit, Error> {
        self.change(&mut self.declared.lock(), Command::Unbind(command), by)
    }
}
