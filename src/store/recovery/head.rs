//! How a file of the log begins. No batch is written before the header is durable: so where the
//! header is damaged, batches tell that it was there, and the first one what it said.

use super::error::OpenError;
use super::read::read;
use crate::store::disk::Disk;
use crate::store::files::file_name;
use crate::store::format::batch::{BatchHeader, FileHeader, HeaderError};
use crate::store::format::{BLOCK, FIRST_BATCH};

/// How a file of the log begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Head {
    /// Nothing was written to it since it got its number.
    Nothing,
    /// As it should.
    Whole(FileHeader),
    /// Its header is damaged; this is what it said.
    Known(FileHeader),
    /// Its header is damaged, and the first batch as well.
    Damaged,
}

impl Head {
    /// How the file of that number begins.
    ///
    /// # Errors
    /// The disk failed, or a newer version has written.
    pub(super) fn read(disk: &dyn Disk, file: u32) -> Result<Self, OpenError> {
        let name = file_name(file);
        match FileHeader::read(&read(disk, &name, BLOCK)?) {
            Ok(header) if header.file == file => Ok(Self::Whole(header)),
            _ => Self::of(file, &read(disk, &name, usize::MAX)?),
        }
    }

    /// How a file of that number and with these octets begins.
    ///
    /// # Errors
    /// A newer version has written.
    pub(super) fn of(file: u32, octets: &[u8]) -> Result<Self, OpenError> {
        match FileHeader::read(octets) {
            Ok(header) if header.file == file => return Ok(Self::Whole(header)),
            Err(error @ HeaderError::Newer(_)) => {
                return Err(OpenError::header(error, file_name(file), ""));
            }
            _ => {}
        }
        let batches = octets.get(FIRST_BATCH as usize..).unwrap_or_default();
        Ok(match BatchHeader::read(file, batches) {
            Ok((BatchHeader { number: first_batch, previous, .. }, ..)) => {
                Self::Known(FileHeader { file, first_batch, previous })
            }
            Err(_) if has_batch(file, batches, |_| true) => Self::Damaged,
            Err(_) => Self::Nothing,
        })
    }

    /// What the header says, or said.
    pub(super) const fn header(self) -> Option<FileHeader> {
        match self {
            Self::Whole(header) | Self::Known(header) => Some(header),
            Self::Nothing | Self::Damaged => None,
        }
    }
}

/// Whether these octets, from the start of a block on, hold a whole batch that `is_it`.
pub(super) fn has_batch(file: u32, octets: &[u8], is_it: impl Fn(&BatchHeader) -> bool) -> bool {
    (0..octets.len()).step_by(BLOCK).filter_map(|at| octets.get(at..)).any(|rest| {
        BatchHeader::peek(rest).is_some_and(|header| is_it(&header))
            && BatchHeader::read(file, rest).is_ok()
    })
}
