//! How a virtual host changes: what is declared, what is logged of it, and what follows for queues
//! and routes.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::{Declared, Vhost};
use crate::queue::core::Queue as Core;
use crate::store::commit::Commit;
use crate::store::meta::MetaChange;
use crate::topology::command::{Change, Command, Outcome};
use crate::topology::durable::change_entry;
use crate::topology::error::Error;
use crate::vhost::announce::announce;
use crate::vhost::queue::{Delays, Queue};

impl Vhost {
    /// Applies a command and logs what is durable of it, then starts, forgets and configures queues
    /// and publishes the snapshot as it says. So whatever is done with a queue is logged after it.
    pub(in crate::vhost) fn change(
        &self,
        declared: &mut Declared,
        command: Command,
        by: &str,
    ) -> Result<Commit, Error> {
        let outcome = declared.topology.apply(command)?;
        if outcome.is_empty() {
            return Ok(declared.last.clone());
        }
        let commit = self.log(declared, &outcome);
        for change in &outcome.changes {
            match change {
                Change::QueueCreated(definition) => {
                    let values = declared.topology.effective(definition);
                    let core = Core::new();
                    let queue = Queue::new(definition, values, core, &self.store, &self.errands);
                    self.add_queue(queue);
                }
                Change::QueueDeleted(definition) => {
                    self.queues.remove(&definition.name);
                }
                Change::QueueReconfigured(definition) => {
                    if let Some(queue) = self.find_queue(definition.name.as_bytes()) {
                        queue.configure(declared.topology.effective(definition));
                        self.timed.fetch_or(queue.is_timed(), Ordering::Relaxed);
                    }
                }
                Change::ExchangeCreated(definition) => {
                    self.add_waiting(definition, |_| Core::new());
                }
                Change::ExchangeDeleted(definition) => self.delete_waiting(&definition.name),
                _ => {}
            }
        }
        self.routing.store(Arc::new(declared.topology.routing()));
        if let Some(reporter) = self.reporter.get() {
            announce(reporter, &declared.topology, &outcome.changes, by);
        }
        Ok(commit)
    }

    pub(super) fn add_queue(&self, queue: Arc<Queue>) {
        self.note_timed(&queue);
        self.unique.fetch_or(queue.values().deduplication == Some(true), Ordering::Relaxed);
        self.queues.insert(queue.name.clone(), queue);
    }

    /// Takes note of a queue that may need to know when its messages were accepted.
    pub(super) fn note_timed(&self, queue: &Queue) {
        self.timed.fetch_or(queue.is_timed() || queue.delays != Delays::Off, Ordering::Relaxed);
    }

    fn log(&self, declared: &mut Declared, outcome: &Outcome) -> Commit {
        let entries = outcome.changes.iter().filter_map(|it| change_entry(&self.name, it));
        let changes: Vec<_> = entries.map(|(key, value)| MetaChange { key, value }).collect();
        if changes.is_empty() {
            return Commit::done();
        }
        declared.last = self.store.meta.append(changes);
        declared.last.clone()
    }
}
