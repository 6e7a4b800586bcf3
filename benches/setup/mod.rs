//! What the benchmarks work on. Each of these structs does one kind of work over and over, and is
//! as small after a pass as before it, so that passes cost alike.

#![allow(dead_code, unreachable_pub, missing_docs, reason = "each benchmark takes its part of it")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a benchmark says by panicking what it did not expect"
)]

pub mod bindings;
pub mod client;
pub mod contents;
pub mod output;
pub mod traffic;

use std::time::Duration;

use criterion::Criterion;

/// Messages that one pass handles.
pub const BATCH: usize = 64;

/// The allocator of the binary.
#[cfg(feature = "jemalloc")]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Runs that take a second or two for each figure; the command line can ask for more.
pub fn criterion() -> Criterion {
    let short = Criterion::default().sample_size(30).warm_up_time(Duration::from_millis(300));
    short.measurement_time(Duration::from_secs(1)).configure_from_args()
}
