//! The batch that is being put together.

use std::sync::Arc;

use crate::store::format::batch::{BATCH_HEADER_SIZE, BatchHeader};
use crate::store::format::blocks;
use crate::store::format::checkpoint::Replay;
use crate::store::format::run::seal;
use crate::store::placement::Placement;

/// Messages and records that are written together.
#[derive(Debug, Default)]
pub(super) struct Batch {
    /// Room for the header, then the messages.
    octets: Vec<u8>,
    pub(super) records: Vec<u8>,
    /// Placements whose last message is in it.
    pub(super) placements: Vec<Arc<Placement>>,
}

impl Batch {
    pub(super) const fn is_empty(&self) -> bool {
        self.octets.is_empty() && self.records.is_empty()
    }

    /// Octets, the header among them.
    pub(super) fn size(&self) -> usize {
        self.octets.len().max(BATCH_HEADER_SIZE) + self.records.len()
    }

    /// Appends a message, and fills in its checksum; returns where in the batch it begins.
    pub(super) fn append(&mut self, message: &[u8]) -> u32 {
        let start = self.append_sealed(message);
        seal(self.octets.get_mut(start as usize..).unwrap_or_default());
        start
    }

    /// Appends messages that have their checksums; returns where in the batch they begin.
    pub(super) fn append_sealed(&mut self, messages: &[u8]) -> u32 {
        self.begin();
        let start = u32::try_from(self.octets.len()).unwrap_or(u32::MAX);
        self.octets.extend_from_slice(messages);
        start
    }

    /// Puts all together, to be written at `next`; returns the octets and their checksum.
    pub(super) fn seal(&mut self, next: &Replay, durable: u64) -> (&[u8], u32) {
        self.begin();
        let header = BatchHeader {
            number: next.batch,
            durable,
            previous: next.previous,
            messages: u32::try_from(self.octets.len() - BATCH_HEADER_SIZE).unwrap_or(u32::MAX),
            records: u32::try_from(self.records.len()).unwrap_or(u32::MAX),
        };
        self.octets.append(&mut self.records);
        let checksum = header.seal(next.position.file, &mut self.octets);
        self.octets.resize(blocks(self.octets.len()), 0);
        (&self.octets, checksum)
    }

    /// Forgets what was written, and keeps room for so many octets.
    pub(super) fn clear(&mut self, room: usize) {
        self.octets.clear();
        self.octets.shrink_to(room);
    }

    /// Leaves room for the header.
    fn begin(&mut self) {
        if self.octets.is_empty() {
            self.octets.resize(BATCH_HEADER_SIZE, 0);
        }
    }
}
