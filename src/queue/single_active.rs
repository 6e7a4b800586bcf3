//! Who is served where only one consumer is at a time, and who takes over.

use std::cmp::Reverse;
use std::collections::VecDeque;

use super::command::Attach;
use crate::amqp::id::ConsumerId;

/// How many messages a consumer without a limit counts as able to hold where it is ranked (RabbitMQ:
/// `rabbit_fifo_client`, `?UNLIMITED_PREFETCH_COUNT`).
const UNLIMITED: u16 = 2000;

/// When the one that is active is replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Succession {
    /// When it goes, whatever the priority of another (RabbitMQ: `rabbit_amqqueue_process`).
    Gone,
    /// When it goes, or one of a higher priority comes and it holds no message, or none any more
    /// (RabbitMQ: `rabbit_fifo:activate_next_consumer/2`).
    Outranked,
}

/// A consumer and what decides when it takes over.
#[derive(Clone, Copy, Debug)]
struct Contender {
    id: ConsumerId,
    priority: i64,
    /// How many messages it may hold; the same for all where that does not matter.
    room: u16,
    /// How many came before it.
    age: u64,
}

impl Contender {
    /// The least takes over first.
    fn rank(&self) -> impl Ord + use<> {
        (Reverse(self.priority), Reverse(self.room), self.age)
    }
}

/// Whom a choice concerns: first one stops, then one starts, which may be the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// Who is not served any more.
    pub stopped: Option<ConsumerId>,
    /// Who is served from now on.
    pub started: Option<ConsumerId>,
}

/// The consumers of a queue that serves one at a time.
#[derive(Debug)]
pub struct SingleActive {
    succession: Succession,
    active: Option<Contender>,
    /// Whether the active one is sent nothing more, and goes back to the others once it holds no
    /// message. It does so even if the one that outranked it goes before (RabbitMQ: `quiescing`).
    is_leaving: bool,
    /// The first one takes over next.
    waiting: VecDeque<Contender>,
    /// How many have come.
    arrivals: u64,
}

impl SingleActive {
    /// No consumers yet.
    pub fn new(succession: Succession) -> Self {
        let waiting = VecDeque::new();
        Self { succession, active: None, is_leaving: false, waiting, arrivals: 0 }
    }

    /// Adds a consumer, which waits until it is [chosen](Self::choose).
    pub fn join(&mut self, attach: &Attach) {
        let room = match (self.succession, attach.prefetch) {
            (Succession::Gone, _) => 0,
            (Succession::Outranked, 0) => UNLIMITED,
            (Succession::Outranked, prefetch) => prefetch,
        };
        let (id, priority, age) = (attach.consumer, attach.priority, self.arrivals);
        self.arrivals += 1;
        self.wait(Contender { id, priority, room, age });
    }

    /// Removes a consumer.
    pub fn leave(&mut self, id: ConsumerId) {
        if self.active.is_some_and(|active| active.id == id) {
            self.active = None;
            self.is_leaving = false;
        } else {
            self.waiting.retain(|waiting| waiting.id != id);
        }
    }

    /// Whether the active one is to be replaced as soon as it holds no message.
    pub fn is_leaving(&self) -> bool {
        self.is_leaving
    }

    /// Chooses who is active, after some came or went or the one that leaves had a message settled;
    /// `holds` tells whether a consumer holds any.
    pub fn choose(&mut self, holds: impl FnOnce(ConsumerId) -> bool) -> Change {
        let mut change = Change::default();
        if let Some(active) = self.active {
            self.is_leaving |= self.is_outranked(active);
            if !self.is_leaving {
                return change;
            }
            change.stopped = Some(active.id);
            if holds(active.id) {
                return change;
            }
            self.is_leaving = false;
            self.wait(active);
        }
        self.active = self.waiting.pop_front();
        change.started = self.active.map(|active| active.id);
        change
    }

    fn is_outranked(&self, active: Contender) -> bool {
        self.succession == Succession::Outranked
            && self.waiting.front().is_some_and(|next| next.priority > active.priority)
    }

    fn wait(&mut self, contender: Contender) {
        let rank = contender.rank();
        let place = self.waiting.partition_point(|before| before.rank() < rank);
        self.waiting.insert(place, contender);
    }
}
