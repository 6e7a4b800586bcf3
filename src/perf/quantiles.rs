//! Quantiles of times, from histograms to a few numbers.

use std::fmt;
use std::time::Duration;

use hdrhistogram::Histogram;
use serde::Serialize;

/// Microseconds.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Latency {
    /// The least.
    pub min: f64,
    /// Half are below.
    pub p50: f64,
    /// 99 of 100 are below.
    pub p99: f64,
    /// 999 of 1,000 are below.
    pub p999: f64,
    /// The most.
    pub max: f64,
}

impl Latency {
    /// The quantiles of all `parts` together, which count nanoseconds; `None` if they are empty.
    pub(super) fn of<'a>(parts: impl IntoIterator<Item = &'a Histogram<u64>>) -> Option<Self> {
        let mut all = empty();
        for part in parts {
            all.add(part).ok()?;
        }
        let micros = |nanos: u64| Duration::from_nanos(nanos).as_secs_f64() * 1e6;
        (!all.is_empty()).then(|| Self {
            min: micros(all.min()),
            p50: micros(all.value_at_quantile(0.5)),
            p99: micros(all.value_at_quantile(0.99)),
            p999: micros(all.value_at_quantile(0.999)),
            max: micros(all.max()),
        })
    }
}

impl fmt::Display for Latency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { min, p50, p99, p999, max } = self;
        write!(f, "min {min:.1} us, p50 {p50:.1}, p99 {p99:.1}, p99.9 {p999:.1}, max {max:.1}")
    }
}

/// A histogram of nanoseconds, to a tenth of a percent, that grows as needed.
#[expect(clippy::expect_used, reason = "three digits are among those that a histogram can have")]
pub(super) fn empty() -> Histogram<u64> {
    Histogram::new(3).expect("three digits")
}
