//! What the first octets of every body say: which flow it belongs to, as which of its messages,
//! and when it was published. A flow is what one channel publishes.

/// Octets of a stamp, and so of the smallest body.
pub(super) const SIZE: usize = 16;

/// Flows there can be.
pub(super) const FLOWS_MAX: usize = 1 << 16;

const SEQUENCE_BITS: u32 = 48;

/// Flow, sequence number from 0, and nanoseconds since the run began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    pub(super) flow: u16,
    pub(super) sequence: u64,
    pub(super) nanos: u64,
}

impl Stamp {
    /// As the octets that a body begins with.
    #[inline]
    pub(super) fn octets(self) -> [u8; SIZE] {
        (u128::from(self.who()) << 64 | u128::from(self.nanos)).to_be_bytes()
    }

    /// Flow and sequence number in one, which no other message of the run has.
    #[inline]
    pub(super) fn who(self) -> u64 {
        u64::from(self.flow) << SEQUENCE_BITS | self.sequence
    }

    /// Reads the octets that `body` begins with; `None` if they are too few.
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "the parts of 128 bits")]
    pub(super) fn read(body: &[u8]) -> Option<Self> {
        let all = u128::from_be_bytes(*body.first_chunk()?);
        let who = (all >> 64) as u64;
        Some(Self {
            flow: (who >> SEQUENCE_BITS) as u16,
            sequence: who & ((1 << SEQUENCE_BITS) - 1),
            nanos: all as u64,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_reads_as_it_was_written() {
        let stamp = Stamp { flow: 65_535, sequence: (1 << 48) - 1, nanos: u64::MAX - 1 };

        assert_eq!(Stamp::read(&stamp.octets()), Some(stamp));
        assert_eq!(Stamp::read(&stamp.octets()[1..]), None);
    }
}
