//! The file that keeps other processes out of a directory.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::Path;

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use super::OpenError;
use super::failure::failed;

/// Its name. It stays when the lock is given up: whoever removed it could remove one that another
/// process has just taken.
pub(super) const FILE_NAME: &str = "lock";

/// An advisory lock (flock). The system gives it up when the value is dropped or the process ends.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the directory's lock and leaves the own pid in the file, for people and for whoever
    /// is refused.
    ///
    /// # Errors
    /// Another process has it, or the system refuses.
    pub(super) fn take(directory: &Path) -> Result<Self, OpenError> {
        let path = directory.join(FILE_NAME);
        let open =
            || OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
        let mut file = open().map_err(|error| failed("open", &path, error))?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(Errno::WOULDBLOCK) => {
                return Err(OpenError::InUse { directory: directory.to_owned(), pid: pid(file) });
            }
            Err(error) => return Err(failed("lock", &path, error.into()).into()),
        }
        sign(&mut file).map_err(|error| failed("write", &path, error))?;
        Ok(Self { _file: file })
    }
}

fn sign(file: &mut File) -> io::Result<()> {
    file.set_len(0)?;
    writeln!(file, "{}", std::process::id())
}

/// The pid in the file. Absent in the moment between taking and signing.
fn pid(file: File) -> Option<u32> {
    let mut text = String::new();
    file.take(32).read_to_string(&mut text).ok()?;
    text.trim_end().parse().ok()
}
