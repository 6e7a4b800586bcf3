//! What a run showed, for people and for programs.

use std::fmt;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use serde::Serialize;

use super::bits::Bits;
use super::consumed::Consumed;
use super::options::Scenario;
use super::plan::Plan;
use super::process::Usage;
use super::publisher::Published;
use super::quantiles::Latency;
use super::wait::Wait;

/// What was seen, before it is added up.
#[derive(Debug)]
pub(super) struct Measured {
    pub(super) start: Instant,
    /// From the start until the last publisher was done.
    pub(super) published_in: Duration,
    /// When consuming began.
    pub(super) consuming_from: Instant,
    pub(super) published: Vec<Published>,
    pub(super) consumed: Vec<Consumed>,
    /// Nanoseconds.
    pub(super) ages: Histogram<u64>,
    pub(super) before: Option<Usage>,
    /// When the publishers were done.
    pub(super) filled: Option<Usage>,
    pub(super) after: Option<Usage>,
}

/// What came of a run.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// What was measured.
    pub scenario: Scenario,
    /// Messages published.
    pub sent: u64,
    /// Deliveries.
    pub received: u64,
    /// Those of each consumer.
    pub received_each: Vec<u64>,
    /// Publishes that the broker took responsibility for; absent without confirms.
    pub confirmed: Option<u64>,
    /// Publishes that it refused.
    pub nacked: u64,
    /// Messages that came back because no queue got them; absent unless they are mandatory.
    pub returned: Option<u64>,
    /// Messages that did not reach a queue's consumers, and were not returned: of those confirmed,
    /// where confirms are on, else of all. Absent without consumers.
    pub lost: Option<u64>,
    /// Deliveries of messages that had been delivered.
    pub duplicates: u64,
    /// Deliveries of messages older than one that the same consumer had from the same channel of a
    /// publisher.
    pub out_of_order: u64,
    /// From the first publish to the last delivery, or to the last publish or confirm without
    /// consumers.
    pub seconds: f64,
    /// Messages published in a second, confirms included.
    pub sent_per_second: f64,
    /// Deliveries in a second; of a drain, from when consuming began.
    pub received_per_second: f64,
    /// From when consuming began, or was to begin in a drain, to the first delivery; absent
    /// without one.
    pub first_delivery_seconds: Option<f64>,
    /// What the broker's process used.
    pub broker: Option<BrokerUse>,
    /// CPU time of this program's own threads, in microseconds for each publish.
    pub own_cpu_micros_per_publish: f64,
    /// The same for each delivery.
    pub own_cpu_micros_per_delivery: Option<f64>,
    /// Ages of the messages when they came; only with a rate.
    pub latency: Option<Latency>,
    /// How long after their time the messages came, from `expiration` or `x-delay`; only where dead
    /// letters are consumed, or messages are delayed.
    pub lateness: Option<Latency>,
    /// Messages that came a millisecond or more before their time.
    pub early: Option<u64>,
    /// Times from publishes to their confirms; only with a rate, and one channel a connection.
    pub confirm_latency: Option<Latency>,
    /// What went wrong on channels and connections.
    pub errors: Vec<String>,
}

/// What the broker's process used.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct BrokerUse {
    /// CPU time.
    pub cpu_seconds: f64,
    /// For each delivery, or each publish without consumers.
    pub cpu_micros_per_message: f64,
    /// Octets of memory when the run began.
    pub resident_before: u64,
    /// Octets of memory when all was published; that of a drain holds all messages.
    pub resident_filled: u64,
    /// Octets of memory at its end, before the queues were deleted.
    pub resident_after: u64,
}

impl Report {
    pub(super) fn new(plan: &Plan<'_>, measured: Measured) -> Self {
        let Measured { start, published_in, consuming_from, published, consumed, .. } = measured;
        let sent = published.iter().map(|one| one.sent).sum();
        let received = consumed.iter().map(|one| one.received).sum();
        let last = consumed.iter().filter_map(|one| one.last).max();
        let time = last.map_or(published_in, |last| last.duration_since(start));
        let consuming = last.map_or(time, |last| last.duration_since(consuming_from));
        let first = consumed.iter().filter_map(|one| one.first).min();
        let Loss { lost, shared } = Loss::new(plan, &published, &consumed);
        let confirmed = published.iter().map(|one| one.confirms.acked).sum();
        let answered: u64 = published.iter().map(|one| one.confirms.answered).sum();
        let returned = published.iter().map(|one| one.confirms.returned()).sum();
        let used = measured.before.zip(measured.filled).zip(measured.after);
        let moved = if consumed.is_empty() { sent } else { received };
        let publishing = published.iter().map(|one| one.cpu).sum();
        let taking = consumed.iter().map(|one| one.cpu).sum();
        let ages = Latency::of([&measured.ages]);
        let waits = Wait::of(plan.options).is_some();
        Self {
            scenario: plan.scenario,
            sent,
            received,
            received_each: consumed.iter().map(|one| one.received).collect(),
            confirmed: plan.options.confirm.map(|_| confirmed),
            nacked: answered - confirmed,
            returned: plan.options.mandatory.then_some(returned),
            lost: (!consumed.is_empty()).then_some(lost),
            duplicates: shared + consumed.iter().map(|one| one.duplicates).sum::<u64>(),
            out_of_order: consumed.iter().map(|one| one.out_of_order).sum(),
            seconds: time.as_secs_f64(),
            sent_per_second: ratio(sent, published_in),
            received_per_second: ratio(received, consuming),
            first_delivery_seconds: first
                .map(|first| first.duration_since(consuming_from).as_secs_f64()),
            broker: used.map(|((before, filled), after)| BrokerUse {
                cpu_seconds: after.cpu.saturating_sub(before.cpu).as_secs_f64(),
                cpu_micros_per_message: 1e6 / ratio(moved, after.cpu.saturating_sub(before.cpu)),
                resident_before: before.resident,
                resident_filled: filled.resident,
                resident_after: after.resident,
            }),
            own_cpu_micros_per_publish: 1e6 / ratio(sent, publishing),
            own_cpu_micros_per_delivery: (received > 0).then(|| 1e6 / ratio(received, taking)),
            latency: if waits { None } else { ages },
            lateness: if waits { ages } else { None },
            early: waits.then(|| consumed.iter().map(|one| one.early).sum()),
            confirm_latency: Latency::of(published.iter().filter_map(|one| one.confirm_ages())),
            errors: errors(plan, &published, &consumed),
        }
    }

