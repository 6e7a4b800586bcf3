//! What lies scattered on the disk is fetched into the system's cache before its time: one thread
//! asks for it in the order of the disk, and the disk has many requests at once. When it is read,
//! in the order in which it is due, nobody waits for the disk once for each message.

use std::sync::Arc;

use parking_lot::Mutex;
use tokio::runtime::Handle;

use crate::amqp::run::Run;
use crate::store::log::Log;

/// What is to be fetched for one queue.
#[derive(Debug, Default)]
pub(super) struct Fetching(Arc<Mutex<Waiting>>);

#[derive(Debug, Default)]
struct Waiting {
    runs: Vec<Run>,
    /// Whether somebody is at it, and will come back for more.
    busy: bool,
}

impl Fetching {
    /// Has more fetched, off the threads that serve connections. Without a runtime it is not: it is
    /// only read later.
    pub(super) fn add(&self, log: &Arc<Log>, runs: impl Iterator<Item = Run>) {
        let mut runs = runs.peekable();
        if runs.peek().is_none() {
            return;
        }
        let Ok(runtime) = Handle::try_current() else { return runs.for_each(drop) };
        let mut waiting = self.0.lock();
        waiting.runs.extend(runs);
        if !std::mem::replace(&mut waiting.busy, true) {
            let (waiting, log) = (Arc::clone(&self.0), Arc::clone(log));
            runtime.spawn_blocking(move || {
                while let Some(runs) = next(&waiting) {
                    log.fetch(&runs);
                }
            });
        }
    }
}

/// Everything that waits; `None` when nothing does, and the next to add something has to see to it.
fn next(waiting: &Mutex<Waiting>) -> Option<Vec<Run>> {
    let mut waiting = waiting.lock();
    let runs = std::mem::take(&mut waiting.runs);
    waiting.busy = !runs.is_empty();
    waiting.busy.then_some(runs)
}
