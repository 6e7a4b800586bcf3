//! Gathers a connection's publishes into one batch for each queue: one look at the routes and
//! one copy for each message, one lock for each queue and batch.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;

use super::outbox::Outbox;
use super::segments::Segments;
use crate::amqp::id::{ChannelId, PublishTag, QueueId, Timestamp};
use crate::amqp::message::MessageRef;
use crate::codec::header::read_priority;
use crate::queue::settings::Priorities;
use crate::topology::routing::Sight;
use crate::vhost::accept;
use crate::vhost::batch::{Placed, PublishBatch, octets};
use crate::vhost::clock;
use crate::vhost::fate::{Fate, Firsts, Place};
use crate::vhost::host::Vhost;
use crate::vhost::queue::Queue;
use crate::vhost::routes::Route;
use crate::vhost::session::Session;

/// Messages from this size on keep a buffer of their own.
pub(super) const OWN_SEGMENT_MIN: usize = 32 << 10;

/// A message's terms, as its channel and its properties have them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Outgoing {
    pub(super) channel: ChannelId,
    pub(super) confirm: Option<PublishTag>,
    pub(super) persistent: bool,
    /// Whether its properties say something of its life in a queue.
    pub(super) marked: bool,
    /// Answers that its confirm waits for besides those of its queues.
    pub(super) answers: u32,
    pub(super) body_len: u32,
}

/// The batch that a connection gathers from one read of its socket.
#[derive(Debug)]
pub(super) struct Publisher {
    outbox: Arc<Outbox>,
    vhost: Arc<Vhost>,
    segments: Segments,
    /// Messages one behind the other that take the same route, not yet noted with its queues.
    run: Vec<Placed>,
    route: Route,
    /// The most levels of a queue of the route. What is logged is not told apart by them, as it
    /// goes there in its order.
    levels: Priorities,
    /// Whether persistent messages of the route are logged.
    logged: bool,
    queues: Vec<Pending>,
    by_queue: HashMap<QueueId, usize, foldhash::fast::RandomState>,
    registered: Vec<(ChannelId, u32)>,
    /// Duplicates to be confirmed when what they are duplicates of is durable.
    duplicates: Vec<(ChannelId, PublishTag)>,
    /// Duplicates of messages of which nobody knows yet what becomes of them.
    open: Vec<OpenDuplicate>,
    /// Values that exchanges saw first with messages of the batch.
    firsts: Firsts,
    /// Whether any message of the batch is persistent.
    persistent: bool,
    /// When the batch was begun, once somebody has asked.
    now: Option<Timestamp>,
}

/// A publish to be answered as that is of which it is a duplicate.
#[derive(Debug)]
struct OpenDuplicate {
    sight: Sight,
    channel: ChannelId,
    tag: PublishTag,
    persistent: bool,
}

#[derive(Debug)]
struct Pending {
    queue: Arc<Queue>,
    messages: Vec<Placed>,
}

impl Publisher {
    pub(super) fn new(outbox: Arc<Outbox>, vhost: Arc<Vhost>) -> Self {
        Self {
            outbox,
            vhost,
            segments: Segments::default(),
            run: Vec::new(),
            route: Route::default(),
            levels: Priorities::default(),
            logged: false,
            queues: Vec::new(),
            by_queue: HashMap::default(),
            registered: Vec::new(),
            duplicates: Vec::new(),
            open: Vec::new(),
            firsts: Firsts::default(),
            persistent: false,
            now: None,
        }
    }

    /// The time at which the messages of the batch are accepted.
    pub(super) fn now(&mut self) -> Timestamp {
        *self.now.get_or_insert_with(clock::now)
    }

    /// Adds a message for each queue of `route`, copying it into a segment that the read's messages
    /// of its level share. Returns where it lies, if it goes anywhere.
    #[inline]
    pub(super) fn add(
        &mut self,
        terms: Outgoing,
        message: &MessageRef<'_>,
        route: &Route,
    ) -> Option<Place> {
        self.register(terms, route.len());
        if route.is_empty() {
            return None;
        }
        self.turn_to(route);
        let separate = self.levels.highest > 0 && !(terms.persistent && self.logged);
        let level = if separate { self.levels.level(read_priority(message.header)) } else { 0 };
        let place = self.segments.append(level, message);
        Some(self.place(terms, place))
    }

    /// As [`Self::add`], for a message that keeps the buffer it is in.
    pub(super) fn add_whole(
        &mut self,
        terms: Outgoing,
        record: Bytes,
        route: &Route,
    ) -> Option<Place> {
        self.register(terms, route.len());
        if route.is_empty() {
            return None;
        }
        self.turn_to(route);
        let place = self.segments.push(record);
        Some(self.place(terms, place))
    }

    /// Has exchanges that saw values first with the message at `place`, which was just added, hear
    /// what becomes of it, and answer for it as one queue more.
    pub(super) fn note_first(
        &mut self,
        terms: Outgoing,
        place: Option<Place>,
        sights: impl Iterator<Item = Sight>,
    ) {
        let answer = terms.confirm.map(|tag| (terms.channel, tag));
        self.firsts.note(&self.vhost, sights, place, answer);
    }

    /// Has exchanges answer for a message that each of them took for a duplicate of one of which
    /// nobody knows yet what becomes of it.
    pub(super) fn note_open(&mut self, terms: Outgoing, open: &[Sight]) {
        let Outgoing { channel, confirm: Some(tag), persistent, .. } = terms else { return };
        let sights = open.iter().cloned();
        self.open.extend(sights.map(|sight| OpenDuplicate { sight, channel, tag, persistent }));
    }

