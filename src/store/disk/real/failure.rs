//! Errors of the system that say what they were about.

use std::error::Error;
use std::fmt::{self, Display, Formatter};
use std::io;
use std::path::{Path, PathBuf};

#[derive(Debug)]
struct Failure {
    operation: String,
    path: PathBuf,
    error: io::Error,
}

/// The error with what was attempted in front of its text. Its kind stays, and it is the source.
pub(super) fn failed(operation: &str, path: &Path, error: io::Error) -> io::Error {
    let failure = Failure { operation: operation.to_owned(), path: path.to_owned(), error };
    io::Error::new(failure.error.kind(), failure)
}

impl Display for Failure {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.operation, self.path.display(), self.error)
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.error)
    }
}
