//! Writing to a disk for good: a block, fdatasync, and the next.

use std::fs::{File, OpenOptions, remove_file};
use std::io::{self, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::perf::cost::per_second;
use crate::perf::error::PerfError;
use crate::perf::publisher::nanos_since;
use crate::perf::quantiles::{self, Latency};

/// Octets of the file, which blocks are written to from start to end, and over again.
const FILE_SIZE: usize = 64 << 20;

/// Octets of the blocks.
const BLOCKS: [usize; 3] = [4 << 10, 16 << 10, 1 << 20];

/// What blocks of one size showed.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Synced {
    /// Octets of each block.
    pub octets_each: usize,
    /// Blocks written and synced.
    pub syncs: u64,
    /// Blocks in a second.
    pub syncs_per_second: f64,
    /// How long a block took.
    pub latency: Option<Latency>,
}

/// The file; it is removed with the value.
#[derive(Debug)]
struct Scratch {
    file: File,
    path: PathBuf,
}

/// Measures each size for `time`.
///
/// # Errors
/// There is no such directory, or nothing can be written to it.
pub(super) fn measure(directory: &Path, time: Duration) -> Result<Vec<Synced>, PerfError> {
    let scratch = Scratch::new(directory).and_then(|mut scratch| {
        scratch.fill()?;
        Ok(scratch)
    });
    let measured = scratch.and_then(|scratch| {
        BLOCKS.into_iter().map(|octets| sync_blocks(&scratch.file, octets, time)).collect()
    });
    measured.map_err(|error: io::Error| {
        PerfError::Options(format!("--data-dir: {}: {error}", directory.display()))
    })
}

fn sync_blocks(file: &File, octets: usize, time: Duration) -> io::Result<Synced> {
    let block = vec![b'x'; octets];
    let places = (0..FILE_SIZE as u64).step_by(octets).cycle();
    let mut times = quantiles::empty();
    let start = Instant::now();
    for place in places {
        let before = Instant::now();
        file.write_all_at(&block, place)?;
        file.sync_data()?;
        // It grows as needed, to half of what 64 bits count.
        let _ = times.record(nanos_since(before));
        if start.elapsed() >= time {
            break;
        }
    }
    Ok(Synced {
        octets_each: octets,
        syncs: times.len(),
        syncs_per_second: per_second(times.len(), start.elapsed().as_secs_f64()),
        latency: Latency::of([&times]),
    })
}

impl Scratch {
    fn new(directory: &Path) -> io::Result<Self> {
        let path = directory.join(format!(".leveret-perf-{}", std::process::id()));
        let file = OpenOptions::new().write(true).create_new(true).open(&path)?;
        Ok(Self { file, path })
    }

    /// Fills it with zeros, so that a sync has nothing but data to write.
    fn fill(&mut self) -> io::Result<()> {
        let zeros = vec![0; 1 << 20];
        for _ in 0..FILE_SIZE / zeros.len() {
            self.file.write_all(&zeros)?;
        }
        self.file.sync_all()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = remove_file(&self.path);
    }
}
