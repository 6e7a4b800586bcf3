//! One publishing connection.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use amq_protocol::protocol::AMQPClass;
use amq_protocol::protocol::basic;
use bytes::BytesMut;
use hdrhistogram::Histogram;

use super::block::Block;
use super::confirms::Confirms;
use super::error::PerfError;
use super::process;
use super::session::Session;
use crate::codec::encode;
use crate::codec::frame::Frame;

/// What a publisher is to do.
#[derive(Clone, Copy, Debug)]
pub(super) struct Order<'a> {
    /// When the run began, which stamps count from.
    pub(super) start: Instant,
    /// Messages to publish at most.
    pub(super) messages: u64,
    /// When to stop.
    pub(super) until: Option<Instant>,
    /// When each message is due; as soon as can be without.
    pub(super) pace: Option<Pace>,
    /// Publishes that may be open; confirms are not asked for without.
    pub(super) window: Option<u32>,
    /// Whether messages may be returned.
    pub(super) mandatory: bool,
    pub(super) patience: Duration,
    /// Set when there is no point in going on.
    pub(super) stop: &'a AtomicBool,
    /// Where the numbers of messages sent and confirmed are shown.
    pub(super) shown: &'a Shown,
}

/// When messages are due, in nanoseconds since the run began.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// The first.
    pub(super) first: f64,
    /// From one to the next.
    pub(super) interval: f64,
}

/// How far a publisher is.
#[derive(Debug, Default)]
pub(super) struct Shown {
    pub(super) sent: AtomicU64,
    pub(super) confirmed: AtomicU64,
}

/// What came of it.
#[derive(Debug)]
pub(super) struct Published {
    pub(super) sent: u64,
    pub(super) confirms: Confirms,
    /// CPU time of this thread.
    pub(super) cpu: Duration,
    pub(super) error: Option<PerfError>,
}

impl Published {
    /// Times from publishes to their confirms, in nanoseconds, if they were measured.
    pub(super) fn confirm_ages(&self) -> Option<&Histogram<u64>> {
        let times = self.confirms.flows.first()?.times.as_ref()?;
        Some(&times.ages)
    }

    /// Messages that were not returned.
    pub(super) fn routed(&self) -> u64 {
        self.sent.saturating_sub(self.confirms.returned())
    }
}

/// Messages to send at once.
#[derive(Clone, Copy, Debug)]
struct Turn {
    count: usize,
    /// When they are sent; the time at which each was due, if that has passed already.
    at: Option<u64>,
}

/// Publishes as ordered, and waits for what is to come back.
pub(super) fn publish(session: &mut Session, mut block: Block, order: &Order<'_>) -> Published {
    if order.pace.is_some() {
        process::sleep_exactly();
    }
    let mut confirms = Confirms::new(session.open_count());
    if order.pace.is_some() && order.window.is_some() {
        confirms.measure(order.start);
    }
    let mut published = Published { sent: 0, confirms, cpu: Duration::ZERO, error: None };
    let outcome = run(session, &mut block, order, &mut published)
        .and_then(|()| settle(session, order, &mut published));
    published.error = outcome.err();
    published.cpu = process::thread_cpu();
    published
}

fn run(
    session: &mut Session,
    block: &mut Block,
    order: &Order<'_>,
    published: &mut Published,
) -> Result<(), PerfError> {
    while published.sent < order.messages
        && order.until.is_none_or(|until| Instant::now() < until)
        && !order.stop.load(Ordering::Relaxed)
    {
        let turn = next(session, order, published, block.room(published.sent))?;
        let confirms = &mut published.confirms;
        if turn.count == 0 {
            if session.wire.wait_readable(Duration::from_millis(100))? {
                session.wire.read(|frame| confirms.take(&frame))?;
            }
        } else {
            let give_up = Instant::now() + order.patience;
            if let Some(pace) = order.pace {
                let numbers = published.sent..published.sent + turn.count as u64;
                for number in numbers {
                    confirms.sent(turn.at.unwrap_or_else(|| pace.due_at(number)));
                }
            }
            session.wire.write_all(
                stamp(block, published.sent, turn, order.pace),
                |frame| confirms.take(&frame),
                || !order.stop.load(Ordering::Relaxed) && Instant::now() < give_up,
            )?;
            published.sent += turn.count as u64;
            order.shown.sent.store(published.sent, Ordering::Relaxed);
            session.wire.read(|frame| confirms.take(&frame))?;
        }
        order.shown.confirmed.store(published.confirms.acked, Ordering::Relaxed);
    }
    Ok(())
}

