//! Dead letters on their way out: one batch for each queue that they go to.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::BytesMut;
use foldhash::fast::RandomState;

use crate::amqp::id::{ChannelId, PublishTag, QueueId, Timestamp};
use crate::amqp::message::{MessageRef, Stamp, split_address};
use crate::codec::death::Buried;
use crate::codec::due::Due;
use crate::codec::header::parse_header;
use crate::exchange::delayed::delay;
use crate::topology::routing::Sight;
use crate::vhost::batch::{Placed, PublishBatch, octets};
use crate::vhost::fate::{Firsts, Place};
use crate::vhost::host::Vhost;
use crate::vhost::marks::marks;
use crate::vhost::queue::{Delays, Queue};
use crate::vhost::session::Session;

/// A letter as it is published: its header is not that which it had, and if it died, its address is
/// not either.
#[derive(Debug)]
pub(super) struct Written<'a> {
    pub(super) message: MessageRef<'a>,
    /// The exchange that it goes to first.
    pub(super) exchange: &'a [u8],
    /// What it is routed by.
    pub(super) keys: Vec<&'a [u8]>,
    /// The history of one that died.
    pub(super) buried: Option<&'a Buried<'a>>,
    /// delivery-mode 2.
    pub(super) persistent: bool,
}

impl<'a> Written<'a> {
    /// A dead letter with that address and body.
    pub(super) fn dead(address: &'a [u8], buried: &'a Buried<'a>, body: &'a [u8]) -> Self {
        let stamp = Stamp { accepted: None, buried: true };
        Self {
            message: MessageRef {
                address,
                hidden: buried.keys.hidden,
                header: &buried.header,
                body,
                stamp,
            },
            exchange: split_address(address).0,
            keys: buried.keys.iter().collect(),
            buried: Some(buried),
            persistent: is_persistent(&buried.header),
        }
    }

    /// A message that has waited for its time at `exchange`.
    pub(super) fn due(message: &MessageRef<'a>, due: &'a Due<'a>, exchange: &'a [u8]) -> Self {
        let stamp = Stamp { accepted: None, ..message.stamp };
        Self {
            message: MessageRef { header: &due.header, stamp, ..*message },
            exchange,
            keys: due.keys.clone(),
            buried: None,
            persistent: is_persistent(&due.header),
        }
    }
}

fn is_persistent(header: &[u8]) -> bool {
    parse_header(header).is_ok_and(|header| header.properties.delivery_mode() == Some(2))
}

/// Whether a message is to wait where messages wait for their time.
fn waits(message: &MessageRef<'_>) -> bool {
    parse_header(message.header).is_ok_and(|header| delay(header.properties.headers()).is_some())
}

/// Letters that are published together.
#[derive(Debug, Default)]
pub(super) struct Mail {
    segment: BytesMut,
    queues: Vec<(Arc<Queue>, Vec<Placed>)>,
    by_queue: HashMap<QueueId, usize, RandomState>,
    persistent: bool,
    firsts: Firsts,
    /// When they are published.
    now: Timestamp,
}

impl Mail {
    /// Without letters yet.
    pub(super) fn new(now: Timestamp) -> Self {
        Self { now, ..Self::default() }
    }

    /// Adds a letter for each of `queues`, as `tag`; returns where it lies.
    pub(super) fn add(
        &mut self,
        written: &Written<'_>,
        queues: &[Arc<Queue>],
        tag: PublishTag,
    ) -> Place {
        let Written { mut message, persistent, .. } = *written;
        let is_delayed =
            || queues.iter().any(|queue| queue.delays != Delays::Off) && waits(&message);
        let marked = marks(&message).is_any() || is_delayed();
        if marked || queues.iter().any(|queue| queue.is_timed()) {
            message.stamp.accepted = Some(self.now);
        }
        let size = |octets: usize| u32::try_from(octets).unwrap_or(u32::MAX);
        let placed = Placed {
            segment: 0,
            offset: size(self.segment.len()),
            body_len: size(message.body.len()),
            channel: ChannelId(1),
            confirm: Some(tag),
            persistent,
            marked,
        };
        message.write(&mut self.segment);
        self.persistent |= persistent;
        for queue in queues {
            self.place(queue, placed);
        }
        (placed.segment, placed.offset)
    }

    /// Has exchanges that saw values first with a letter hear what becomes of it, and answer for it
    /// as one queue more.
    pub(super) fn note(
        &mut self,
        vhost: &Vhost,
        sights: Vec<Sight>,
        place: Place,
        tag: PublishTag,
    ) {
        let answer = Some((ChannelId(1), tag));
        self.firsts.note(vhost, sights.into_iter(), Some(place), answer);
    }

    fn place(&mut self, queue: &Arc<Queue>, placed: Placed) {
        let next = self.queues.len();
        let place = *self.by_queue.entry(queue.id).or_insert(next);
        match self.queues.get_mut(place) {
            Some((_, messages)) => messages.push(placed),
            None => self.queues.push((Arc::clone(queue), vec![placed])),
        }
    }

    /// Publishes all of it; `publisher` hears of each letter from each of its queues.
    pub(super) fn send(self, publisher: &Arc<dyn Session>) {
        let Self { segment, queues, persistent, mut firsts, .. } = self;
        let fate = firsts.share(publisher, queues.len());
        let segment = std::iter::once(segment.freeze());
        let octets = octets(segment, persistent, queues.iter().map(|(queue, _)| queue));
        for (queue, messages) in queues {
            let (octets, publisher) = (octets.clone(), Arc::clone(publisher));
            queue.publish(PublishBatch { octets, messages, publisher, fate: fate.clone() });
        }
        if let Some(fate) = fate {
            fate.turn();
        }
    }
}

/// Exchange and routing key as two short strings: neither has more than 255 octets.
pub(super) fn address(exchange: &[u8], key: &[u8]) -> Vec<u8> {
    let mut address = Vec::with_capacity(2 + exchange.len() + key.len());
    for name in [exchange, key] {
        address.push(u8::try_from(name.len()).unwrap_or(u8::MAX));
        address.extend(name.iter().take(u8::MAX.into()));
    }
    address
}
