//! Checkpoints: what the log comes to is written down, so that a restart need not begin at its
//! start, and so that files can be written again.
//!
//! A checkpoint is fuzzy: queues go on while one after the other is asked what it holds. So a
//! record from behind the place where the replay begins may be in it already; applied once more it
//! changes nothing.

use std::io;

use super::commit::Commit;
use super::disk::Disk;
use super::failpoint::failpoint;
use super::format::checkpoint::{Checkpoint, QueueImage, Replay};
use super::format::seen::Windows;
use super::log::Log;
use super::recovery::image::Meta;

/// The checkpoint's file.
pub const CHECKPOINT: &str = "checkpoint";

/// The same while it is written.
pub const CHECKPOINT_NEW: &str = "checkpoint.new";

/// A checkpoint for which queues are being asked.
#[derive(Debug)]
pub struct Capture {
    replay: Replay,
    /// Files that no queue had anything in when it began. No image can refer to them, nor will
    /// anything that is written later.
    empty: Vec<u32>,
}

/// A checkpoint that has to wait until everything that is in it is durable.
#[derive(Debug)]
pub struct Captured {
    checkpoint: Checkpoint,
    empty: Vec<u32>,
    /// Done when it can be published.
    pub durable: Commit,
}

/// What there is of everything that a checkpoint has, but for the meta map.
#[derive(Debug, Default)]
pub struct Contents {
    /// What each durable queue holds, as far as it is written.
    pub images: Vec<QueueImage>,
    /// What each exchange has seen that is to know it after a restart.
    pub seen: Windows,
    /// A number above the ids of all queues there have been.
    pub next_queue: u64,
}

impl Contents {
    fn checkpoint(self, clean: bool, replay: Replay, meta: Meta) -> Checkpoint {
        let Self { images, seen, next_queue } = self;
        Checkpoint { clean, replay, next_queue, meta, images, seen }
    }
}

impl Capture {
    /// Begins: whoever is asked for an image is asked after this.
    pub fn begin(log: &Log) -> Self {
        let replay = log.progress.lock().replay;
        Self { replay, empty: log.files.empty(replay.position.file) }
    }

    /// Ends, with what there is of all queues and exchanges.
    pub fn end(self, log: &Log, contents: Contents) -> Captured {
        let Self { replay, empty } = self;
        let meta = log.meta();
        let checkpoint = contents.checkpoint(false, replay, meta);
        Captured { checkpoint, empty, durable: log.barrier() }
    }

    /// Ends after the writer has ended: nothing will follow.
    ///
    /// # Errors
    /// The disk failed.
    pub fn end_clean(self, log: &Log, contents: Contents) -> io::Result<()> {
        let checkpoint = contents.checkpoint(true, self.replay, log.meta());
        publish(&**log.files.disk(), &checkpoint).map(drop)
    }
}

impl Captured {
    /// Puts it in the place of the one before, and gives the files back that only that one needed.
    /// Returns how many octets it has.
    ///
    /// # Errors
    /// The disk failed, and nothing is answered from now on; or it is full, and the one before is
    /// still good.
    pub fn publish(self, log: &Log) -> io::Result<u64> {
        let published = publish(&**log.files.disk(), &self.checkpoint);
        let done = published.and_then(|octets| log.files.reclaim(&self.empty).map(|()| octets));
        done.inspect_err(|error| {
            if error.kind() != io::ErrorKind::StorageFull {
                log.fail(format!("no checkpoint can be written: {error}"));
            }
        })
    }
}

/// Replaces the checkpoint, all or nothing. Returns how many octets it has.
///
/// # Errors
/// The disk failed, or is full.
pub fn publish(disk: &dyn Disk, checkpoint: &Checkpoint) -> io::Result<u64> {
    let octets = checkpoint.octets();
    let file = disk.create(CHECKPOINT_NEW, octets.len() as u64)?;
    file.write_at(&octets, 0)?;
    failpoint!("checkpoint::written");
    file.sync()?;
    failpoint!("checkpoint::synced");
    disk.rename(CHECKPOINT_NEW, CHECKPOINT)?;
    failpoint!("checkpoint::renamed");
    disk.sync()?;
    Ok(octets.len() as u64)
}
