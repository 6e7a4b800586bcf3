//! What one of several equal workers has to do, and when.

use std::thread::sleep;
use std::time::{Duration, Instant};

use super::publisher::nanos_since;

/// What all workers have to do together.
#[derive(Clone, Copy, Debug)]
pub(super) struct Work {
    /// How often; without, as often as goes in the time.
    pub(super) count: Option<u64>,
    /// For how long, without a count.
    pub(super) time: Duration,
    /// How often in a second; without, as fast as it goes.
    pub(super) rate: Option<f64>,
}

/// One worker's part. Its numbers count from 0; times are nanoseconds since the start.
#[derive(Clone, Copy, Debug)]
pub(super) struct Share {
    start: Instant,
    count: u64,
    end: u64,
    /// When number 0 is due, and the time from one number to the next.
    pace: Option<(f64, f64)>,
}

impl Work {
    /// The share of worker `number` of `workers`. At a rate the workers take turns.
    #[expect(clippy::cast_precision_loss, reason = "times of one run, in nanoseconds")]
    pub(super) fn share(self, start: Instant, number: u64, workers: u64) -> Share {
        let until = u64::try_from(self.time.as_nanos()).unwrap_or(u64::MAX);
        let rest = |all: u64| u64::from(number < all % workers);
        Share {
            start,
            count: self.count.map_or(u64::MAX, |all| all / workers + rest(all)),
            end: if self.count.is_some() { u64::MAX } else { until },
            pace: self.rate.map(|rate| (1e9 * number as f64 / rate, 1e9 * workers as f64 / rate)),
        }
    }
}

impl Share {
    /// Waits until `number` is due, and returns the time that it counts from; `None` when all is
    /// done.
    ///
    /// If it is late because the one before took too long, that is when it was due (coordinated
    /// omission). If it is late because this thread overslept, nobody else is to blame: it is now.
    pub(super) fn next(&self, number: u64) -> Option<u64> {
        if number >= self.count {
            return None;
        }
        let now = self.now();
        let due = self.due(number).unwrap_or(now);
        if now.max(due) >= self.end {
            return None;
        }
        if due <= now {
            return Some(due);
        }
        sleep(Duration::from_nanos(due - now));
        Some(self.now())
    }

    /// The time.
    pub(super) fn now(&self) -> u64 {
        nanos_since(self.start)
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "times of one run, in nanoseconds"
    )]
    fn due(&self, number: u64) -> Option<u64> {
        self.pace.map(|(first, interval)| (first + number as f64 * interval) as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_is_shared_out_to_the_last() {
        let work = Work { count: Some(11), time: Duration::ZERO, rate: None };

        let counts = [0, 1, 2].map(|number| work.share(Instant::now(), number, 3).count);

        assert_eq!(counts, [4, 4, 3]);
        let last = work.share(Instant::now(), 2, 3);
        assert!(last.next(2).is_some() && last.next(3).is_none());
    }

    #[test]
    fn workers_take_turns_at_a_rate() {
        let work = Work { count: None, time: Duration::from_secs(1), rate: Some(1000.0) };

        let share = work.share(Instant::now(), 1, 4);

        assert_eq!([share.due(0), share.due(1)], [Some(1_000_000), Some(5_000_000)]);
        assert_eq!(share.next(250), None);
    }

    #[test]
    fn what_is_late_counts_from_when_it_was_due() {
        let work = Work { count: Some(9), time: Duration::ZERO, rate: Some(1e9) };
        let start = Instant::now();
        let share = work.share(start, 0, 1);
        while start.elapsed() < Duration::from_micros(1) {}

        assert_eq!(share.next(8), Some(8));
        assert!(Work { rate: None, ..work }.share(start, 0, 1).next(8) > Some(8));
    }
}
