//! What came of a consuming connection.

use std::time::{Duration, Instant};

use super::bits::Bits;
use super::error::PerfError;
use super::stamp::Stamp;

/// How far a sequence number may be ahead of all seen before it.
const GAP_MAX: u64 = 1 << 26;

/// What came of it.
#[derive(Debug)]
pub(super) struct Consumed {
    pub(super) received: u64,
    /// Sequence numbers received, by flow.
    pub(super) seen: Vec<Bits>,
    pub(super) duplicates: u64,
    pub(super) out_of_order: u64,
    /// Messages that came a millisecond or more before they were due.
    pub(super) early: u64,
    /// When the first deliveries came.
    pub(super) first: Option<Instant>,
    /// When the last delivery came.
    pub(super) last: Option<Instant>,
    /// CPU time of this thread.
    pub(super) cpu: Duration,
    pub(super) error: Option<PerfError>,
}

impl Consumed {
    pub(super) fn new(flows: usize) -> Self {
        Self {
            received: 0,
            seen: vec![Bits::default(); flows],
            duplicates: 0,
            out_of_order: 0,
            early: 0,
            first: None,
            last: None,
            cpu: Duration::ZERO,
            error: None,
        }
    }

    /// Notes a message by what its body begins with. `next` has the numbers to come.
    #[inline]
    pub(super) fn note(&mut self, body: &[u8], next: &mut [u64]) -> Result<Stamp, PerfError> {
        let stamp = Stamp::read(body).ok_or_else(foreign)?;
        let Stamp { flow, sequence, .. } = stamp;
        let next = next.get_mut(usize::from(flow)).ok_or_else(foreign)?;
        let seen = self.seen.get_mut(usize::from(flow)).ok_or_else(foreign)?;
        if sequence > next.saturating_add(GAP_MAX) {
            return Err(foreign());
        }
        self.received += 1;
        if !seen.insert(sequence) {
            self.duplicates += 1;
        } else if sequence < *next {
            self.out_of_order += 1;
        }
        *next = (*next).max(sequence + 1);
        Ok(stamp)
    }
}

/// The error that a message does not belong to this run.
pub(super) fn foreign() -> PerfError {
    PerfError::Unexpected("a message that this run did not publish".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(consumed: &mut Consumed, sequence: u64, next: &mut [u64]) -> Result<Stamp, PerfError> {
        let stamp = Stamp { flow: 0, sequence, nanos: 5 };
        consumed.note(&stamp.octets(), next)
    }

    #[test]
    fn duplicates_and_late_messages_are_told_apart() {
        let mut consumed = Consumed::new(1);
        let mut next = [0];

        for sequence in [0, 2, 1, 2, 3] {
            note(&mut consumed, sequence, &mut next).unwrap();
        }

        assert_eq!((consumed.received, consumed.duplicates, consumed.out_of_order), (5, 1, 1));
        assert_eq!(consumed.seen[0].len(), 4);
    }

    #[test]
    fn what_another_run_published_is_refused() {
        let mut consumed = Consumed::new(1);
        let other = Stamp { flow: 1, sequence: 0, nanos: 0 };

        assert!(consumed.note(&other.octets(), &mut [0]).is_err());
        assert!(consumed.note(b"hello", &mut [0]).is_err());
        assert!(note(&mut consumed, 1 << 40, &mut [0]).is_err());
    }
}
