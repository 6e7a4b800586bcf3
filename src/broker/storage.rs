//! The node's data directory: opened, kept by two threads, and closed.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use parking_lot::Mutex;
use tracing::{error, info, warn};

use super::node::Node;
use crate::amqp::confirm::Confirm;
use crate::amqp::entry::InvalidEntry;
use crate::amqp::id::QueueId;
use crate::queue::core::Queue as Core;
use crate::store::checkpoint::Capture;
use crate::store::disk::Disk;
use crate::store::disk::real::{self, RealDisk};
use crate::store::format::checkpoint::QueueImage;
use crate::store::format::seen::Windows;
use crate::store::keeper::{Keeper, Queues, Stop};
use crate::store::log::Log;
use crate::store::reclaim::Holding;
use crate::store::recovery::error::OpenError;
use crate::store::recovery::open::{Opened, Report, open};
use crate::store::shared::Store;
use crate::store::writer::Writer;
use crate::vhost::clock::now;
use crate::vhost::queue::Queue;

/// Why a data directory cannot be used.
#[derive(Debug)]
pub enum StorageError {
    /// Another process has it, or the system refuses it.
    Directory(real::OpenError),
    /// It cannot be understood.
    Store {
        /// As it was given to [`Storage::open`].
        directory: PathBuf,
        /// Why.
        error: OpenError,
    },
    /// Topology or users cannot be understood.
    Entry(InvalidEntry),
    /// No thread for it.
    Thread(io::Error),
}

/// A data directory that is open, and that nobody writes yet.
#[derive(Debug)]
pub struct Storage {
    /// For the node.
    pub store: Store,
    log: Arc<Log>,
    writer: Writer,
    images: HashMap<QueueId, QueueImage>,
    seen: Windows,
    next_queue: u64,
}

/// The threads of a data directory.
#[derive(Debug)]
pub struct RunningStorage {
    log: Arc<Log>,
    node: Arc<Node>,
    stop: Arc<Stop>,
    /// The writer, then the keeper.
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Storage {
    /// Opens a data directory, which is made where it is missing. About `memory` octets of its
    /// messages stay in memory.
    ///
    /// # Errors
    /// It is in use, cannot be read, is damaged, or is of a newer version.
    pub fn open(path: &Path, memory: usize, confirm: Confirm) -> Result<Self, StorageError> {
        let disk: Arc<dyn Disk> = Arc::new(RealDisk::open(path).map_err(StorageError::Directory)?);
        let opened = open(&disk)
            .map_err(|error| StorageError::Store { directory: path.to_owned(), error })?;
        report(path, &opened.report);
        Ok(Self::of(opened, memory, confirm))
    }

    /// The same for a directory that is open.
    pub fn of(opened: Opened, memory: usize, confirm: Confirm) -> Self {
        let Opened { log, writer, images, seen, next_queue, .. } = opened;
        let images = images.into_iter().map(|image| (image.queue, image)).collect();
        let store = Store::new(Arc::clone(&log), memory, confirm);
        Self { store, log, writer, images, seen, next_queue }
    }

    /// Puts into the node what the directory holds.
    ///
    /// # Errors
    /// Topology or users cannot be understood.
    pub fn restore(&mut self, node: &mut Node) -> Result<(), StorageError> {
        if let Some(last) = self.next_queue.checked_sub(1) {
            node.ids.reserve_queues(QueueId(last));
        }
        let meta = self.log.meta();
        let entries = meta.iter().map(|(key, value)| (&key[..], &value[..]));
        let (images, now) = (&mut self.images, now());
        let mut contents = |id| {
            let QueueImage { next_index, runs, returned, deferred, lived, .. } =
                images.remove(&id)?;
            let core = Core::restored_with(next_index, runs, deferred).with_attempts(returned);
            Some(core.with_lifetimes(now, lived))
        };
        node.restore(entries, |queue| contents(queue.id).unwrap_or_default())
            .map_err(StorageError::Entry)?;
        let seen = &mut self.seen;
        node.restore_seen(|key| seen.remove(key));
        // The crash came between the deletion of a queue and that of its messages.
        for (queue, image) in self.images.drain() {
            self.log.forget(queue, &image.runs);
        }
        Ok(())
    }

    /// The log's writer, for whoever runs it without threads.
    pub fn into_writer(self) -> Writer {
        self.writer
    }

    /// Starts the threads.
    ///
    /// # Errors
    /// There are no threads to be had.
    pub fn start(self, node: &Arc<Node>) -> Result<RunningStorage, StorageError> {
        let Self { log, writer, .. } = self;
        let stop = Arc::new(Stop::default());
        let keeper = Keeper::new(Arc::clone(&log), Arc::clone(node) as Arc<dyn Queues>);
        let (for_writer, for_keeper) = (Arc::clone(&log), Arc::clone(&log));
        let stop_keeper = Arc::clone(&stop);
        let node_of_writer = Arc::clone(node);
        let threads = vec![
            spawn("leveret-log", move || {
                let _guard = FailOnPanic(Arc::clone(&for_writer));
                let drained = || node_of_writer.connections.wake_all();
                if let Err(error) = writer.run(&log_full, &drained) {
                    for_writer.fail(format!("the log cannot be written: {error}"));
                }
            })?,
            spawn("leveret-keeper", move || {
                let _guard = FailOnPanic(Arc::clone(&for_keeper));
                if let Err(error) = keeper.run(&stop_keeper) {
                    for_keeper.fail(format!("the log cannot be kept: {error}"));
                }
            })?,
        ];
        let node = Arc::clone(node);
        Ok(RunningStorage { log, node, stop, threads: Mutex::new(threads) })
    }
}

impl RunningStorage {
    /// The log.
    pub const fn log(&self) -> &Arc<Log> {
        &self.log
    }

