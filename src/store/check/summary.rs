//! What a data directory holds, in numbers.

use std::io;

use crate::amqp::id::QueueId;
use crate::amqp::run::Run;
use crate::store::disk::Disk;
use crate::store::files::{file_number, is_spare};
use crate::store::format::VERSION;
use crate::store::format::checkpoint::{Checkpoint, QueueImage, Replay};

/// What a data directory holds. Sizes are in octets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// The version of the format that it is read as.
    pub version: u16,
    /// Whether the broker that wrote it was stopped in order.
    pub clean: bool,
    /// The first batch behind the checkpoint.
    pub from: Replay,
    /// How many batches are there.
    pub replayed: u64,
    /// Whether a batch at the end is not whole: a start cuts it off, and nobody relies on it.
    pub torn: bool,
    /// How many files the log has.
    pub files: usize,
    /// Their size.
    pub octets: u64,
    /// How many files hold nothing and wait to be written again.
    pub spares: usize,
    /// Their size.
    pub spare_octets: u64,
    /// Entries of the meta map.
    pub entries: usize,
    /// What is left in each queue.
    pub queues: Vec<QueueSummary>,
    /// How many values exchanges have seen and are to know.
    pub seen: usize,
}

/// What is left in one queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueSummary {
    /// The queue.
    pub queue: QueueId,
    /// How many messages.
    pub messages: u64,
    /// The octets that they rest in.
    pub octets: u64,
}

impl Summary {
    /// Of what is left in a directory with files of these names.
    pub(super) fn new(disk: &dyn Disk, names: &[String], left: &Checkpoint) -> io::Result<Self> {
        let (files, octets) = measure(disk, names, |name| file_number(name).is_some())?;
        let (spares, spare_octets) = measure(disk, names, is_spare)?;
        Ok(Self {
            version: VERSION,
            clean: false,
            from: left.replay,
            replayed: 0,
            torn: false,
            files,
            octets,
            spares,
            spare_octets,
            entries: left.meta.len(),
            queues: left.images.iter().map(QueueSummary::of).collect(),
            seen: left.seen.values().map(Vec::len).sum(),
        })
    }

    /// Messages in all queues.
    pub fn messages(&self) -> u64 {
        self.queues.iter().map(|queue| queue.messages).sum()
    }

    /// Octets of messages, once for each queue.
    pub fn living(&self) -> u64 {
        self.queues.iter().map(|queue| queue.octets).sum()
    }
}

impl QueueSummary {
    fn of(image: &QueueImage) -> Self {
        let sum = |count: fn(&Run) -> u32| image.runs.iter().map(|run| u64::from(count(run))).sum();
        Self { queue: image.queue, messages: sum(|run| run.count), octets: sum(|run| run.octets) }
    }
}

fn measure(
    disk: &dyn Disk,
    names: &[String],
    is_counted: impl Fn(&str) -> bool,
) -> io::Result<(usize, u64)> {
    let mut counted = names.iter().filter(|name| is_counted(name));
    counted.try_fold((0, 0_u64), |(files, octets), name| {
        Ok((files + 1, octets.saturating_add(disk.open(name)?.size()?)))
    })
}
