//! How far a run is, seen from outside of its threads.

use std::fmt;
use std::io::{IsTerminal as _, Write as _, stderr};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{ScopedJoinHandle, sleep};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

use super::consumed::Consumed;
use super::consumer;
use super::plan::Plan;
use super::publisher::{self, Published};
use super::quantiles;

/// How often the run's progress is looked at.
const LOOK: Duration = Duration::from_millis(2);

/// How often it is shown on a terminal.
const SHOW: Duration = Duration::from_secs(1);

/// What threads show while they run.
#[derive(Debug)]
pub(super) struct Progress {
    pub(super) publishers: Vec<publisher::Shown>,
    pub(super) consumers: Vec<consumer::Shown>,
    /// Set when publishers are to stop.
    pub(super) no_more: AtomicBool,
    /// Set when consumers are.
    pub(super) all_received: AtomicBool,
    /// How many queues a message reaches.
    copies: u64,
    has_confirms: bool,
}

/// How far the run is.
#[derive(Clone, Debug)]
struct Counts {
    sent: u64,
    received: u64,
    confirmed: u64,
    ages: Histogram<u64>,
}

/// Shows on a terminal what each second brought.
#[derive(Debug)]
pub(super) struct Display {
    is_seen: bool,
    at: Instant,
    counts: Counts,
}

/// What a time brought.
#[derive(Debug)]
struct Line<'a> {
    seconds: f64,
    before: &'a Counts,
    after: &'a Counts,
    progress: &'a Progress,
}

impl Progress {
    pub(super) fn new(plan: &Plan<'_>) -> Self {
        Self {
            publishers: (0..plan.publishers).map(|_| publisher::Shown::default()).collect(),
            consumers: (0..plan.consumers).map(|_| consumer::Shown::new()).collect(),
            no_more: AtomicBool::new(false),
            all_received: AtomicBool::new(false),
            copies: plan.copies(),
            has_confirms: plan.options.confirm.is_some(),
        }
    }

    fn received(&self) -> u64 {
        self.consumers.iter().map(|one| one.received.load(Ordering::Relaxed)).sum()
    }

    /// The ages of all messages so far.
    pub(super) fn ages(&self) -> Histogram<u64> {
        let mut all = quantiles::empty();
        for one in &self.consumers {
            // It grows as needed.
            let _ = all.add(&*one.ages.lock());
        }
        all
    }

    fn counts(&self) -> Counts {
        let sum = |count: fn(&publisher::Shown) -> &AtomicU64| {
            self.publishers.iter().map(|one| count(one).load(Ordering::Relaxed)).sum()
        };
        Counts {
            sent: sum(|one| &one.sent),
            confirmed: sum(|one| &one.confirmed),
            received: self.received(),
            ages: self.ages(),
        }
    }

    /// Returns when the publishers are done.
    pub(super) fn watch(
        &self,
        display: &mut Display,
        publishers: &[ScopedJoinHandle<'_, Published>],
        consumers: &[ScopedJoinHandle<'_, Consumed>],
    ) {
        while !publishers.iter().all(ScopedJoinHandle::is_finished) {
            if consumers.iter().any(ScopedJoinHandle::is_finished) {
                self.no_more.store(true, Ordering::Relaxed);
            }
            sleep(LOOK);
            display.show(self);
        }
    }

    /// Returns when `expected` messages have been received, or when nothing came for too long.
    pub(super) fn drain(
        &self,
        display: &mut Display,
        expected: u64,
        patience: Duration,
        consumers: &[ScopedJoinHandle<'_, Consumed>],
    ) {
        let mut seen = (self.received(), Instant::now());
        while self.received() < expected
            && seen.1.elapsed() < patience
            && !consumers.iter().any(ScopedJoinHandle::is_finished)
        {
            sleep(LOOK);
            display.show(self);
            if self.received() > seen.0 {
                seen = (self.received(), Instant::now());
            }
        }
    }
}

impl Display {
    pub(super) fn new(progress: &Progress) -> Self {
        Self { is_seen: stderr().is_terminal(), at: Instant::now(), counts: progress.counts() }
    }

    /// Writes a line when a second is over.
    fn show(&mut self, progress: &Progress) {
        let elapsed = self.at.elapsed();
        if !self.is_seen || elapsed < SHOW {
            return;
        }
        let after = progress.counts();
        let (seconds, before) = (elapsed.as_secs_f64(), &self.counts);
        let _ = writeln!(stderr(), "{}", Line { seconds, before, after: &after, progress });
        (self.at, self.counts) = (Instant::now(), after);
    }
}

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seconds, before, after, progress } = *self;
        #[expect(clippy::cast_precision_loss, reason = "a rate, to be read")]
        let rate = |before, after| (after - before) as f64 / seconds;
        write!(f, "sent {:.0}/s", rate(before.sent, after.sent))?;
        write!(f, ", received {:.0}/s", rate(before.received, after.received))?;
        if progress.has_confirms {
            write!(f, ", confirmed {:.0}/s", rate(before.confirmed, after.confirmed))?;
        }
        let in_flight = (after.sent * progress.copies).saturating_sub(after.received);
        write!(f, ", in flight {in_flight}")?;
        let mut ages = after.ages.clone();
        match ages.subtract(&before.ages) {
            Ok(()) if !ages.is_empty() => {
                let micros = |quantile| ages.value_at_quantile(quantile) / 1000;
                write!(f, ", p50 {} us, p99 {} us", micros(0.5), micros(0.99))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_tells_what_the_time_brought() {
        let counts = |sent, received, confirmed, ages: &[u64]| {
            let mut histogram = quantiles::empty();
            for age in ages {
                histogram.record(*age).unwrap();
            }
            Counts { sent, received, confirmed, ages: histogram }
        };
        let progress = Progress {
            publishers: Vec::new(),
            consumers: Vec::new(),
            no_more: AtomicBool::new(false),
            all_received: AtomicBool::new(false),
            copies: 2,
            has_confirms: true,
        };
        let (before, after) =
            (counts(10, 20, 10, &[1_000]), counts(50, 90, 40, &[1_000, 80_000, 80_000]));

        let line =
            Line { seconds: 2.0, before: &before, after: &after, progress: &progress }.to_string();

        assert_eq!(
            line,
            "sent 20/s, received 35/s, confirmed 15/s, in flight 10, p50 80 us, p99 80 us"
        );
    }
}
