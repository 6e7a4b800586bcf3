//! Data directories of no good will.

#![no_main]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Counts what is reserved.
struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

static RESERVED: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

// SAFETY: all of it is the system's allocator's.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        // SAFETY: the caller's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        // SAFETY: the caller's.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, octets: *mut u8, layout: Layout) {
        RESERVED.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's.
        unsafe { System.dealloc(octets, layout) }
    }
}

fn count(octets: usize) {
    let reserved = RESERVED.fetch_add(octets, Ordering::Relaxed) + octets;
    PEAK.fetch_max(reserved, Ordering::Relaxed);
}

/// Runs something; returns how much it had reserved at most at one time.
fn peak(run: &mut dyn FnMut()) -> usize {
    let before = RESERVED.load(Ordering::Relaxed);
    PEAK.store(before, Ordering::Relaxed);
    run();
    PEAK.load(Ordering::Relaxed).saturating_sub(before)
}

libfuzzer_sys::fuzz_target!(|octets: &[u8]| leveret_fuzz::recovery::run(octets, &peak));
