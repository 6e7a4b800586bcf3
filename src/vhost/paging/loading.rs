//! What comes back into memory, before it is delivered.

use std::io;
use std::iter;
use std::sync::{Arc, Weak};

use bytes::Bytes;
use tokio::runtime::Handle;

use super::found::{load, look};
use crate::amqp::id::StoreRef;
use crate::amqp::run::Run;
use crate::queue::core::Queue;
use crate::queue::lane::Message;
use crate::queue::paging::{Loaded, Wanted};
use crate::store::format::position::Position;
use crate::store::memory::offset;
use crate::vhost::backing::Backing;
use crate::vhost::worker::QueueWorker;

/// How many runs of the lane are read in one go.
const AT_ONCE: usize = 256;

/// How many single messages are read in one go: those that are due lie anywhere on the disk.
const SINGLES: usize = 8192;

/// What a message in memory takes beside its octets, roughly.
const BESIDE_OCTETS: u64 = 128;

impl QueueWorker {
    /// What to load next, if less than `ahead` octets in memory are before it; first what has to be
    /// loaded anyway.
    fn wanted(&self, ahead: usize) -> Option<Wanted> {
        self.core.wanted_anyway().or_else(|| self.core.wanted(ahead))
    }

    /// What to read for it, the most urgent first: up to some number of runs, and about `limit`
    /// octets together.
    fn runs_of(&self, wanted: Wanted, limit: u32) -> Vec<Run> {
        match wanted {
            Wanted::Run(run) | Wanted::Look(run) => self.at_once(run, limit),
            Wanted::Single(first) => self.singles_at_once(&first, limit),
        }
    }

    /// Whether that run is, or begins, what is wanted most.
    fn is_wanted(&self, run: &Run) -> bool {
        let wanted = self.wanted(usize::MAX).and_then(|wanted| match wanted {
            Wanted::Run(run) | Wanted::Look(run) => Some(run),
            Wanted::Single(first) => self.backing.as_ref()?.held_run(&first),
        });
        wanted.is_some_and(|it| (it.first, it.position) == (run.first, run.position))
    }

    /// A wanted single message and cold ones behind it, those that lie one behind the other as one
    /// run.
    fn singles_at_once(&self, first: &Message, limit: u32) -> Vec<Run> {
        let Some(backing) = &self.backing else { return Vec::new() };
        let behind = self.core.singles_behind(first).filter(|message| message.store.is_cold());
        let singles = iter::once(first).chain(behind).take(SINGLES);
        let mut sum = 0;
        let within = singles.filter_map(|message| backing.held_run(message)).take_while(|run| {
            let is_first = sum == 0;
            sum += u64::from(run.octets) + BESIDE_OCTETS;
            is_first || sum <= u64::from(limit)
        });
        let mut runs: Vec<Run> = Vec::new();
        for run in within {
            if !runs.last_mut().is_some_and(|last| last.extend(&run, limit)) {
                runs.push(run);
            }
        }
        runs
    }

    /// Begins to load what comes next, off the threads that serve connections.
    pub(super) fn load_ahead(&mut self, ahead: usize) -> bool {
        let Some(backing) = self.backing.as_ref().filter(|backing| !backing.loading) else {
            return false;
        };
        let (log, shared) = (Arc::clone(&backing.log), Weak::clone(&backing.shared));
        let Some(wanted) = self.wanted(ahead) else { return false };
        let runs = self.runs_of(wanted, log.sizes.run);
        if runs.is_empty() {
            return false;
        }
        let Ok(runtime) = Handle::try_current() else {
            self.take_all_in(log.read_all(runs));
            return true;
        };
        if let Some(backing) = &mut self.backing {
            backing.loading = true;
            // What is dropped from the head comes into memory, and the rest of it is next.
            backing.polled |= self.core.is_overfull();
        }
        runtime.spawn_blocking(move || {
            let read = log.read_all(runs);
            if let Some(queue) = shared.upgrade() {
                queue.loaded(read);
            }
        });
        false
    }

