//! The thread that keeps the log short: it writes checkpoints, and gives files back.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use super::checkpoint::{Capture, Contents};
use super::format::checkpoint::QueueImage;
use super::format::seen::Windows;
use super::log::Log;
use super::reclaim::{Holding, choose, copy_forward, wait};

/// Octets of log after which a checkpoint is due.
const CHECKPOINT_OCTETS: u64 = 64 << 20;

/// Files in which nothing lives that wait for a checkpoint.
const EMPTY_MAX: usize = 3;

/// After a checkpoint the keeper rests for so many times as long as it took to ask the queues.
const REST: u32 = 4;

/// How often the keeper looks whether it is.
const INTERVAL: Duration = Duration::from_millis(200);

/// Who knows the queues and the exchanges.
pub trait Queues: Send + Sync {
    /// What each durable queue holds, as far as it is written.
    fn images(&self) -> Vec<QueueImage>;

    /// What exchanges have seen, as far as it is appended to the log.
    fn seen(&self) -> Windows;

    /// A number above the ids of all queues there have been.
    fn next_queue(&self) -> u64;

    /// All of that.
    fn contents(&self) -> Contents {
        let (images, seen) = (self.images(), self.seen());
        Contents { images, seen, next_queue: self.next_queue() }
    }

    /// The durable queues that have written messages in a file.
    fn holdings(&self, file: u32) -> Vec<Holding>;
}

/// Keeps one log.
pub struct Keeper {
    log: Arc<Log>,
    queues: Arc<dyn Queues>,
    /// Octets that had been written when the last checkpoint began.
    checkpointed: u64,
    /// Octets of the last checkpoint.
    size: u64,
    /// Until when it rests.
    rests_until: Option<Instant>,
}

/// Ends a keeper.
#[derive(Debug, Default)]
pub struct Stop {
    stopped: Mutex<bool>,
    wake: Condvar,
}

impl Stop {
    /// The keeper is to end.
    pub fn stop(&self) {
        *self.stopped.lock() = true;
        self.wake.notify_all();
    }

    /// Waits; returns whether the keeper is to end.
    fn wait(&self) -> bool {
        let mut stopped = self.stopped.lock();
        if !*stopped {
            self.wake.wait_for(&mut stopped, INTERVAL);
        }
        *stopped
    }
}

impl Keeper {
    /// The keeper of a log whose queues `queues` knows.
    pub fn new(log: Arc<Log>, queues: Arc<dyn Queues>) -> Self {
        Self { log, queues, checkpointed: 0, size: 0, rests_until: None }
    }

    /// Keeps the log until told to stop.
    ///
    /// # Errors
    /// The disk failed.
    pub fn run(mut self, stop: &Stop) -> io::Result<()> {
        while !stop.wait() {
            self.reclaim()?;
            if self.is_due() {
                self.checkpointed = self.log.progress.lock().written;
                match self.checkpoint() {
                    // The one before is still good. Files are given back by a later one.
                    Err(error) if error.kind() == io::ErrorKind::StorageFull => {}
                    other => other?,
                }
            }
        }
        Ok(())
    }

    /// Writes a checkpoint.
    ///
    /// # Errors
    /// The disk failed, or is full.
    pub fn checkpoint(&mut self) -> io::Result<()> {
        let capture = Capture::begin(&self.log);
        let begun = Instant::now();
        let contents = self.queues.contents();
        let asked = Instant::now();
        self.rests_until = asked.checked_add(REST * (asked - begun));
        let captured = capture.end(&self.log, contents);
        wait(&captured.durable)?;
        self.size = captured.publish(&self.log)?;
        Ok(())
    }

    /// Copies one file forward, if that is worth it.
    ///
    /// # Errors
    /// The disk failed.
    pub fn reclaim(&self) -> io::Result<()> {
        match choose(&self.log) {
            Some(file) => copy_forward(&self.log, file, self.queues.holdings(file)),
            None => Ok(()),
        }
    }

    /// A large checkpoint is due less often, so that it never makes more than a third of what is
    /// written; and one for which millions of messages are put in order, so that it never takes more
    /// than a fifth of the time.
    fn is_due(&self) -> bool {
        if self.rests_until.is_some_and(|until| Instant::now() < until) {
            return false;
        }
        let progress = *self.log.progress.lock();
        let written = progress.written - self.checkpointed;
        written >= CHECKPOINT_OCTETS.max(2 * self.size)
            || written >= 2 * self.size
                && self.log.files.empty(progress.replay.position.file).len() >= EMPTY_MAX
    }
}

impl std::fmt::Debug for Keeper {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keeper").field("checkpointed", &self.checkpointed).finish_non_exhaustive()
    }
}