fn stamp(block: &mut Block, first: u64, turn: Turn, pace: Option<Pace>) -> &[u8] {
    match (turn.at, pace) {
        (None, Some(pace)) => block.stamp(first, turn.count, |number| pace.due_at(number)),
        (at, _) => block.stamp(first, turn.count, |_| at.unwrap_or_default()),
    }
}

/// Waits until all that was published is answered, or until nothing came for too long.
///
/// Without confirms, what was returned comes before the answer to one more method.
fn settle(
    session: &mut Session,
    order: &Order<'_>,
    published: &mut Published,
) -> Result<(), PerfError> {
    let Published { sent, confirms, .. } = published;
    let mut give_up = Instant::now() + order.patience;
    if order.window.is_none() && order.mandatory {
        let mut out = BytesMut::new();
        for channel in session.channels() {
            let qos = basic::Qos { prefetch_count: 0, global: false };
            encode::method(&mut out, channel, AMQPClass::Basic(basic::AMQPMethod::Qos(qos)));
        }
        let take = |frame: Frame<'_>| confirms.take(&frame);
        session.wire.write_all(&out, take, || Instant::now() < give_up)?;
    }
    let is_open = |confirms: &Confirms| {
        if order.window.is_some() {
            confirms.answered < *sent
        } else {
            order.mandatory && confirms.settled < confirms.flows.len()
        }
    };
    while is_open(confirms) && Instant::now() < give_up {
        if session.wire.wait_readable(Duration::from_millis(100))? {
            session.wire.read(|frame| confirms.take(&frame))?;
            order.shown.confirmed.store(confirms.acked, Ordering::Relaxed);
            give_up = Instant::now() + order.patience;
        }
    }
    Ok(())
}

/// What to send now. Waits for the next message that is due; nothing is to be sent when the window
/// has no room.
///
/// A message that is late because the broker held the one before it up is stamped with the time at
/// which it was due, so that its latency counts the wait (coordinated omission). One that is late
/// because this thread overslept is not the broker's fault.
fn next(
    session: &mut Session,
    order: &Order<'_>,
    published: &mut Published,
    most: usize,
) -> Result<Turn, PerfError> {
    let sent = published.sent;
    let was_due = await_due(session, order, published)?;
    let open = sent - published.confirms.answered;
    let window = order.window.map_or(u64::MAX, |window| u64::from(window).saturating_sub(open));
    let room = window.min(order.messages - sent);
    let most = usize::try_from(room).unwrap_or(usize::MAX).min(most);
    let now = nanos_since(order.start);
    let due = order.pace.map_or(most, |pace| pace.due_by(now, sent));
    Ok(Turn { count: most.min(due), at: (!was_due).then_some(now) })
}

/// Waits until the next message is due, and takes what comes back meanwhile: confirms count until
/// they are taken. Returns whether it has been due before; without a pace none is.
fn await_due(
    session: &mut Session,
    order: &Order<'_>,
    published: &mut Published,
) -> Result<bool, PerfError> {
    let Some(pace) = order.pace else { return Ok(false) };
    let due = pace.due_at(published.sent);
    let was_due = due <= nanos_since(order.start);
    let confirms = &mut published.confirms;
    loop {
        let left = due.saturating_sub(nanos_since(order.start));
        if left == 0 {
            return Ok(was_due);
        }
        if session.wire.wait_readable(Duration::from_nanos(left))? {
            session.wire.read(|frame| confirms.take(&frame))?;
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "times of one run, in nanoseconds"
)]
impl Pace {
    fn due_at(self, sequence: u64) -> u64 {
        (self.first + sequence as f64 * self.interval) as u64
    }

    /// How many messages from `sequence` on are due by `now`; one at least.
    fn due_by(self, now: u64, sequence: u64) -> usize {
        let all = ((now as f64 - self.first) / self.interval) as u64 + 1;
        usize::try_from(all.saturating_sub(sequence)).unwrap_or(usize::MAX).max(1)
    }
}

/// Nanoseconds since the run began.
pub(super) fn nanos_since(start: Instant) -> u64 {
    u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn due_messages_are_counted_from_the_first() {
        let pace = Pace { first: 500.0, interval: 1000.0 };

        assert_eq!((pace.due_at(0), pace.due_at(3)), (500, 3500));
        assert_eq!(pace.due_by(4499, 3), 1);
        assert_eq!(pace.due_by(5500, 3), 3);
        assert_eq!(pace.due_by(0, 7), 1);
    }
}
