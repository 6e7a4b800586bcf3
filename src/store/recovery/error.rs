//! Why a data directory cannot be opened.

use std::fmt;
use std::io;

use crate::store::format::batch::HeaderError;

/// Why a data directory cannot be opened.
#[derive(Debug)]
pub enum OpenError {
    /// The disk failed.
    Io(io::Error),
    /// What was durable is damaged.
    Damage(Damage),
    /// It was written by a newer version.
    Newer {
        /// The file.
        file: String,
        /// Its version of the format.
        version: u16,
    },
}

/// Something that was durable and is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// The file.
    pub file: String,
    /// Octets from its start.
    pub offset: u64,
    /// What should be there, and what is lost with it.
    pub what: String,
}

impl OpenError {
    pub(crate) fn damage(file: impl Into<String>, offset: u64, what: impl Into<String>) -> Self {
        Self::Damage(Damage { file: file.into(), offset, what: what.into() })
    }

    /// For a header that is damaged or newer.
    pub(crate) fn header(error: HeaderError, file: String, what: &str) -> Self {
        match error {
            HeaderError::Damaged => Self::damage(file, 0, what),
            HeaderError::Newer(version) => Self::Newer { file, version },
        }
    }
}

impl From<io::Error> for OpenError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => error.fmt(f),
            Self::Damage(damage) => damage.fmt(f),
            Self::Newer { file, version } => write!(
                f,
                "{file} has version {version} of the format, which is newer than this program"
            ),
        }
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is damaged at offset {}: {}", self.file, self.offset, self.what)
    }
}

impl std::error::Error for OpenError {}
