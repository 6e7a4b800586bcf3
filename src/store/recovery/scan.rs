//! The batches of the log, one after the other, up to where it ends.

use std::io;

use super::error::{Damage, OpenError};
use super::head::{Head, has_batch};
use super::read::read;
use crate::store::disk::Disk;
use crate::store::files::file_name;
use crate::store::format::batch::{BATCH_HEADER_SIZE, BatchHeader, FileHeader, HeaderError};
use crate::store::format::checkpoint::Replay;
use crate::store::format::position::Position;
use crate::store::format::record::Record;
use crate::store::format::run::messages;
use crate::store::format::{BLOCK, FIRST_BATCH, blocks};

/// A batch whose records are whole.
#[derive(Debug)]
pub struct FoundBatch {
    /// Where it begins.
    pub position: Position,
    /// Its header.
    pub header: BatchHeader,
    /// Its records.
    pub records: Vec<Record>,
    /// One of its messages that is damaged, though the log was durable beyond it.
    pub damage: Option<Damage>,
}

/// Where a log ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct End {
    /// Where the next batch would be.
    pub replay: Replay,
    /// Whether octets were left there of a batch that is not whole.
    pub torn: bool,
    /// Why that cannot be the end: the log was durable beyond it.
    pub damage: Option<Damage>,
}

/// Calls `visit` with each batch from `from` on, in order. `files` are the numbers of the files
/// there are, in order.
///
/// # Errors
/// The disk failed, or a newer version has written; or what `visit` returns.
pub fn scan(
    disk: &dyn Disk,
    files: &[u32],
    from: Replay,
    visit: &mut dyn FnMut(FoundBatch) -> Result<(), OpenError>,
) -> Result<End, OpenError> {
    let mut next = from;
    loop {
        let number = next.position.file;
        let after = files.iter().copied().find(|file| *file > number);
        let octets = if files.contains(&number) { read_file(disk, number)? } else { Vec::new() };
        let mut damaged = None;
        if next.position.offset == 0 {
            let head = Head::of(number, &octets)?;
            if head.header() != Some(expected(&next, number)) {
                let is_lost = after.is_some() || head != Head::Nothing;
                let what = "the log goes on in this file, which is missing or begins otherwise; \
                            all that follows is lost";
                let damage = is_lost.then(|| Damage::new(file_name(number), 0, what));
                return Ok(End { replay: next, torn: false, damage });
            }
            if let Head::Known(_) = head {
                let what = "the file's header is not as it was written; no message is lost";
                damaged = Some(Damage::new(file_name(number), 0, what));
            }
        }
        if octets.len() < next.position.offset as usize {
            let what = "the log goes on here and is missing; it and all that follows is lost";
            let damage = Damage::new(file_name(number), next.position.offset.into(), what);
            return Ok(End { replay: next, torn: false, damage: Some(damage) });
        }
        next.position.offset = next.position.offset.max(FIRST_BATCH);
        let begun = is_any_begun(disk, files.iter().copied().filter(|file| *file > number))?;
        let halt = scan_file(&octets, begun, &mut next, &mut |batch| {
            // One is enough to have it repaired.
            let damage = damaged.take().or(batch.damage);
            visit(FoundBatch { damage, ..batch })
        })?;
        if let Some(file) = after
            && Head::read(disk, file)?.header() == Some(expected(&next, file))
        {
            next.position = Position { file, offset: 0 };
            continue;
        }
        let rest = octets.get(next.position.offset as usize..);
        let damage = match halt {
            Halt::Unreadable(what) => Some(damage(&next, what)),
            _ if begun || is_durable(number, rest, next.batch) => {
                let what = "is not whole, though the log was durable beyond it; it and all that follows is lost";
                Some(damage(&next, what))
            }
            _ => None,
        };
        return Ok(End { replay: next, torn: halt != Halt::Nothing, damage });
    }
}

/// Damage of the batch that should be next.
fn damage(next: &Replay, what: &str) -> Damage {
    let Replay { position, batch, .. } = next;
    Damage::new(file_name(position.file), position.offset.into(), format!("batch {batch} {what}"))
}

