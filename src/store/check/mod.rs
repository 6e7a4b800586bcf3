//! Looks through a data directory that nobody uses: what it holds, and everything about it that is
//! not as it was written.

mod damages;
mod rebuild;
mod summary;
mod verify;

use std::io;

pub use summary::{QueueSummary, Summary};

use self::damages::Damages;
use self::rebuild::{Rebuilt, rebuild};
use self::verify::verify;
use crate::store::checkpoint::{CHECKPOINT, CHECKPOINT_NEW};
use crate::store::disk::Disk;
use crate::store::files::file_name;
use crate::store::format::batch::HeaderError;
use crate::store::format::checkpoint::{Checkpoint, Replay};
use crate::store::format::record::Record;
use crate::store::recovery::error::{Damage, Loss, OpenError};
use crate::store::recovery::image::State;
use crate::store::recovery::open::{
    FILES_USED_UP, MISSING, QUEUES_USED_UP, UNREADABLE, above, first, go_on, numbers,
};
use crate::store::recovery::read::read;
use crate::store::recovery::scan::{End, find_batches, scan};

/// What a data directory holds.
#[derive(Debug)]
pub struct Examination {
    /// How much of what.
    pub summary: Summary,
    /// Everything that was durable and is not as it was written.
    pub damages: Vec<Damage>,
    /// What is left without it, as a checkpoint that no batch follows.
    pub left: Checkpoint,
    /// Whether it comes from the log alone, because the checkpoint is lost.
    pub rebuilt: bool,
    /// The files that a repair changes, or in which it cuts something off.
    pub affected: Vec<String>,
}

/// Where the state comes from that is looked at.
struct Found {
    state: State,
    /// The first batch that was not in the checkpoint.
    from: Replay,
    end: Replay,
    clean: bool,
    torn: bool,
    replayed: u64,
    next_queue: u64,
    rebuilt: bool,
    /// From where on batches are cut off.
    cut: Option<Replay>,
}

/// Looks through everything that a start would read, and through every message, and changes
/// nothing.
///
/// # Errors
/// The disk failed, a newer version has written, or there are no numbers left for what is to come.
pub fn examine(disk: &dyn Disk) -> Result<Examination, OpenError> {
    let names = disk.list()?;
    let files = numbers(&names);
    let mut damages = Damages::default();
    let mut found = find(disk, &names, &files, &mut damages)?;
    let seen = found.state.take_seen();
    let (meta, contents) = found.state.into_parts();
    let images = verify(disk, &contents, &mut damages)?;
    let used_up = |what| OpenError::damage(CHECKPOINT, 0, what);
    let replay = go_on(found.end, &files).ok_or_else(|| used_up(FILES_USED_UP))?;
    let next_queue = above(&images, found.next_queue).ok_or_else(|| used_up(QUEUES_USED_UP))?;
    let left = Checkpoint { clean: false, replay, next_queue, meta, images, seen };
    let damages = damages.into_list();
    let mut summary = Summary::new(disk, &names, &left)?;
    (summary.clean, summary.torn) = (found.clean && found.replayed == 0, found.torn);
    (summary.from, summary.replayed) = (found.from, found.replayed);
    let affected = affected(&names, &files, &damages, found.cut);
    Ok(Examination { summary, damages, left, rebuilt: found.rebuilt, affected })
}

fn find(
    disk: &dyn Disk,
    names: &[String],
    files: &[u32],
    damages: &mut Damages,
) -> Result<Found, OpenError> {
    let damage = match read_checkpoint(disk, names, CHECKPOINT)? {
        Stored::Whole(checkpoint) => return follow(disk, files, checkpoint, damages),
        Stored::Missing if files.is_empty() => return follow(disk, files, first(), damages),
        Stored::Damaged => Damage::new(CHECKPOINT, 0, UNREADABLE),
        Stored::Missing => Damage::new(CHECKPOINT, 0, MISSING),
    };
    if let Stored::Whole(checkpoint) = read_checkpoint(disk, names, CHECKPOINT_NEW)? {
        let instead = format!("; {CHECKPOINT_NEW} is whole and has all that it had");
        damages.add(Damage { what: damage.what + &instead, ..damage });
        return follow(disk, files, checkpoint, damages);
    }
    let rebuilt = rebuild(disk, files, &mut |damage| {
        damages.add(damage);
    })?;
    let instead = match files.first() {
        Some(file) => format!(
            "; the log from {} on is all that can be read ({} batches): topology, users and \
             messages from before are lost, and messages that had been settled may come back",
            file_name(*file),
            rebuilt.batches
        ),
        None => "; there is no log either".to_owned(),
    };
    damages.add(Damage { what: damage.what + &instead, ..damage });
    Ok(of_rebuilt(rebuilt))
}

