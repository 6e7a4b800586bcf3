//! What stands behind a queue's lock: the core decides, the worker carries out.

use std::collections::HashMap;
use std::sync::Arc;

use super::alarm::Alarm;
use super::backing::Backing;
use super::batch::{Leaving, PublishBatch, Task};
use super::burial::letter::DeadLetters;
use super::credit::{Share, deal};
use super::delays::enqueue_marked;
use super::inbox::Worker;
use super::journal::accept;
use super::keys::Keys;
use super::lease::Lease;
use super::session::{self, Consumer, Credit, Room, Session};
use crate::amqp::ack_mode::AckMode;
use crate::amqp::attempts::Attempts;
use crate::amqp::id::{ChannelId, ConnectionId, ConsumerId, QueueId};
use crate::amqp::message::Resting;
use crate::queue::command::{Attach, ChannelLimit, Command, Exclusivity, Settlement, Stored};
use crate::queue::consumers::Wanting;
use crate::queue::core::Queue;
use crate::queue::effect::{Budget, Delivery, Effect, Effects};
use crate::queue::settings::Settings;
use crate::store::memory::{Durability, MemoryStore};

/// What is delivered between two looks at whether the receivers still have room.
const BUDGET: Budget = Budget { messages: 256, bytes: 256 << 10 };

/// How many of each a queue holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    /// Messages ready for delivery.
    pub ready: u64,
    /// Messages delivered and not settled.
    pub unacked: u64,
    /// Consumers.
    pub consumers: u32,
}

/// How a consumer consumes.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// It is served before those of a lower priority.
    pub priority: i64,
    /// Unacked messages it may hold, 0 for any number.
    pub prefetch: u16,
    /// Whether it settles.
    pub acks: AckMode,
    /// Whether it wants the queue for itself.
    pub exclusivity: Exclusivity,
    /// Whether its channel has a limit of its own.
    pub limit: ChannelLimit,
}

/// Why a consumer did not start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotAttached {
    /// The queue is, or would have to be, in exclusive use.
    ExclusiveUse,
    /// The queue was deleted since it was found.
    Deleted,
}

/// A queue's core and the contents of its messages.
#[derive(Debug)]
pub(super) struct QueueWorker {
    queue: QueueId,
    pub(super) core: Queue,
    pub(super) store: MemoryStore,
    /// Its part in the store, if there is one.
    pub(super) backing: Option<Backing>,
    consumers: HashMap<ConsumerId, Attached, foldhash::fast::RandomState>,
    pub(super) commands: Vec<Command>,
    pub(super) effects: Effects,
    /// Consumers' sessions and the places of their deliveries among the effects.
    grouped: Vec<(ConnectionId, usize)>,
    /// Scratch for granting channel credit.
    shares: Vec<Share>,
    pub(super) alarm: Alarm,
    /// Where what dies in it is published, if anywhere.
    pub(super) dead_letters: Option<Arc<DeadLetters>>,
    /// How long it stays without being used, if its owner wants to know.
    pub(super) lease: Option<Lease>,
    /// What it knows its messages by, if by anything.
    pub(super) keys: Option<Keys>,
    /// How many duplicates came.
    pub(super) duplicates: u64,
    closed: bool,
}

#[derive(Debug)]
struct Attached {
    consumer: Consumer,
    limit: ChannelLimit,
}

impl Worker for QueueWorker {
    type Task = Task;

    fn work(&mut self, task: Task) {
        match task {
            Task::Publish(batch) => self.publish(&batch),
            Task::Settle(settled) => {
                self.commands.extend(
                    settled.into_iter().map(|(index, outcome)| Command::Settle { index, outcome }),
                );
                self.run();
            }
            Task::Loaded(read) => self.loaded(read),
            Task::Left(copied) => self.left(copied),
            Task::Relieve => self.relieve(),
            Task::Tick => {
                self.alarm.rung();
                self.run();
            }
            Task::Buried(buried) => self.bury(buried),
            Task::Resume(session) => {
                self.each_of(session, |consumer| Command::Resume { consumer });
                self.run();
            }
        }
    }

