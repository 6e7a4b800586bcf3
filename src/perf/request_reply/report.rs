//! What a run of requests and replies showed.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use super::RequestReply;
use super::requester::Requested;
use crate::perf::cost::{Cost, per_second};
use crate::perf::process::Usage;
use crate::perf::quantiles::Latency;

/// What came of it.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Requests sent.
    pub requests: u64,
    /// Replies that came, each to its request.
    pub replies: u64,
    /// Until the last reply came.
    pub seconds: f64,
    /// Replies in a second.
    pub round_trips_per_second: f64,
    /// From request to reply; at a rate, from when the request was due.
    pub latency: Option<Latency>,
    /// What the broker spent on the round trips.
    pub broker: Option<Cost>,
    /// What went wrong; each ended a client, or all.
    pub errors: Vec<String>,
}

impl Report {
    pub(super) fn new(
        options: &RequestReply,
        requested: &[Requested],
        usage: Option<(Usage, Usage)>,
    ) -> Self {
        let replies = requested.iter().map(|one| one.replies).sum();
        let end = requested.iter().map(|one| one.end).max().unwrap_or_default();
        let seconds = Duration::from_nanos(end).as_secs_f64();
        let failures = requested.iter().filter_map(|one| one.error.as_ref());
        let mut errors: Vec<_> = failures.map(ToString::to_string).collect();
        if requested.len() < usize::from(options.clients) {
            errors.push("a thread of this program died".to_owned());
        }
        Self {
            requests: requested.iter().map(|one| one.requests).sum(),
            replies,
            seconds,
            round_trips_per_second: per_second(replies, seconds),
            latency: Latency::of(requested.iter().map(|one| &one.times)),
            broker: usage.map(|(before, after)| Cost::new(before, after, replies)),
            errors,
        }
    }

    /// Whether every request was answered, and nothing broke.
    pub fn is_sound(&self) -> bool {
        self.errors.is_empty() && self.requests == self.replies
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "requests      {}", self.requests)?;
        writeln!(f, "replies       {} ({:.0}/s)", self.replies, self.round_trips_per_second)?;
        writeln!(f, "seconds       {:.3}", self.seconds)?;
        if let Some(latency) = &self.latency {
            writeln!(f, "round trip    {latency}")?;
        }
        if let Some(broker) = &self.broker {
            write!(f, "{broker}")?;
        }
        self.errors.iter().try_for_each(|error| writeln!(f, "error         {error}"))
    }
}
