//! Copying memory, block by block, from and to more of it than caches hold.

use std::hint::black_box;
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::perf::cost::per_second;

/// Octets copied from, and as many copied to.
const POOL_SIZE: usize = 64 << 20;

/// Octets of the blocks beside the message's.
const BLOCKS: [usize; 2] = [64 << 10, 1 << 20];

/// What blocks of one size showed.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Copied {
    /// Octets of each block.
    pub octets_each: usize,
    /// Octets copied in a second.
    pub octets_per_second: f64,
}

/// Measures blocks of `size` and of the usual sizes, each for `time`.
pub(super) fn measure(size: usize, time: Duration) -> Vec<Copied> {
    let pool = POOL_SIZE.max(size);
    // Not zeros, which an allocator may hand out without there being any memory.
    let (from, mut to) = (vec![1; pool], vec![2; pool]);
    let mut sizes = vec![size];
    sizes.extend(BLOCKS.into_iter().filter(|block| *block != size));
    sizes.into_iter().map(|octets| copy(&from, &mut to, octets, time)).collect()
}

fn copy(from: &[u8], to: &mut [u8], octets: usize, time: Duration) -> Copied {
    let octets = black_box(octets);
    let start = Instant::now();
    let mut copied = 0;
    loop {
        for (to, from) in to.chunks_exact_mut(octets).zip(from.chunks_exact(octets)) {
            to.copy_from_slice(from);
            copied += octets as u64;
        }
        black_box(&mut *to);
        let elapsed = start.elapsed();
        if elapsed >= time {
            let octets_per_second = per_second(copied, elapsed.as_secs_f64());
            return Copied { octets_each: octets, octets_per_second };
        }
    }
}
