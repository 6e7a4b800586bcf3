//! One change to a topology with all that follows from it: bindings go with their ends, and
//! auto-delete exchanges with their last binding. What may be changed is checked before.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::amqp::name::{ExchangeName, QueueName};
use crate::exchange::binding::{Binding, Destination};
use crate::exchange::past::Past;
use crate::exchange::router;

use super::command::{BindingChange, Change, Outcome};
use super::exchange::{Exchange, ExchangeDefinition};
use super::queue::QueueDefinition;
use super::state::Topology;

/// A change under way; [`Edit::finish`] completes it.
pub(super) struct Edit<'t> {
    pub(super) topology: &'t mut Topology,
    /// The revision that the topology will have if anything changes.
    revision: u64,
    pub(super) changes: Vec<Change>,
    /// Exchanges whose messages may go elsewhere now; some may be gone.
    touched: BTreeSet<ExchangeName>,
    /// Exchanges that lost a binding as its source.
    unbound: Vec<ExchangeName>,
}

impl<'t> Edit<'t> {
    pub(super) fn new(topology: &'t mut Topology) -> Self {
        Self {
            revision: topology.revision + 1,
            topology,
            changes: Vec::new(),
            touched: BTreeSet::new(),
            unbound: Vec::new(),
        }
    }

    pub(super) fn has_exchange(&self, name: &ExchangeName) -> bool {
        self.topology.exchanges.contains_key(name)
    }

    pub(super) fn create_exchange(&mut self, definition: ExchangeDefinition) {
        let alternate = definition.alternate(&self.topology.policies);
        let exchange = Exchange::new(&self.topology.vhost, definition, alternate, self.revision);
        let name = exchange.definition.name.clone();
        if let Some(alternate) = &exchange.alternate {
            self.topology.alternates.insert(alternate.clone(), name.clone());
        }
        self.changes.push(Change::ExchangeCreated(Arc::clone(&exchange.definition)));
        self.topology.exchanges.insert(name.clone(), Arc::new(exchange));
        self.touched.insert(name);
    }

    pub(super) fn delete_exchange(&mut self, name: &ExchangeName) {
        let Some(exchange) = self.topology.exchanges.get(name).cloned() else { return };
        // Before the deletion is logged, so that nothing that is seen follows it there.
        if let Some(deduplication) = exchange.past().and_then(Past::deduplication) {
            deduplication.delete();
        }
        for binding in exchange.router.bindings() {
            self.unbind(name, binding);
        }
        self.unbind_destination(&Destination::Exchange(name.clone()));
        if let Some(alternate) = &exchange.alternate {
            self.topology.alternates.remove(alternate.clone(), name.clone());
        }
        if let Some(mut exchange) = self.topology.exchanges.remove(name) {
            Arc::make_mut(&mut exchange).generation.renew(self.revision);
        }
        self.touched.insert(name.clone());
        self.changes.push(Change::ExchangeDeleted(Arc::clone(&exchange.definition)));
    }

    /// Gives an exchange the alternate exchange that arguments and policies name now.
    pub(super) fn take_alternate(&mut self, name: &ExchangeName) {
        let Some(exchange) = self.topology.exchanges.get_mut(name) else { return };
        let alternate = exchange.definition.alternate(&self.topology.policies);
        if exchange.alternate == alternate {
            return;
        }
        if let Some(old) = &exchange.alternate {
            self.topology.alternates.remove(old.clone(), name.clone());
        }
        if let Some(new) = &alternate {
            self.topology.alternates.insert(new.clone(), name.clone());
        }
        Arc::make_mut(exchange).alternate = alternate;
        let definition = Arc::clone(&exchange.definition);
        self.touched.insert(name.clone());
        self.changes.push(Change::ExchangeReconfigured(definition));
    }

    pub(super) fn create_queue(&mut self, definition: QueueDefinition) {
        let name = definition.name.clone();
        if let Some(owner) = definition.exclusive_owner {
            self.topology.exclusive.insert(owner, name.clone());
        }
        let definition = Arc::new(definition);
        self.topology.queues.insert(name, Arc::clone(&definition));
        self.changes.push(Change::QueueCreated(definition));
    }

