//! The one thread that writes the log. While it waits for the disk, the next batch gathers: so many
//! share one sync, and nobody waits for company.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use super::commit::Completer;
use super::disk::DiskFile;
use super::failpoint::failpoint;
use super::format::batch::{BATCH_HEADER_SIZE, BatchHeader, FileHeader};
use super::format::checkpoint::Replay;
use super::format::position::Position;
use super::format::record::{Record, put_enqueued, put_meta, put_settled};
use super::format::run::{RUN_SIZE_MAX, seal};
use super::format::{BLOCK, FIRST_BATCH, blocks};
use super::log::{Done, Entry, Log, Move, PageOut};
use super::placement::{Placement, Waiter};
use crate::amqp::confirm::Confirm;
use crate::amqp::id::QueueId;
use crate::amqp::run::Run;

/// Room that the records of the next entry may need besides its runs.
const RECORD_MAX: usize = 64;

/// How often the writer tries again on a full disk.
const FULL_INTERVAL: Duration = Duration::from_millis(100);

/// Why the writer could not go on.
#[derive(Debug)]
pub enum WriteError {
    /// The disk is full: what is written is written, the rest waits.
    Full(io::Error),
    /// What is on the disk is not known any more. Nothing may be answered from now on.
    Failed(io::Error),
}

/// Writes the log.
#[derive(Debug)]
pub struct Writer {
    log: Arc<Log>,
    backlog: VecDeque<Entry>,
    /// The file that is written, and its size.
    file: Option<(Arc<dyn DiskFile>, u64)>,
    /// Where the next batch goes.
    next: Replay,
    /// Everything up to here was synced.
    durable: u64,
    /// Octets since the last sync.
    unsynced: u64,
    batch: Batch,
    told: Told,
    /// How many messages of the first placement of the backlog are written.
    cursor: usize,
    /// Whether publishers can go on that could not.
    drained: bool,
}

/// The batch that is being put together.
#[derive(Debug, Default)]
struct Batch {
    /// Room for the header, then the messages.
    octets: Vec<u8>,
    records: Vec<u8>,
    /// Placements whose last message is in it.
    placements: Vec<Arc<Placement>>,
}

/// Who is to be told, and when.
#[derive(Default)]
struct Told {
    written: Vec<Box<dyn Waiter>>,
    synced: Vec<Box<dyn Waiter>>,
    completers: Vec<Completer>,
    moved: Vec<(Arc<parking_lot::Mutex<Option<Position>>>, Position)>,
    paged_out: Vec<(Done, Position)>,
}