    /// Whether all that was to arrive has arrived, once, and nothing broke.
    pub fn is_sound(&self) -> bool {
        self.errors.is_empty() && self.lost.unwrap_or_default() == 0 && self.duplicates == 0
    }
}

/// What went wrong, and where.
fn errors(plan: &Plan<'_>, published: &[Published], consumed: &[Consumed]) -> Vec<String> {
    let publishers = published.iter().map(|one| one.error.as_ref()).enumerate();
    let consumers = consumed.iter().map(|one| one.error.as_ref()).enumerate();
    let mut errors: Vec<_> = publishers
        .filter_map(|(number, error)| Some(format!("publisher {number}: {}", error?)))
        .chain(
            consumers.filter_map(|(number, error)| Some(format!("consumer {number}: {}", error?))),
        )
        .collect();
    if published.len() + consumed.len() < plan.publishers + plan.consumers {
        errors.push("a thread of this program died".to_owned());
    }
    errors
}

/// Messages that are missing, and those that are too many.
#[derive(Clone, Copy, Debug, Default)]
struct Loss {
    lost: u64,
    /// Those that several consumers of one set of queues received.
    shared: u64,
}

impl Loss {
    fn new(plan: &Plan<'_>, published: &[Published], consumed: &[Consumed]) -> Self {
        let mut loss = Self::default();
        let channels = usize::from(plan.options.channels);
        for (number, publisher) in published.iter().enumerate() {
            for set in (0..plan.sets()).filter(|set| plan.reaches(number, *set)) {
                let mut received = 0;
                for (flow, sent) in (number * channels..).zip(&publisher.confirms.flows) {
                    let mut seen = Bits::default();
                    let of_set = (0..).zip(consumed).filter(|(at, _)| plan.set_of(*at) == set);
                    for bits in of_set.filter_map(|(_, consumer)| consumer.seen.get(flow)) {
                        loss.shared += seen.merge(bits);
                    }
                    received += seen.len();
                    loss.lost += sent.acked.missing_in(&seen, &sent.returned);
                }
                if plan.options.confirm.is_none() {
                    loss.lost += publisher.routed().saturating_sub(received);
                }
            }
        }
        loss
    }
}

#[expect(clippy::cast_precision_loss, reason = "a rate, to be read")]
fn ratio(count: u64, time: Duration) -> f64 {
    if time.is_zero() { f64::NAN } else { count as f64 / time.as_secs_f64() }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let latency =
            self.latency.map_or_else(String::new, |latency| format!("latency       {latency}\n"));
        let is_latency = self.scenario == Scenario::Latency;
        f.write_str(if is_latency { &latency } else { "" })?;
        writeln!(f, "sent          {} ({:.0}/s)", self.sent, self.sent_per_second)?;
        write!(f, "received      {} ({:.0}/s)", self.received, self.received_per_second)?;
        match (self.received_each.iter().min(), self.received_each.iter().max()) {
            (Some(least), Some(most)) if self.received_each.len() > 1 => {
                writeln!(f, ", each consumer {least} to {most}")?;
            }
            _ => writeln!(f)?,
        }
        if let Some(confirmed) = self.confirmed {
            writeln!(f, "confirmed     {confirmed} (refused {})", self.nacked)?;
        }
        if let Some(returned) = self.returned {
            writeln!(f, "returned      {returned}")?;
        }
        if let Some(lost) = self.lost {
            writeln!(f, "lost          {lost}")?;
        }
        writeln!(f, "duplicates    {}", self.duplicates)?;
        writeln!(f, "out of order  {}", self.out_of_order)?;
        writeln!(f, "seconds       {:.3}", self.seconds)?;
        if let Some(latency) = &self.latency {
            writeln!(f, "latency       {latency}")?;
        }
        if let Some(lateness) = &self.lateness {
            writeln!(f, "lateness      {lateness}, early {}", self.early.unwrap_or_default())?;
        }
        if let Some(latency) = &self.confirm_latency {
            writeln!(f, "to confirms   {latency}")?;
        }
        if let Some(broker) = &self.broker {
            let what = if self.received > 0 { "delivery" } else { "publish" };
            let (seconds, each) = (broker.cpu_seconds, broker.cpu_micros_per_message);
            writeln!(f, "broker CPU    {seconds:.2} s, {each:.3} us a {what}")?;
            let mib = |octets: u64| octets >> 20;
            write!(f, "broker RSS    {} MiB (", mib(broker.resident_after))?;
            if self.scenario == Scenario::Drain {
                write!(f, "{} MiB with all messages, ", mib(broker.resident_filled))?;
            }
            writeln!(f, "{} MiB before)", mib(broker.resident_before))?;
        }
        write!(f, "own CPU       {:.3} us a publish", self.own_cpu_micros_per_publish)?;
        match self.own_cpu_micros_per_delivery {
            Some(each) => writeln!(f, ", {each:.3} us a delivery")?,
            None => writeln!(f)?,
        }
        self.errors.iter().try_for_each(|error| writeln!(f, "error         {error}"))
    }
}
