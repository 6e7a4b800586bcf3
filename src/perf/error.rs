//! Why a run ended early.

use std::fmt;
use std::io;

/// What went wrong, for the report.
#[derive(Debug)]
pub enum PerfError {
    /// The options contradict each other, or the URI cannot be read.
    Options(String),
    /// A system call failed.
    Io(&'static str, io::Error),
    /// The broker closed the channel or the connection.
    Closed {
        /// `channel` or `connection`.
        what: &'static str,
        /// The reply code.
        code: u16,
        /// The reply text.
        text: String,
    },
    /// The broker went without a word.
    Disconnected,
    /// The broker sent what does not belong there.
    Unexpected(String),
}

impl fmt::Display for PerfError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Options(text) => f.write_str(text),
            Self::Io(what, error) => write!(f, "{what}: {error}"),
            Self::Closed { what, code, text } => {
                write!(f, "the broker closed the {what}: {code} {text}")
            }
            Self::Disconnected => f.write_str("the broker closed the socket"),
            Self::Unexpected(text) => write!(f, "the broker sent {text}"),
        }
    }
}

impl std::error::Error for PerfError {}
