//! Why a data directory cannot be opened.

use std::fmt;
use std::io;

use crate::amqp::id::QueueId;
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
    /// What should be there.
    pub what: String,
    /// Messages that are lost with it, as far as that is known.
    pub lost: Vec<Loss>,
}

/// Messages with consecutive places that a queue loses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loss {
    /// The queue.
    pub queue: QueueId,
    /// The first one's place.
    pub first: u64,
    /// How many.
    pub count: u64,
}

impl OpenError {
    /// Whether the disk failed, so that it says nothing of what is there.
    pub const fn is_of_disk(&self) -> bool {
        matches!(self, Self::Io(_))
    }

    pub(crate) fn damage(file: impl Into<String>, offset: u64, what: impl Into<String>) -> Self {
        Self::Damage(Damage::new(file, offset, what))
    }

    /// For a header that is damaged or newer.
    pub(crate) fn header(error: HeaderError, file: String, what: &str) -> Self {
        match error {
            HeaderError::Damaged => Self::damage(file, 0, what),
            HeaderError::Newer(version) => Self::Newer { file, version },
        }
    }
}

impl Damage {
    /// Damage with which no message is lost, or it is not known which.
    pub fn new(file: impl Into<String>, offset: u64, what: impl Into<String>) -> Self {
        Self { file: file.into(), offset, what: what.into(), lost: Vec::new() }
    }

    /// The same with messages that are lost.
    #[must_use]
    pub fn losing(mut self, lost: impl IntoIterator<Item = Loss>) -> Self {
        lost.into_iter().for_each(|loss| self.lose(loss));
        self
    }

    /// Counts more messages as lost; what follows the last ones is put together with them.
    pub fn lose(&mut self, loss: Loss) {
        match self.lost.last_mut() {
            Some(last) if last.queue == loss.queue && last.end() == Some(loss.first) => {
                last.count += loss.count;
            }
            _ => self.lost.push(loss),
        }
    }

    /// One line, in which queues have the names that `name` gives them.
    pub fn describe(&self, name: impl Fn(QueueId) -> String) -> String {
        let Self { file, offset, what, lost } = self;
        let mut line = format!("{file} is damaged at offset {offset}: {what}");
        let loss = |Loss { queue, first, count }: &Loss| match count {
            1 => format!("the message at place {first} of {}", name(*queue)),
            _ => format!("{count} messages from place {first} on of {}", name(*queue)),
        };
        if !lost.is_empty() {
            line += "; lost: ";
            line += &lost.iter().map(loss).collect::<Vec<_>>().join(", ");
        }
        line
    }
}

impl Loss {
    const fn end(self) -> Option<u64> {
        self.first.checked_add(self.count)
    }
}

impl From<Damage> for OpenError {
    fn from(damage: Damage) -> Self {
        Self::Damage(damage)
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
                "{file} has version {version} of the format, which is newer than this program; only \
                 one that knows it can read this directory"
            ),
        }
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.describe(|queue| format!("queue {}", queue.0)))
    }
}

impl std::error::Error for OpenError {}
