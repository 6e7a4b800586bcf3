//! Messages that go through exchanges with a past, and what such an exchange sends to whoever is
//! bound to it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::{RwLock, RwLockWriteGuard};

use super::batch::{Placed, PublishBatch, octets};
use super::clock;
use super::fate::Firsts;
use super::host::Vhost;
use super::internal_publisher::Nobody;
use super::queue::Queue;
use super::session::Session;
use crate::amqp::id::{ChannelId, QueueId};
use crate::amqp::message::{MessageRef, Stamp, split_address};
use crate::amqp::name::ExchangeName;
use crate::amqp::sighting::Sighting;
use crate::codec::header::{Properties, parse_header};
use crate::exchange::binding::Destination;
use crate::exchange::hash::mix;
use crate::exchange::message::Message;
use crate::exchange::past::Past;
use crate::exchange::recent_history::{Kept, ReadHeader, RecentHistory};
use crate::topology::error::Error;
use crate::topology::routing::{Passing, Routes};

/// A message that goes through exchanges with a past.
#[derive(Clone, Copy, Debug)]
pub struct Publication<'a> {
    /// As it is to be kept.
    pub message: MessageRef<'a>,
    /// Its routing keys, its own among them; none when that is the only one.
    pub keys: &'a [&'a [u8]],
    /// What exchanges look at beside the key.
    pub seen: Message<'a>,
    /// How `seen` is read out of its header.
    pub read: ReadHeader,
    /// delivery-mode 2.
    pub persistent: bool,
    /// Whether it goes back when it finds no queue.
    pub mandatory: bool,
}

/// Between a message that goes through exchanges with a past and a binding to one of those: either
/// the message is kept first, and the binding is sent it, or it finds the binding.
#[derive(Debug)]
pub(super) struct Gate {
    open: RwLock<()>,
    /// A moment, and the time of day then: from there on the time does not go back.
    start: (Instant, Duration),
}

impl Default for Gate {
    fn default() -> Self {
        let start = (Instant::now(), Duration::from_millis(clock::now().0));
        Self { open: RwLock::new(()), start }
    }
}

impl Gate {
    /// Waits until no message is on its way, and holds up others.
    pub(super) fn close(&self) -> RwLockWriteGuard<'_, ()> {
        self.open.write()
    }

    /// The time that has passed since the epoch.
    fn now(&self) -> Duration {
        let (start, time) = self.start;
        time.saturating_add(start.elapsed())
    }
}

impl Publication<'_> {
    fn kept(&self) -> Kept {
        let Self { message, read, persistent, .. } = *self;
        Kept { record: message.to_bytes(), persistent, read }
    }
}

impl Vhost {
    /// Has a message go through; `routes` is what it found.
    pub(super) fn pass(
        &self,
        publication: &Publication<'_>,
        routes: &mut Routes,
    ) -> Result<(), Error> {
        let (exchange, key) = split_address(publication.message.address);
        let own = [key];
        let keys = if publication.keys.is_empty() { &own } else { publication.keys };
        let message = Message { key, ..publication.seen };
        let _open = self.gate.open.read();
        self.routing().pass(exchange, &Passing { message, keys, now: self.gate.now() }, routes)?;
        keep(routes, || publication.kept());
        Ok(())
    }

    /// As [`Self::pass`], for what the broker itself publishes. Its exchange may be internal, or the
    /// default one; where there is none, it finds nothing.
    pub(super) fn pass_own(&self, publication: &Publication<'_>, routes: &mut Routes) {
        let (exchange, _) = split_address(publication.message.address);
        self.pass_from(exchange, publication, routes);
    }

    /// As [`Self::pass_own`], from an exchange that need not be the one in its address.
    pub(super) fn pass_from(
        &self,
        exchange: &[u8],
        publication: &Publication<'_>,
        routes: &mut Routes,
    ) {
        let (_, key) = split_address(publication.message.address);
        let own = [key];
        let keys = if publication.keys.is_empty() { &own } else { publication.keys };
        let message = Message { key, ..publication.seen };
        let _open = self.gate.open.read();
        let passing = Passing { message, keys, now: self.gate.now() };
        self.routing().pass_on(exchange, &passing, routes);
        keep(routes, || publication.kept());
    }

    /// What exchanges have seen that is to be known after a restart, by the keys of their entries.
    pub fn seen(&self) -> Vec<(Vec<u8>, Vec<Sighting>)> {
        let now = self.gate.now();
        let routing = self.routing();
        let kept = routing.deduplications().filter_map(|it| Some((it.key()?.to_vec(), it)));
        kept.map(|(key, it)| (key, it.accepted(now))).collect()
    }

    /// Gives exchanges back what they had seen before a restart.
    pub fn restore_seen(&self, mut seen: impl FnMut(&[u8]) -> Option<Vec<Sighting>>) {
        let now = self.gate.now();
        for exchange in self.routing().deduplications() {
            if let Some(seen) = exchange.key().and_then(&mut seen) {
                exchange.restore(seen, now);
            }
        }
    }

    /// What `exchange` has kept, if it keeps anything.
    pub(super) fn history(&self, exchange: &ExchangeName) -> Option<Arc<RecentHistory>> {
        match self.routing().exchange(exchange.as_bytes())?.past()? {
            Past::RecentHistory(history) => Some(Arc::clone(history)),
            Past::Deduplication(_) => None,
        }
    }

