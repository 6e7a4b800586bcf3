//! One consuming connection.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::BytesMut;
use hdrhistogram::Histogram;

use super::bits::Bits;
use super::error::PerfError;
use super::options::Acks;
use super::publisher::nanos_since;
use super::quantiles;
use super::session::{self, CHANNEL, Session};
use super::stamp::Stamp;
use crate::amqp::id::PublishTag;
use crate::codec::encode;
use crate::codec::frame::{Frame, FrameKind};

/// What a frame with basic.deliver begins with.
const DELIVER: [u8; 4] = [0, 60, 0, 60];

/// How far a sequence number may be ahead of all seen before it.
const GAP_MAX: u64 = 1 << 26;

/// What a consumer is to do.
#[derive(Clone, Copy, Debug)]
pub(super) struct Order<'a> {
    pub(super) start: Instant,
    pub(super) publishers: usize,
    pub(super) acks: Acks,
    /// Whether the age of each message is recorded.
    pub(super) ages: Ages,
    /// Set when all that will come has come.
    pub(super) stop: &'a AtomicBool,
    /// Where the number of messages received is shown.
    pub(super) received: &'a AtomicU64,
}

/// Whether ages of messages say anything: when publishers outrun the broker they tell how long the
/// queues are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ages {
    Record,
    Ignore,
}

/// What came of it.
#[derive(Debug)]
pub(super) struct Consumed {
    pub(super) received: u64,
    /// Sequence numbers received, by publisher.
    pub(super) seen: Vec<Bits>,
    pub(super) duplicates: u64,
    pub(super) out_of_order: u64,
    /// Nanoseconds.
    pub(super) ages: Histogram<u64>,
    /// When the last delivery came.
    pub(super) last: Option<Instant>,
    pub(super) error: Option<PerfError>,
    /// The sequence number to come next, by publisher.
    next: Vec<u64>,
}

/// Where in a delivery the next frame stands.
#[derive(Debug, Default)]
struct Cursor {
    tag: u64,
    /// Octets of the body that are to come.
    remaining: u64,
    /// Whether the next body frame is the message's first.
    at_start: bool,
    /// Deliveries since the last ack.
    unacked: u32,
    /// Deliveries for each ack; 0 is no acks.
    every: u32,
    now: u64,
}

/// Consumes until it is told to stop.
pub(super) fn consume(session: &mut Session, order: &Order<'_>) -> Consumed {
    let mut consumed = Consumed::new(order.publishers);
    let outcome = run(session, order, &mut consumed);
    consumed.error = outcome.err();
    consumed
}

fn run(session: &mut Session, order: &Order<'_>, consumed: &mut Consumed) -> Result<(), PerfError> {
    let every = if let Acks::Every(every) = order.acks { every } else { 0 };
    let mut cursor = Cursor { every, ..Cursor::default() };
    let mut out = BytesMut::new();
    while !order.stop.load(Ordering::Relaxed) {
        if !session.wire.wait_readable(Duration::from_millis(50))? {
            cursor.ack(&mut out);
            send(session, &mut out, &mut cursor, consumed, order)?;
            continue;
        }
        let before = consumed.received;
        if order.ages == Ages::Record {
            cursor.now = nanos_since(order.start);
        }
        session.wire.read(|frame| take(&frame, &mut cursor, consumed, order, &mut out))?;
        if consumed.received > before {
            consumed.last = Some(Instant::now());
            order.received.store(consumed.received, Ordering::Relaxed);
        }
        send(session, &mut out, &mut cursor, consumed, order)?;
    }
    cursor.ack(&mut out);
    send(session, &mut out, &mut cursor, consumed, order)
}

fn send(
    session: &mut Session,
    out: &mut BytesMut,
    cursor: &mut Cursor,
    consumed: &mut Consumed,
    order: &Order<'_>,
) -> Result<(), PerfError> {
    while !out.is_empty() {
        let octets = out.split();
        let take = |frame: Frame<'_>| take(&frame, cursor, consumed, order, out);
        session.wire.write_all(&octets, take, || !order.stop.load(Ordering::Relaxed))?;
    }
    Ok(())
}

