//! Exit codes, as sysexits.h has them and RabbitMQ's tools use them.

/// What the process tells whoever started it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Done.
    Ok = 0,
    /// An unknown command, or wrong arguments.
    Usage = 64,
    /// An argument that means nothing; data that is damaged, or of a newer version.
    Data = 65,
    /// There is nothing to read.
    NoInput = 66,
    /// The node is down, or a check failed.
    Unavailable = 69,
    /// The node answered nonsense.
    Internal = 70,
    /// The disk failed.
    InputOutput = 74,
    /// No answer in time.
    Timeout = 75,
    /// Settings that cannot be used.
    Config = 78,
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
