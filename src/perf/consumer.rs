//! One consuming connection.

use std::mem;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::BytesMut;
use hdrhistogram::Histogram;
use parking_lot::{Mutex, MutexGuard};

use super::consumed::{Consumed, foreign};
use super::error::PerfError;
use super::options::Acks;
use super::process;
use super::publisher::nanos_since;
use super::quantiles;
use super::session::{self, Session};
use super::shape::{DELIVER, Delivery, Shapes};
use super::stamp::Stamp;
use super::wait::{self, Wait};
use super::wire::{self, Wire};
use crate::amqp::id::{ChannelId, PublishTag};
use crate::codec::encode;
use crate::codec::frame::{Frame, FrameKind};

/// What a consumer is to do.
#[derive(Clone, Copy, Debug)]
pub(super) struct Order<'a> {
    pub(super) start: Instant,
    /// Flows of all publishers.
    pub(super) flows: usize,
    pub(super) acks: Acks,
    /// Whether the age of each message is recorded.
    pub(super) ages: Ages,
    /// How long messages wait before they are due: their ages count from then on.
    pub(super) wait: Option<Wait<'a>>,
    /// Set when all that will come has come.
    pub(super) stop: &'a AtomicBool,
    pub(super) shown: &'a Shown,
}

/// Whether ages of messages say anything: when publishers outrun the broker they tell how long the
/// queues are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ages {
    Record,
    Ignore,
}

/// How far a consumer is.
#[derive(Debug)]
pub(super) struct Shown {
    pub(super) received: AtomicU64,
    /// Ages of its messages, in nanoseconds.
    pub(super) ages: Mutex<Histogram<u64>>,
}

/// What one channel's consumer is at.
#[derive(Clone, Debug)]
struct Cursor {
    channel: ChannelId,
    tag: u64,
    /// Octets of the body that are to come.
    remaining: u64,
    /// Whether the next body frame is the message's first.
    at_start: bool,
    /// Deliveries since the last ack.
    unacked: u32,
    /// The sequence number to come next, by flow.
    next: Vec<u64>,
}

/// A consuming connection at work.
struct Consumer<'a> {
    order: &'a Order<'a>,
    /// Deliveries for each ack; 0 is no acks.
    every: u32,
    /// In the order of the channels' numbers.
    cursors: Vec<Cursor>,
    consumed: Consumed,
    /// What deliveries look like.
    shapes: Shapes,
    /// Acks to be sent.
    out: BytesMut,
}

/// Consumes until it is told to stop.
pub(super) fn consume(session: &mut Session, order: &Order<'_>) -> Consumed {
    let mut consumer = Consumer::new(session, order);
    consumer.consumed.error = consumer.run(session).err();
    consumer.consumed.cpu = process::thread_cpu();
    consumer.consumed
}

impl<'a> Consumer<'a> {
    fn new(session: &Session, order: &'a Order<'a>) -> Self {
        let cursor = |channel| Cursor {
            channel,
            tag: 0,
            remaining: 0,
            at_start: false,
            unacked: 0,
            next: vec![0; order.flows],
        };
        Self {
            order,
            every: if let Acks::Every(every) = order.acks { every } else { 0 },
            cursors: session.channels().map(cursor).collect(),
            consumed: Consumed::new(order.flows),
            shapes: Shapes::default(),
            out: BytesMut::new(),
        }
    }

    fn run(&mut self, session: &mut Session) -> Result<(), PerfError> {
        while !self.order.stop.load(Ordering::Relaxed) {
            let before = self.consumed.received;
            if session.wire.wait_readable(Duration::from_millis(50))? {
                self.read(session)?;
            } else {
                self.ack_rest();
            }
            self.send(&mut session.wire)?;
            if self.consumed.received > before {
                let now = Instant::now();
                self.consumed.first.get_or_insert(now);
                self.consumed.last = Some(now);
                self.order.shown.received.store(self.consumed.received, Ordering::Relaxed);
            }
        }
        self.ack_rest();
        self.send(&mut session.wire)
    }

    fn read(&mut self, session: &mut Session) -> Result<(), PerfError> {
        if !session.wire.fill()? {
            return Ok(());
        }
        let now = nanos_since(self.order.start);
        let mut ages = self.ages();
        let mut shapes = mem::take(&mut self.shapes);
        let outcome = session.wire.steps(|input| {
            if let Some(delivery) = shapes.find(input) {
                let stamp = self.take_delivery(&delivery)?;
                self.record(&mut ages, Some(stamp), now);
                return Ok(delivery.octets);
            }
            let Some((frame, octets)) = wire::parse(input, session.frame_max)? else {
                return Ok(0);
            };
            if frame.kind == FrameKind::Method {
                shapes.learn(input);
            }
            let stamp = self.take(&frame)?;
            self.record(&mut ages, stamp, now);
            Ok(octets)
        });
        self.shapes = shapes;
        outcome
    }

