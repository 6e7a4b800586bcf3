//! Reads files and parts of them. Never is more reserved than there is to read.

use std::io;
use std::sync::Arc;

use crate::amqp::run::Run;
use crate::store::disk::{Disk, DiskFile};
use crate::store::files::file_name;
use crate::store::format::position::Position;

/// Reads runs, best in the order in which they lie on the disk.
#[derive(Debug)]
pub struct RunReader<'d> {
    disk: &'d dyn Disk,
    /// The number of the file that was read last, and the file, where there is one.
    last: Option<(u32, Option<SizedFile>)>,
}

/// A file with its size in octets.
type SizedFile = (Arc<dyn DiskFile>, u64);

/// What there is of a run.
#[derive(Debug)]
pub struct RunOctets {
    /// Its octets, fewer where the file ends.
    pub octets: Vec<u8>,
    /// The size of its file, in octets; absent where there is none.
    pub file_size: Option<u64>,
}

impl<'d> RunReader<'d> {
    /// Reads from the files of `disk`.
    pub const fn new(disk: &'d dyn Disk) -> Self {
        Self { disk, last: None }
    }

    /// Reads a run.
    ///
    /// # Errors
    /// The disk failed.
    pub fn read(&mut self, run: &Run) -> io::Result<RunOctets> {
        let Position { file, offset } = Position::of(run.position);
        let Some((handle, size)) = self.open(file)? else {
            return Ok(RunOctets { octets: Vec::new(), file_size: None });
        };
        let there = usize::try_from(size.saturating_sub(offset.into())).unwrap_or(usize::MAX);
        let mut octets = vec![0; there.min(run.octets as usize)];
        let read = handle.read_at(&mut octets, offset.into())?;
        octets.truncate(read);
        Ok(RunOctets { octets, file_size: Some(size) })
    }

    fn open(&mut self, number: u32) -> io::Result<Option<SizedFile>> {
        if let Some((last, file)) = &self.last
            && *last == number
        {
            return Ok(file.clone());
        }
        let file = match self.disk.open(&file_name(number)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
            Ok(handle) => {
                let size = handle.size()?;
                Some((handle, size))
            }
        };
        self.last = Some((number, file.clone()));
        Ok(file)
    }
}

/// Reads a file from its start: all of it, or `max` octets.
///
/// # Errors
/// There is no such file, or the disk failed.
pub fn read(disk: &dyn Disk, name: &str, max: usize) -> io::Result<Vec<u8>> {
    let file = disk.open(name)?;
    let size = usize::try_from(file.size()?).unwrap_or(usize::MAX).min(max);
    let mut octets = vec![0; size];
    let read = file.read_at(&mut octets, 0)?;
    octets.truncate(read);
    Ok(octets)
}