    fn advance(&mut self) -> usize {
        if self.core.has_deliverable()
            || (self.core.at_hand(1) > 0 && self.core.wanting().next().is_some())
        {
            self.run()
        } else {
            0
        }
    }
}

impl QueueWorker {
    /// The worker of a queue that holds what `core` does.
    pub(super) fn new(queue: QueueId, core: Queue, backing: Option<Backing>, alarm: Alarm) -> Self {
        Self {
            queue,
            core,
            store: MemoryStore::default(),
            backing,
            consumers: HashMap::default(),
            commands: Vec::new(),
            effects: Effects::new(BUDGET),
            grouped: Vec::new(),
            shares: Vec::new(),
            alarm,
            dead_letters: None,
            lease: None,
            keys: None,
            duplicates: 0,
            closed: false,
        }
    }

    /// Has it work as `settings` say from now on.
    pub(super) fn configure(&mut self, settings: Settings, dead_letters: Option<Arc<DeadLetters>>) {
        self.dead_letters = dead_letters;
        self.core.configure(settings);
        self.run();
    }

    /// Whether it has something to do though nobody asks for anything.
    pub(super) fn is_restless(&self) -> bool {
        self.core.wanted_anyway().is_some() || self.core.next_wake().is_some()
    }

    pub(super) fn counts(&self) -> Counts {
        Counts {
            ready: self.core.ready() as u64,
            unacked: self.core.unacked() as u64,
            consumers: u32::try_from(self.consumers.len()).unwrap_or(u32::MAX),
        }
    }

    pub(super) fn attach(
        &mut self,
        consumer: Consumer,
        terms: Terms,
        announce: impl FnOnce(),
    ) -> Result<(), NotAttached> {
        let Terms { priority, prefetch, acks, exclusivity, limit } = terms;
        if self.closed {
            return Err(NotAttached::Deleted);
        }
        if !self.core.admits(exclusivity) {
            return Err(NotAttached::ExclusiveUse);
        }
        announce();
        let (id, session) = (consumer.id, Arc::clone(&consumer.session));
        let attached = Attached { consumer, limit: ChannelLimit::Absent };
        self.consumers.insert(id, attached);
        self.commands.push(Command::Attach(Attach {
            consumer: id,
            priority,
            prefetch,
            acks,
            exclusivity,
            limit: ChannelLimit::Absent,
        }));
        if acks == AckMode::Manual {
            self.limit(id, limit);
        }
        if session.room(self.queue) == Room::Full {
            self.commands.push(Command::Pause { consumer: id });
        }
        self.run();
        Ok(())
    }

    pub(super) fn detach(&mut self, id: ConsumerId) -> bool {
        if self.consumers.remove(&id).is_none() {
            return false;
        }
        self.commands.push(Command::Detach { consumer: id });
        self.run();
        self.renew();
        self.consumers.is_empty()
    }

    /// Stops deliveries to a consumer, which is about to go.
    pub(super) fn silence(&mut self, id: ConsumerId) {
        if self.consumers.contains_key(&id) {
            self.commands.push(Command::Pause { consumer: id });
            self.run();
        }
    }

    /// Ends consumers and requeues what they had, before anybody else is served: so whoever takes
    /// over gets the messages in order. Returns whether the last consumer has gone.
    pub(super) fn leave(&mut self, leaving: &Leaving) -> bool {
        let mut gone = false;
        for id in &leaving.consumers {
            if self.consumers.remove(id).is_some() {
                self.commands.push(Command::Detach { consumer: *id });
                gone = true;
            }
        }
        let outcome = Settlement::Fail;
        let requeued = leaving.requeued.iter();
        self.commands.extend(requeued.map(|index| Command::Settle { index: *index, outcome }));
        self.run();
        if gone {
            self.renew();
        }
        gone && self.consumers.is_empty()
    }

