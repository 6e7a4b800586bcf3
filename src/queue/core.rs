//! The queue core: what is ready, what is unacked, and who gets the next message.

use super::apart::Apart;
use super::attempts::Counts;
use super::command::{Attach, ChannelLimit, Command, Exclusivity, Key, Marks, Settlement, Stored};
use super::consumers::{Consumers, Wanting};
use super::deadlines::Deadlines;
use super::delayed::Delayed;
use super::delays::Ripened;
use super::duplicates::Known;
use super::dying::{Death, Dying};
use super::effect::{Effect, Effects};
use super::groups::Groups;
use super::lane::{Lane, Message};
use super::later::Later;
use super::levels::Levels;
use super::lifetimes::Lifetimes;
use super::rate::Pacer;
use super::ready::Ready;
use super::settings::{Dead, Settings};
use super::unacked::{Holder, Unacked};
use super::waiting::Waiting;
use crate::amqp::ack_mode::AckMode;
use crate::amqp::id::{ConsumerId, MessageIndex, Timestamp};
use crate::amqp::run::Run;

/// One queue.
///
/// Messages are delivered in the order of their places, so that a requeue restores the original
/// order. A cold message is not passed over: what is behind it waits until it is loaded
/// ([`paging`](super::paging)).
#[derive(Debug, Default)]
pub struct Queue {
    pub(super) settings: Settings,
    pub(super) ready: Levels,
    pub(super) unacked: Unacked,
    pub(super) dying: Dying,
    pub(super) deadlines: Deadlines,
    pub(super) lifetimes: Lifetimes,
    pub(super) counts: Counts,
    pub(super) pacer: Pacer,
    pub(super) known: Known,
    pub(super) delayed: Delayed,
    /// What has left the delayed ones since its owner last asked.
    pub(super) ripened: Vec<Ripened>,
    pub(super) groups: Groups,
    /// Messages that came back and wait before they are ready again.
    pub(super) later: Later,
    /// Ready messages that wait for others of their group, and are not in line.
    pub(super) waiting: Apart,
    pub(super) consumers: Consumers,
    pub(super) next_index: u64,
    /// Whether messages came back, and what is too much goes before the next is delivered.
    pub(super) trims_first: bool,
    last_active: Timestamp,
    /// The time of the last call.
    pub(super) now: Timestamp,
}

impl Queue {
    /// An empty queue without consumers.
    pub fn new() -> Self {
        Self::default()
    }

    /// A queue whose ready messages are these runs, in index order, all before `next_index`.
    pub fn restored(next_index: u64, runs: impl IntoIterator<Item = Run>) -> Self {
        let lane = Lane::restored(runs);
        debug_assert!(lane.runs().last().is_none_or(|last| last.end().0 <= next_index));
        Self { ready: Levels::flat(Ready::restored(lane)), next_index, ..Self::default() }
    }

    /// The same queue, which works as `settings` say. It has no consumers yet.
    #[must_use]
    pub fn with_settings(self, settings: Settings) -> Self {
        debug_assert!(self.consumers.is_empty());
        let consumers = Consumers::new(settings.serving);
        let ready = self.ready.with_levels(settings.priorities.highest);
        debug_assert!(self.waiting.is_empty());
        let waiting = if ready.is_flat() { Apart::default() } else { Apart::of_many_levels() };
        let mut queue = Self { settings, ready, waiting, consumers, ..self };
        queue.begin_lifetime();
        queue.expect_deadlines();
        queue.pacer.set(settings.delivery_rate);
        queue
    }

    /// How it works.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Has it work as `settings` say from now on. What a message was promised when it came stays.
    pub fn configure(&mut self, settings: Settings) {
        let Settings { serving, priorities, message_ttl, .. } = self.settings;
        self.settings = Settings { serving, priorities, ..settings };
        if settings.message_ttl != message_ttl {
            self.begin_lifetime();
        }
        self.pacer.set(settings.delivery_rate);
    }

