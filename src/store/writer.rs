//! The one thread that writes the log. While it waits for the disk, the next batch gathers: so many
//! share one sync, and nobody waits for company.

mod batch;
mod encoding;
mod output;
mod told;

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use self::batch::Batch;
use self::output::Output;
use self::told::Told;
use super::format::batch::BATCH_HEADER_SIZE;
use super::format::checkpoint::Replay;
use super::log::{Entry, Log, Tell};

/// How often the writer tries again on a full disk.
const FULL_INTERVAL: Duration = Duration::from_millis(100);

/// Writes the log.
#[derive(Debug)]
pub struct Writer {
    log: Arc<Log>,
    backlog: VecDeque<Entry>,
    /// How many messages of the first placement of the backlog are written.
    cursor: usize,
    batch: Batch,
    output: Output,
    told: Told,
    /// Whether publishers can go on that could not.
    drained: bool,
}

/// Why the writer could not go on.
#[derive(Debug)]
pub enum WriteError {
    /// The disk is full: what is written is written, the rest waits.
    Full(io::Error),
    /// What is on the disk is not known any more. Nothing may be answered from now on.
    Failed(io::Error),
}

impl Writer {
    /// The writer of a log that begins a new file: `next` says which, and with which batch.
    pub fn new(log: Arc<Log>, next: Replay) -> Self {
        Self {
            output: Output::new(Arc::clone(&log), next),
            log,
            backlog: VecDeque::new(),
            cursor: 0,
            batch: Batch::default(),
            told: Told::default(),
            drained: false,
        }
    }

    /// Waits for work and does it until the log is stopped. `full` hears of a full disk, and of its
    /// end; the writer tries again for as long as it is. `drained` is called when publishers can go
    /// on that were too fast for the disk.
    ///
    /// # Errors
    /// The disk failed: what is on it is not known any more.
    pub fn run(
        mut self,
        full: &dyn Fn(Option<&io::Error>),
        drained: &dyn Fn(),
    ) -> Result<(), io::Error> {
        let mut is_full = false;
        loop {
            if std::mem::take(&mut self.drained) {
                drained();
            }
            match self.turn(true) {
                Ok(goes_on) => {
                    if std::mem::take(&mut is_full) {
                        full(None);
                    }
                    if !goes_on {
                        return Ok(());
                    }
                }
                Err(WriteError::Full(error)) => {
                    if !std::mem::replace(&mut is_full, true) {
                        full(Some(&error));
                    }
                    std::thread::sleep(FULL_INTERVAL);
                }
                Err(WriteError::Failed(error)) => return Err(error),
            }
        }
    }

    /// Waits for something to write and writes it. Returns whether there is more to come.
    ///
    /// # Errors
    /// The disk is full, or failed.
    pub fn turn(&mut self, wait: bool) -> Result<bool, WriteError> {
        let wait = wait && self.backlog.is_empty();
        let goes_on = self.log.take(&mut self.backlog, wait);
        let written = self.write_backlog();
        if matches!(written, Err(WriteError::Failed(_))) {
            return written.map(|()| false);
        }
        if !goes_on || self.told.is_awaited() || self.output.unsynced() >= self.log.sizes.unsynced {
            self.sync()?;
        }
        written.map(|()| goes_on)
    }

    fn write_backlog(&mut self) -> Result<(), WriteError> {
        while let Some(entry) = self.backlog.front() {
            let octets = entry.octets();
            self.encode()?;
            match self.backlog.pop_front() {
                Some(Entry::Tell(Tell { confirm, waiter })) => {
                    self.told.note(confirm, Some(waiter));
                }
                Some(Entry::Meta(_, completer) | Entry::Barrier(completer)) => {
                    self.told.completers.push(completer);
                }
                Some(Entry::Move(request)) => self.told.completers.push(request.completer),
                _ => {}
            }
            self.drained |= self.log.done(octets);
        }
        self.write_batch()?;
        let progress = &mut self.log.progress.lock();
        progress.replay = self.output.next();
        Ok(())
    }

    /// Whether the batch, and the file, have room for so much more.
    fn has_room(&self, messages: usize, records: usize) -> bool {
        let needed = self.batch.size() + messages + records;
        (needed <= self.log.sizes.batch || self.batch.is_empty()) && self.output.has_room(needed)
    }

    /// Writes the batch, and begins another file, unless there is room for so much more.
    fn make_room(&mut self, messages: usize, records: usize) -> Result<(), WriteError> {
        if self.has_room(messages, records) {
            return Ok(());
        }
        self.write_batch()?;
        if self.has_room(messages, records) {
            return Ok(());
        }
        self.sync()?;
        self.output.begin_file(BATCH_HEADER_SIZE + messages + records)
    }

    /// Writes what is in the batch, and tells who waits for that.
    fn write_batch(&mut self) -> Result<(), WriteError> {
        self.output.write(&mut self.batch).map_err(WriteError::Failed)?;
        for placement in self.batch.placements.drain(..) {
            placement.set_written();
        }
        self.told.tell_written();
        Ok(())
    }

    /// Makes everything durable that was written, and tells who waits for it.
    fn sync(&mut self) -> Result<(), WriteError> {
        self.output.sync().map_err(WriteError::Failed)?;
        if let Some(why) = self.log.failure() {
            // The directory may have lost the file that was synced.
            return Err(WriteError::Failed(io::Error::other(why)));
        }
        self.told.tell_synced();
        Ok(())
    }
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full(error) => write!(f, "the disk is full: {error}"),
            Self::Failed(error) => write!(f, "the disk failed: {error}"),
        }
    }
}

impl std::error::Error for WriteError {}
