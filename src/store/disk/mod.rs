//! The few calls that the store makes of a disk, so that tests can lose what was not synced, tear
//! sectors, flip bits, fill it, and crash at every step.

pub mod real;
pub mod simulated;

use std::fmt::Debug;
use std::io;
use std::sync::Arc;

/// One directory of a disk. Names are plain file names, without a path.
pub trait Disk: Debug + Send + Sync {
    /// The names of its files, in any order.
    ///
    /// # Errors
    /// The directory cannot be read.
    fn list(&self) -> io::Result<Vec<String>>;

    /// Opens a file to read and write it.
    ///
    /// # Errors
    /// There is none of that name, or it cannot be opened.
    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>>;

    /// Makes a file of `size` zero octets, all of them allocated; one of that name is replaced.
    /// Neither the file nor its name is durable before [`DiskFile::sync`] and [`Self::sync`].
    ///
    /// # Errors
    /// Above all [`io::ErrorKind::StorageFull`]; the file is not there then.
    fn create(&self, name: &str, size: u64) -> io::Result<Arc<dyn DiskFile>>;

    /// Renames a file, replacing one of the new name, all or nothing.
    ///
    /// # Errors
    /// There is none of that name, or the disk failed.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Removes a file; who has it open can go on reading it.
    ///
    /// # Errors
    /// There is none of that name, or the disk failed.
    fn remove(&self, name: &str) -> io::Result<()>;

    /// Makes creations, renames and removals durable (fsync of the directory).
    ///
    /// # Errors
    /// The disk failed; nothing may be concluded about what is durable.
    fn sync(&self) -> io::Result<()>;

    /// Octets that can still be written.
    ///
    /// # Errors
    /// The file system does not tell.
    fn free_space(&self) -> io::Result<u64>;
}

/// An open file. All offsets and lengths are in octets.
pub trait DiskFile: Debug + Send + Sync {
    /// How long it is.
    ///
    /// # Errors
    /// The disk failed.
    fn size(&self) -> io::Result<u64>;

    /// Reads from `offset` until `buffer` is full or the file ends; returns how many octets.
    ///
    /// # Errors
    /// The disk failed.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize>;

    /// Says that `octets` octets at `offset` will be read soon, so that they may be fetched
    /// meanwhile. Does not wait for them, and promises nothing.
    fn will_read(&self, offset: u64, octets: u64);

    /// Writes all of `octets` at `offset`. They are durable after [`Self::sync`].
    ///
    /// # Errors
    /// Above all [`io::ErrorKind::StorageFull`]; any part of it may have been written.
    fn write_at(&self, octets: &[u8], offset: u64) -> io::Result<()>;

    /// Makes what was written durable (fdatasync).
    ///
    /// # Errors
    /// The disk failed; what was written since the last sync may be lost, whatever a later sync says.
    fn sync(&self) -> io::Result<()>;
}

#[cfg(test)]
mod tests;
