//! The log as those see it who append to it: nobody waits here but the writer's thread.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use bytes::Bytes;
use parking_lot::{Condvar, Mutex};

use super::commit::{Commit, Completer};
use super::disk::Disk;
use super::files::{Files, Totals};
use super::format::checkpoint::Replay;
use super::format::position::Position;
use super::format::record::{Deferred, Lived, Range, Returned};
use super::meta::{MetaChange, MetaLog};
use super::placement::{Placement, Waiter};
use super::sizes::Sizes;
use crate::amqp::confirm::Confirm;
use crate::amqp::id::QueueId;
use crate::amqp::run::Run;
use crate::amqp::sighting::Sighting;

/// Octets that may wait for the writer before publishers have to wait too.
const LAG_MAX: usize = 64 << 20;

/// Octets of disk space that are kept for what is appended already, and for settlements and
/// checkpoints, without which no space comes back.
pub const RESERVE: u64 = LAG_MAX as u64 + 2 * Sizes::DEFAULT.file;

/// The log of one data directory. What one thread appends is written in that order.
#[derive(Debug)]
pub struct Log {
    /// How large its parts are made.
    pub sizes: Sizes,
    pub(super) files: Files,
    waiting: Mutex<Waiting>,
    wake: Condvar,
    /// Octets that are appended and not written.
    lag: AtomicUsize,
    lagging: AtomicBool,
    pub(super) progress: Mutex<Progress>,
    /// The meta map as it will be when everything appended is written.
    meta: Mutex<BTreeMap<Vec<u8>, Vec<u8>>>,
    failure: Mutex<Option<String>>,
    failed: Commit,
    fail: Mutex<Option<Completer>>,
}

/// What the writer has got to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Progress {
    /// Where the next batch goes. Everything that was written before is marked as written.
    pub replay: Replay,
    /// Octets written since the process started.
    pub written: u64,
}

#[derive(Debug, Default)]
struct Waiting {
    entries: VecDeque<Entry>,
    sleeping: bool,
    stopping: bool,
    /// Nobody writes any more: what is appended is dropped, and never done.
    failed: bool,
}

/// Something to write.
#[derive(Debug)]
pub(super) enum Entry {
    Enqueue(Arc<Placement>),
    Settle(QueueId, Vec<Range>),
    Return(QueueId, Vec<Returned>),
    Defer(QueueId, Vec<Deferred>),
    Live(QueueId, Vec<Lived>),
    Move(Move),
    PageOut(PageOut),
    Delete(QueueId),
    Meta(Vec<MetaChange>, Completer),
    /// Nothing; completed when all that was appended before is durable.
    Barrier(Completer),
    /// An exchange, by the key of its entry in the meta map, saw values.
    See(Vec<u8>, Vec<Sighting>),
    /// Nothing; told when all that was appended before is written, or durable.
    Tell(Tell),
}

/// Messages that are written once more, elsewhere.
#[derive(Debug)]
pub struct Move {
    /// The messages as they rest, checksums included.
    pub octets: Bytes,
    /// What each queue has of them; their positions are offsets into `octets`.
    pub runs: Vec<(QueueId, Vec<Run>)>,
    /// Where the octets are now, once they are durable.
    pub(super) moved: Arc<Mutex<Option<Position>>>,
    pub(super) completer: Completer,
}

/// Messages that the log does not know of: they are found there for as long as the process lives.
pub(super) struct PageOut {
    /// The messages as they rest, checksums included.
    pub octets: Bytes,
    /// Told where they begin once they can be read.
    pub done: Option<Done>,
}

/// Who is told that what was appended before is written, or durable.
pub(super) struct Tell {
    pub confirm: Confirm,
    pub waiter: Box<dyn Waiter>,
}

/// Told where something begins.
pub(super) type Done = Box<dyn FnOnce(Position) + Send>;

