//! Messages that are due in the same span of time, in chunks that two wheels can share.

use std::sync::Arc;

use crate::amqp::id::StoreRef;
use crate::queue::waiting::{Rank, Waiting};

/// Entries in a full chunk of a slot.
const CHUNK: usize = 1024;

/// Messages that are due in the same span of time, in no order. A copy of it shares the full chunks,
/// until one of both changes them.
#[derive(Clone, Debug, Default)]
pub(super) struct Slot {
    full: Vec<Arc<Vec<Waiting>>>,
    last: Vec<Waiting>,
}

impl Slot {
    pub(super) fn is_empty(&self) -> bool {
        self.last.is_empty() && self.full.is_empty()
    }

    pub(super) fn push(&mut self, waiting: Waiting) {
        if self.last.len() >= CHUNK {
            self.full.push(Arc::new(std::mem::take(&mut self.last)));
        }
        if self.last.len() == self.last.capacity() {
            let more = (self.last.len() / 4).max(4);
            self.last.reserve_exact(more);
        }
        self.last.push(waiting);
    }

    /// Takes any out.
    pub(super) fn pop(&mut self) -> Option<Waiting> {
        let popped = self.last.pop();
        if self.last.is_empty() {
            self.last = self.full.pop().map(Arc::unwrap_or_clone).unwrap_or_default();
        }
        popped
    }

    pub(super) fn remove(&mut self, rank: Rank) -> Option<Waiting> {
        let is_there = self.iter().any(|it| it.rank() == rank);
        let other = if is_there { self.pop()? } else { return None };
        if other.rank() == rank {
            return Some(other);
        }
        let place = self.find_mut(|it| it.rank() == rank)?;
        Some(std::mem::replace(place, other))
    }

    /// The first that is meant, to be changed.
    fn find_mut(&mut self, is_meant: impl Fn(&Waiting) -> bool) -> Option<&mut Waiting> {
        if let Some(at) = self.last.iter().position(&is_meant) {
            return self.last.get_mut(at);
        }
        let chunk = self.full.iter_mut().find(|chunk| chunk.iter().any(&is_meant))?;
        Arc::make_mut(chunk).iter_mut().find(|it| is_meant(it))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Waiting> {
        self.full.iter().flat_map(|chunk| chunk.iter()).chain(&self.last)
    }

    /// Points those elsewhere on the disk of which `moved` says where they are now.
    pub(super) fn relocate(&mut self, mut moved: impl FnMut(&Waiting) -> Option<StoreRef>) {
        for chunk in &mut self.full {
            let each = chunk.iter().enumerate();
            let found: Vec<_> = each.filter_map(|(at, it)| Some((at, moved(it)?))).collect();
            if found.is_empty() {
                continue;
            }
            let chunk = Arc::make_mut(chunk);
            for (at, store) in found {
                chunk.get_mut(at).into_iter().for_each(|waiting| waiting.store = store);
            }
        }
        for waiting in &mut self.last {
            waiting.store = moved(waiting).unwrap_or(waiting.store);
        }
    }
}