    /// Writes everything out, so that the next start finds an orderly end. While a connection holds
    /// anything, it is none.
    pub fn close(&self) {
        self.end();
        if self.log.failure().is_some() || self.node.connections.hold_any() {
            return;
        }
        let end = Capture::begin(&self.log).end_clean(&self.log, self.node.contents());
        if let Err(error) = end {
            warn!("no checkpoint at the end: {error}; the next start replays the log");
        }
    }

    fn end(&self) {
        // The keeper first: it may wait for what the writer writes.
        self.stop.stop();
        let mut threads = self.threads.lock();
        while let Some(thread) = threads.pop() {
            if threads.is_empty() {
                self.log.stop();
            }
            if thread.join().is_err() {
                error!("a thread of the store has panicked");
            }
        }
    }
}

impl Drop for RunningStorage {
    fn drop(&mut self) {
        self.end();
    }
}

/// Goes with a thread of the store: after its panic nobody would go on with what others wait for.
struct FailOnPanic(Arc<Log>);

impl Drop for FailOnPanic {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.fail("a thread of the store has panicked".to_owned());
        }
    }
}

impl Queues for Node {
    fn images(&self) -> Vec<QueueImage> {
        self.queues().iter().filter_map(Queue::image).collect()
    }

    fn holdings(&self, file: u32) -> Vec<Holding> {
        self.queues().iter().filter_map(|queue| queue.holding(file)).collect()
    }

    fn seen(&self) -> Windows {
        self.vhosts.iter().flat_map(|vhost| vhost.seen()).collect()
    }

    fn next_queue(&self) -> u64 {
        self.ids.last_queue().0 + 1
    }
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, StorageError> {
    thread::Builder::new().name(name.to_owned()).spawn(work).map_err(StorageError::Thread)
}

fn log_full(error: Option<&io::Error>) {
    if let Some(error) = error {
        error!("disk full, nothing is confirmed until there is space: {error}");
    } else {
        info!("there is space on the disk again");
    }
}

fn report(path: &Path, report: &Report) {
    let path = path.display();
    let Report { clean, replayed, torn, messages } = *report;
    if clean {
        info!("data directory {path}: {messages} messages");
    } else {
        let cut = if torn { "; the last one was not whole and is cut off" } else { "" };
        info!(
            "data directory {path}: not stopped in order; {replayed} batches of the log \
             replayed{cut}; {messages} messages"
        );
    }
}

impl fmt::Display for StorageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Directory(error) => error.fmt(f),
            Self::Store { directory, error: OpenError::Damage(damage) } => {
                let directory = directory.display();
                write!(
                    f,
                    "data directory {directory}: {damage}. Nothing was changed: `leveret store \
                     check {directory}` says all that is damaged, `leveret store repair \
                     {directory}` cuts it out and keeps a copy"
                )
            }
            Self::Store { directory, error } => {
                write!(f, "data directory {}: {error}", directory.display())
            }
            Self::Entry(error) => error.fmt(f),
            Self::Thread(error) => write!(f, "no thread for the store: {error}"),
        }
    }
}

impl std::error::Error for StorageError {}
