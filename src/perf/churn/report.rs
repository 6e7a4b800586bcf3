//! What a run of churn showed.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use super::{Churn, Churned, What};
use crate::perf::cost::{Cost, per_second};
use crate::perf::process::Usage;
use crate::perf::quantiles::Latency;

/// What came of it.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// What was made and unmade.
    pub what: What,
    /// How often.
    pub cycles: u64,
    /// Until the last cycle was done.
    pub seconds: f64,
    /// Cycles in a second.
    pub cycles_per_second: f64,
    /// How long a cycle took; at a rate, from when it was due.
    pub latency: Option<Latency>,
    /// What the broker spent on the cycles.
    pub broker: Option<Cost>,
    /// What went wrong; each ended a worker.
    pub errors: Vec<String>,
}

impl Report {
    pub(super) fn new(options: &Churn, churned: &[Churned], usage: Option<(Usage, Usage)>) -> Self {
        let cycles = churned.iter().map(|one| one.cycles).sum();
        let end = churned.iter().map(|one| one.end).max().unwrap_or_default();
        let seconds = Duration::from_nanos(end).as_secs_f64();
        let failures = churned.iter().filter_map(|one| one.error.as_ref());
        let mut errors: Vec<_> = failures.map(ToString::to_string).collect();
        if churned.len() < usize::from(options.workers) {
            errors.push("a thread of this program died".to_owned());
        }
        Self {
            what: options.what,
            cycles,
            seconds,
            cycles_per_second: per_second(cycles, seconds),
            latency: Latency::of(churned.iter().map(|one| &one.times)),
            broker: usage.map(|(before, after)| Cost::new(before, after, cycles)),
            errors,
        }
    }

    /// Whether nothing broke.
    pub fn is_sound(&self) -> bool {
        self.errors.is_empty()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.what {
            What::Connections => "connections",
            What::Channels => "channels",
            What::Queues => "queues",
            What::Bindings => "bindings",
        };
        writeln!(f, "{what:<13} {} ({:.0}/s)", self.cycles, self.cycles_per_second)?;
        writeln!(f, "seconds       {:.3}", self.seconds)?;
        if let Some(latency) = &self.latency {
            writeln!(f, "each          {latency}")?;
        }
        if let Some(broker) = &self.broker {
            write!(f, "{broker}")?;
        }
        self.errors.iter().try_for_each(|error| writeln!(f, "error         {error}"))
    }
}
