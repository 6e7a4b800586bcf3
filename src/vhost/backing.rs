//! A queue's part in the store: it logs what comes and goes if it is durable, and knows what of it
//! is on the disk.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use super::fetching::Fetching;
use super::journal::Journal;
use super::queue::Queue as SharedQueue;
use super::stock::Stock;
use crate::amqp::id::{MessageIndex, StoreRef};
use crate::amqp::run::Run;
use crate::queue::core::Queue;
use crate::queue::effect::Effects;
use crate::queue::lane::Message;
use crate::queue::paging::Entry;
use crate::queue::wheel::Far;
use crate::store::format::checkpoint::QueueImage;
use crate::store::format::position::Position;
use crate::store::format::record::Range;
use crate::store::log::Log;
use crate::store::memory::{Located, MemoryStore, is_logged};
use crate::store::residence::Residence;

/// A queue's part in the store.
#[derive(Debug)]
pub(super) struct Backing {
    pub(super) log: Arc<Log>,
    /// What is logged of it; absent if it is not durable.
    pub(super) journal: Option<Journal>,
    /// Itself, to be told what was loaded or has left memory.
    pub(super) shared: Weak<SharedQueue>,
    pub(super) residence: Arc<Residence>,
    /// Octets that the residence counts for it.
    pub(super) resident: usize,
    pub(super) loading: bool,
    /// Whether something was loaded for a get since memory was last found short.
    pub(super) polled: bool,
    /// What is on its way to where it is read quickly.
    pub(super) fetching: Fetching,
    /// Whether messages are on their way out of memory.
    pub(super) leaving: bool,
    /// What the cold messages outside the lane take on the disk, in octets.
    pub(super) held: HashMap<MessageIndex, u32, foldhash::fast::RandomState>,
    /// Under which places messages were logged that have waited and have another place now.
    pub(super) origins: HashMap<MessageIndex, MessageIndex, foldhash::fast::RandomState>,
    /// Where to go on looking for single messages that can leave memory.
    pub(super) sweep: MessageIndex,
}

impl Backing {
    pub(super) fn new(
        log: Arc<Log>,
        journal: Option<Journal>,
        residence: Arc<Residence>,
        shared: Weak<SharedQueue>,
    ) -> Self {
        Self {
            log,
            journal,
            shared,
            residence,
            resident: 0,
            loading: false,
            polled: false,
            fetching: Fetching::default(),
            leaving: false,
            held: HashMap::default(),
            origins: HashMap::default(),
            sweep: MessageIndex(0),
        }
    }

    /// Counts and logs what has gone, while its contents are still there.
    pub(super) fn settle(&mut self, effects: &Effects, store: &MemoryStore) {
        if self.journal.is_some() || !self.held.is_empty() {
            for &(index, at) in effects.released() {
                self.settle_one(index, at, store);
            }
        }
        for run in effects.released_runs() {
            self.release(run);
            if !run.position.is_volatile() {
                self.note(Range { first: run.first.0, count: run.count.into() });
            }
        }
        let returned: Vec<_> = self.at_origins(effects.counted().iter().copied()).collect();
        let deferred: Vec<_> = self.at_origins(effects.deferred().iter().copied()).collect();
        if let Some(journal) = &mut self.journal {
            journal.give_back(returned);
            journal.defer(deferred);
            journal.flush();
        }
    }

    /// Logs how long messages live that come from now on.
    pub(super) fn live(&mut self, core: &Queue) {
        if let Some(journal) = &mut self.journal {
            journal.live(core.lifetimes().next_back());
        }
    }

    fn settle_one(&mut self, place: MessageIndex, at: StoreRef, store: &MemoryStore) {
        let index = self.origin(place);
        if index != place {
            self.origins.remove(&place);
        }
        if at.is_cold() {
            let octets = self.held.remove(&place).unwrap_or_default();
            self.log.release(Position::of(at), octets.into());
            if !at.is_volatile() {
                self.note(Range { first: index.0, count: 1 });
            }
        } else if is_logged(at)
            && let Some(journal) = &mut self.journal
        {
            journal.settle(index, || store.locate(at));
        }
    }