impl Writer {
    /// The writer of a log that begins a new file: `next` says which, and with which batch.
    pub fn new(log: Arc<Log>, next: Replay) -> Self {
        Self {
            log,
            backlog: VecDeque::new(),
            file: None,
            durable: next.batch.saturating_sub(1),
            next,
            unsynced: 0,
            batch: Batch::default(),
            told: Told::default(),
            cursor: 0,
            drained: false,
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
        if !goes_on || self.is_awaited() || self.unsynced >= self.log.sizes.unsynced {
            self.sync()?;
        }
        written.map(|()| goes_on)
    }

    fn write_backlog(&mut self) -> Result<(), WriteError> {
        while let Some(entry) = self.backlog.front() {
            let octets = entry.octets();
            self.encode()?;
            match self.backlog.pop_front() {
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
        progress.replay = self.next;
        Ok(())
    }

    /// Puts the first entry of the backlog into the batch, which may be written in between.
    fn encode(&mut self) -> Result<(), WriteError> {
        // Taken out and put back, so that a full disk leaves it where it was.
        let Some(mut entry) = self.backlog.pop_front() else { return Ok(()) };
        let encoded = match &mut entry {
            Entry::Enqueue(placement) => self.encode_placement(&Arc::clone(placement)),
            Entry::Move(request) => self.encode_move(request),
            Entry::PageOut(request) => self.encode_page_out(request),
            other => self.encode_plain(other),
        };
        self.backlog.push_front(entry);
        encoded
    }

    fn encode_plain(&mut self, entry: &Entry) -> Result<(), WriteError> {
        let mut record = Vec::new();
        match entry {
            Entry::Settle(queue, ranges) => put_settled(&mut record, *queue, ranges),
            Entry::Delete(queue) => Record::Deleted(*queue).write(&mut record),
            Entry::Meta(changes, _) => put_meta(&mut record, changes),
            _ => {}
        }
        if !record.is_empty() {
            self.make_room(0, record.len())?;
            self.batch.records.append(&mut record);
        }
        Ok(())
    }

    fn encode_placement(&mut self, placement: &Arc<Placement>) -> Result<(), WriteError> {
        if self.cursor == 0 {
            placement.take();
        }
        let mut runs: Vec<Run> = Vec::new();
        while let Some(message) = placement.messages.get(self.cursor) {
            if let Some((places, octets)) = placement.message(message)
                && !placement.is_skipped(self.cursor)
            {
                let found = places.find(message.offset);
                let new = if found.is_none() { octets.len() } else { 0 };
                // Room for the record is made here, so that nothing can fail once it is due.
                if !self.has_room(new, RECORD_MAX + (runs.len() + 1) * RUN_SIZE_MAX) {
                    self.end_runs(placement.queue, &mut runs);
                    self.make_room(new, RECORD_MAX + RUN_SIZE_MAX)?;
                }
                let size = u32::try_from(octets.len()).unwrap_or(u32::MAX);
                let position = found.unwrap_or_else(|| {
                    let position = self.append(octets);
                    places.add(message.offset, message.offset + size, position);
                    placement.pin(position, size);
                    position
                });
                let one = message.run(position, size);
                if !runs.last_mut().is_some_and(|last| last.extend(&one, self.log.sizes.run)) {
                    runs.push(one);
                }
            }
            self.cursor += 1;
        }
        self.end_runs(placement.queue, &mut runs);
        self.cursor = 0;
        self.batch.placements.push(Arc::clone(placement));
        if let Some(waiter) = placement.take_waiter() {
            match placement.confirm {
                Confirm::Synced => self.told.synced.push(waiter),
                Confirm::Written => self.told.written.push(waiter),
            }
        }
        Ok(())
    }

    /// Records the runs, and counts them as alive.
    fn end_runs(&mut self, queue: QueueId, runs: &mut Vec<Run>) {
        if runs.is_empty() {
            return;
        }
        put_enqueued(&mut self.batch.records, queue, runs);
        for run in runs.drain(..) {
            self.log.files.add(Position::of(run.position).file, run.octets.into());
        }
    }

    fn encode_move(&mut self, request: &Move) -> Result<(), WriteError> {
        let runs: usize =
            request.runs.iter().map(|(_, runs)| RECORD_MAX + runs.len() * RUN_SIZE_MAX).sum();
        self.make_room(request.octets.len(), runs)?;
        let start = self.append_sealed(&request.octets);
        for (queue, runs) in &request.runs {
            for run in runs {
                self.log.files.add(start.file, run.octets.into());
            }
            let moved = |run: &Run| Run {
                position: start.plus(Position::of(run.position).offset).store_ref(),
                ..*run
            };
            let logged = runs.iter().filter(|run| !run.position.is_volatile());
            let runs: Vec<Run> = logged.map(moved).collect();
            if !runs.is_empty() {
                Record::Moved(*queue, runs).write(&mut self.batch.records);
            }
        }
        self.told.moved.push((Arc::clone(&request.moved), start));
        Ok(())
    }

    fn encode_page_out(&mut self, request: &mut PageOut) -> Result<(), WriteError> {
        let PageOut { octets, done } = request;
        self.make_room(octets.len(), 0)?;
        let start = self.append_sealed(octets);
        self.log.files.add(start.file, octets.len() as u64);
        self.told.paged_out.extend(done.take().map(|done| (done, start)));
        Ok(())
    }

    /// Appends a message to the batch, which has room for it, and fills in its checksum.
    fn append(&mut self, message: &[u8]) -> Position {
        self.batch.begin();
        let start = self.batch.octets.len();
        let position = self.append_sealed(message);
        seal(self.batch.octets.get_mut(start..).unwrap_or_default());
        position
    }

    fn append_sealed(&mut self, octets: &[u8]) -> Position {
        self.batch.begin();
        let start = u32::try_from(self.batch.octets.len()).unwrap_or(u32::MAX);
        self.batch.octets.extend_from_slice(octets);
        self.next.position.plus(start)
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

    /// Whether the batch, and the file, have room for so much more.
    fn has_room(&self, messages: usize, records: usize) -> bool {
        let Some((_, size)) = self.file else { return false };
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        let needed = self.batch.size() + messages + records;
        (needed <= self.log.sizes.batch || self.batch.is_empty())
            && self.next.position.offset as usize + blocks(needed) <= size
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
        self.begin_file(BATCH_HEADER_SIZE + messages + records)
    }

    /// Begins the next file. Everything before it is durable then.
    fn begin_file(&mut self, needed: usize) -> Result<(), WriteError> {
        self.sync()?;
        let number =
            if self.file.is_some() { self.next.position.file + 1 } else { self.next.position.file };
        let size = ((BLOCK + blocks(needed)) as u64).max(self.log.sizes.file);
        let (file, size) =
            self.log.files.begin(number, size).map_err(|error| match error.kind() {
                io::ErrorKind::StorageFull => WriteError::Full(error),
                _ => WriteError::Failed(error),
            })?;
        let header =
            FileHeader { file: number, first_batch: self.next.batch, previous: self.next.previous };
        self.write_header(&*file, &header).map_err(WriteError::Failed)?;
        self.file = Some((file, size));
        self.next.position = Position { file: number, offset: FIRST_BATCH };
        Ok(())
    }

    /// Makes a file durable in which there is nothing yet.
    fn write_header(&self, file: &dyn DiskFile, header: &FileHeader) -> io::Result<()> {
        failpoint!("roll::created");
        let mut block = header.octets();
        block.resize(BLOCK, 0);
        file.write_at(&block, 0)?;
        file.sync()?;
        self.log.files.disk().sync()?;
        failpoint!("roll::synced");
        Ok(())
    }

    /// Writes what is in the batch.
    fn write_batch(&mut self) -> Result<(), WriteError> {
        let Batch { octets, records, placements } = &mut self.batch;
        if !octets.is_empty() || !records.is_empty() {
            octets.resize(octets.len().max(BATCH_HEADER_SIZE), 0);
            let header = BatchHeader {
                number: self.next.batch,
                durable: self.durable,
                previous: self.next.previous,
                messages: u32::try_from(octets.len() - BATCH_HEADER_SIZE).unwrap_or(u32::MAX),
                records: u32::try_from(records.len()).unwrap_or(u32::MAX),
            };
            octets.append(records);
            let checksum = header.seal(self.next.position.file, octets);
            octets.resize(blocks(octets.len()), 0);
            let Some((file, _)) = &self.file else { return Ok(()) };
            file.write_at(octets, self.next.position.offset.into()).map_err(WriteError::Failed)?;
            self.unsynced += octets.len() as u64;
            self.log.progress.lock().written += octets.len() as u64;
            self.next = Replay {
                position: self.next.position.plus(u32::try_from(octets.len()).unwrap_or(u32::MAX)),
                batch: self.next.batch + 1,
                previous: checksum,
            };
            octets.clear();
            octets.shrink_to(2 * self.log.sizes.batch);
        }
        for placement in placements.drain(..) {
            placement.set_written();
        }
        for waiter in self.told.written.drain(..) {
            waiter.committed();
        }
        for (done, start) in self.told.paged_out.drain(..) {
            done(start);
        }
        Ok(())
    }

    fn is_awaited(&self) -> bool {
        !self.told.synced.is_empty() || !self.told.completers.is_empty()
    }

    /// Makes everything durable that was written, and tells who waits for it.
    fn sync(&mut self) -> Result<(), WriteError> {
        if let Some((file, _)) = &self.file
            && self.unsynced > 0
        {
            file.sync().map_err(WriteError::Failed)?;
            self.unsynced = 0;
            self.durable = self.next.batch - 1;
        }
        if let Some(why) = self.log.failure() {
            // The directory may have lost the file that was synced.
            return Err(WriteError::Failed(io::Error::other(why)));
        }
        for waiter in self.told.synced.drain(..) {
            waiter.committed();
        }
        for (place, position) in self.told.moved.drain(..) {
            *place.lock() = Some(position);
        }
        self.told.completers.drain(..).for_each(Completer::complete);
        Ok(())
    }
}

impl Batch {
    fn is_empty(&self) -> bool {
        self.octets.is_empty() && self.records.is_empty()
    }

    /// Leaves room for the header.
    fn begin(&mut self) {
        if self.octets.is_empty() {
            self.octets.resize(BATCH_HEADER_SIZE, 0);
        }
    }

    fn size(&self) -> usize {
        self.octets.len().max(BATCH_HEADER_SIZE) + self.records.len()
    }
}

impl fmt::Debug for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Told")
            .field("written", &self.written.len())
            .field("synced", &self.synced.len())
            .finish_non_exhaustive()
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