    /// Adds a message that goes to no queue, as it is a duplicate of one that did. A persistent one
    /// is confirmed when all that went to the log before it is durable; of those in `open` nobody
    /// knows yet what becomes of the one that it is a duplicate of.
    pub(super) fn add_duplicate(&mut self, terms: Outgoing, open: &[Sight]) {
        if !open.is_empty() {
            self.register(terms, open.len());
            return self.note_open(terms, open);
        }
        let waiting = terms.confirm.filter(|_| terms.persistent);
        self.register(terms, waiting.iter().len());
        self.duplicates.extend(waiting.map(|tag| (terms.channel, tag)));
    }

    /// Hands the batch over to the queues.
    pub(super) fn flush(&mut self) {
        self.number();
        self.end_run();
        self.now = None;
        let fate = self.share_firsts();
        if !self.queues.is_empty() {
            self.submit(fate.as_ref());
        }
        if let Some(fate) = fate {
            fate.turn();
        }
        if !self.duplicates.is_empty() {
            let (duplicates, outbox) = (std::mem::take(&mut self.duplicates), &self.outbox);
            let publisher = Arc::clone(outbox) as Arc<dyn Session>;
            self.vhost.barrier().on_done(move || accept(&*publisher, duplicates.into_iter()));
        }
        for duplicate in std::mem::take(&mut self.open) {
            self.follow(duplicate);
        }
    }

    fn share_firsts(&mut self) -> Option<Arc<Fate>> {
        if self.firsts.is_empty() {
            return None;
        }
        let publisher = Arc::clone(&self.outbox) as Arc<dyn Session>;
        self.firsts.share(&publisher, self.queues.len())
    }

    /// Answers a duplicate as soon as it is known what becomes of the first.
    fn follow(&self, duplicate: OpenDuplicate) {
        let OpenDuplicate { sight: (exchange, value), channel, tag, persistent } = duplicate;
        let (outbox, vhost) = (Arc::clone(&self.outbox), Arc::clone(&self.vhost));
        let told = move |is_accepted: bool| {
            if !is_accepted {
                outbox.rejected(channel, &[tag]);
            } else if persistent {
                vhost.barrier().on_done(move || outbox.accepted(channel, &[tag]));
            } else {
                outbox.accepted(channel, &[tag]);
            }
        };
        exchange.when_known(value, Box::new(told));
    }

    /// Hands each queue what is for it.
    fn submit(&mut self, fate: Option<&Arc<Fate>>) {
        let persistent = std::mem::take(&mut self.persistent);
        let queues = self.queues.iter().map(|pending| &pending.queue);
        let octets = octets(self.segments.take(), persistent, queues);
        self.by_queue.clear();
        for Pending { queue, messages } in self.queues.drain(..) {
            let publisher = Arc::clone(&self.outbox) as Arc<dyn Session>;
            let (octets, fate) = (octets.clone(), fate.cloned());
            queue.publish(PublishBatch { octets, messages, publisher, fate });
        }
    }

    /// Goes on with messages of that route.
    #[inline]
    fn turn_to(&mut self, route: &Route) {
        if !Arc::ptr_eq(&self.route, route) {
            self.end_run();
            self.route = Arc::clone(route);
            let levels = route.iter().filter(|it| !it.is_quorum()).map(|it| it.priorities);
            self.levels = levels.max_by_key(|levels| levels.highest).unwrap_or_default();
            self.logged = route.iter().any(|queue| queue.durable);
        }
    }

    /// Adds a message to the run.
    #[inline]
    fn place(&mut self, terms: Outgoing, place: Place) -> Place {
        self.persistent |= terms.persistent;
        self.run.push(terms.placed(place));
        place
    }

    /// Notes the run with each queue of its route.
    #[allow(clippy::indexing_slicing, reason = "by_queue holds places in queues")]
    fn end_run(&mut self) {
        let Self { queues, by_queue, route, run, .. } = self;
        if run.is_empty() {
            return;
        }
        for queue in &**route {
            let place = *by_queue.entry(queue.id).or_insert_with(|| {
                queues.push(Pending { queue: Arc::clone(queue), messages: Vec::new() });
                queues.len() - 1
            });
            queues[place].messages.extend_from_slice(run);
        }
        run.clear();
    }

    /// Notes how many queues a confirm waits for.
    #[inline]
    fn register(&mut self, terms: Outgoing, queues: usize) {
        if terms.confirm.is_some() {
            let pending = u32::try_from(queues).unwrap_or(u32::MAX);
            self.registered.push((terms.channel, pending.saturating_add(terms.answers)));
        }
    }

    /// Has the channels number what they confirm.
    fn number(&mut self) {
        for run in self.registered.chunk_by(|a, b| a.0 == b.0) {
            if let Some((channel, _)) = run.first() {
                self.outbox.number(*channel, run.iter().map(|(_, pending)| *pending));
            }
        }
        self.registered.clear();
    }
}

impl Outgoing {
    /// Those of a message that says nothing of its life in a queue.
    #[inline]
    pub(super) fn new(
        channel: ChannelId,
        confirm: Option<PublishTag>,
        persistent: bool,
        body: usize,
    ) -> Self {
        let body_len = u32::try_from(body).unwrap_or(u32::MAX);
        Self { channel, confirm, persistent, marked: false, answers: 0, body_len }
    }

    #[inline]
    fn placed(self, (segment, offset): Place) -> Placed {
        let Self { channel, confirm, persistent, marked, body_len, .. } = self;
        Placed { segment, offset, body_len, channel, confirm, persistent, marked }
    }
}
