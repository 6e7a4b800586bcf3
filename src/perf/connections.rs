//! `leveret perf connections`: what connections cost that do nothing.

use std::fmt;
use std::thread::sleep;
use std::time::Instant;

use serde::Serialize;

use super::error::PerfError;
use super::options::Connections;
use super::process::Usage;
use super::session::Session;
use super::target::Target;

/// What came of it.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Connections opened, each with a channel.
    pub count: usize,
    /// How many a second.
    pub opened_per_second: f64,
    /// Octets of the broker's memory without them.
    pub resident_before: Option<u64>,
    /// Octets of its memory with them, at the end of their rest.
    pub resident_after: Option<u64>,
    /// Octets for each.
    pub resident_each: Option<u64>,
    /// CPU seconds of the broker while they rested.
    pub cpu_seconds_resting: Option<f64>,
}

/// Opens the connections one after the other, lets them rest, and looks at the broker.
///
/// # Errors
/// A connection could not be opened, or the broker's process cannot be read.
pub fn run(options: &Connections) -> Result<Report, PerfError> {
    let usage = || options.common.broker_pid.map(Usage::of).transpose();
    let target = Target::new(&options.common)?;
    let before = usage()?;
    let start = Instant::now();
    let mut sessions = Vec::new();
    for number in 0..options.count {
        let mut session = Session::open(&target, &format!("leveret perf {number}"))?;
        session.wire.rest();
        sessions.push(session);
    }
    let opened_in = start.elapsed();
    let opened = usage()?;
    sleep(options.seconds);
    let after = usage()?;
    sessions.into_iter().for_each(Session::close);
    let more = before.zip(after).map(|(b, a)| a.resident.saturating_sub(b.resident));
    #[expect(clippy::cast_precision_loss, reason = "a rate, to be read")]
    let opened_per_second = options.count as f64 / opened_in.as_secs_f64();
    Ok(Report {
        count: options.count,
        opened_per_second,
        resident_before: before.map(|usage| usage.resident),
        resident_after: after.map(|usage| usage.resident),
        resident_each: more.and_then(|more| more.checked_div(options.count as u64)),
        cpu_seconds_resting: opened
            .zip(after)
            .map(|(opened, after)| after.cpu.saturating_sub(opened.cpu).as_secs_f64()),
    })
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "connections   {} ({:.0}/s)", self.count, self.opened_per_second)?;
        if let (Some(before), Some(after), Some(each)) =
            (self.resident_before, self.resident_after, self.resident_each)
        {
            let (before, after) = (before >> 10, after >> 10);
            writeln!(f, "broker RSS    {after} KiB ({before} KiB before), {each} octets each")?;
        }
        match self.cpu_seconds_resting {
            Some(cpu) => writeln!(f, "broker CPU    {cpu:.2} s at rest"),
            None => Ok(()),
        }
    }
}
