//! A durable queue's part in the store: it logs what comes and goes, and can say what it holds.

use std::sync::{Arc, Weak};

use super::journal::Journal;
use super::queue::Queue as SharedQueue;
use crate::amqp::run::Run;
use crate::queue::core::Queue;
use crate::queue::effect::Effects;
use crate::queue::paging::Entry;
use crate::store::format::checkpoint::QueueImage;
use crate::store::format::position::Position;
use crate::store::format::record::Range;
use crate::store::memory::{MemoryStore, is_logged};
use crate::store::residence::Residence;

/// A durable queue's part in the store.
#[derive(Debug)]
pub(super) struct Durable {
    pub(super) journal: Journal,
    /// Itself, to be told what was loaded.
    pub(super) shared: Weak<SharedQueue>,
    pub(super) residence: Arc<Residence>,
    /// Octets that the residence counts for it.
    pub(super) resident: usize,
    pub(super) loading: bool,
}

impl Durable {
    pub(super) const fn new(
        journal: Journal,
        residence: Arc<Residence>,
        shared: Weak<SharedQueue>,
    ) -> Self {
        Self { journal, shared, residence, resident: 0, loading: false }
    }

    /// Logs what has gone, while its contents are still there.
    pub(super) fn settle(&mut self, effects: &Effects, store: &MemoryStore) {
        for (index, at) in effects.released() {
            if is_logged(*at) {
                self.journal.settle(*index, || store.locate(*at));
            }
        }
        for run in effects.released_runs() {
            self.release(run);
            self.journal.note(Range { first: run.first.0, count: run.count.into() });
        }
        self.journal.flush();
    }

    /// What the queue holds, as far as it is written.
    pub(super) fn image(&mut self, core: &Queue, store: &MemoryStore) -> QueueImage {
        let next_index = self.journal.written_up_to(core.next_index());
        let mut runs: Vec<Run> =
            core.entries().filter_map(|entry| written(entry, next_index, store)).collect();
        runs.sort_unstable_by_key(|run| run.first);
        runs.dedup_by(|next, last| last.extend(next, self.journal.log.sizes.run));
        QueueImage { queue: self.journal.queue, next_index, runs }
    }

    /// What of it is written and lies in that file, as runs.
    pub(super) fn runs_in(&mut self, file: u32, core: &Queue, store: &MemoryStore) -> Vec<Run> {
        let next_index = self.journal.written_up_to(core.next_index());
        let runs = core.entries().filter_map(|entry| written(entry, next_index, store));
        runs.filter(|run| Position::of(run.position).file == file).collect()
    }

    /// The queue is gone.
    pub(super) fn delete(mut self, core: &Queue, store: &MemoryStore) {
        let next_index = self.journal.written_up_to(core.next_index());
        for run in core.entries().filter_map(|entry| written(entry, next_index, store)) {
            self.release(&run);
        }
        self.residence.update(&mut self.resident, 0);
        self.journal.delete();
    }

    fn release(&self, run: &Run) {
        self.journal.log.release(Position::of(run.position), run.octets.into());
    }
}

/// What a queue holds there, as a run, if it is written.
fn written(entry: Entry, next_index: u64, store: &MemoryStore) -> Option<Run> {
    let message = match entry {
        Entry::Run(run) => return Some(run),
        Entry::Ready(message) | Entry::Unacked(message) => message,
    };
    if message.index.0 >= next_index {
        return None;
    }
    let located = store.locate(message.store)?;
    Some(Run {
        first: message.index,
        count: 1,
        octets: located.octets,
        position: located.position.store_ref(),
        bytes: message.bytes.into(),
        redelivered: message.redelivered,
    })
}
