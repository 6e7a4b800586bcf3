//! The end of the log: the file that is written, and where in it the next batch goes.

use std::io;
use std::sync::Arc;

use super::WriteError;
use super::batch::Batch;
use crate::store::disk::DiskFile;
use crate::store::failpoint::failpoint;
use crate::store::format::batch::FileHeader;
use crate::store::format::checkpoint::Replay;
use crate::store::format::position::Position;
use crate::store::format::{BLOCK, FIRST_BATCH, blocks};
use crate::store::log::Log;

/// The end of a log.
#[derive(Debug)]
pub(super) struct Output {
    log: Arc<Log>,
    /// The file that is written, and its size.
    file: Option<(Arc<dyn DiskFile>, u64)>,
    /// Where the next batch goes.
    next: Replay,
    /// Everything up to here was synced.
    durable: u64,
    /// Octets since the last sync.
    unsynced: u64,
}

impl Output {
    /// Where the next batch is the first one of a new file.
    pub(super) const fn new(log: Arc<Log>, next: Replay) -> Self {
        Self { log, file: None, durable: next.batch.saturating_sub(1), next, unsynced: 0 }
    }

    /// Where the next batch goes.
    pub(super) const fn next(&self) -> Replay {
        self.next
    }

    /// Where that octet of the next batch goes.
    pub(super) const fn position(&self, offset: u32) -> Position {
        self.next.position.plus(offset)
    }

    /// Octets since the last sync.
    pub(super) const fn unsynced(&self) -> u64 {
        self.unsynced
    }

    /// Whether the file has room for a batch of so many octets.
    pub(super) fn has_room(&self, batch: usize) -> bool {
        let Some((_, size)) = self.file else { return false };
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        self.next.position.offset as usize + blocks(batch) <= size
    }

    /// Begins the next file, with room for a batch of so many octets. Everything before it is
    /// durable already.
    ///
    /// # Errors
    /// The disk is full, or failed.
    pub(super) fn begin_file(&mut self, batch: usize) -> Result<(), WriteError> {
        let number =
            if self.file.is_some() { self.next.position.file + 1 } else { self.next.position.file };
        let size = ((BLOCK + blocks(batch)) as u64).max(self.log.sizes.file);
        let (file, size) =
            self.log.files.begin(number, size).map_err(|error| match error.kind() {
                io::ErrorKind::StorageFull => WriteError::Full(error),
                _ => WriteError::Failed(error),
            })?;
        let header =
            FileHeader { file: number, first_batch: self.next.batch, previous: self.next.previous };
        self.write_header(&*file, &header).map_err(WriteError::Failed)?;
        self.file = Some((file, size));
        self.next.position = Position { file: number, offset: FIRST_BATCH };
        Ok(())
    }

    /// Makes a file durable in which there is nothing yet.
    fn write_header(&self, file: &dyn DiskFile, header: &FileHeader) -> io::Result<()> {
        failpoint!("roll::created");
        let mut block = header.octets();
        block.resize(BLOCK, 0);
        file.write_at(&block, 0)?;
        file.sync()?;
        self.log.files.disk().sync()?;
        failpoint!("roll::synced");
        Ok(())
    }

    /// Writes a batch, for which the file has room, and leaves it empty.
    ///
    /// # Errors
    /// The disk failed.
    pub(super) fn write(&mut self, batch: &mut Batch) -> io::Result<()> {
        let Some((file, _)) = self.file.as_ref().filter(|_| !batch.is_empty()) else {
            return Ok(());
        };
        let (octets, checksum) = batch.seal(&self.next, self.durable);
        file.write_at(octets, self.next.position.offset.into())?;
        self.unsynced += octets.len() as u64;
        self.log.progress.lock().written += octets.len() as u64;
        self.next = Replay {
            position: self.next.position.plus(u32::try_from(octets.len()).unwrap_or(u32::MAX)),
            batch: self.next.batch + 1,
            previous: checksum,
        };
        batch.clear(2 * self.log.sizes.batch);
        Ok(())
    }

    /// Makes everything durable that was written.
    ///
    /// # Errors
    /// The disk failed: what is on it is not known any more.
    pub(super) fn sync(&mut self) -> io::Result<()> {
        if let Some((file, _)) = &self.file
            && self.unsynced > 0
        {
            file.sync()?;
            self.unsynced = 0;
            self.durable = self.next.batch - 1;
        }
        Ok(())
    }
}
