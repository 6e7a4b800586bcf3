//! Where something begins in the log.

use std::fmt;

use crate::amqp::id::StoreRef;

/// A place in a file of the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The file's number: at most [`Self::FILE_MAX`].
    pub file: u32,
    /// Octets from the start of the file.
    pub offset: u32,
}

impl Position {
    /// The highest number of a file: with files of 32 MiB, 32 PiB.
    pub const FILE_MAX: u32 = (1 << 30) - 1;

    /// As a queue keeps it.
    pub const fn store_ref(self) -> StoreRef {
        StoreRef(StoreRef::COLD | (self.file as u64) << 32 | self.offset as u64)
    }

    /// As a queue keeps it that had the same message elsewhere, cold.
    pub const fn in_place_of(self, moved: StoreRef) -> StoreRef {
        StoreRef(self.store_ref().0 | moved.0 & StoreRef::VOLATILE)
    }

    /// As a queue keeps it whose message is gone after a restart.
    pub const fn volatile_ref(self) -> StoreRef {
        StoreRef(self.store_ref().0 | StoreRef::VOLATILE)
    }

    /// The place that a cold reference names.
    #[expect(clippy::cast_possible_truncation, reason = "the two halves of 64 bits")]
    pub const fn of(store: StoreRef) -> Self {
        let StoreRef(bits) = store;
        Self { file: (bits >> 32) as u32 & Self::FILE_MAX, offset: bits as u32 }
    }

    /// The place so many octets further in the same file.
    #[must_use]
    pub const fn plus(self, octets: u32) -> Self {
        Self { file: self.file, offset: self.offset.saturating_add(octets) }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "file {:016x}.log, offset {}", self.file, self.offset)
    }
}