#[inline]
fn take(
    frame: &Frame<'_>,
    cursor: &mut Cursor,
    consumed: &mut Consumed,
    order: &Order<'_>,
    out: &mut BytesMut,
) -> Result<(), PerfError> {
    match frame.kind {
        FrameKind::Body => {
            if cursor.at_start {
                cursor.at_start = false;
                consumed.note(frame.payload, cursor.now, order.ages)?;
            }
            cursor.remaining = cursor.remaining.saturating_sub(frame.payload.len() as u64);
            if cursor.remaining == 0 && cursor.every > 0 {
                cursor.unacked += 1;
                if cursor.unacked >= cursor.every {
                    cursor.ack(out);
                }
            }
            Ok(())
        }
        FrameKind::Header => {
            let size = frame.payload.get(4..).and_then(<[u8]>::first_chunk);
            cursor.remaining = size.map_or(0, |size| u64::from_be_bytes(*size));
            cursor.at_start = true;
            Ok(())
        }
        FrameKind::Method => match frame.payload.strip_prefix(&DELIVER) {
            Some([length, rest @ ..]) => {
                let tag = rest.get(usize::from(*length)..).and_then(<[u8]>::first_chunk);
                cursor.tag = tag.map_or(0, |tag| u64::from_be_bytes(*tag));
                Ok(())
            }
            _ => session::check(frame),
        },
        FrameKind::Heartbeat => Ok(()),
    }
}

impl Cursor {
    /// Acknowledges all deliveries so far that are not.
    fn ack(&mut self, out: &mut BytesMut) {
        if self.unacked > 0 {
            encode::ack(out, CHANNEL, PublishTag(self.tag), self.unacked > 1);
            self.unacked = 0;
        }
    }
}

impl Consumed {
    fn new(publishers: usize) -> Self {
        Self {
            received: 0,
            seen: vec![Bits::default(); publishers],
            duplicates: 0,
            out_of_order: 0,
            ages: quantiles::empty(),
            last: None,
            error: None,
            next: vec![0; publishers],
        }
    }

    /// Notes a message by what its body begins with.
    #[inline]
    fn note(&mut self, body: &[u8], now: u64, ages: Ages) -> Result<(), PerfError> {
        let foreign =
            || PerfError::Unexpected("a message that this run did not publish".to_owned());
        let stamp = Stamp::read(body).ok_or_else(foreign)?;
        let Stamp { publisher, sequence, nanos } = stamp;
        let publisher = usize::from(publisher);
        let next = self.next.get_mut(publisher).ok_or_else(foreign)?;
        let seen = self.seen.get_mut(publisher).ok_or_else(foreign)?;
        if sequence > next.saturating_add(GAP_MAX) {
            return Err(foreign());
        }
        self.received += 1;
        if !seen.insert(sequence) {
            self.duplicates += 1;
        } else if sequence < *next {
            self.out_of_order += 1;
        }
        *next = (*next).max(sequence + 1);
        if ages == Ages::Record {
            // It grows as needed, to half of what 64 bits count.
            let _ = self.ages.record(now.saturating_sub(nanos));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(consumed: &mut Consumed, sequence: u64) -> Result<(), PerfError> {
        let stamp = Stamp { publisher: 0, sequence, nanos: 5 };
        consumed.note(&stamp.octets(), 1_000_005, Ages::Record)
    }

    #[test]
    fn duplicates_and_late_messages_are_told_apart() {
        let mut consumed = Consumed::new(1);

        for sequence in [0, 2, 1, 2, 3] {
            note(&mut consumed, sequence).unwrap();
        }

        assert_eq!((consumed.received, consumed.duplicates, consumed.out_of_order), (5, 1, 1));
        assert_eq!(consumed.seen[0].len(), 4);
        assert_eq!(consumed.ages.len(), 5);
        assert!(consumed.ages.equivalent(consumed.ages.max(), 1_000_000));
    }

    #[test]
    fn what_another_run_published_is_refused() {
        let mut consumed = Consumed::new(1);
        let other = Stamp { publisher: 1, sequence: 0, nanos: 0 };

        assert!(consumed.note(&other.octets(), 0, Ages::Ignore).is_err());
        assert!(consumed.note(b"hello", 0, Ages::Ignore).is_err());
        assert!(note(&mut consumed, 1 << 40).is_err());
    }
}