    /// A wanted run and those behind it, if they are short: up to `limit` octets together.
    fn at_once(&self, run: Run, limit: u32) -> Vec<Run> {
        let mut sum = u64::from(run.octets);
        let is_within = |run: &&Run| {
            sum += u64::from(run.octets);
            sum <= u64::from(limit)
        };
        let behind = self.core.runs_behind(&run).take(AT_ONCE - 1).take_while(is_within);
        iter::once(run).chain(behind.copied()).collect()
    }

    /// Loads what stands before the next message, and waits for it.
    pub(in crate::vhost) fn load_front(&mut self) {
        loop {
            self.core.pass_over();
            let Some(wanted) = self.core.wanted(1) else { return };
            let Some(backing) = &mut self.backing else { return };
            backing.polled = true;
            let (log, limit) = (Arc::clone(&backing.log), backing.log.sizes.run);
            let mut runs = self.runs_of(wanted, limit);
            runs.truncate(1);
            // What is not readable ends the process.
            if runs.is_empty() || !self.take_all_in(log.read_all(runs)) {
                return;
            }
        }
    }

    /// Looks at everything in which messages may be that are not ready, and waits for it.
    pub(in crate::vhost) fn look_for_waiting(&mut self) {
        while let Some(wanted) = self.core.wanted_for_waiting() {
            let Some(log) = self.backing.as_ref().map(|it| Arc::clone(&it.log)) else { return };
            let runs = self.runs_of(wanted, log.sizes.run);
            // What is not readable ends the process.
            if runs.is_empty() || !self.take_all_in(log.read_all(runs)) {
                return;
            }
        }
    }

    /// Takes in what was loaded, and goes on.
    pub(in crate::vhost) fn loaded(&mut self, read: Vec<(Run, io::Result<Bytes>)>) {
        self.take_all_in(read);
        self.run();
    }

    /// Takes in what was read; returns whether all of it could be read, or was not wanted.
    fn take_all_in(&mut self, read: Vec<(Run, io::Result<Bytes>)>) -> bool {
        for (run, octets) in read {
            self.take_in(&run, octets);
            // What is not readable ends the process.
            if self.backing.as_ref().is_none_or(|backing| backing.loading) {
                return false;
            }
        }
        true
    }

    pub(in crate::vhost) fn take_in(&mut self, run: &Run, octets: io::Result<Bytes>) {
        let Some(backing) = &mut self.backing else { return };
        backing.loading = false;
        let octets = match octets {
            Ok(octets)
                if run.marked
                    && look(&mut self.core, backing, self.keys.as_ref(), run, &octets) =>
            {
                return;
            }
            octets => octets.map_err(|error| error.to_string()),
        };
        match octets.and_then(|octets| load(&self.core, &mut self.store, run, octets)) {
            Ok(loaded) if self.core.load(run, &loaded) => {
                if run.position.is_volatile() {
                    backing.release(run);
                }
            }
            Ok(loaded) => {
                for message in loaded {
                    if !backing.take_back(&mut self.core, run, &message) {
                        self.store.release(message.store);
                    }
                }
            }
            // What was read may have gone meanwhile, and its file with it.
            Err(_) if !self.is_wanted(run) => {}
            Err(why) => self.unreadable(run, &why),
        }
    }

    fn unreadable(&mut self, run: &Run, why: &str) {
        // The process is to end; it would be read again and again until then.
        if let Some(backing) = &mut self.backing {
            backing.loading = true;
        }
        self.cannot_read(run, why);
    }

    /// Has the process end: what it has on the disk is not there.
    pub(in crate::vhost) fn cannot_read(&self, run: &Run, why: &str) {
        let Some(backing) = &self.backing else { return };
        let (position, count) = (Position::of(run.position), run.count);
        backing.log.fail(format!("{position}: cannot read {count} messages of a queue: {why}"));
    }
}

impl Backing {
    /// Takes a single message in that was read as part of `run`; `false` if it is not wanted.
    fn take_back(&mut self, core: &mut Queue, run: &Run, message: &Loaded) -> bool {
        let position = StoreRef(run.position.0 + u64::from(offset(message.store)));
        if !core.load_single(message.index, position, message.store) {
            return false;
        }
        let octets = self.held.remove(&message.index).unwrap_or_default();
        if position.is_volatile() {
            self.log.release(Position::of(position), octets.into());
        }
        true
    }
}
