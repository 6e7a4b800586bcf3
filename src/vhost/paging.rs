//! How a queue keeps only part of its messages in memory: what is on the disk too leaves it when
//! there is too much, what is not is written there when memory is short, and all of it comes back
//! before it is delivered.

mod found;
mod loading;
mod unloading;

pub(super) use self::unloading::locate;
use super::backing::Backing;
use super::stock::Stock;
use super::worker::QueueWorker;
use crate::queue::core::Queue;

impl QueueWorker {
    /// What the queue holds, as far as it is written; `None` if it is not durable.
    pub(super) fn stock(&mut self) -> Option<Stock> {
        let Self { core, store, backing, .. } = self;
        backing.as_mut()?.stock(core, store)
    }

    /// Has what is needed next loaded, and what is not needed soon go out of memory. Returns whether
    /// there is something to deliver now that was not there before.
    pub(super) fn page(&mut self) -> bool {
        self.count_resident();
        let Some(backing) = &self.backing else { return false };
        let keep = backing.keep(&self.core);
        let ahead = if keep > 0 { backing.log.sizes.ahead() } else { 0 };
        let is_short = backing.residence.is_short();
        if self.store.pinned_octets() > keep && (is_short || backing.is_over()) {
            let mut alone = self.unload_delayed();
            self.unload(keep, None);
            // Those that are soon settled are not worth it.
            if self.store.pinned_octets() > 2 * keep {
                alone.extend(self.unload_held(keep));
            }
            // What is logged does not go while something else stands before it.
            let octets =
                if is_short { self.store.pinned_octets() } else { self.store.logged_octets() };
            if octets > keep {
                self.begin_leaving(keep, &alone);
            }
        }
        self.load_ahead(ahead)
    }

    fn count_resident(&mut self) {
        if let Some(backing) = self.backing.as_mut().filter(|backing| backing.journal.is_some()) {
            backing.residence.update(&mut backing.resident, self.store.pinned_octets());
        }
    }

    /// Has what nobody takes go out of memory, when memory is short.
    pub(super) fn relieve(&mut self) {
        if let Some(backing) = &mut self.backing {
            backing.polled = false;
        }
        self.run();
    }
}

impl Backing {
    /// Octets of ready messages that stay in memory: none while memory is short and nobody takes
    /// any.
    pub(super) fn keep(&self, core: &Queue) -> usize {
        let is_taken = core.consumers() > 0 || core.settings().hands_on || self.polled;
        let is_idle = !is_taken && self.residence.is_short();
        if is_idle { 0 } else { self.log.sizes.kept() }
    }

    /// Whether what is on the disk too should leave memory.
    fn is_over(&self) -> bool {
        self.journal.is_some() && self.residence.is_over()
    }
}
