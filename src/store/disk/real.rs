//! The disk of production: one directory of a file system, locked against other processes.

mod failure;
mod lock;

use std::fs::{self, DirBuilder, DirEntry, File, OpenOptions};
use std::io;
use std::num::NonZeroU64;
use std::os::unix::fs::{DirBuilderExt as _, FileExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{Advice, FallocateFlags, fadvise, fallocate, fstatvfs};
use rustix::io::{Errno, retry_on_intr};

use self::failure::failed;
use self::lock::{FILE_NAME, Lock};
use super::{Disk, DiskFile};

/// Why a directory cannot be used as a disk.
#[derive(Debug)]
pub enum OpenError {
    /// Another process uses it.
    InUse {
        /// As it was given to [`RealDisk::open`].
        directory: PathBuf,
        /// The other process, where it has said so.
        pid: Option<u32>,
    },
    /// The system refuses it; the text says what was attempted with which path.
    Io(io::Error),
}

/// A directory. Its errors say in their text what was attempted with which path; the kind is the
/// system's, and the source is an [`io::Error`] with the system's number.
///
/// The directory stays locked until the disk and all files opened with it are dropped.
#[derive(Debug)]
pub struct RealDisk {
    path: PathBuf,
    directory: File,
    lock: Arc<Lock>,
}

#[derive(Debug)]
struct RealFile {
    path: PathBuf,
    file: File,
    /// Who still writes to the directory still has it.
    _lock: Arc<Lock>,
}

impl RealDisk {
    /// Takes the directory, which is made for the own user alone (mode 0700) where it is missing.
    ///
    /// # Errors
    /// Another process has it, or the system refuses.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        let path = path.as_ref();
        make_directory(path).map_err(|error| failed("make directory", path, error))?;
        let lock = Arc::new(Lock::take(path)?);
        let directory = File::open(path).map_err(|error| failed("open", path, error))?;
        Ok(Self { path: path.to_owned(), directory, lock })
    }

    fn path_of(&self, name: &str) -> io::Result<PathBuf> {
        if matches!(name, "" | "." | ".." | FILE_NAME) || name.contains(['/', '\0']) {
            let text = format!("{name:?} cannot be a file of {}", self.path.display());
            return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        }
        Ok(self.path.join(name))
    }

    fn file(&self, path: PathBuf, file: File) -> Arc<dyn DiskFile> {
        Arc::new(RealFile { path, file, _lock: Arc::clone(&self.lock) })
    }
}

impl Disk for RealDisk {
    fn list(&self) -> io::Result<Vec<String>> {
        let read = || -> io::Result<_> {
            let names = fs::read_dir(&self.path)?.map(|entry| name_of_file(&entry?));
            names.filter_map(Result::transpose).collect()
        };
        read().map_err(|error| failed("list", &self.path, error))
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        let path = self.path_of(name)?;
        match OpenOptions::new().read(true).write(true).open(&path) {
            Ok(file) => Ok(self.file(path, file)),
            Err(error) => Err(failed("open", &path, error)),
        }
    }

    fn create(&self, name: &str, size: u64) -> io::Result<Arc<dyn DiskFile>> {
        let path = self.path_of(name)?;
        // Not truncated: who has the old file open goes on reading it.
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(failed("remove", &path, error));
            }
            _ => {}
        }
        let create = || OpenOptions::new().read(true).write(true).create_new(true).open(&path);
        let file = create().map_err(|error| failed("create", &path, error))?;
        if let Err(error) = allocate(&file, size) {
            let error = failed(&format!("allocate {size} octets for"), &path, error);
            let _ = fs::remove_file(&path);
            return Err(error);
        }
        Ok(self.file(path, file))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let (from, to) = (self.path_of(from)?, self.path_of(to)?);
        let renamed = fs::rename(&from, &to);
        renamed.map_err(|error| failed(&format!("rename {} to", from.display()), &to, error))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let path = self.path_of(name)?;
        fs::remove_file(&path).map_err(|error| failed("remove", &path, error))
    }

    fn sync(&self) -> io::Result<()> {
        self.directory.sync_all().map_err(|error| failed("sync", &self.path, error))
    }

    fn free_space(&self) -> io::Result<u64> {
        match fstatvfs(&self.directory) {
            Ok(system) => Ok(system.f_bavail.saturating_mul(system.f_frsize)),
            Err(error) => Err(failed("ask for free space of", &self.path, error.into())),
        }
    }
}

impl DiskFile for RealFile {
    fn size(&self) -> io::Result<u64> {
        let metadata = self.file.metadata();
        Ok(metadata.map_err(|error| failed("ask for size of", &self.path, error))?.len())
    }

    fn read_at(&self, mut buffer: &mut [u8], mut offset: u64) -> io::Result<usize> {
        let mut total = 0;
        while !buffer.is_empty() {
            match self.file.read_at(buffer, offset) {
                Ok(0) => break,
                Ok(octets) => {
                    buffer = buffer.split_at_mut(octets).1;
                    offset += octets as u64;
                    total += octets;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.failed_at("read", offset, error)),
            }
        }
        Ok(total)
    }

    fn will_read(&self, offset: u64, octets: u64) {
        // What the system does not fetch ahead is read all the same.
        let _ = fadvise(&self.file, offset, NonZeroU64::new(octets), Advice::WillNeed);
    }

    fn write_at(&self, octets: &[u8], offset: u64) -> io::Result<()> {
        let written = self.file.write_all_at(octets, offset);
        written.map_err(|error| self.failed_at("write", offset, error))
    }

    fn sync(&self) -> io::Result<()> {
        self.file.sync_data().map_err(|error| failed("sync", &self.path, error))
    }
}

impl RealFile {
    fn failed_at(&self, operation: &str, offset: u64, error: io::Error) -> io::Error {
        failed(&format!("{operation} at {offset} of"), &self.path, error)
    }
}

/// Makes it and its ancestors as far as they are missing, durably.
fn make_directory(path: &Path) -> io::Result<()> {
    let exists = |path: &Path| path.as_os_str().is_empty() || path.exists();
    let missing: Vec<_> = path.ancestors().take_while(|path| !exists(path)).collect();
    DirBuilder::new().recursive(true).mode(0o700).create(path)?;
    for parent in missing.into_iter().filter_map(Path::parent) {
        let here = parent.as_os_str().is_empty();
        File::open(if here { Path::new(".") } else { parent })?.sync_all()?;
    }
    Ok(())
}

/// The entry's name if it is a file of ours: no lock, no directory, no socket, no link.
fn name_of_file(entry: &DirEntry) -> io::Result<Option<String>> {
    let name = entry.file_name().into_string().ok().filter(|name| name != FILE_NAME);
    Ok(if entry.file_type()?.is_file() { name } else { None })
}

/// Lengthens an empty file to so many zero octets.
fn allocate(file: &File, size: u64) -> io::Result<()> {
    if size == 0 {
        return Ok(());
    }
    match retry_on_intr(|| fallocate(file, FallocateFlags::empty(), 0, size)) {
        // Such a file system (ZFS, NFS before 4.2) finds room only when octets are written.
        Err(Errno::OPNOTSUPP) => file.set_len(size),
        allocated => Ok(allocated?),
    }
}

impl From<io::Error> for OpenError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl std::fmt::Display for OpenError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::InUse { directory, pid: Some(pid) } => {
                write!(f, "data directory {} is in use by process {pid}", directory.display())
            }
            Self::InUse { directory, pid: None } => {
                write!(f, "data directory {} is in use by another process", directory.display())
            }
            Self::Io(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for OpenError {}

#[cfg(test)]
mod tests;
