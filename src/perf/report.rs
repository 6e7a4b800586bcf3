//! What a run showed, for people and for programs.

use std::fmt;
use std::time::{Duration, Instant};

use serde::Serialize;

use super::bits::Bits;
use super::consumer::Consumed;
use super::plan::Plan;
use super::process::Usage;
use super::publisher::Published;
use super::quantiles::Latency;

/// What was seen, before it is added up.
#[derive(Debug)]
pub(super) struct Measured {
    pub(super) start: Instant,
    /// From the start until the last publisher was done.
    pub(super) published_in: Duration,
    pub(super) published: Vec<Published>,
    pub(super) consumed: Vec<Consumed>,
    pub(super) before: Option<Usage>,
    pub(super) after: Option<Usage>,
}

/// What came of a run.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Messages published.
    pub sent: u64,
    /// Deliveries.
    pub received: u64,
    /// Publishes that the broker took responsibility for; absent without confirms.
    pub confirmed: Option<u64>,
    /// Publishes that it refused.
    pub nacked: u64,
    /// Messages that did not reach a queue's consumers: of those confirmed, where confirms are on,
    /// else of all. Absent without consumers.
    pub lost: Option<u64>,
    /// Deliveries of messages that had been delivered.
    pub duplicates: u64,
    /// Deliveries of messages older than one that the same consumer had from the same publisher.
    pub out_of_order: u64,
    /// From the first publish to the last delivery, or to the last publish or confirm without
    /// consumers.
    pub seconds: f64,
    /// Messages published in a second.
    pub sent_per_second: f64,
    /// Deliveries in a second.
    pub received_per_second: f64,
    /// What the broker's process used.
    pub broker: Option<BrokerUse>,
    /// Ages of the messages when they came; only with a rate.
    pub latency: Option<Latency>,
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
    /// Octets of memory at its end, before the queues were deleted.
    pub resident_after: u64,
}

impl Report {
    pub(super) fn new(plan: &Plan<'_>, measured: Measured) -> Self {
        let Measured { start, published_in, published, consumed, before, after } = measured;
        let sent = published.iter().map(|one| one.sent).sum();
        let received = consumed.iter().map(|one| one.received).sum();
        let last = consumed.iter().filter_map(|one| one.last).max();
        let time = last.map_or(published_in, |last| last.duration_since(start));
        let (missing, shared) = losses(plan, &published, &consumed);
        let confirms = plan.options.confirm.is_some();
        let acked: u64 = published.iter().map(|one| one.confirms.acked.len()).sum();
        let failures = published.iter().filter_map(|one| one.error.as_ref());
        let failures = failures.chain(consumed.iter().filter_map(|one| one.error.as_ref()));
        let mut errors: Vec<_> = failures.map(ToString::to_string).collect();
        if published.len() + consumed.len() < plan.options.publishers + plan.options.consumers {
            errors.push("a thread of this program died".to_owned());
        }
        let moved = if consumed.is_empty() { sent } else { received };
        Self {
            sent,
            received,
            confirmed: confirms.then_some(acked),
            nacked: published.iter().map(|one| one.confirms.nacked).sum(),
            lost: (!consumed.is_empty()).then_some(missing),
            duplicates: shared + consumed.iter().map(|one| one.duplicates).sum::<u64>(),
            out_of_order: consumed.iter().map(|one| one.out_of_order).sum(),
            seconds: time.as_secs_f64(),
            sent_per_second: ratio(sent, published_in.as_secs_f64()),
            received_per_second: ratio(received, time.as_secs_f64()),
            broker: before.zip(after).map(|(before, after)| BrokerUse::new(before, after, moved)),
            latency: Latency::of(consumed.iter().map(|one| &one.ages)),
            errors,
        }
    }

    /// Whether all that was to arrive has arrived, once, and nothing broke.
    pub fn is_sound(&self) -> bool {
        self.errors.is_empty() && self.lost.unwrap_or_default() == 0 && self.duplicates == 0
    }
}

/// Messages lost, and messages that several consumers of one queue received.
fn losses(plan: &Plan<'_>, published: &[Published], consumed: &[Consumed]) -> (u64, u64) {
    let (mut lost, mut shared) = (0, 0);
    for (number, publisher) in published.iter().enumerate() {
        for queue in (0..plan.options.queues).filter(|queue| plan.reaches(number, *queue)) {
            let mut seen = Bits::default();
            let of_queue = (0..).zip(consumed).filter(|(at, _)| plan.queue_of(*at) == queue);
            for bits in of_queue.filter_map(|(_, consumer)| consumer.seen.get(number)) {
                shared += seen.merge(bits);
            }
            lost += if plan.options.confirm.is_some() {
                publisher.confirms.acked.missing_in(&seen)
            } else {
                publisher.sent.saturating_sub(seen.len())
            };
        }
    }
    (lost, shared)
}

impl BrokerUse {
    fn new(before: Usage, after: Usage, messages: u64) -> Self {
        let cpu_seconds = after.cpu.saturating_sub(before.cpu).as_secs_f64();
        Self {
            cpu_seconds,
            cpu_micros_per_message: 1e6 / ratio(messages, cpu_seconds),
            resident_before: before.resident,
            resident_after: after.resident,
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a rate, to be read")]
fn ratio(count: u64, seconds: f64) -> f64 {
    if seconds > 0.0 { count as f64 / seconds } else { f64::NAN }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "sent          {} ({:.0}/s)", self.sent, self.sent_per_second)?;
        writeln!(f, "received      {} ({:.0}/s)", self.received, self.received_per_second)?;
        if let Some(confirmed) = self.confirmed {
            writeln!(f, "confirmed     {confirmed} (refused {})", self.nacked)?;
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
        if let Some(broker) = &self.broker {
            writeln!(
                f,
                "broker CPU    {:.2} s, {:.3} us a message",
                broker.cpu_seconds, broker.cpu_micros_per_message
            )?;
            let mib = |octets: u64| octets >> 20;
            let (before, after) = (mib(broker.resident_before), mib(broker.resident_after));
            writeln!(f, "broker RSS    {after} MiB ({before} MiB before)")?;
        }
        self.errors.iter().try_for_each(|error| writeln!(f, "error         {error}"))
    }
}
