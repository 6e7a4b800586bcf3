//! How much of the messages' contents is in memory, over all durable queues, and whether memory is
//! short.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Octets in memory, and how many there are to be.
#[derive(Debug)]
pub struct Residence {
    octets: AtomicUsize,
    budget: usize,
    short: AtomicBool,
    leaving: Arc<AtomicUsize>,
}

/// Messages on their way out of memory.
#[derive(Debug)]
pub struct Leaving(Arc<AtomicUsize>);

impl Drop for Leaving {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Residence {
    /// Nothing in memory yet, of `budget` octets.
    pub fn new(budget: usize) -> Self {
        Self {
            octets: AtomicUsize::new(0),
            budget,
            short: AtomicBool::new(false),
            leaving: Arc::default(),
        }
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

    /// Says whether memory is short.
    pub fn set_short(&self, short: bool) {
        self.short.store(short, Ordering::Relaxed);
    }

    /// Whether memory is short: then what is in memory alone should leave it too.
    pub fn is_short(&self) -> bool {
        self.short.load(Ordering::Relaxed)
    }

    /// Counts messages that are on their way out of memory, until it is dropped.
    pub fn leaving(&self) -> Leaving {
        self.leaving.fetch_add(1, Ordering::Relaxed);
        Leaving(Arc::clone(&self.leaving))
    }

    /// Whether messages are on their way out of memory.
    pub fn is_leaving(&self) -> bool {
        self.leaving.load(Ordering::Relaxed) > 0
    }

    /// Whether what is on the disk too should leave memory.
    pub fn is_over(&self) -> bool {
        self.octets.load(Ordering::Relaxed) > self.budget
    }
}