    pub(super) fn get(&mut self, session: &dyn Session, channel: ChannelId, acks: AckMode) -> bool {
        self.renew();
        self.load_front();
        self.commands.push(Command::Get { request: 0, acks });
        self.apply();
        self.deliver();
        let mut found = false;
        for (place, effect) in self.effects.list().iter().enumerate() {
            if let Effect::Got { remaining, delivery, .. } = effect
                && let Some(Resting { message, .. }) = self.store.read(delivery.store)
            {
                found = true;
                let Delivery { index, redelivered, .. } = *delivery;
                let attempts = self.attempts(place, redelivered);
                let got = session::Got { acks, index, redelivered, attempts, message };
                session.got(self.queue, channel, got, (*remaining).into());
            }
        }
        self.finish();
        found
    }

    pub(super) fn purge(&mut self) -> u64 {
        self.commands.push(Command::Purge { request: 0 });
        self.apply();
        self.deliver();
        let purged = self.effects.list().iter().find_map(|effect| match effect {
            Effect::Purged { count, .. } => Some(u64::from(*count)),
            _ => None,
        });
        self.finish();
        purged.unwrap_or_default()
    }

    pub(super) fn limit_channel(
        &mut self,
        session: ConnectionId,
        channel: ChannelId,
        limit: ChannelLimit,
    ) {
        let of_channel = |attached: &&Attached| {
            attached.consumer.session.id() == session && attached.consumer.channel == channel
        };
        let mut ids: Vec<_> =
            self.consumers.values().filter(of_channel).map(|a| a.consumer.id).collect();
        ids.sort_unstable();
        for id in ids {
            self.limit(id, limit);
        }
        self.run();
    }

    /// Drops everything; returns the consumers that were left.
    pub(super) fn close(&mut self) -> Vec<Consumer> {
        self.closed = true;
        self.send_last_letters();
        self.lease = None;
        let mut consumers: Vec<_> =
            self.consumers.drain().map(|(_, attached)| attached.consumer).collect();
        consumers.sort_unstable_by_key(|consumer| consumer.id);
        if let Some(backing) = self.backing.take() {
            backing.delete(&self.core, &self.store);
        }
        self.core = Queue::default();
        self.store = MemoryStore::default();
        consumers
    }

    fn limit(&mut self, id: ConsumerId, limit: ChannelLimit) {
        let Some(attached) = self.consumers.get_mut(&id) else { return };
        if attached.limit != limit {
            attached.limit = limit;
            self.commands.push(Command::LimitChannel { consumer: id, limit });
        }
    }

    fn publish(&mut self, batch: &PublishBatch) {
        match self.core.vacancy() {
            None => self.take(batch),
            Some(vacancy) => self.publish_within(vacancy, batch),
        }
    }

    /// Takes in a batch for which there is room.
    pub(super) fn take(&mut self, batch: &PublishBatch) {
        match self.keys.clone().filter(|_| !self.closed) {
            None => self.enqueue(batch),
            Some(keys) => self.publish_known(&keys, batch),
        }
    }

    /// Takes messages in, and has their publisher hear of it.
    pub(super) fn enqueue(&mut self, batch: &PublishBatch) {
        if !self.closed {
            let is_delayed = self.core.settings().delayed;
            self.gather(batch, |stored, marked| match marked {
                None => Command::Enqueue(stored),
                Some(octets) => enqueue_marked(stored, octets, is_delayed),
            });
            if let Some(journal) = self.backing.as_mut().and_then(|it| it.journal.as_mut()) {
                journal.enqueue(batch, self.core.next_index());
            }
            self.run();
        }
        let logged = self.is_durable();
        let accepted = batch.messages.iter().filter(|message| !(logged && message.persistent));
        accept(&*batch.publisher, accepted.filter_map(|m| Some((m.channel, m.confirm?))));
    }

