//! Reads every message that a queue refers to, file by file, and says which of them are there.

use std::io;

use super::damages::Damages;
use crate::amqp::run::Run;
use crate::store::disk::Disk;
use crate::store::files::file_name;
use crate::store::format::checkpoint::QueueImage;
use crate::store::format::position::Position;
use crate::store::recovery::error::Damage;
use crate::store::recovery::image::{Contents, Slice};
use crate::store::recovery::read::{RunOctets, RunReader};
use crate::store::recovery::walk::{Walk, walk};

/// A slice, and the place of its queue in the list of contents.
type Piece = (usize, Slice);

/// A run that was read last: other queues may have the same messages.
struct Last {
    run: Run,
    octets: usize,
    file_size: Option<u64>,
    walk: Walk,
}

/// What is left of the contents: everything that is as it was written. What is not is added to
/// `damages`.
///
/// # Errors
/// The disk failed.
pub(super) fn verify(
    disk: &dyn Disk,
    contents: &[Contents],
    damages: &mut Damages,
) -> io::Result<Vec<QueueImage>> {
    let mut images: Vec<QueueImage> = contents.iter().map(image).collect();
    let mut reader = RunReader::new(disk);
    let mut last: Option<Last> = None;
    for (at, slice) in in_order(contents) {
        let read = match last.take() {
            Some(last) if is_same(&last.run, &slice.run) => last,
            _ => read(&mut reader, &slice.run)?,
        };
        let runs = find(&slice, &read, damages, contents.get(at));
        if let Some(image) = images.get_mut(at) {
            image.runs.extend(runs);
        }
        last = Some(read);
    }
    for image in &mut images {
        image.runs.sort_unstable_by_key(|run| run.first);
        image.forget_missing();
    }
    Ok(images)
}

fn image(contents: &Contents) -> QueueImage {
    let Contents { queue, next_index, returned, deferred, lived, .. } = contents;
    QueueImage {
        next_index: *next_index,
        returned: returned.clone(),
        deferred: deferred.clone(),
        lived: lived.clone(),
        ..QueueImage::of(*queue)
    }
}

/// All slices in the order in which they lie on the disk.
fn in_order(contents: &[Contents]) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = contents
        .iter()
        .enumerate()
        .flat_map(|(at, it)| it.slices.iter().map(move |slice| (at, *slice)))
        .collect();
    pieces.sort_unstable_by_key(|(at, slice)| {
        (slice.run.position.0, slice.run.octets, slice.run.count, *at, slice.first())
    });
    pieces
}

/// Whether both are the same messages.
fn is_same(one: &Run, other: &Run) -> bool {
    (one.position, one.octets, one.count) == (other.position, other.octets, other.count)
}

fn read(reader: &mut RunReader<'_>, run: &Run) -> io::Result<Last> {
    let RunOctets { octets, file_size } = reader.read(run)?;
    let walk = walk(run, &octets);
    Ok(Last { run: *run, octets: octets.len(), file_size, walk })
}

/// What is found of a slice.
fn find(
    slice: &Slice,
    read: &Last,
    damages: &mut Damages,
    contents: Option<&Contents>,
) -> Vec<Run> {
    let runs = slice.parts(&read.walk);
    let bytes: u64 = runs.iter().map(|run| run.bytes).sum();
    let damage = match read.walk.damaged {
        Some(offset) => damage(&slice.run, read, offset),
        None if slice.is_whole() && bytes != slice.run.bytes => {
            let says = slice.run.bytes;
            let what = format!("the index says that bodies have {says} octets here, not {bytes}");
            at(&slice.run, 0, what)
        }
        None if slice.is_whole() => return vec![slice.run],
        None => return runs,
    };
    let damage = damages.add(damage);
    if let Some(Contents { queue, .. }) = contents {
        for loss in slice.losses(*queue, &runs) {
            damage.lose(loss);
        }
    }
    runs
}

/// What is to be said of a run that is not whole from `offset` on.
fn damage(run: &Run, read: &Last, offset: u32) -> Damage {
    let name = || file_name(Position::of(run.position).file);
    match read.file_size {
        None => Damage::new(name(), 0, "the file is missing"),
        Some(size) if read.octets < run.octets as usize => {
            Damage::new(name(), size, "the file ends here, but messages lie further on")
        }
        Some(_) => at(run, offset, "a message is not as it was written".to_owned()),
    }
}

fn at(run: &Run, offset: u32, what: String) -> Damage {
    let position = Position::of(run.position).plus(offset);
    Damage::new(file_name(position.file), position.offset.into(), what)
}