    fn send(&mut self, wire: &mut Wire) -> Result<(), PerfError> {
        while !self.out.is_empty() {
            let octets = self.out.split();
            let order = self.order;
            let take = |frame: Frame<'_>| {
                let stamp = self.take(&frame)?;
                self.record(&mut self.ages(), stamp, nanos_since(order.start));
                Ok(())
            };
            wire.write_all(&octets, take, || !order.stop.load(Ordering::Relaxed))?;
        }
        Ok(())
    }

    fn ages(&self) -> Option<MutexGuard<'a, Histogram<u64>>> {
        (self.order.ages == Ages::Record).then(|| self.order.shown.ages.lock())
    }

    /// Takes a whole delivery; returns its stamp.
    #[inline]
    fn take_delivery(&mut self, delivery: &Delivery<'_>) -> Result<Stamp, PerfError> {
        let Some(cursor) = cursor(&mut self.cursors, delivery.channel) else {
            return Err(foreign());
        };
        cursor.tag = delivery.tag;
        let stamp = self.consumed.note(delivery.body, &mut cursor.next)?;
        cursor.end(self.every, &mut self.out);
        Ok(stamp)
    }

    /// Takes a frame; returns the stamp of the message whose body begins with it.
    fn take(&mut self, frame: &Frame<'_>) -> Result<Option<Stamp>, PerfError> {
        let Some(cursor) = cursor(&mut self.cursors, frame.channel) else {
            return session::check(frame).map(|()| None);
        };
        match frame.kind {
            FrameKind::Body => {
                let is_first = mem::take(&mut cursor.at_start);
                let stamp = is_first.then(|| self.consumed.note(frame.payload, &mut cursor.next));
                cursor.remaining = cursor.remaining.saturating_sub(frame.payload.len() as u64);
                if cursor.remaining == 0 {
                    cursor.end(self.every, &mut self.out);
                }
                stamp.transpose()
            }
            FrameKind::Header => {
                let size = frame.payload.get(4..).and_then(<[u8]>::first_chunk);
                cursor.remaining = size.map_or(0, |size| u64::from_be_bytes(*size));
                cursor.at_start = true;
                Ok(None)
            }
            FrameKind::Method => match frame.payload.strip_prefix(&DELIVER) {
                Some([length, rest @ ..]) => {
                    let tag = rest.get(usize::from(*length)..).and_then(<[u8]>::first_chunk);
                    cursor.tag = tag.map_or(0, |tag| u64::from_be_bytes(*tag));
                    Ok(None)
                }
                _ => session::check(frame).map(|()| None),
            },
            FrameKind::Heartbeat => Ok(None),
        }
    }

    /// Records the age of a message.
    #[inline]
    fn record(
        &mut self,
        ages: &mut Option<MutexGuard<'_, Histogram<u64>>>,
        stamp: Option<Stamp>,
        now: u64,
    ) {
        if let (Some(ages), Some(stamp)) = (ages, stamp) {
            let due = self.order.wait.map_or(stamp.nanos, |wait| wait.due_at(stamp));
            self.consumed.early += u64::from(wait::is_early(now, due));
            // It grows as needed, to half of what 64 bits count.
            let _ = ages.record(now.saturating_sub(due));
        }
    }

    /// Acknowledges all deliveries so far that are not.
    fn ack_rest(&mut self) {
        for cursor in &mut self.cursors {
            cursor.ack(&mut self.out);
        }
    }
}

/// The cursor of that channel.
#[inline]
fn cursor(cursors: &mut [Cursor], channel: ChannelId) -> Option<&mut Cursor> {
    cursors.get_mut(usize::from(channel.0).checked_sub(1)?)
}

impl Cursor {
    /// The end of a delivery.
    #[inline]
    fn end(&mut self, every: u32, out: &mut BytesMut) {
        if every > 0 {
            self.unacked += 1;
            if self.unacked >= every {
                self.ack(out);
            }
        }
    }

    fn ack(&mut self, out: &mut BytesMut) {
        if self.unacked > 0 {
            encode::ack(out, self.channel, PublishTag(self.tag), self.unacked > 1);
            self.unacked = 0;
        }
    }
}

impl Shown {
    pub(super) fn new() -> Self {
        Self { received: AtomicU64::new(0), ages: Mutex::new(quantiles::empty()) }
    }
}
