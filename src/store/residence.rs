//! How much of the messages' contents is in memory, over all durable queues.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Octets in memory, and how many there are to be.
#[derive(Debug)]
pub struct Residence {
    octets: AtomicUsize,
    budget: usize,
}

impl Residence {
    /// Nothing in memory yet, of `budget` octets.
    pub const fn new(budget: usize) -> Self {
        Self { octets: AtomicUsize::new(0), budget }
    }

    /// Counts `now` octets for somebody who had `counted` before.
    pub fn update(&self, counted: &mut usize, now: usize) {
        if now > *counted {
            self.octets.fetch_add(now - *counted, Ordering::Relaxed);
        } else if now < *counted {
            self.octets.fetch_sub(*counted - now, Ordering::Relaxed);
        }
        *counted = now;
    }

    /// Whether what is on the disk too should leave memory.
    pub fn is_over(&self) -> bool {
        self.octets.load(Ordering::Relaxed) > self.budget
    }
}
