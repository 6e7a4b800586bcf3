//! The consumers of a queue: their credit, and whose turn it is.

use std::cmp::Reverse;
use std::collections::HashMap;

use foldhash::fast::FixedState;

use super::command::{Attach, ChannelLimit, Exclusivity};
use super::settings::Serving;
use super::single_active::SingleActive;
use super::turns::Turns;
use crate::amqp::ack_mode::AckMode;
use crate::amqp::id::ConsumerId;

/// Whether a consumer's output has room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flow {
    Open,
    Paused,
}

/// Whether a consumer stands among those that wait for a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Queued,
    Away,
    /// Others are served alone; it is not among those that wait for a message.
    Barred,
}

#[derive(Clone, Copy, Debug)]
struct Consumer {
    priority: i64,
    acks: AckMode,
    /// 0 is no limit.
    prefetch: u32,
    unacked: u32,
    /// What it may take of its channel's credit; `None` when the channel has no limit.
    allowance: Option<u32>,
    /// Which of the messages that used an allowance since these were last taken back was its last
    /// one, from 1 on; 0 for none.
    served: u32,
    flow: Flow,
    place: Place,
}

impl Consumer {
    /// How many messages it could take if its channel's credit allowed.
    fn room(&self) -> u32 {
        match (self.flow, self.acks) {
            (Flow::Paused, _) => 0,
            (Flow::Open, AckMode::Manual) if self.prefetch > 0 => {
                self.prefetch.saturating_sub(self.unacked)
            }
            (Flow::Open, _) => u32::MAX,
        }
    }

    /// How many messages it can take.
    fn credit(&self) -> u32 {
        self.room().min(self.allowance.unwrap_or(u32::MAX))
    }

    fn can_take(&self) -> bool {
        self.credit() > 0
    }

    /// Counts messages that it takes against its credit.
    fn take(&mut self, messages: u32) {
        if self.acks == AckMode::Manual {
            self.unacked = self.unacked.saturating_add(messages);
        }
        if let Some(allowance) = &mut self.allowance {
            *allowance = allowance.saturating_sub(messages);
        }
    }
}

/// Whose turn it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    /// The consumer, which takes one message.
    pub consumer: ConsumerId,
    /// How it acknowledges.
    pub acks: AckMode,
    /// How many messages more it can take before the next one has its turn.
    pub further: u32,
}

/// A channel-limited consumer that could take messages if it were granted credit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanting {
    /// The consumer.
    pub consumer: ConsumerId,
    /// Those of a higher priority are served first.
    pub priority: i64,
    /// How many messages at most.
    pub room: u32,
}

/// Who used some of an allowance since these were last taken back.
#[derive(Debug, Default)]
struct Served {
    consumers: Vec<ConsumerId>,
    /// How many messages used one.
    messages: u32,
}

impl Served {
    /// Has a consumer take messages, and notes them if it does so at the cost of an allowance.
    fn take(&mut self, id: ConsumerId, consumer: &mut Consumer, messages: u32) {
        consumer.take(messages);
        if consumer.allowance.is_some() {
            if consumer.served == 0 {
                self.consumers.push(id);
            }
            self.messages += messages;
            consumer.served = self.messages;
        }
    }
}

/// The consumers of one queue.
///
/// They are served in turn, beginning with the one that consumes longest. One that cannot take a
/// message loses its turn, and joins the end once it can again (RabbitMQ: `rabbit_queue_consumers`).
/// Those of a lower priority are served when none of a higher one can take a message.
#[derive(Debug, Default)]
pub struct Consumers {
    by_id: HashMap<ConsumerId, Consumer, FixedState>,
    /// Holds every consumer that can take a message; the others in it, and those that have gone,
    /// leave when their turn comes.
    turns: Turns,
    /// The channel-limited ones, the highest priority first; among equals who was served last
    /// stands last.
    limited: Vec<ConsumerId>,
    /// Those that were granted an allowance since it was last taken back.
    granted: Vec<ConsumerId>,
    served: Served,
    exclusive: Option<ConsumerId>,
    /// Where only one is served at a time: which one.
    single: Option<SingleActive>,
}