    /// How many duplicates came to an exchange since it was declared or the broker started; `None`
    /// if there is none of that name that drops them.
    pub fn duplicates_at(&self, exchange: &[u8]) -> Option<u64> {
        let routing = self.routing();
        let deduplication = routing.exchange(exchange)?.past()?.deduplication()?;
        Some(deduplication.duplicates())
    }

    /// Puts what an exchange has kept into the queues behind `destination`, which was just bound to
    /// it. The gate is closed. The queues are to be [worked](Queue::work) when all locks are let go.
    pub(super) fn replay(
        &self,
        history: &RecentHistory,
        destination: &Destination,
    ) -> Vec<Arc<Queue>> {
        let mut messages: BTreeMap<QueueId, (Arc<Queue>, Vec<Kept>)> = BTreeMap::new();
        let mut firsts = Firsts::default();
        let mut add = |queue: Arc<Queue>, kept| {
            messages.entry(queue.id).or_insert_with(|| (queue, Vec::new())).1.push(kept);
        };
        match destination {
            Destination::Queue(name) => {
                if let Some(queue) = self.find_queue(name.as_bytes()) {
                    history.kept().into_iter().for_each(|kept| add(Arc::clone(&queue), kept));
                }
            }
            Destination::Exchange(name) => {
                let mut routes = Routes::default();
                for (place, kept) in (0..).zip(history.kept()) {
                    self.replay_through(name, place, &kept, &mut routes);
                    // Nobody will send it again: a queue that refuses it changes nothing.
                    firsts.note(self, routes.take_noted(), None, None);
                    self.queues_of(&routes).for_each(|queue| add(queue, kept.clone()));
                }
            }
        }
        let publisher: Arc<dyn Session> = Arc::new(Nobody);
        let fate = firsts.share(&publisher, messages.len());
        let put = messages.into_values().map(|(queue, kept)| {
            queue.put(PublishBatch { fate: fate.clone(), ..batch(&queue, kept, &publisher) });
            queue
        });
        let queues = put.collect();
        if let Some(fate) = fate {
            fate.turn();
        }
        queues
    }

    fn replay_through(
        &self,
        exchange: &ExchangeName,
        place: u64,
        kept: &Kept,
        routes: &mut Routes,
    ) {
        let Some(message) = MessageRef::read(&kept.record) else { return };
        let (_, key) = split_address(message.address);
        let message = Message { key, chance: mix(place), ..(kept.read)(message.header) };
        let passing = Passing { message, keys: &[key], now: self.gate.now() };
        self.routing().pass_on(exchange.as_bytes(), &passing, routes);
        keep(routes, || kept.clone());
    }
}

/// Hands a message to those that keep it. All share one copy.
fn keep(routes: &Routes, kept: impl FnOnce() -> Kept) {
    if let [first, others @ ..] = routes.keepers() {
        let kept = kept();
        for history in others {
            history.keep(kept.clone());
        }
        first.keep(kept);
    }
}

/// A message as it waits for its time, if that is what the queue has it do: from now on.
fn stamped(queue: &Queue, kept: Kept) -> Kept {
    match MessageRef::read(&kept.record) {
        Some(message) if queue.is_waiting() => {
            let stamp = Stamp { accepted: Some(clock::now()), ..message.stamp };
            Kept { record: MessageRef { stamp, ..message }.to_bytes(), ..kept }
        }
        _ => kept,
    }
}

/// Messages that nobody waits for, each in a buffer of its own.
fn batch(queue: &Arc<Queue>, kept: Vec<Kept>, publisher: &Arc<dyn Session>) -> PublishBatch {
    let kept: Vec<_> = kept.into_iter().map(|kept| stamped(queue, kept)).collect();
    let messages = (0..).zip(&kept).filter_map(|(segment, kept)| {
        let message = MessageRef::read(&kept.record)?;
        Some(Placed {
            segment,
            offset: 0,
            body_len: u32::try_from(message.body.len()).unwrap_or(u32::MAX),
            channel: ChannelId(0),
            confirm: None,
            persistent: kept.persistent,
            marked: message.stamp.accepted.is_some(),
        })
    });
    let messages: Vec<_> = messages.collect();
    let persistent = messages.iter().any(|message| message.persistent);
    let segments = kept.into_iter().map(|kept| kept.record);
    let octets = octets(segments, persistent, std::iter::once(queue));
    PublishBatch { octets, messages, publisher: Arc::clone(publisher), fate: None }
}

/// What exchanges may look at beside the routing key.
pub fn seen_by_exchanges<'a>(properties: &Properties<'a>, chance: u64) -> Message<'a> {
    Message {
        key: &[],
        headers: properties.headers(),
        correlation_id: properties.correlation_id(),
        message_id: properties.message_id(),
        timestamp: properties.timestamp(),
        chance,
    }
}

/// The same, from a content header.
pub fn read_header(header: &[u8]) -> Message<'_> {
    let properties = parse_header(header).map(|header| header.properties).unwrap_or_default();
    seen_by_exchanges(&properties, 0)
}
