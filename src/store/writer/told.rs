//! Who is to be told of what is written, and when.

use std::fmt;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::amqp::confirm::Confirm;
use crate::store::commit::Completer;
use crate::store::format::position::Position;
use crate::store::log::Done;
use crate::store::placement::Waiter;

/// Who is to be told, and when.
#[derive(Default)]
pub(super) struct Told {
    pub(super) written: Vec<Box<dyn Waiter>>,
    pub(super) synced: Vec<Box<dyn Waiter>>,
    pub(super) completers: Vec<Completer>,
    pub(super) moved: Vec<(Arc<Mutex<Option<Position>>>, Position)>,
    pub(super) paged_out: Vec<(Done, Position)>,
}

impl Told {
    /// Takes note of who waits for everything up to here.
    pub(super) fn note(&mut self, confirm: Confirm, waiter: Option<Box<dyn Waiter>>) {
        match confirm {
            Confirm::Synced => self.synced.extend(waiter),
            Confirm::Written => self.written.extend(waiter),
        }
    }

    /// Whether somebody waits for a sync.
    pub(super) const fn is_awaited(&self) -> bool {
        !self.synced.is_empty() || !self.completers.is_empty()
    }

    /// Everything is written.
    pub(super) fn tell_written(&mut self) {
        for waiter in self.written.drain(..) {
            waiter.committed();
        }
        for (done, start) in self.paged_out.drain(..) {
            done(start);
        }
    }

    /// Everything is durable.
    pub(super) fn tell_synced(&mut self) {
        for waiter in self.synced.drain(..) {
            waiter.committed();
        }
        for (place, position) in self.moved.drain(..) {
            *place.lock() = Some(position);
        }
        self.completers.drain(..).for_each(Completer::complete);
    }
}

impl fmt::Debug for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Told")
            .field("written", &self.written.len())
            .field("synced", &self.synced.len())
            .finish_non_exhaustive()
    }
}