    /// Puts a batch's messages into memory, and gathers a command for each, which is given the
    /// octets of those that may say something themselves.
    pub(super) fn gather(
        &mut self,
        batch: &PublishBatch,
        command: impl Fn(Stored, Option<&[u8]>) -> Command,
    ) {
        let is_durable = self.is_durable();
        let reads_all = self.core.settings().reads_all();
        for run in batch.messages.chunk_by(|a, b| a.segment == b.segment) {
            let Some(segment) = run.first().and_then(|m| batch.octets.segment(m.segment)) else {
                continue;
            };
            let octets = segment.octets.clone();
            let mut segment = self.store.fill(segment.clone());
            self.commands.extend(run.iter().map(|message| {
                let logged = is_durable && message.persistent;
                let durability = if logged { Durability::Logged } else { Durability::Transient };
                let store = segment.insert(message.offset, durability);
                let octets = octets.get(message.offset as usize..).unwrap_or_default();
                let marked = (message.marked || reads_all).then_some(octets);
                command(Stored { store, bytes: message.body_len }, marked)
            }));
        }
    }

    fn is_durable(&self) -> bool {
        self.backing.as_ref().is_some_and(|backing| backing.journal.is_some())
    }

    /// Applies the commands gathered and carries out what follows, until no consumer has to be
    /// paused for it; returns the number of messages delivered.
    pub(super) fn run(&mut self) -> usize {
        let mut delivered = 0;
        loop {
            self.apply();
            delivered += self.deliver();
            self.settle_accounts();
            if self.commands.is_empty() && !self.core.has_excess() && !self.page() {
                return delivered;
            }
        }
    }

    /// Ends what [`Self::apply`] and [`Self::deliver`] began.
    fn finish(&mut self) {
        self.settle_accounts();
        if !self.commands.is_empty() || self.core.has_excess() {
            self.run();
        }
    }

    fn apply(&mut self) {
        self.grant();
        self.effects.clear();
        if self.closed {
            self.commands.clear();
            return;
        }
        self.core.apply(self.alarm.now(), &self.commands, &mut self.effects);
        self.commands.clear();
        if self.core.settings().delayed {
            self.take_ripened();
        }
        self.alarm.set(self.core.next_wake());
    }

    /// Sets channel credit aside for the deliveries to come. What the core does not use of it
    /// comes back as an effect.
    fn grant(&mut self) {
        if self.core.wanting().next().is_none() {
            return;
        }
        let is_enqueue =
            |it: &&Command| matches!(it, Command::Enqueue(_) | Command::EnqueueMarked(..));
        let enqueued = self.commands.iter().filter(is_enqueue);
        let at_hand = self.core.at_hand(BUDGET.messages as usize);
        let ready = u32::try_from(at_hand + enqueued.count()).unwrap_or(u32::MAX);
        if ready == 0 {
            return;
        }
        let mut shares = std::mem::take(&mut self.shares);
        for Wanting { consumer: id, priority, room } in self.core.wanting() {
            let Some(Attached { consumer, .. }) = self.consumers.get(&id) else { continue };
            let channel = (consumer.session.id(), consumer.channel);
            shares.push(Share { channel, priority, place: shares.len(), id, room, credit: 0 });
        }
        deal(&mut shares, ready.min(BUDGET.messages), |id, wanted| {
            self.consumers.get(&id).map_or(0, |Attached { consumer, .. }| {
                consumer.session.reserve_credit(self.queue, consumer.channel, wanted)
            })
        });
        let granted = shares.drain(..).filter(|share| share.credit > 0);
        self.commands.extend(
            granted.map(|share| Command::Grant { consumer: share.id, credit: share.credit }),
        );
        self.shares = shares;
    }

