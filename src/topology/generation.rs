//! How whoever keeps a route finds out that it may lead elsewhere now.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The state of an exchange, and of all that its messages can reach from it, in one snapshot.
///
/// The number belongs to the snapshot, only the comparison is shared: so a route that was found
/// in an old snapshot is never taken for a current one, whichever is published first.
#[derive(Clone, Debug)]
pub struct Generation {
    number: u64,
    current: Arc<AtomicU64>,
}

impl Generation {
    pub(super) fn new(revision: u64) -> Self {
        Self { number: revision, current: Arc::new(AtomicU64::new(revision)) }
    }

    /// Whether nothing has changed since: one load of an atomic that seldom changes.
    pub fn is_current(&self) -> bool {
        self.current.load(Ordering::Acquire) == self.number
    }

    /// Makes all clones outdated, but not this one.
    pub(super) fn renew(&mut self, revision: u64) {
        self.number = revision;
        self.current.store(revision, Ordering::Release);
    }
}
