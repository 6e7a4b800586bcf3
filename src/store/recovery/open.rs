//! Opens a data directory: finds what it holds, and gets the log going again behind it.

use std::sync::Arc;

use super::error::{Damage, Loss, OpenError};
use super::image::State;
use super::read::{RunReader, read};
use super::scan::{End, scan};
use crate::amqp::id::QueueId;
use crate::amqp::run::Run;
use crate::store::checkpoint::{CHECKPOINT, publish};
use crate::store::disk::Disk;
use crate::store::files::{Files, file_name, file_number, is_spare};
use crate::store::format::checkpoint::{Checkpoint, QueueImage, Replay};
use crate::store::format::position::Position;
use crate::store::format::seen::Windows;
use crate::store::log::Log;
use crate::store::sizes::Sizes;
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
    /// What exchanges have seen.
    pub seen: Windows,
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
    /// The first of them that was replayed: this one and the later may not be durable.
    pub replayed: u32,
}

/// Opens a data directory and makes a first one of an empty one.
///
/// # Errors
/// The disk failed, something that was durable is damaged, or a newer version wrote it.
pub fn open(disk: &Arc<dyn Disk>) -> Result<Opened, OpenError> {
    open_with(disk, Sizes::DEFAULT)
}

/// The same; what is written from now on has these sizes.
///
/// # Errors
/// As [`open`].
pub fn open_with(disk: &Arc<dyn Disk>, sizes: Sizes) -> Result<Opened, OpenError> {
    let Recovered { checkpoint, report, files, replayed } = recover(&**disk)?;
    let replay = checkpoint.replay;
    let log = Arc::new(Log::new(Arc::clone(disk), sizes, replay, checkpoint.meta.clone()));
    for file in files {
        let opened = log.files.open(file)?;
        if file >= replayed {
            // A process that was killed leaves what it has written and not synced.
            opened.sync()?;
        }
    }
    for name in disk.list()?.into_iter().filter(|name| is_spare(name)) {
        log.files.open_spare(name)?;
    }
    for QueueImage { queue, runs, .. } in &checkpoint.images {
        runs.iter().try_for_each(|run| count(&log.files, *queue, run))?;
    }
    // From here on a crash is one: what was delivered is not known.
    publish(&**disk, &checkpoint)?;
    let empty = log.files.empty(replay.position.file);
    log.files.reclaim(&empty)?;
    let Checkpoint { images, seen, next_queue, .. } = checkpoint;
    let writer = Writer::new(Arc::clone(&log), replay);
    Ok(Opened { log, writer, images, seen, next_queue, report })
}

/// Finds out what a data directory stands for, and changes nothing.
///
/// # Errors
/// As [`open`].
pub fn recover(disk: &dyn Disk) -> Result<Recovered, OpenError> {
    let names = disk.list()?;
    let files = numbers(&names);
    let checkpoint = if names.iter().any(|name| name == CHECKPOINT) {
        Checkpoint::read(&read(disk, CHECKPOINT, usize::MAX)?)
            .map_err(|error| OpenError::header(error, CHECKPOINT.to_owned(), UNREADABLE))?
    } else if let Some(file) = files.first() {
        return Err(OpenError::damage(file_name(*file), 0, MISSING));
    } else {
        first()
    };
    replay(disk, files, checkpoint)
}

/// What is said of a checkpoint that is damaged.
pub(in crate::store) const UNREADABLE: &str =
    "the checkpoint is not whole, and without it the log cannot be understood";

/// What is said of files without a checkpoint.
pub(in crate::store) const MISSING: &str =
    "there is no checkpoint, and without it the log cannot be understood";

/// The checkpoint of an empty directory.
pub(in crate::store) fn first() -> Checkpoint {
    let position = Position { file: 1, offset: 0 };
    let replay = Replay { position, batch: 1, previous: 0 };
    Checkpoint { replay, clean: true, ..Checkpoint::default() }
}