    /// Gives back unused credit and the messages that are gone.
    fn settle_accounts(&mut self) {
        self.send_letters();
        for effect in self.effects.list() {
            if let Effect::Unspent { consumer, credit } = effect
                && let Some(Attached { consumer, .. }) = self.consumers.get(consumer)
            {
                consumer.session.release_credit(consumer.channel, *credit);
            }
        }
        if let Some(backing) = &mut self.backing {
            backing.settle(&self.effects, &self.store);
        }
        for (_, store) in self.effects.released() {
            self.store.release(*store);
        }
        if self.store.is_wasteful() {
            self.store.compact(self.core.stores_mut());
        }
    }

    /// Hands the deliveries over, one call for each session.
    fn deliver(&mut self) -> usize {
        let mut grouped = std::mem::take(&mut self.grouped);
        // Neighbours mostly go to the same consumer.
        let mut last = None;
        for (place, effect) in self.effects.list().iter().enumerate() {
            let Effect::Deliver { consumer, .. } = effect else { continue };
            if last.is_none_or(|(id, _)| id != *consumer) {
                let Some(attached) = self.consumers.get(consumer) else { continue };
                last = Some((*consumer, attached.consumer.session.id()));
            }
            grouped.extend(last.map(|(_, session)| (session, place)));
        }
        if grouped.windows(2).any(|pair| matches!(pair, [a, b] if a.0 > b.0)) {
            grouped.sort_unstable();
        }
        let mut full = Vec::new();
        for run in grouped.chunk_by(|a, b| a.0 == b.0) {
            if self.deliver_to_session(run) == Room::Full {
                full.extend(run.first().map(|(session, _)| *session));
            }
        }
        for session in full {
            self.each_of(session, |consumer| Command::Pause { consumer });
        }
        let delivered = grouped.len();
        grouped.clear();
        self.grouped = grouped;
        delivered
    }

    fn deliver_to_session(&self, run: &[(ConnectionId, usize)]) -> Room {
        let Some(mut last) = run.first().and_then(|(_, place)| self.receiver(*place)) else {
            return Room::Left;
        };
        let session = &last.consumer.session;
        let mut deliveries = run.iter().filter_map(|(_, place)| {
            let Effect::Deliver { consumer, delivery } = self.effects.list().get(*place)? else {
                return None;
            };
            if last.consumer.id != *consumer {
                last = self.consumers.get(consumer)?;
            }
            let Attached { consumer, limit } = last;
            Some(session::Delivery {
                to: consumer,
                acks: delivery.acks,
                index: delivery.index,
                redelivered: delivery.redelivered,
                attempts: self.attempts(*place, delivery.redelivered),
                credit: match limit {
                    ChannelLimit::Present => Credit::Reserved,
                    ChannelLimit::Absent => Credit::Charge,
                },
                message: self.store.read(delivery.store)?,
            })
        });
        session.deliver(self.queue, &mut deliveries)
    }

    /// How often the message came back that the effect at that place hands out.
    #[inline]
    fn attempts(&self, place: usize, redelivered: bool) -> Option<Attempts> {
        if !redelivered {
            return None;
        }
        match self.effects.list().get(place.checked_sub(1)?)? {
            Effect::Again { attempts } => Some(*attempts),
            _ => None,
        }
    }

    /// Who the delivery at that place among the effects goes to.
    fn receiver(&self, place: usize) -> Option<&Attached> {
        match self.effects.list().get(place)? {
            Effect::Deliver { consumer, .. } => self.consumers.get(consumer),
            _ => None,
        }
    }

    /// Adds a command for every consumer of a session.
    fn each_of(&mut self, session: ConnectionId, command: impl Fn(ConsumerId) -> Command) {
        let start = self.commands.len();
        let of_session = self.consumers.values().filter(|a| a.consumer.session.id() == session);
        self.commands.extend(of_session.map(|attached| command(attached.consumer.id)));
        if let Some(added) = self.commands.get_mut(start..) {
            added.sort_unstable_by_key(|command| match command {
                Command::Pause { consumer } | Command::Resume { consumer } => *consumer,
                _ => ConsumerId(0),
            });
        }
    }
}

#[cfg(test)]
#[path = "worker_tests.rs"]
mod tests;
