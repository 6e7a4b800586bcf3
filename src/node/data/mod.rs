//! A data directory without a broker: it is checked and repaired.

mod completion;
mod copies;
mod entries;
mod report;

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use self::completion::complete;
use self::copies::keep_copies;
use self::entries::{Names, fault, names};
use crate::amqp::entry::InvalidEntry;
use crate::store::check::{Examination, examine};
use crate::store::checkpoint::CHECKPOINT;
use crate::store::disk::real::{self, RealDisk};
use crate::store::files::file_number;
use crate::store::format::checkpoint::Checkpoint;
use crate::store::recovery::error::OpenError;
use crate::store::repair::{Repair, Repairer, repair as repair_store};

/// Why a data directory can be neither checked nor repaired.
#[derive(Debug)]
pub enum DataError {
    /// There is none.
    Missing(PathBuf),
    /// A broker has it, or the system refuses it.
    Directory(real::OpenError),
    /// The disk failed, or a newer version has written.
    Store(OpenError),
}

/// What was found in a data directory. Its text is the summary.
#[derive(Debug)]
pub struct Checked {
    directory: PathBuf,
    examination: Examination,
    names: Names,
    fault: Option<InvalidEntry>,
}

/// What was done to a data directory. Its text says all of it.
#[derive(Debug)]
pub struct Repaired {
    directory: PathBuf,
    repair: Repair,
    names: Names,
    copies: Option<PathBuf>,
}

/// Looks through all of a data directory, and changes nothing.
///
/// # Errors
/// It cannot be read.
pub fn check(directory: &Path) -> Result<Checked, DataError> {
    let disk = open(directory)?;
    let examination = examine(&disk).map_err(DataError::Store)?;
    let (names, fault) = (names(&examination.left.meta), fault(&examination.left.meta));
    Ok(Checked { directory: directory.to_owned(), examination, names, fault })
}

/// Cuts all damage out of a data directory. What it changes is copied to the directory `copies`
/// within it first.
///
/// # Errors
/// It cannot be read or written; then it is as it was.
pub fn repair(directory: &Path, copies: &str) -> Result<Repaired, DataError> {
    let disk = open(directory)?;
    let copies = directory.join(copies);
    let mut repairer = DirectoryRepairer { directory, copies: &copies };
    let repair = repair_store(&disk, &mut repairer).map_err(DataError::Store)?;
    let names = names(&repair.found.left.meta);
    let copies = repair.changed.then_some(copies);
    Ok(Repaired { directory: directory.to_owned(), repair, names, copies })
}

struct DirectoryRepairer<'d> {
    directory: &'d Path,
    copies: &'d Path,
}

impl Repairer for DirectoryRepairer<'_> {
    fn complete(&mut self, left: &mut Checkpoint, rebuilt: bool) -> Vec<String> {
        complete(left, rebuilt)
    }

    fn keep(&mut self, names: &[String]) -> io::Result<()> {
        keep_copies(self.directory, self.copies, names)
    }
}

/// Takes a directory that is there, and in which a broker has been.
fn open(directory: &Path) -> Result<RealDisk, DataError> {
    let missing = || DataError::Missing(directory.to_owned());
    let entries = std::fs::read_dir(directory).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => missing(),
        _ => DataError::Store(error.into()),
    })?;
    let is_ours = |name: &str| name == CHECKPOINT || file_number(name).is_some();
    let mut names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    if !names.any(|name| is_ours(&name)) {
        return Err(missing());
    }
    RealDisk::open(directory).map_err(DataError::Directory)
}

impl fmt::Display for DataError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(path) => write!(f, "{}: no data directory", path.display()),
            Self::Directory(error) => error.fmt(f),
            Self::Store(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for DataError {}
