//! The batches of the log, one after the other, up to where it ends.

use std::io;

use super::error::OpenError;
use crate::store::disk::Disk;
use crate::store::files::file_name;
use crate::store::format::batch::{BATCH_HEADER_SIZE, BatchHeader, FileHeader, HeaderError};
use crate::store::format::checkpoint::Replay;
use crate::store::format::position::Position;
use crate::store::format::record::Record;
use crate::store::format::run::messages;
use crate::store::format::{BLOCK, blocks};

/// A whole batch.
#[derive(Debug)]
pub struct FoundBatch {
    /// Where it begins.
    pub position: Position,
    /// Its header.
    pub header: BatchHeader,
    /// Its records.
    pub records: Vec<Record>,
}

/// Where a log ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// Where the next batch would be.
    pub replay: Replay,
    /// Whether octets were left there of a batch that is not whole.
    pub torn: bool,
}

/// Calls `visit` with each batch from `from` on, in order. `files` are the numbers of the files
/// there are.
///
/// # Errors
/// The disk failed, or something that was durable is damaged.
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
        if next.position.offset == 0 && !begins(number, &octets, &next)? {
            return match after {
                Some(_) => Err(missing(number, "a file of the log is missing or has no header")),
                None => Ok(End { replay: next, torn: false }),
            };
        }
        next.position.offset = next.position.offset.max(BLOCK as u32);
        let torn = scan_file(&octets, &mut next, visit)?;
        let at = next.position;
        match after {
            Some(file) if follows(disk, file, &next)? => {
                next.position = Position { file, offset: 0 };
            }
            Some(file) if file_begun(disk, file)? => return Err(lost(at, next.batch)),
            _ if is_durable(number, octets.get(at.offset as usize..), next.batch) => {
                return Err(lost(at, next.batch));
            }
            _ => return Ok(End { replay: next, torn }),
        }
    }
}

fn lost(at: Position, batch: u64) -> OpenError {
    OpenError::damage(
        file_name(at.file),
        at.offset.into(),
        format!("batch {batch} is not whole, though the log was durable beyond it; it and all that follows would be lost"),
    )
}

fn missing(file: u32, what: &str) -> OpenError {
    OpenError::damage(file_name(file), 0, what)
}

/// Goes through one file from `next` on, which ends where there is no whole batch. Returns whether
/// there is something that is none.
fn scan_file(
    octets: &[u8],
    next: &mut Replay,
    visit: &mut dyn FnMut(FoundBatch) -> Result<(), OpenError>,
) -> Result<bool, OpenError> {
    loop {
        let position = next.position;
        let rest = octets.get(position.offset as usize..).unwrap_or_default();
        let (header, records, checksum) = match BatchHeader::read(position.file, rest) {
            Ok(batch) => batch,
            Err(HeaderError::Newer(version)) => {
                return Err(OpenError::Newer { file: file_name(position.file), version });
            }
            Err(HeaderError::Damaged) => return Ok(BatchHeader::peek(rest).is_some()),
        };
        let expected = header.number == next.batch && header.previous == next.previous;
        let body = rest.get(BATCH_HEADER_SIZE..BATCH_HEADER_SIZE + header.messages as usize);
        if !expected || !messages(body.unwrap_or_default()).all(|message| message.is_ok()) {
            return Ok(true);
        }
        let Some(records) = Record::read_all(records) else {
            let what = "a record of this batch cannot be understood";
            return Err(OpenError::damage(file_name(position.file), position.offset.into(), what));
        };
        visit(FoundBatch { position, header, records })?;
        let size = u32::try_from(blocks(header.size())).unwrap_or(u32::MAX);
        *next = Replay {
            position: position.plus(size),
            batch: header.number + 1,
            previous: checksum,
        };
    }
}

/// Whether a batch in these octets says that the log was durable up to batch `number` or further.
fn is_durable(file: u32, octets: Option<&[u8]>, number: u64) -> bool {
    let octets = octets.unwrap_or_default();
    (0..octets.len()).step_by(BLOCK).filter_map(|at| octets.get(at..)).any(|rest| {
        BatchHeader::peek(rest).is_some_and(|header| header.durable >= number)
            && BatchHeader::read(file, rest).is_ok()
    })
}

/// Whether the file begins as it has to when the log goes on in it at `next`.
fn begins(number: u32, octets: &[u8], next: &Replay) -> Result<bool, OpenError> {
    match FileHeader::read(octets) {
        Ok(header) => Ok(header
            == FileHeader { file: number, first_batch: next.batch, previous: next.previous }),
        Err(HeaderError::Damaged) => Ok(false),
        Err(error) => Err(OpenError::header(error, file_name(number), "")),
    }
}

fn follows(disk: &dyn Disk, number: u32, next: &Replay) -> Result<bool, OpenError> {
    begins(number, &read_header(disk, number)?, next)
}

/// Whether anything was written to the file since it got its number.
fn file_begun(disk: &dyn Disk, number: u32) -> Result<bool, OpenError> {
    let header = FileHeader::read(&read_header(disk, number)?);
    Ok(header.is_ok_and(|header| header.file == number))
}

fn read_header(disk: &dyn Disk, number: u32) -> io::Result<Vec<u8>> {
    read(disk, &file_name(number), BLOCK)
}

fn read_file(disk: &dyn Disk, number: u32) -> io::Result<Vec<u8>> {
    read(disk, &file_name(number), usize::MAX)
}

/// Reads a file from its start: all of it, or `max` octets.
pub fn read(disk: &dyn Disk, name: &str, max: usize) -> io::Result<Vec<u8>> {
    let file = disk.open(name)?;
    let size = usize::try_from(file.size()?).unwrap_or(usize::MAX).min(max);
    let mut octets = vec![0; size];
    let read = file.read_at(&mut octets, 0)?;
    octets.truncate(read);
    Ok(octets)
}
