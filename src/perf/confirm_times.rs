//! How long the confirms of one channel take, with a rate.

use std::collections::VecDeque;
use std::time::Instant;

use hdrhistogram::Histogram;

use super::publisher::nanos_since;
use super::quantiles::empty;

/// When the open publishes were sent, or were due, and how long the others took.
#[derive(Clone, Debug)]
pub(super) struct ConfirmTimes {
    /// When the run began, which times count from.
    start: Instant,
    /// The sequence number of the first of `open`.
    first: u64,
    /// Nanoseconds; none once it is confirmed.
    open: VecDeque<Option<u64>>,
    pub(super) ages: Histogram<u64>,
}

impl ConfirmTimes {
    pub(super) fn new(start: Instant) -> Self {
        Self { start, first: 0, open: VecDeque::new(), ages: empty() }
    }

    /// Notes the time of the next publish.
    pub(super) fn sent(&mut self, at: u64) {
        self.open.push_back(Some(at));
    }

    /// Takes the confirm of a publish, which counts from its time.
    pub(super) fn confirmed(&mut self, sequence: u64) {
        let place = sequence.checked_sub(self.first).and_then(|place| usize::try_from(place).ok());
        let open = place.and_then(|place| self.open.get_mut(place));
        if let Some(at) = open.and_then(Option::take) {
            // It grows as needed, to half of what 64 bits count.
            let _ = self.ages.record(nanos_since(self.start).saturating_sub(at));
        }
        while self.open.front().is_some_and(Option::is_none) {
            self.open.pop_front();
            self.first += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn confirms_count_once_in_whatever_order_they_come() {
        let second = Duration::from_secs(1);
        let mut times = ConfirmTimes::new(Instant::now().checked_sub(second).unwrap());
        (0..4).for_each(|_| times.sent(0));

        for sequence in [2, 0, 2, 1] {
            times.confirmed(sequence);
        }

        assert_eq!((times.ages.len(), times.first, times.open.len()), (3, 3, 1));
        assert!(times.ages.value_at_quantile(0.0) >= 999_000_000, "{}", times.ages.min());
    }
}
