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
use crate::queue::paging::{Loaded, Wanted};
use crate::store::format::position::Position;
use crate::store::memory::offset;
use crate::vhost::backing::Backing;
use crate::vhost::worker::QueueWorker;

/// How many runs are read in one go.
const AT_ONCE: usize = 256;

impl QueueWorker {
    /// What to load next, if less than `ahead` octets in memory are before it; first what has to be
    /// loaded anyway.
    fn wanted(&self, ahead: usize) -> Option<Run> {
        let wanted = self.core.wanted_anyway().or_else(|| self.core.wanted(ahead))?;
        self.run_of(wanted)
    }

    /// What to read for it.
    fn run_of(&self, wanted: Wanted) -> Option<Run> {
        let backing = self.backing.as_ref()?;
        match wanted {
            Wanted::Run(run) | Wanted::Look(run) => Some(run),
            Wanted::Single(first) => {
                let mut run = backing.held_run(&first)?;
                let behind = self.core.singles_behind(&first);
                let mut behind = behind.map_while(|message| backing.held_run(message));
                while behind.next().is_some_and(|next| run.extend(&next, backing.log.sizes.run)) {}
                Some(run)
            }
        }
    }

    /// Begins to load what comes next, off the threads that serve connections.
    pub(super) fn load_ahead(&mut self, ahead: usize) -> bool {
        let Some(backing) = self.backing.as_ref().filter(|backing| !backing.loading) else {
            return false;
        };
        let (log, shared) = (Arc::clone(&backing.log), Weak::clone(&backing.shared));
        let Some(run) = self.wanted(ahead) else { return false };
        let Ok(runtime) = Handle::try_current() else {
            let octets = log.read(&run);
            self.take_in(&run, octets);
            return true;
        };
        let runs = self.at_once(run, log.sizes.run);
        if let Some(backing) = &mut self.backing {
            backing.loading = true;
            // What is dropped from the head comes into memory, and the rest of it is next.
            backing.polled |= self.core.is_overfull();
        }
        runtime.spawn_blocking(move || {
            let read = runs.into_iter().map(|run| (run, log.read(&run))).collect();
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
            let Some(run) = self.core.wanted(1).and_then(|wanted| self.run_of(wanted)) else {
                return;
            };
            let Some(backing) = &mut self.backing else { return };
            backing.polled = true;
            let octets = backing.log.read(&run);
            self.take_in(&run, octets);
            // What is not readable ends the process.
            if self.backing.as_ref().is_none_or(|backing| backing.loading) {
                return;
            }
        }
    }

    /// Looks at everything in which messages may be that are not ready, and waits for it.
    pub(in crate::vhost) fn look_for_waiting(&mut self) {
        while let Some(run) = self.core.wanted_for_waiting().and_then(|it| self.run_of(it)) {
            let Some(backing) = &self.backing else { return };
            let octets = backing.log.read(&run);
            self.take_in(&run, octets);
            // What is not readable ends the process.
            if self.backing.as_ref().is_none_or(|backing| backing.loading) {
                return;
            }
        }
    }

    /// Takes in what was loaded, and goes on.
    pub(in crate::vhost) fn loaded(&mut self, read: Vec<(Run, io::Result<Bytes>)>) {
        for (run, octets) in read {
            self.take_in(&run, octets);
            // What is not readable ends the process.
            if self.backing.as_ref().is_none_or(|backing| backing.loading) {
                break;
            }
        }
        self.run();
    }

    pub(in crate::vhost) fn take_in(&mut self, run: &Run, octets: io::Result<Bytes>) {
        let Some(backing) = &mut self.backing else { return };
        backing.loading = false;
        let settings = *self.core.settings();
        let octets = match octets {
            Ok(octets)
                if run.marked
                    && look(&mut self.core, backing, self.keys.as_ref(), run, &octets) =>
            {
                return;
            }
            octets => octets.map_err(|error| error.to_string()),
        };
        match octets.and_then(|octets| load(&mut self.store, run, octets, &settings)) {
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
            Err(_) if self.wanted(usize::MAX) != Some(*run) => {}
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