impl Consumers {
    /// No consumers yet.
    pub fn new(serving: Serving) -> Self {
        let single = match serving {
            Serving::All => None,
            Serving::SingleActive(succession) => Some(SingleActive::new(succession)),
        };
        Self { single, ..Self::default() }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// Whether another consumer may start. Where only one is served at a time, none has the queue
    /// for itself.
    pub fn admits(&self, exclusivity: Exclusivity) -> bool {
        match exclusivity {
            Exclusivity::Shared => self.exclusive.is_none(),
            Exclusivity::Exclusive => self.is_empty() && self.single.is_none(),
        }
    }

    /// Adds a consumer; the caller has seen that it is admitted.
    pub fn attach(&mut self, attach: &Attach) {
        let (id, priority) = (attach.consumer, attach.priority);
        let limited = attach.limit == ChannelLimit::Present && attach.acks == AckMode::Manual;
        let place = if self.single.is_some() { Place::Barred } else { Place::Away };
        let consumer = Consumer {
            priority,
            acks: attach.acks,
            prefetch: attach.prefetch.into(),
            unacked: 0,
            allowance: limited.then_some(0),
            served: 0,
            flow: Flow::Open,
            place,
        };
        self.by_id.insert(id, consumer);
        self.turns.join(priority);
        if limited {
            self.limited.push(id);
            self.rank_limited();
        }
        if attach.exclusivity == Exclusivity::Exclusive {
            self.exclusive = Some(id);
        }
        if let Some(single) = &mut self.single {
            single.join(attach);
            self.choose_active();
        } else {
            self.change(id, |_| {});
        }
    }

    /// Removes a consumer, and says what is left of its allowance; `None` if there is no such one.
    pub fn detach(&mut self, id: ConsumerId) -> Option<u32> {
        let consumer = self.by_id.remove(&id)?;
        if consumer.allowance.is_some() {
            self.limited.retain(|other| *other != id);
        }
        self.exclusive = self.exclusive.filter(|exclusive| *exclusive != id);
        self.turns.leave(consumer.priority, |other| self.by_id.contains_key(&other));
        if let Some(single) = &mut self.single {
            single.leave(id);
            self.choose_active();
        }
        Some(consumer.allowance.unwrap_or(0))
    }

    /// Stops deliveries to a consumer.
    pub fn pause(&mut self, id: ConsumerId) {
        self.change(id, |consumer| consumer.flow = Flow::Paused);
    }

    /// Lets deliveries to a consumer go on.
    pub fn resume(&mut self, id: ConsumerId) {
        self.change(id, |consumer| consumer.flow = Flow::Open);
    }

    /// One of a consumer's unacked messages is settled.
    #[inline]
    pub fn credit(&mut self, id: ConsumerId) {
        self.change(id, |consumer| consumer.unacked = consumer.unacked.saturating_sub(1));
        if self.single.as_ref().is_some_and(SingleActive::is_leaving) {
            self.choose_active();
        }
    }

    /// Adds to a consumer's allowance, and says how much of `credit` it has no use for.
    pub fn grant(&mut self, id: ConsumerId, credit: u32) -> u32 {
        let mut refused = credit;
        self.change(id, |consumer| {
            if let Some(allowance) = &mut consumer.allowance {
                let sum = allowance.saturating_add(credit);
                refused = credit - (sum - *allowance);
                *allowance = sum;
            }
        });
        if refused < credit {
            self.granted.push(id);
        }
        refused
    }

    /// Changes whether a consumer needs allowances, and says what is left of its last.
    pub fn limit_channel(&mut self, id: ConsumerId, limit: ChannelLimit) -> u32 {
        let (mut left, mut limited) = (0, None);
        self.change(id, |consumer| match (limit, consumer.allowance) {
            (ChannelLimit::Present, None) if consumer.acks == AckMode::Manual => {
                consumer.allowance = Some(0);
                limited = Some(true);
            }
            (ChannelLimit::Absent, Some(allowance)) => {
                consumer.allowance = None;
                left = allowance;
                limited = Some(false);
            }
            _ => {}
        });
        match limited {
            Some(true) => {
                self.limited.push(id);
                self.rank_limited();
            }
            Some(false) => self.limited.retain(|other| *other != id),
            None => {}
        }
        left
    }

    /// Takes every allowance back, and tells each consumer's rest.
    pub fn take_back_allowances(&mut self, mut rest: impl FnMut(ConsumerId, u32)) {
        if !self.served.consumers.is_empty() {
            let Self { by_id, served: Served { consumers, messages }, .. } = self;
            self.limited.retain(|id| by_id.get(id).is_some_and(|consumer| consumer.served == 0));
            consumers.sort_unstable_by_key(|id| by_id.get(id).map(|consumer| consumer.served));
            *messages = 0;
            for id in consumers.drain(..) {
                if let Some(consumer) = by_id.get_mut(&id)
                    && std::mem::take(&mut consumer.served) > 0
                    && consumer.allowance.is_some()
                {
                    self.limited.push(id);
                }
            }
            self.rank_limited();
        }
        while let Some(id) = self.granted.pop() {
            let allowance = self.by_id.get_mut(&id).and_then(|it| it.allowance.as_mut());
            let left = allowance.map_or(0, std::mem::take);
            if left > 0 {
                rest(id, left);
            }
        }
    }

    /// The channel-limited consumers that could take messages: the highest priority first, and
    /// among equals who was served last comes last.
    pub fn wanting(&self) -> impl Iterator<Item = Wanting> {
        self.limited.iter().filter_map(|id| {
            let consumer = self.by_id.get(id).filter(|it| it.place != Place::Barred)?;
            let room = consumer.room();
            (room > 0).then_some(Wanting { consumer: *id, priority: consumer.priority, room })
        })
    }

    /// Whether somebody can take a message now.
    pub fn any_can_take(&self) -> bool {
        self.turns.iter().any(|id| self.by_id.get(&id).is_some_and(Consumer::can_take))
    }

    /// Whether somebody could take a message, with an allowance if it needs one.
    pub fn is_any_hungry(&self) -> bool {
        self.any_can_take() || self.wanting().next().is_some()
    }

    /// Whose turn it is to take a message, which then counts against its credit.
    #[inline]
    pub fn take_turn(&mut self) -> Option<Turn> {
        let Self { turns, by_id, served, .. } = self;
        turns.take(|id, is_alone| {
            let consumer = by_id.get_mut(&id)?;
            let Some(room) = consumer.credit().checked_sub(1) else {
                consumer.place = Place::Away;
                return None;
            };
            served.take(id, consumer, 1);
            let further = if is_alone { room } else { 0 };
            Some(Turn { consumer: id, acks: consumer.acks, further })
        })
    }

    /// The consumer takes so many messages more in its turn, none of them beyond what it could.
    pub fn take_further(&mut self, id: ConsumerId, messages: u32) {
        if let Some(consumer) = self.by_id.get_mut(&id) {
            self.served.take(id, consumer, messages);
        }
    }

    /// Has a consumer take a message out of its turn, if it can; says how it acknowledges.
    pub fn take_for(&mut self, id: ConsumerId) -> Option<AckMode> {
        if !self.can_take(id) {
            return None;
        }
        let consumer = self.by_id.get_mut(&id)?;
        self.served.take(id, consumer, 1);
        Some(consumer.acks)
    }

    /// Whether that consumer can take a message.
    pub fn can_take(&self, id: ConsumerId) -> bool {
        self.by_id.get(&id).is_some_and(|it| it.place != Place::Barred && it.can_take())
    }

    /// Whether that consumer could take a message, with an allowance if it needs one.
    pub fn has_room(&self, id: ConsumerId) -> bool {
        self.by_id.get(&id).is_some_and(|it| it.place != Place::Barred && it.room() > 0)
    }

    /// Puts the channel-limited ones in the order of their priorities; equals stay as they stand.
    fn rank_limited(&mut self) {
        if self.turns.are_ranked() {
            let priority = |id: &ConsumerId| self.by_id.get(id).map(|it| Reverse(it.priority));
            self.limited.sort_by_key(priority);
        }
    }

    /// Has the right one be served where only one is at a time.
    fn choose_active(&mut self) {
        let Self { single: Some(single), by_id, turns, .. } = self else { return };
        let holds = |id| by_id.get(&id).is_some_and(|consumer| consumer.unacked > 0);
        let change = single.choose(holds);
        if let Some(id) = change.stopped
            && let Some(consumer) = by_id.get_mut(&id)
            && std::mem::replace(&mut consumer.place, Place::Barred) == Place::Queued
        {
            turns.withdraw(id, consumer.priority);
        }
        if let Some(id) = change.started {
            self.change(id, |consumer| consumer.place = Place::Away);
        }
    }

    /// Changes a consumer, if there is such a one, and gives it a turn if it can take a message.
    fn change(&mut self, id: ConsumerId, change: impl FnOnce(&mut Consumer)) {
        let Some(consumer) = self.by_id.get_mut(&id) else { return };
        change(consumer);
        if consumer.place == Place::Away && consumer.can_take() {
            consumer.place = Place::Queued;
            self.turns.push(id, consumer.priority);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn consumers_that_come_and_go_without_a_message_leave_nothing_behind() {
        let mut consumers = Consumers::default();

        for id in 0..1000 {
            consumers.attach(&Attach {
                consumer: ConsumerId(id),
                priority: 0,
                prefetch: 0,
                acks: AckMode::Manual,
                exclusivity: Exclusivity::Shared,
                limit: ChannelLimit::Present,
            });
            consumers.resume(ConsumerId(id));
            consumers.limit_channel(ConsumerId(id), ChannelLimit::Absent);
            consumers.detach(ConsumerId(id));
        }

        assert_eq!(consumers.turns.iter().count(), 0);
        assert!(consumers.limited.is_empty() && consumers.by_id.is_empty());
    }
}
