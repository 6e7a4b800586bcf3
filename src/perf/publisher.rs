//! One publishing connection.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::bits::Bits;
use super::block::Block;
use super::error::PerfError;
use super::session::{self, Session};
use super::stamp::Stamp;
use crate::amqp::method::MethodId;
use crate::codec::frame::Frame;

/// What a publisher is to do.
#[derive(Clone, Copy, Debug)]
pub(super) struct Order<'a> {
    pub(super) number: u16,
    /// When the run began, which stamps count from.
    pub(super) start: Instant,
    /// Messages to publish at most.
    pub(super) messages: u64,
    /// When to stop.
    pub(super) until: Option<Instant>,
    /// Nanoseconds from one message to the next.
    pub(super) interval: Option<f64>,
    /// Publishes that may be open; confirms are not asked for without.
    pub(super) window: Option<u32>,
    pub(super) patience: Duration,
    /// Set when there is no point in going on.
    pub(super) stop: &'a AtomicBool,
    /// Where the number of messages sent is shown.
    pub(super) sent: &'a AtomicU64,
}

/// What came of it.
#[derive(Debug, Default)]
pub(super) struct Published {
    pub(super) sent: u64,
    pub(super) confirms: Confirms,
    pub(super) error: Option<PerfError>,
}

/// Which publishes have been answered.
#[derive(Debug, Default)]
pub(super) struct Confirms {
    /// Confirmed sequence numbers.
    pub(super) acked: Bits,
    pub(super) nacked: u64,
    answered: Bits,
    /// Answers so far.
    count: u64,
    /// All below are answered.
    lowest: u64,
}

/// Publishes as ordered, and waits for the confirms if there are to be any.
pub(super) fn publish(session: &mut Session, mut block: Block, order: &Order<'_>) -> Published {
    let mut published = Published::default();
    let outcome = run(session, &mut block, order, &mut published);
    published.error = outcome.err();
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
        let (count, nanos) = next(order, published, block.len());
        if count == 0 {
            if session.wire.wait_readable(Duration::from_millis(100))? {
                session.wire.read(|frame| published.confirms.take(&frame))?;
            }
            continue;
        }
        let first = Stamp { publisher: order.number, sequence: published.sent, nanos };
        let confirms = &mut published.confirms;
        let give_up = Instant::now() + order.patience;
        session.wire.write_all(
            block.stamp(first, count),
            |frame| confirms.take(&frame),
            || !order.stop.load(Ordering::Relaxed) && Instant::now() < give_up,
        )?;
        published.sent += count as u64;
        order.sent.store(published.sent, Ordering::Relaxed);
        session.wire.read(|frame| confirms.take(&frame))?;
    }
    if order.window.is_none() {
        return Ok(());
    }
    let mut give_up = Instant::now() + order.patience;
    while published.confirms.count < published.sent && Instant::now() < give_up {
        if session.wire.wait_readable(Duration::from_millis(100))? {
            session.wire.read(|frame| published.confirms.take(&frame))?;
            give_up = Instant::now() + order.patience;
        }
    }
    Ok(())
}

/// How many messages to send now, and the time they are stamped with. Waits for the next one that
/// is due; 0 when the window has no room.
///
/// A message that is late because the broker held the one before it up is stamped with the time at
/// which it was due, so that its latency counts the wait (coordinated omission). One that is late
/// because this thread overslept is not the broker's fault.
fn next(order: &Order<'_>, published: &Published, most: usize) -> (usize, u64) {
    let sent = published.sent;
    let open = sent - published.confirms.count;
    let window = order.window.map_or(u64::MAX, |window| u64::from(window).saturating_sub(open));
    let room = window.min(order.messages - sent);
    let most = usize::try_from(room).unwrap_or(usize::MAX).min(most);
    let Some(interval) = order.interval else { return (most, nanos_since(order.start)) };
    let due = due_at(sent, interval);
    let now = nanos_since(order.start);
    if due > now {
        std::thread::sleep(Duration::from_nanos(due - now));
        let now = nanos_since(order.start);
        return (most.min(due_by(now, interval, sent)), now);
    }
    (most.min(1), due)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "times of one run, in nanoseconds"
)]
fn due_at(sequence: u64, interval: f64) -> u64 {
    (sequence as f64 * interval) as u64
}

/// How many messages from `sequence` on are due by `now`; one at least.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "times of one run, in nanoseconds"
)]
fn due_by(now: u64, interval: f64, sequence: u64) -> usize {
    let all = (now as f64 / interval) as u64 + 1;
    usize::try_from(all.saturating_sub(sequence)).unwrap_or(usize::MAX).max(1)
}

/// Nanoseconds since the run began.
pub(super) fn nanos_since(start: Instant) -> u64 {
    u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX)
}

impl Confirms {
    /// Takes a confirm, and fails on what ends the channel.
    fn take(&mut self, frame: &Frame<'_>) -> Result<(), PerfError> {
        let (id, [t0, t1, t2, t3, t4, t5, t6, t7, bits, ..]) = (match session::method(frame) {
            Some((id @ (MethodId::BASIC_ACK | MethodId::BASIC_NACK), arguments)) => (id, arguments),
            _ => return session::check(frame),
        }) else {
            return Err(PerfError::Unexpected("a confirm without its arguments".to_owned()));
        };
        let tag = u64::from_be_bytes([*t0, *t1, *t2, *t3, *t4, *t5, *t6, *t7]);
        let Some(last) = tag.checked_sub(1) else { return Ok(()) };
        let first = if bits & 1 == 1 { self.lowest } else { last };
        for sequence in first..=last {
            if self.answered.insert(sequence) {
                self.count += 1;
                if id == MethodId::BASIC_ACK {
                    self.acked.insert(sequence);
                } else {
                    self.nacked += 1;
                }
            }
        }
        while self.answered.contains(self.lowest) {
            self.lowest += 1;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use bytes::BytesMut;

    use super::*;
    use crate::amqp::id::{ChannelId, PublishTag};
    use crate::codec::encode;
    use crate::codec::frame::{Parsed, parse_frame};

    fn take(confirms: &mut Confirms, write: impl FnOnce(&mut BytesMut)) {
        let mut out = BytesMut::new();
        write(&mut out);
        let Ok(Parsed::Frame(frame, _)) = parse_frame(&out, 4096) else { panic!("no frame") };
        confirms.take(&frame).unwrap();
    }

    #[test]
    fn confirms_count_once_whatever_their_order() {
        let mut confirms = Confirms::default();
        let channel = ChannelId(1);

        take(&mut confirms, |out| encode::ack(out, channel, PublishTag(3), false));
        take(&mut confirms, |out| encode::nack(out, channel, PublishTag(2), false));
        take(&mut confirms, |out| encode::ack(out, channel, PublishTag(4), true));

        assert_eq!((confirms.count, confirms.lowest), (4, 4));
        assert_eq!((confirms.acked.len(), confirms.nacked), (3, 1));
        assert!(!confirms.acked.contains(1));
    }

    #[test]
    fn due_messages_are_counted_from_the_first_at_time_zero() {
        assert_eq!(due_at(3, 1000.0), 3000);
        assert_eq!(due_by(3999, 1000.0, 3), 1);
        assert_eq!(due_by(5000, 1000.0, 3), 3);
        assert_eq!(due_by(0, 1000.0, 7), 1);
    }
}