    /// Applies `commands` in order, then delivers what the consumers can take within the budget of
    /// `effects`. What the consumers can take is also delivered before a get, a purge and the start
    /// of another consumer, so that these come after what was ready before them. Then what is too
    /// much is dropped; where messages came back, [before](Settings::trims_first) too.
    ///
    /// Adds to `effects`, which belongs to the caller. When the budget did not suffice,
    /// [`has_deliverable`](Self::has_deliverable) says so, and a call without commands goes on.
    pub fn apply(&mut self, now: Timestamp, commands: &[Command], effects: &mut Effects) {
        // What the last call's budget did not suffice for goes to who was ready then.
        let goes_on = commands.is_empty() && self.has_deliverable();
        self.now = now;
        if !goes_on {
            self.expire(Timestamp(now.0.saturating_sub(1)), effects);
        }
        if !self.later.is_empty() {
            self.bring_back();
        }
        if !commands.is_empty() {
            self.last_active = self.last_active.max(now);
        }
        for command in commands {
            match *command {
                Command::Enqueue(stored) => self.enqueue(stored),
                Command::EnqueueMarked(stored, marks) => self.enqueue_marked(stored, marks),
                Command::Refuse(stored) => {
                    let message = self.place(stored);
                    self.kill(message, Death::MaxLength, effects);
                }
                Command::Identify { index, key } => self.identify(index, key),
                Command::Delay { stored: Stored { store, bytes }, due, lifetime, id, priority } => {
                    let priority = self.settings.priorities.level(priority);
                    let waiting = Waiting::new(due, MessageIndex(0), store, bytes);
                    let lifetime = (lifetime < u64::MAX).then_some(lifetime);
                    self.delay(Waiting { id, priority, ..waiting }, lifetime);
                }
                Command::CancelDelayed { index, due } => self.cancel_delayed((due, index), effects),
                Command::Settle { index, outcome } => self.settle(index, outcome, effects),
                Command::Attach(attach) => self.attach(&attach, effects),
                Command::Detach { consumer } => self.detach(consumer, effects),
                Command::Get { request, acks } => self.get_one(request, acks, effects),
                Command::Pause { consumer } => self.consumers.pause(consumer),
                Command::Resume { consumer } => self.consumers.resume(consumer),
                Command::Grant { consumer, credit } => {
                    let refused = self.consumers.grant(consumer, credit);
                    give_back(consumer, refused, effects);
                }
                Command::LimitChannel { consumer, limit } => {
                    self.limit_channel(consumer, limit, effects);
                }
                Command::Bury { index } => {
                    if let Some(message) = self.dying.remove(index) {
                        effects.release(index, message.store);
                    }
                }
                Command::Purge { request } => self.purge(request, effects),
            }
        }
        if !self.delayed.is_empty() {
            self.ripen();
        }
        if self.settings.hands_on {
            self.hand_on(effects);
        }
        self.deliver(effects);
        if !self.has_deliverable() {
            self.expire(now, effects);
        }
        self.trim(effects);
        self.tell_deaths(effects);
        if !(self.known.is_empty() && self.groups.is_idle()) {
            self.forget_released(effects);
        }
        self.consumers.take_back_allowances(|consumer, credit| {
            give_back(consumer, credit, effects);
        });
    }

    /// The index that the next message is given.
    pub fn next_index(&self) -> u64 {
        self.next_index
    }

    /// How many messages are ready, in memory or not.
    pub fn ready(&self) -> usize {
        self.ready.len() + self.waiting.len()
    }

    /// How many messages are unacked.
    pub fn unacked(&self) -> usize {
        self.unacked.len()
    }

    /// How many consumers there are.
    pub fn consumers(&self) -> usize {
        self.consumers.len()
    }

    /// The size of the bodies of the ready messages.
    pub fn ready_bytes(&self) -> u64 {
        self.ready.bytes() + self.waiting.bytes()
    }