impl Log {
    /// A log on `disk` that goes on at `replay` with `meta`. A [`super::writer::Writer`] writes it.
    pub fn new(
        disk: Arc<dyn Disk>,
        sizes: Sizes,
        replay: Replay,
        meta: BTreeMap<Vec<u8>, Vec<u8>>,
    ) -> Self {
        let (failed, fail) = Commit::pending();
        Self {
            sizes,
            files: Files::new(disk, sizes.file),
            waiting: Mutex::default(),
            wake: Condvar::new(),
            lag: AtomicUsize::new(0),
            lagging: AtomicBool::new(false),
            progress: Mutex::new(Progress { replay, written: 0 }),
            meta: Mutex::new(meta),
            failure: Mutex::default(),
            failed,
            fail: Mutex::new(Some(fail)),
        }
    }

    /// Appends messages of a queue.
    pub fn enqueue(&self, placement: Arc<Placement>) {
        self.push(Entry::Enqueue(placement));
    }

    /// Appends that messages left their queue. A crash may forget it.
    pub fn settle(&self, queue: QueueId, ranges: Vec<Range>) {
        self.push(Entry::Settle(queue, ranges));
    }

    /// Appends that messages came back to their queue. A crash may forget it.
    pub fn give_back(&self, queue: QueueId, returned: Vec<Returned>) {
        self.push(Entry::Return(queue, returned));
    }

    /// Appends that messages that came back wait in their queue. A crash may forget it.
    pub fn defer(&self, queue: QueueId, deferred: Vec<Deferred>) {
        self.push(Entry::Defer(queue, deferred));
    }

    /// Appends how long messages of a queue live by its settings.
    pub fn live(&self, queue: QueueId, lived: Vec<Lived>) {
        self.push(Entry::Live(queue, lived));
    }

    /// Appends that a queue is gone.
    pub fn delete(&self, queue: QueueId) {
        self.push(Entry::Delete(queue));
    }

    /// Appends that a queue is gone of which these runs are left.
    pub fn forget(&self, queue: QueueId, runs: &[Run]) {
        for run in runs {
            self.release(Position::of(run.position), run.octets.into());
        }
        self.delete(queue);
    }

    /// Something that is done when everything appended so far is durable.
    pub fn barrier(&self) -> Commit {
        let (commit, completer) = Commit::pending();
        self.push(Entry::Barrier(completer));
        commit
    }

    /// Appends that an exchange saw values, by the key of its entry in the meta map. They follow in
    /// the log whatever was appended before, above all the messages that they were seen with.
    pub fn see(&self, key: Vec<u8>, seen: Vec<Sighting>) {
        if !seen.is_empty() {
            self.push(Entry::See(key, seen));
        }
    }

    /// Tells when everything appended so far is in the log.
    pub fn tell(&self, confirm: Confirm, waiter: Box<dyn Waiter>) {
        self.push(Entry::Tell(Tell { confirm, waiter }));
    }

    /// Writes messages, checksums included, that count as alive but are forgotten by a restart.
    /// `done` is told where they begin, by the log's own thread, once they can be read.
    pub fn page_out(&self, octets: Bytes, done: impl FnOnce(Position) + Send + 'static) {
        self.push(Entry::PageOut(PageOut { octets, done: Some(Box::new(done)) }));
    }

    /// Counts off a message that a queue has settled.
    pub fn release(&self, position: Position, octets: u64) {
        self.files.release(position.file, octets);
    }

