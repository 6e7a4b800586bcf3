//! Opens a data directory: finds what it holds, and gets the log going again behind it.

use std::sync::Arc;

use super::error::OpenError;
use super::image::State;
use super::scan::{End, read, scan};
use crate::amqp::run::Run;
use crate::store::checkpoint::{CHECKPOINT, publish};
use crate::store::disk::Disk;
use crate::store::files::{Files, file_name, file_number};
use crate::store::format::checkpoint::{Checkpoint, QueueImage, Replay};
use crate::store::format::position::Position;
use crate::store::log::Log;
use crate::store::writer::Writer;

/// A data directory that is open.
#[derive(Debug)]
pub struct Opened {
    /// The log, with its meta map.
    pub log: Arc<Log>,
    /// Who writes it.
    pub writer: Writer,
    /// What the queues hold.
    pub images: Vec<QueueImage>,
    /// Above the id of every queue so far.
    pub next_queue: u64,
    /// What was found.
    pub report: Report,
}

/// What was found in a data directory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Whether the broker that wrote it was stopped in order.
    pub clean: bool,
    /// Batches behind the checkpoint.
    pub replayed: u64,
    /// Whether a batch at the end was not whole, and is cut off.
    pub torn: bool,
    /// Messages, once for each queue.
    pub messages: u64,
}

/// What a data directory stands for.
#[derive(Debug)]
pub struct Recovered {
    /// The state, as a checkpoint that nothing follows.
    pub checkpoint: Checkpoint,
    /// What was found.
    pub report: Report,
    /// The files of the log.
    pub files: Vec<u32>,
}

/// Opens a data directory and makes a first one of an empty one.
///
/// # Errors
/// The disk failed, something that was durable is damaged, or a newer version wrote it.
pub fn open(disk: &Arc<dyn Disk>) -> Result<Opened, OpenError> {
    let Recovered { checkpoint, report, files } = recover(&**disk)?;
    let replay = checkpoint.replay;
    let log = Arc::new(Log::new(Arc::clone(disk), replay, checkpoint.meta.clone()));
    for file in files {
        log.files.open(file)?;
    }
    for name in disk.list()?.into_iter().filter(|name| name.ends_with(".spare")) {
        log.files.add_spare(name);
    }
    for run in checkpoint.images.iter().flat_map(|image| &image.runs) {
        check_run(&log.files, run)?;
    }
    // From here on a crash is one: what was delivered is not known.
    publish(&**disk, &checkpoint)?;
    let empty = log.files.empty(replay.position.file);
    log.files.reclaim(&empty)?;
    let Checkpoint { images, next_queue, .. } = checkpoint;
    let writer = Writer::new(Arc::clone(&log), replay);
    Ok(Opened { log, writer, images, next_queue, report })
}

/// Finds out what a data directory stands for, and changes nothing.
///
/// # Errors
/// As [`open`].
pub fn recover(disk: &dyn Disk) -> Result<Recovered, OpenError> {
    let names = disk.list()?;
    let mut files: Vec<u32> = names.iter().filter_map(|name| file_number(name)).collect();
    files.sort_unstable();
    let checkpoint = if names.iter().any(|name| name == CHECKPOINT) {
        let octets = read(disk, CHECKPOINT, usize::MAX)?;
        Checkpoint::read(&octets).map_err(|error| {
            let what = "the checkpoint is not whole; without it the log cannot be understood";
            OpenError::header(error, CHECKPOINT.to_owned(), what)
        })?
    } else if let Some(file) = files.first() {
        let what = "there is no checkpoint, without which the log cannot be understood";
        return Err(OpenError::damage(file_name(*file), 0, what));
    } else {
        let position = Position { file: 1, offset: 0 };
        let replay = Replay { position, batch: 1, previous: 0 };
        Checkpoint { replay, clean: true, ..Checkpoint::default() }
    };
    replay(disk, files, checkpoint)
}

fn replay(
    disk: &dyn Disk,
    files: Vec<u32>,
    checkpoint: Checkpoint,
) -> Result<Recovered, OpenError> {
    let (from, next_queue) = (checkpoint.replay, checkpoint.next_queue);
    let was_clean = checkpoint.clean;
    let mut state = State::new(checkpoint);
    let End { replay: end, torn } = scan(disk, &files, from, &mut |batch| {
        batch.records.into_iter().for_each(|record| state.apply(record));
        Ok(())
    })?;
    let replayed = end.batch - from.batch;
    let clean = was_clean && replayed == 0;
    let read_run = |run: &Run| {
        let position = Position::of(run.position);
        let mut octets = vec![0; run.octets as usize];
        let file = disk.open(&file_name(position.file))?;
        let read = file.read_at(&mut octets, position.offset.into())?;
        octets.truncate(read);
        Ok::<_, OpenError>(octets)
    };
    let damaged = |position: Position| {
        let what = "a message of a queue is damaged";
        OpenError::damage(file_name(position.file), position.offset.into(), what)
    };
    let (meta, mut images) = state.resolve(read_run, damaged)?;
    if !clean {
        // What was delivered since is not known (RabbitMQ: `rabbit_variable_queue`, dirty recovery).
        images.iter_mut().flat_map(|image| &mut image.runs).for_each(|run| run.redelivered = true);
    }
    let messages = images.iter().flat_map(|image| &image.runs).map(|run| u64::from(run.count));
    let report = Report { clean, replayed, torn, messages: messages.sum() };
    let file = files.last().map_or(end.position.file, |last| end.position.file.max(last + 1));
    let position = Position { file, offset: 0 };
    let next_queue = images.iter().map(|image| image.queue.0 + 1).max().unwrap_or(0).max(next_queue);
    let replay = Replay { position, ..end };
    let checkpoint = Checkpoint { clean: false, replay, next_queue, meta, images };
    Ok(Recovered { checkpoint, report, files })
}

/// Counts a run as alive, if it can be.
fn check_run(files: &Files, run: &Run) -> Result<(), OpenError> {
    let position = Position::of(run.position);
    let end = u64::from(position.offset) + u64::from(run.octets);
    if files.size(position.file).is_none_or(|size| size < end) {
        let name = file_name(position.file);
        let what = format!("{} messages of a queue should be here", run.count);
        return Err(OpenError::damage(name, position.offset.into(), what));
    }
    files.add(position.file, run.octets.into());
    Ok(())
}