/// The numbers of the log's files among these names, in order.
pub(in crate::store) fn numbers(names: &[String]) -> Vec<u32> {
    let mut files: Vec<u32> = names.iter().filter_map(|name| file_number(name)).collect();
    files.sort_unstable();
    files
}

/// Where a log goes on that ends at `end`, in a file behind all there are; `None` when their
/// numbers are used up.
pub(in crate::store) fn go_on(end: Replay, files: &[u32]) -> Option<Replay> {
    let next = files.last().map_or(Some(0), |last| last.checked_add(1))?;
    let file = Some(end.position.file.max(next)).filter(|file| *file <= Position::FILE_MAX)?;
    Some(Replay { position: Position { file, offset: 0 }, ..end })
}

/// A number above the ids of all queues; `None` when they are used up.
pub(in crate::store) fn above<'i>(
    images: impl IntoIterator<Item = &'i QueueImage>,
    least: u64,
) -> Option<u64> {
    images
        .into_iter()
        .try_fold(least, |above, image| Some(above.max(image.queue.0.checked_add(1)?)))
}

fn replay(
    disk: &dyn Disk,
    files: Vec<u32>,
    checkpoint: Checkpoint,
) -> Result<Recovered, OpenError> {
    let (from, next_queue) = (checkpoint.replay, checkpoint.next_queue);
    let was_clean = checkpoint.clean;
    let mut state = State::new(checkpoint);
    let End { replay: end, torn, damage } = scan(disk, &files, from, &mut |batch| {
        batch.records.into_iter().for_each(|record| state.apply(record));
        batch.damage.map_or(Ok(()), |damage| Err(damage.into()))
    })?;
    if let Some(damage) = damage {
        return Err(damage.into());
    }
    let replayed = end.batch - from.batch;
    let clean = was_clean && replayed == 0;
    let mut reader = RunReader::new(disk);
    let read = |run: &Run| Ok::<_, OpenError>(reader.read(run)?.octets);
    let seen = state.take_seen();
    let (meta, mut images) = state.resolve(read, damaged)?;
    if !clean {
        // What was delivered since is not known (RabbitMQ: `rabbit_variable_queue`, dirty recovery).
        images.iter_mut().flat_map(|image| &mut image.runs).for_each(|run| run.redelivered = true);
    }
    let messages = images.iter().flat_map(|image| &image.runs).map(|run| u64::from(run.count));
    let report = Report { clean, replayed, torn, messages: messages.sum() };
    let used_up = |what| OpenError::damage(CHECKPOINT, 0, what);
    let replay = go_on(end, &files).ok_or_else(|| used_up(FILES_USED_UP))?;
    let next_queue = above(&images, next_queue).ok_or_else(|| used_up(QUEUES_USED_UP))?;
    let checkpoint = Checkpoint { clean: false, replay, next_queue, meta, images, seen };
    Ok(Recovered { checkpoint, report, files, replayed: from.position.file })
}

/// What is said when files have got all the numbers there are.
pub(in crate::store) const FILES_USED_UP: &str = "the files' numbers are used up";

/// The same of queues.
pub(in crate::store) const QUEUES_USED_UP: &str = "the queues' numbers are used up";

fn damaged(position: Position, lost: Vec<Loss>) -> OpenError {
    let what = "a message is not as it was written";
    Damage::new(file_name(position.file), position.offset.into(), what).losing(lost).into()
}

/// Counts a run as alive, if it can be.
fn count(files: &Files, queue: QueueId, run: &Run) -> Result<(), OpenError> {
    let position = Position::of(run.position);
    let end = u64::from(position.offset) + u64::from(run.octets);
    if files.size(position.file).is_none_or(|size| size < end) {
        let what = "the file is missing or too short";
        let lost = Loss { queue, first: run.first.0, count: run.count.into() };
        let name = file_name(position.file);
        return Err(Damage::new(name, position.offset.into(), what).losing([lost]).into());
    }
    files.restore(position.file, run.octets.into());
    Ok(())
}
