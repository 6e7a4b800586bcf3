//! How large the parts of a log are made.

/// In octets. What is on the disk already may have other sizes: nothing relies on them, so that a
/// test can make them small and have much happen with few octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// A file, a multiple of [`super::format::BLOCK`], unless a single message needs more.
    pub file: u64,
    /// Messages after which a batch is written, unless one message has more.
    pub batch: usize,
    /// The longest run: what is loaded at once.
    pub run: u32,
    /// What is written without a sync when nobody waits for one.
    pub unsynced: u64,
}

impl Sizes {
    /// Those of a broker.
    pub const DEFAULT: Self =
        Self { file: 32 << 20, batch: 4 << 20, run: 1 << 20, unsynced: 16 << 20 };

    /// Octets of a queue's next messages that are loaded before they are needed.
    pub const fn ahead(&self) -> usize {
        2 * self.run as usize
    }

    /// Octets of a queue's next messages that stay in memory.
    pub const fn kept(&self) -> usize {
        2 * self.ahead()
    }

    /// Octets of files that are always tolerated, besides twice what lives in them.
    pub const fn allowance(&self) -> u64 {
        4 * self.file
    }
}
