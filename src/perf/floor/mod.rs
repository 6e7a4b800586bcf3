//! `leveret perf floor`: what this machine does without a broker, for the other figures to be
//! held against.

pub mod disk;
pub mod hops;
pub mod memory;
mod relay;
pub mod report;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::perf::error::PerfError;
use crate::perf::options::seconds;
use crate::perf::stamp;

use report::Report;

/// Measure the machine.
#[derive(Args, Clone, Debug)]
pub struct Floor {
    /// What to measure, with commas between [default: relay and memory, and disk if --data-dir]
    #[arg(long, value_enum, value_delimiter = ',', value_name = "PARTS")]
    pub only: Vec<Part>,
    /// Octets of each message's body, 16 at least
    #[arg(long, default_value_t = 16, value_name = "OCTETS")]
    pub size: usize,
    /// Messages a second, for the latency of the relay
    #[arg(long, default_value_t = 10_000, value_name = "N")]
    pub rate: u32,
    /// A directory on the disk in question
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// How long to measure each figure
    #[arg(long, value_name = "S", value_parser = seconds, default_value = "3")]
    pub seconds: Duration,
    /// Report as JSON
    #[arg(long)]
    pub json: bool,
}

/// A part of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Part {
    /// A bare TCP relay on loopback, in the broker's place
    Relay,
    /// Blocks appended to a file, with fdatasync after each
    Disk,
    /// Blocks of memory copied
    Memory,
}

/// Measures one part after the other.
///
/// # Errors
/// The options contradict each other, the relay broke, or nothing can be written to the directory.
pub fn run(options: &Floor) -> Result<Report, PerfError> {
    let has = |part| {
        if options.only.is_empty() {
            part != Part::Disk || options.data_dir.is_some()
        } else {
            options.only.contains(&part)
        }
    };
    let refused = [
        (options.size < stamp::SIZE, "--size: at least 16"),
        (options.rate == 0, "--rate: at least 1"),
        (options.seconds.is_zero(), "--seconds: more than 0"),
        (has(Part::Disk) && options.data_dir.is_none(), "--only disk: needs --data-dir"),
        (!has(Part::Disk) && options.data_dir.is_some(), "--data-dir: only if disk is measured"),
    ];
    if let Some((_, text)) = refused.into_iter().find(|(is_so, _)| *is_so) {
        return Err(PerfError::Options(text.to_owned()));
    }
    let directory = options.data_dir.as_ref().filter(|_| has(Part::Disk));
    // The disk first: only there the user may have to think again.
    let disk = directory.map(|directory| disk::measure(directory, options.seconds)).transpose()?;
    Ok(Report {
        size: options.size,
        rate: options.rate,
        relay: has(Part::Relay).then(|| hops::measure(options)).transpose()?,
        disk,
        memory: has(Part::Memory).then(|| memory::measure(options.size, options.seconds)),
    })
}