    /// The size of the bodies of the unacked messages.
    pub fn unacked_bytes(&self) -> u64 {
        self.unacked.bytes()
    }

    /// When it was last given a command.
    pub fn last_active(&self) -> Timestamp {
        self.last_active
    }

    /// Whether a consumer may start beside those that run.
    pub fn admits(&self, exclusivity: Exclusivity) -> bool {
        self.consumers.admits(exclusivity)
    }

    /// Whether a call without commands would deliver something. A channel-limited consumer counts
    /// for nothing here: it takes messages only in a call that grants it an allowance.
    pub fn has_deliverable(&self) -> bool {
        let is_some = self.ready.is_front_hot() && self.consumers.any_can_take();
        (is_some || self.has_own()) && self.pacer.is_open(self.now)
    }

    /// The channel-limited consumers that could take messages if they were granted credit. The
    /// highest priority comes first; among equals who was served last comes last.
    pub fn wanting(&self) -> impl Iterator<Item = Wanting> {
        let is_open = self.pacer.is_open(self.now);
        self.consumers.wanting().take_while(move |_| is_open)
    }

    /// Takes note of what a message is known by that is about to be enqueued, or was looked at.
    pub fn identify(&mut self, index: MessageIndex, key: Key) {
        match key {
            Key::Value(value) => self.known.insert(index, value),
            Key::Group(group) => {
                self.groups.insert(index, group);
                self.hold_up(index);
            }
        }
    }

    /// Whether something of a message has to be found again after a restart.
    fn is_known_by(&self, index: MessageIndex) -> bool {
        self.known.has(index) || self.groups.has(index)
    }

    fn enqueue(&mut self, stored: Stored) {
        if self.settings.message_ttl.is_none()
            && self.deadlines.is_idle()
            && let Some(ready) = self.ready.flat_mut()
        {
            ready.lane.push_back(Message::new(
                MessageIndex(self.next_index),
                stored.store,
                stored.bytes,
            ));
            self.next_index += 1;
        } else {
            self.enqueue_marked(stored, Marks::default());
        }
    }

    fn enqueue_marked(&mut self, stored: Stored, marks: Marks) {
        let deadline = self.settings.deadline(self.now, marks);
        let priority = self.settings.priorities.level(marks.priority);
        let placed = self.place(stored);
        let marked = marks.is_any() || self.is_known_by(placed.index);
        let message = Message { deadline, marked, priority, ..placed };
        if deadline == Timestamp::NEVER && self.deadlines.is_idle() {
            self.ready.push_back(message);
        } else {
            let in_order = self.ready.append(message);
            self.deadlines.append(&message, in_order);
        }
    }

    #[inline]
    fn place(&mut self, Stored { store, bytes }: Stored) -> Message {
        let index = MessageIndex(self.next_index);
        self.next_index += 1;
        Message::new(index, store, bytes)
    }

    fn settle(&mut self, index: MessageIndex, outcome: Settlement, effects: &mut Effects) {
        let Some((message, holder)) = self.unacked.remove(index) else { return };
        if let Holder::Consumer(consumer) = holder {
            self.consumers.credit(consumer);
        }
        match outcome {
            Settlement::Ack => {
                if message.redelivered {
                    self.counts.forget(index);
                }
                effects.release(index, message.store);
            }
            Settlement::Discard => self.kill(message, Death::Rejected, effects),
            Settlement::Requeue | Settlement::Fail => {
                self.take_back(message, outcome, effects);
                self.trims_first = self.settings.trims_first();
            }
        }
        if !self.groups.is_idle() {
            self.settle_group(&message);
        }
    }