/// What there is of a checkpoint.
enum Stored {
    Missing,
    Damaged,
    Whole(Checkpoint),
}

/// Reads the checkpoint of that name.
fn read_checkpoint(disk: &dyn Disk, names: &[String], name: &str) -> Result<Stored, OpenError> {
    if !names.iter().any(|it| it == name) {
        return Ok(Stored::Missing);
    }
    match Checkpoint::read(&read(disk, name, usize::MAX)?) {
        Ok(checkpoint) => Ok(Stored::Whole(checkpoint)),
        Err(HeaderError::Damaged) => Ok(Stored::Damaged),
        Err(error) => Err(OpenError::header(error, name.to_owned(), UNREADABLE)),
    }
}

/// Replays the log behind the checkpoint up to where it ends or is damaged.
fn follow(
    disk: &dyn Disk,
    files: &[u32],
    checkpoint: Checkpoint,
    damages: &mut Damages,
) -> Result<Found, OpenError> {
    let (from, clean, next_queue) = (checkpoint.replay, checkpoint.clean, checkpoint.next_queue);
    let mut state = State::new(checkpoint);
    let End { replay: end, torn, damage } = scan(disk, files, from, &mut |batch| {
        batch.records.into_iter().for_each(|record| state.apply(record));
        if let Some(damage) = batch.damage {
            damages.add(damage);
        }
        Ok(())
    })?;
    let cut = damage.is_some().then_some(end);
    if let Some(damage) = damage {
        damages.add(describe_cut(disk, files, end, damage)?);
    }
    let replayed = end.batch - from.batch;
    Ok(Found { state, from, end, clean, torn, replayed, next_queue, rebuilt: false, cut })
}

/// Adds what can still be read of what is lost when the log is cut off at `from`.
fn describe_cut(
    disk: &dyn Disk,
    files: &[u32],
    from: Replay,
    mut damage: Damage,
) -> io::Result<Damage> {
    let mut lost = State::default();
    let (mut batches, mut changes) = (0_u64, 0);
    find_batches(disk, files, from, &mut |_, records| {
        batches += 1;
        for record in records {
            if let Record::Meta(list) = &record {
                changes += list.len();
            }
            lost.apply(record);
        }
    })?;
    let more = format!(" (whole batches behind it: {batches}, changes of meta in them: {changes})");
    damage.what += &more;
    let (_, contents) = lost.into_parts();
    Ok(damage.losing(contents.iter().flat_map(|it| {
        let queue = it.queue;
        let one = move |first, count: u32| Loss { queue, first, count: count.into() };
        it.slices.iter().map(move |slice| one(slice.first(), slice.count))
    })))
}

fn of_rebuilt(rebuilt: Rebuilt) -> Found {
    let Rebuilt { state, last_queue, end, batches, .. } = rebuilt;
    let from = first().replay;
    Found {
        state,
        from,
        end: end.unwrap_or(from),
        clean: false,
        torn: false,
        replayed: batches,
        next_queue: last_queue.saturating_add(1),
        rebuilt: true,
        cut: None,
    }
}

/// The names of the files that a repair changes, or in which it cuts something off.
fn affected(
    names: &[String],
    files: &[u32],
    damages: &[Damage],
    cut: Option<Replay>,
) -> Vec<String> {
    let behind = files.iter().filter(|file| cut.is_some_and(|cut| **file >= cut.position.file));
    let mut affected: Vec<String> = behind.map(|file| file_name(*file)).collect();
    affected.extend(damages.iter().map(|damage| damage.file.clone()));
    affected.extend([CHECKPOINT.to_owned(), CHECKPOINT_NEW.to_owned()]);
    affected.retain(|name| names.contains(name));
    affected.sort_unstable();
    affected.dedup();
    affected
}

#[cfg(test)]
mod tests;
