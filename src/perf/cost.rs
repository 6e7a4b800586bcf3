//! What the broker's process spent on a number of things.

use std::fmt;

use serde::Serialize;

use super::process::Usage;

/// What the broker's process spent.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Cost {
    /// CPU time.
    pub cpu_seconds: f64,
    /// For each.
    pub cpu_micros_each: f64,
    /// Octets of memory before.
    pub resident_before: u64,
    /// Octets of memory after, before anything was cleaned up.
    pub resident_after: u64,
}

impl Cost {
    /// What was spent in between.
    pub(super) fn new(before: Usage, after: Usage, count: u64) -> Self {
        let cpu_seconds = after.cpu.saturating_sub(before.cpu).as_secs_f64();
        Self {
            cpu_seconds,
            cpu_micros_each: each(cpu_seconds * 1e6, count),
            resident_before: before.resident,
            resident_after: after.resident,
        }
    }
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "broker CPU    {:.2} s, {:.3} us each",
            self.cpu_seconds, self.cpu_micros_each
        )?;
        let (before, after) = (self.resident_before >> 10, self.resident_after >> 10);
        writeln!(f, "broker RSS    {after} KiB ({before} KiB before)")
    }
}

/// How many a second; not a number in no time.
#[expect(clippy::cast_precision_loss, reason = "a rate, to be read")]
pub(super) fn per_second(count: u64, seconds: f64) -> f64 {
    if seconds > 0.0 { count as f64 / seconds } else { f64::NAN }
}

/// What each took of `all`; not a number for none.
#[expect(clippy::cast_precision_loss, reason = "a share, to be read")]
pub(super) fn each(all: f64, count: u64) -> f64 {
    all / count as f64
}
