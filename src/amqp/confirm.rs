//! When a publisher is told that its message is safe.

/// When a persistent message in a durable queue is confirmed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Confirm {
    /// When it survives a power loss.
    #[default]
    Synced,
    /// When the operating system has it: it survives the end of the process.
    Written,
}

impl Confirm {
    /// The value of that name, in settings and arguments.
    pub fn parse(name: &[u8]) -> Option<Self> {
        match name {
            b"synced" => Some(Self::Synced),
            b"written" => Some(Self::Written),
            _ => None,
        }
    }
}
