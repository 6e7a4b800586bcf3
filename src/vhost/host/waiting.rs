//! The queues in which the messages of exchanges wait for their time (`x-delayed-message`): each
//! such exchange has one, which nobody sees under a queue's name.
//!
//! A message that is due leaves it as a dead letter does ([`burial`](crate::vhost::burial)): it is routed
//! by the bindings that there are then, and stays until all its new queues have accepted it.

use std::sync::Arc;

use super::Vhost;
use crate::amqp::name::ExchangeName;
use crate::queue::core::Queue as Core;
use crate::topology::arguments::values::Values;
use crate::topology::exchange::ExchangeDefinition;
use crate::topology::queue::QueueDefinition;
use crate::topology::routing::Routes;
use crate::vhost::queue::Queue;

impl Vhost {
    /// The queues that a message goes to, at work: those that it was routed to, and those in which
    /// it waits.
    pub(in crate::vhost) fn queues_of<'r>(
        &'r self,
        routes: &'r Routes,
    ) -> impl Iterator<Item = Arc<Queue>> + 'r {
        let names = routes.queues().iter();
        let queues = names.filter_map(|name| self.find_queue(name.as_bytes()));
        queues.chain(self.waiting_queues(routes))
    }

    /// The queues in which a message waits.
    pub(in crate::vhost) fn waiting_queues<'r>(
        &'r self,
        routes: &'r Routes,
    ) -> impl Iterator<Item = Arc<Queue>> + 'r {
        routes.waits_at().iter().filter_map(|exchange| self.find_waiting(exchange.as_bytes()))
    }

    /// The queue in which that exchange's messages wait, if any do.
    pub fn find_waiting(&self, exchange: &[u8]) -> Option<Arc<Queue>> {
        self.waiting.get(exchange).map(|queue| Arc::clone(&queue))
    }

    /// Begins to have an exchange's messages wait, if its type has them do so. `contents` says what
    /// waits already.
    pub(super) fn add_waiting(
        &self,
        exchange: &ExchangeDefinition,
        contents: impl FnOnce(&QueueDefinition) -> Core,
    ) {
        let Some(definition) = exchange.waiting_queue() else { return };
        let values = Values::of_waiting_for(exchange.name.clone());
        let core = contents(&definition);
        let queue = Queue::new(&definition, values, core, &self.store, &self.errands);
        self.note_timed(&queue);
        self.waiting.insert(exchange.name.clone(), queue);
    }

    /// What waits at an exchange goes with it.
    pub(super) fn delete_waiting(&self, exchange: &ExchangeName) {
        if let Some((_, queue)) = self.waiting.remove(exchange) {
            queue.discard();
        }
    }
}