    /// Reads a run's octets.
    ///
    /// # Errors
    /// The disk failed, or has less.
    pub fn read(&self, run: &Run) -> io::Result<Bytes> {
        let octets = self.files.read(Position::of(run.position), run.octets as usize)?;
        if octets.len() < run.octets as usize {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(octets)
    }

    /// Where the next batch goes.
    pub fn end(&self) -> Position {
        self.progress.lock().replay.position
    }

    /// What the files hold.
    pub fn totals(&self) -> Totals {
        self.files.totals()
    }

    /// Octets that can still be written to the disk.
    ///
    /// # Errors
    /// The file system does not tell.
    pub fn free_space(&self) -> io::Result<u64> {
        self.files.disk().free_space()
    }

    /// Whether publishers should wait for the writer.
    pub fn is_lagging(&self) -> bool {
        self.lagging.load(Ordering::Relaxed)
    }

    /// Says that the store cannot be trusted any more.
    pub fn fail(&self, why: String) {
        self.failure.lock().get_or_insert(why);
        let mut waiting = self.waiting.lock();
        waiting.failed = true;
        let dropped = std::mem::take(&mut waiting.entries);
        drop(waiting);
        drop(dropped);
        let fail = self.fail.lock().take();
        if let Some(fail) = fail {
            fail.complete();
        }
    }

    /// Done when the store cannot be trusted any more; [`Self::failure`] says why.
    pub fn failed(&self) -> Commit {
        self.failed.clone()
    }

    /// Why the store cannot be trusted any more.
    pub fn failure(&self) -> Option<String> {
        self.failure.lock().clone()
    }

    /// The writer is to end once everything is written.
    pub fn stop(&self) {
        self.waiting.lock().stopping = true;
        self.wake.notify_all();
    }

    /// The meta map.
    pub fn meta(&self) -> BTreeMap<Vec<u8>, Vec<u8>> {
        self.meta.lock().clone()
    }

    pub(super) fn push_move(&self, request: Move) {
        self.push(Entry::Move(request));
    }

    fn push(&self, entry: Entry) {
        let octets = entry.octets();
        let lag = self.lag.fetch_add(octets, Ordering::Relaxed) + octets;
        if lag > LAG_MAX {
            self.lagging.store(true, Ordering::Relaxed);
        }
        let mut waiting = self.waiting.lock();
        if waiting.failed {
            return;
        }
        waiting.entries.push_back(entry);
        let sleeping = std::mem::take(&mut waiting.sleeping);
        drop(waiting);
        if sleeping {
            self.wake.notify_one();
        }
    }

    /// Moves what waits to the end of `backlog`; waits for something, if told so. Returns whether
    /// the writer is to go on.
    pub(super) fn take(&self, backlog: &mut VecDeque<Entry>, wait: bool) -> bool {
        let mut waiting = self.waiting.lock();
        while wait && waiting.entries.is_empty() && !waiting.stopping {
            waiting.sleeping = true;
            self.wake.wait(&mut waiting);
        }
        waiting.sleeping = false;
        let goes_on = !waiting.stopping || !waiting.entries.is_empty();
        backlog.append(&mut waiting.entries);
        goes_on
    }

    /// Notes that an entry is written. Returns whether publishers can go on who could not.
    pub(super) fn done(&self, octets: usize) -> bool {
        let lag = self.lag.fetch_sub(octets, Ordering::Relaxed) - octets;
        lag < LAG_MAX / 2 && self.lagging.swap(false, Ordering::Relaxed)
    }
}

impl fmt::Debug for PageOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PageOut").field("octets", &self.octets.len()).finish_non_exhaustive()
    }
}

impl fmt::Debug for Tell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tell").field("confirm", &self.confirm).finish_non_exhaustive()
    }
}

impl MetaLog for Log {
    fn append(&self, changes: Vec<MetaChange>) -> Commit {
        let (commit, completer) = Commit::pending();
        // One lock for both, so that the map ends as the log does.
        let mut meta = self.meta.lock();
        for MetaChange { key, value } in &changes {
            match value {
                Some(value) => drop(meta.insert(key.clone(), value.clone())),
                None => drop(meta.remove(key)),
            }
        }
        self.push(Entry::Meta(changes, completer));
        drop(meta);
        commit
    }
}

impl Entry {
    /// Octets that it keeps in memory, about.
    pub(super) fn octets(&self) -> usize {
        match self {
            Self::Enqueue(placement) => placement.size(),
            Self::Settle(_, ranges) => ranges.len() * size_of::<Range>(),
            Self::Return(_, returned) => returned.len() * size_of::<Returned>(),
            Self::Defer(_, deferred) => deferred.len() * size_of::<Deferred>(),
            Self::Live(_, lived) => lived.len() * size_of::<Lived>(),
            Self::Move(Move { octets, .. }) | Self::PageOut(PageOut { octets, .. }) => octets.len(),
            Self::Meta(changes, _) => {
                let size = |c: &MetaChange| c.key.len() + c.value.as_ref().map_or(0, Vec::len);
                changes.iter().map(size).sum()
            }
            Self::See(key, seen) => key.len() + seen.len() * size_of::<Sighting>(),
            Self::Delete(_) | Self::Barrier(_) | Self::Tell(..) => 0,
        }
    }
}