    /// The same under the places at which the messages were logged.
    fn at_origins<T>(
        &self,
        noted: impl Iterator<Item = (MessageIndex, T)>,
    ) -> impl Iterator<Item = (MessageIndex, T)> {
        noted.map(|(index, noted)| (self.origin(index), noted))
    }

    fn note(&mut self, range: Range) {
        if let Some(journal) = &mut self.journal {
            journal.note(range);
        }
    }

    /// Logged messages before this place are written, those from there on may be not.
    pub(super) fn written_up_to(&mut self, next_index: u64) -> u64 {
        self.journal.as_mut().map_or(next_index, |journal| journal.written_up_to(next_index))
    }

    /// What the queue holds, as far as it is written and lasts; `None` if it is not durable.
    pub(super) fn stock(&mut self, core: &Queue, store: &MemoryStore) -> Option<Stock> {
        let journal = self.journal.as_mut()?;
        let next_index = journal.written_up_to(core.next_index());
        let queue = journal.queue;
        let near = self.near_runs(next_index, core, store);
        let runs: Vec<Run> = near.filter(|run| !run.position.is_volatile()).collect();
        let returned = self.at_origins(core.attempts()).collect();
        let deferred = self.at_origins(core.deferrals()).collect();
        let lived = core.lifetimes().collect();
        let image = QueueImage { queue, next_index, runs, returned, deferred, lived };
        Some(Stock { image, far: core.far(), run_max: self.log.sizes.run })
    }

    /// What of it lies in that file, as runs; and everything that waits far ahead.
    pub(super) fn runs_in(
        &mut self,
        file: u32,
        core: &Queue,
        store: &MemoryStore,
    ) -> (Vec<Run>, Far) {
        let next_index = self.written_up_to(core.next_index());
        let near = self.near_runs(next_index, core, store);
        (near.filter(|run| Position::of(run.position).file == file).collect(), core.far())
    }

    /// What the queue holds on the disk, as far as it is written, but for what waits far ahead.
    fn near_runs(
        &self,
        next_index: u64,
        core: &Queue,
        store: &MemoryStore,
    ) -> impl Iterator<Item = Run> {
        core.entries_but_far().filter_map(move |entry| self.on_disk(entry, next_index, store))
    }

    /// The queue is gone.
    pub(super) fn delete(mut self, core: &Queue, store: &MemoryStore) {
        let next_index = self.written_up_to(core.next_index());
        for run in core.entries().filter_map(|entry| self.on_disk(entry, next_index, store)) {
            self.release(&run);
        }
        self.residence.update(&mut self.resident, 0);
        if let Some(journal) = self.journal {
            journal.delete();
        }
    }

    /// Counts a run off.
    pub(super) fn release(&self, run: &Run) {
        self.log.release(Position::of(run.position), run.octets.into());
    }

    /// A cold message that is not in the lane, as a run.
    pub(super) fn held_run(&self, message: &Message) -> Option<Run> {
        let octets = *self.held.get(&message.index)?;
        Some(run_of(message, message.store, octets))
    }

    /// What a queue holds there, as a run, if it is written.
    fn on_disk(&self, entry: Entry, next_index: u64, store: &MemoryStore) -> Option<Run> {
        let message = match entry {
            Entry::Run(run) => return Some(run),
            Entry::Ready(message) | Entry::Unacked(message) => message,
        };
        let first = self.origin(message.index);
        if message.store.is_cold() {
            return self.held_run(&message).map(|run| Run { first, ..run });
        }
        let Located { position, octets } = store.locate(message.store)?;
        let message = Message { index: first, ..message };
        (first.0 < next_index).then(|| run_of(&message, position.store_ref(), octets))
    }
}

/// A message that lies there, as a run.
const fn run_of(message: &Message, position: StoreRef, octets: u32) -> Run {
    let Message { index, bytes, redelivered, marked, .. } = *message;
    Run { first: index, count: 1, octets, position, bytes: bytes as u64, redelivered, marked }
}