/// Why a file does not go on.
#[derive(PartialEq, Eq)]
enum Halt {
    /// There is nothing.
    Nothing,
    /// There is something that is no whole batch.
    Torn,
    /// There is a batch that nobody can have written.
    Unreadable(&'static str),
}

/// Goes through one file from `next` on, which ends where there is no whole batch. `begun` says
/// that a later file was begun, before which this one was durable.
fn scan_file(
    octets: &[u8],
    begun: bool,
    next: &mut Replay,
    visit: &mut dyn FnMut(FoundBatch) -> Result<(), OpenError>,
) -> Result<Halt, OpenError> {
    loop {
        let position = next.position;
        let rest = octets.get(position.offset as usize..).unwrap_or_default();
        let (header, records, checksum) = match BatchHeader::read(position.file, rest) {
            Ok(batch) => batch,
            Err(HeaderError::Newer(version)) => {
                return Err(OpenError::Newer { file: file_name(position.file), version });
            }
            Err(HeaderError::Damaged) if BatchHeader::peek(rest).is_some() => {
                return Ok(Halt::Torn);
            }
            Err(HeaderError::Damaged) => return Ok(Halt::Nothing),
        };
        if header.number != next.batch || header.previous != next.previous {
            return Ok(Halt::Torn);
        }
        let damaged = find_damaged(rest, &header);
        let behind = rest.get(blocks(header.size())..);
        if damaged.is_some() && !begun && !is_durable(position.file, behind, header.number) {
            return Ok(Halt::Torn);
        }
        let Some(records) = Record::read_all(records) else {
            return Ok(Halt::Unreadable("cannot be understood; it and all that follows is lost"));
        };
        let Some(batch) = header.number.checked_add(1) else {
            return Ok(Halt::Unreadable("has the last number there is"));
        };
        let damage = damaged.map(|offset| {
            let what = format!("a message of batch {} is not as it was written", header.number);
            Damage::new(file_name(position.file), u64::from(position.offset) + offset, what)
        });
        visit(FoundBatch { position, header, records, damage })?;
        let size = u32::try_from(blocks(header.size())).unwrap_or(u32::MAX);
        *next = Replay { position: position.plus(size), batch, previous: checksum };
    }
}

/// Calls `visit` with the batches of each file, as far as they are whole one after the other from
/// its start, whether or not its first one follows on the file before. Returns where the log goes
/// on behind the last of them. `files` are the numbers of the files there are, in order.
///
/// # Errors
/// The disk failed, or a newer version has written; or what `visit` returns.
pub fn scan_each(
    disk: &dyn Disk,
    files: &[u32],
    visit: &mut dyn FnMut(FoundBatch) -> Result<(), OpenError>,
) -> Result<Option<Replay>, OpenError> {
    let mut headers = Vec::new();
    for &file in files {
        headers.extend(Head::read(disk, file)?.header());
    }
    let mut end: Option<Replay> = None;
    for (at, header) in headers.iter().enumerate() {
        let FileHeader { file, first_batch: batch, previous } = *header;
        // What is behind the first batch of the next file was cut off by a start before.
        let limit = headers.get(at + 1).map_or(u64::MAX, |after| after.first_batch);
        let position = Position { file, offset: FIRST_BATCH };
        let mut next = Replay { position, batch, previous };
        scan_file(&read_file(disk, file)?, at + 1 < headers.len(), &mut next, &mut |batch| {
            if batch.header.number < limit { visit(batch) } else { Ok(()) }
        })?;
        if end.is_none_or(|end| end.batch <= next.batch) {
            end = Some(next);
        }
    }
    Ok(end)
}

/// Where the first damaged message of the batch is, in octets from the batch's start.
fn find_damaged(batch: &[u8], header: &BatchHeader) -> Option<u64> {
    let body = batch.get(BATCH_HEADER_SIZE..BATCH_HEADER_SIZE + header.messages as usize);
    let damaged = messages(body.unwrap_or_default()).find_map(Result::err)?;
    Some((BATCH_HEADER_SIZE + damaged.offset) as u64)
}

/// The whole batches from `from` on, wherever they are, though nothing leads to them. `files` are
/// the numbers of the files there are, in order.
///
/// # Errors
/// The disk failed.
pub fn find_batches(
    disk: &dyn Disk,
    files: &[u32],
    from: Replay,
    visit: &mut dyn FnMut(BatchHeader, Vec<Record>),
) -> io::Result<()> {
    for &file in files.iter().filter(|file| **file >= from.position.file) {
        let octets = read_file(disk, file)?;
        let here = file == from.position.file;
        let mut at = if here { from.position.offset as usize } else { BLOCK };
        while let Some(rest) = octets.get(at..).filter(|rest| !rest.is_empty()) {
            let found = BatchHeader::peek(rest).filter(|header| header.number >= from.batch);
            let found = found.and_then(|_| BatchHeader::read(file, rest).ok());
            let found =
                found.and_then(|(header, records, _)| Some((header, Record::read_all(records)?)));
            at = at.saturating_add(match found {
                Some((header, records)) => {
                    visit(header, records);
                    blocks(header.size())
                }
                None => BLOCK,
            });
        }
    }
    Ok(())
}

/// Whether a batch in these octets says that the log was durable up to batch `number` or further.
fn is_durable(file: u32, octets: Option<&[u8]>, number: u64) -> bool {
    has_batch(file, octets.unwrap_or_default(), |header| {
        header.durable >= number && header.durable < header.number
    })
}

/// The header of a file in which the log goes on at `next`.
const fn expected(next: &Replay, file: u32) -> FileHeader {
    FileHeader { file, first_batch: next.batch, previous: next.previous }
}

/// Whether any of the files was begun: then what was written before is durable.
fn is_any_begun(disk: &dyn Disk, mut files: impl Iterator<Item = u32>) -> Result<bool, OpenError> {
    files.try_fold(false, |begun, file| Ok(begun || Head::read(disk, file)? != Head::Nothing))
}

fn read_file(disk: &dyn Disk, number: u32) -> io::Result<Vec<u8>> {
    read(disk, &file_name(number), usize::MAX)
}