    pub(super) fn delete_queue(&mut self, name: &QueueName) {
        if !self.topology.queues.contains_key(name) {
            return;
        }
        self.unbind_destination(&Destination::Queue(name.clone()));
        let Some(queue) = self.topology.queues.remove(name) else { return };
        if let Some(owner) = queue.exclusive_owner {
            self.topology.exclusive.remove(owner, name.clone());
        }
        self.changes.push(Change::QueueDeleted(queue));
    }

    /// Adds a binding, whose rank is at least `rank`.
    pub(super) fn bind(&mut self, source: ExchangeName, binding: Binding, rank: u32) {
        let Some(exchange) = self.topology.exchanges.get_mut(&source) else { return };
        let bound = Arc::make_mut(exchange).router.put_back(binding.clone(), rank);
        if bound != Ok(router::Change::Done) {
            return;
        }
        self.topology
            .incoming
            .insert(binding.destination().clone(), (source.clone(), binding.clone()));
        self.touched.insert(source.clone());
        let change = self.binding_change(source, binding);
        self.changes.push(Change::Bound(change));
    }

    pub(super) fn unbind(&mut self, source: &ExchangeName, binding: &Binding) {
        let Some(exchange) = self.topology.exchanges.get_mut(source) else { return };
        if Arc::make_mut(exchange).router.unbind(binding) == router::Change::Nothing {
            return;
        }
        self.topology
            .incoming
            .remove(binding.destination().clone(), (source.clone(), binding.clone()));
        self.touched.insert(source.clone());
        self.unbound.push(source.clone());
        let change = self.binding_change(source.clone(), binding.clone());
        self.changes.push(Change::Unbound(change));
    }

    /// Takes along what followed from the change, outdates the generations of all exchanges that
    /// it can be seen from, and gives the topology its new revision.
    pub(super) fn finish(mut self) -> Outcome {
        while let Some(name) = self.unbound.pop() {
            let exchange = self.topology.exchanges.get(&name);
            if exchange.is_some_and(|x| x.definition.auto_delete && x.router.is_empty()) {
                self.delete_exchange(&name);
            }
        }
        if !self.changes.is_empty() {
            self.topology.revision = self.revision;
            self.renew_generations();
        }
        Outcome { changes: self.changes }
    }

    fn unbind_destination(&mut self, destination: &Destination) {
        let bindings: Vec<_> = self.topology.incoming.of(destination).cloned().collect();
        for (source, binding) in bindings {
            self.unbind(&source, &binding);
        }
    }

    fn binding_change(&self, source: ExchangeName, binding: Binding) -> BindingChange {
        let exchange_is_durable = |name| {
            self.topology.exchanges.get(name).is_some_and(|exchange| exchange.definition.durable)
        };
        let durable = exchange_is_durable(&source)
            && match binding.destination() {
                Destination::Exchange(name) => exchange_is_durable(name),
                Destination::Queue(name) => {
                    self.topology.queues.get(name).is_some_and(|queue| queue.durable)
                }
            };
        let exchange = self.topology.exchanges.get(&source);
        let rank = exchange.map_or(0, |exchange| exchange.router.rank(&binding));
        BindingChange { source, binding, durable, rank }
    }

    /// Walks from the touched exchanges against the messages' way, through bindings and alternate
    /// exchanges.
    fn renew_generations(&mut self) {
        let mut pending: Vec<_> = self.touched.iter().cloned().collect();
        while let Some(name) = pending.pop() {
            if let Some(exchange) = self.topology.exchanges.get_mut(&name) {
                Arc::make_mut(exchange).generation.renew(self.revision);
            }
            let destination = Destination::Exchange(name.clone());
            let bound = self.topology.incoming.of(&destination).map(|(source, _)| source);
            for before in bound.chain(self.topology.alternates.of(&name)) {
                if self.touched.insert(before.clone()) {
                    pending.push(before.clone());
                }
            }
        }
    }
}