    /// Has a message die that is neither ready nor unacked any more.
    pub(super) fn kill(&mut self, message: Message, death: Death, effects: &mut Effects) {
        self.counts.forget(message.index);
        if !self.groups.is_idle() {
            self.leave_group(&message);
        }
        match self.settings.dead {
            Dead::Dropped => effects.release(message.index, message.store),
            Dead::Published | Dead::Kept => {
                // Its dead letter may come back to this queue, and is no duplicate of it.
                self.known.remove(message.index);
                self.dying.insert(message, death);
            }
        }
    }

    /// Says which messages died that are in memory now.
    pub(super) fn tell_deaths(&mut self, effects: &mut Effects) {
        self.dying.tell(|&Message { index, store, .. }, death| {
            effects.push(Effect::Died { index, store, death });
        });
    }

    /// Whether messages have died that wait to be where they have to go.
    #[inline]
    pub fn is_dying(&self) -> bool {
        !self.dying.is_empty()
    }

    /// The messages in memory that died and that no effect has told of, for a queue that goes.
    pub fn last_deaths(&self) -> impl Iterator<Item = (&Message, Death)> {
        self.dying.waiting()
    }

    fn attach(&mut self, attach: &Attach, effects: &mut Effects) {
        self.serve(effects);
        if self.consumers.admits(attach.exclusivity) {
            self.consumers.attach(attach);
        } else {
            effects.push(Effect::Refused { consumer: attach.consumer });
        }
    }

    fn detach(&mut self, consumer: ConsumerId, effects: &mut Effects) {
        let Some(allowance) = self.consumers.detach(consumer) else { return };
        give_back(consumer, allowance, effects);
        if self.consumers.is_empty() {
            effects.push(Effect::Unused);
        }
    }

    fn limit_channel(&mut self, id: ConsumerId, limit: ChannelLimit, effects: &mut Effects) {
        let left = self.consumers.limit_channel(id, limit);
        give_back(id, left, effects);
    }

    fn get_one(&mut self, request: u32, acks: AckMode, effects: &mut Effects) {
        self.serve(effects);
        let Some(message) = self.ready.pop_front() else {
            effects.push(match self.ready.len() {
                0 => Effect::GetEmpty { request },
                _ => Effect::GetCold { request },
            });
            return;
        };
        self.pacer.pass(self.now, 1);
        if !self.groups.is_idle() {
            self.join(&message, Holder::Get, acks);
        }
        let delivery = self.hand_out(message, Holder::Get, acks, effects);
        let remaining = u32::try_from(self.ready()).unwrap_or(u32::MAX);
        effects.push(Effect::Got { request, remaining, delivery });
        if acks == AckMode::Automatic {
            effects.release(message.index, message.store);
        }
    }

    /// Removes what is ready, what came back and waits, and the dead that are kept because nobody
    /// takes them (RabbitMQ: `rabbit_fifo:apply/3` of a purge).
    fn purge(&mut self, request: u32, effects: &mut Effects) {
        self.serve(effects);
        let mut count = self.ready() + self.later.len();
        let mut waiting: Vec<Message> = self.waiting.drain().chain(self.later.drain()).collect();
        for Ready { mut lane, mut apart, .. } in self.ready.drain() {
            let (hot, runs) = lane.drain();
            for message in apart.drain().chain(waiting.drain(..)).chain(hot) {
                effects.release(message.index, message.store);
            }
            effects.release_runs(runs);
        }
        if self.settings.dead == Dead::Kept {
            let dying = std::mem::take(&mut self.dying);
            count += dying.len();
            dying.iter().for_each(|message| effects.release(message.index, message.store));
        }
        self.groups.forget_waiting();
        self.forget_deadlines();
        self.forget_ready_counts();
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        effects.push(Effect::Purged { request, count });
    }

    /// Delivers what consumers can take, and drops what is too much then.
    fn serve(&mut self, effects: &mut Effects) {
        self.deliver(effects);
        self.trim(effects);
    }
}

fn give_back(consumer: ConsumerId, credit: u32, effects: &mut Effects) {
    if credit > 0 {
        effects.push(Effect::Unspent { consumer, credit });
    }
}
