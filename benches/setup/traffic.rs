//! A queue's core with consumers.

use leveret::amqp::ack_mode::AckMode;
use leveret::amqp::id::{ConsumerId, StoreRef, Timestamp};
use leveret::queue::command::{
    Attach, ChannelLimit, Command, Exclusivity, Marks, Settlement, Stored,
};
use leveret::queue::core::Queue;
use leveret::queue::effect::{Budget, Effect, Effects};
use leveret::queue::settings::{Priorities, Settings};

use super::BATCH;

pub struct Traffic {
    queue: Queue,
    publishes: Vec<Command>,
    settlements: Vec<Command>,
    effects: Effects,
}

impl Traffic {
    pub fn new(consumers: u64, acks: AckMode) -> Self {
        let stored = |number| Stored { store: StoreRef(number), bytes: 16 };
        let publishes = (0..BATCH as u64).map(|number| Command::Enqueue(stored(number))).collect();
        Self::of(Queue::new(), consumers, acks, publishes)
    }

    /// One consumer, and messages of so many priorities in turn.
    pub fn with_levels(levels: u8, acks: AckMode) -> Self {
        let priorities = Priorities { highest: levels - 1, absent: 0 };
        let settings = Settings { priorities, ..Settings::default() };
        let enqueue = |(number, level): (u64, u8)| {
            let marks = Marks { lifetime: None, priority: Some(level) };
            Command::EnqueueMarked(Stored { store: StoreRef(number), bytes: 16 }, marks)
        };
        let publishes = (0..BATCH as u64).zip((0..levels).cycle()).map(enqueue).collect();
        Self::of(Queue::new().with_settings(settings), 1, acks, publishes)
    }

    fn of(mut queue: Queue, consumers: u64, acks: AckMode, publishes: Vec<Command>) -> Self {
        let mut effects = Effects::new(Budget { messages: u32::MAX, bytes: u64::MAX });
        for consumer in 0..consumers {
            let attach = Attach {
                consumer: ConsumerId(consumer),
                priority: 0,
                prefetch: 0,
                acks,
                exclusivity: Exclusivity::Shared,
                limit: ChannelLimit::Absent,
            };
            queue.apply(Timestamp(0), &[Command::Attach(attach)], &mut effects);
        }
        Self { queue, publishes, settlements: Vec::new(), effects }
    }

    /// Enqueues and delivers a batch.
    pub fn pass(&mut self) {
        self.effects.clear();
        self.queue.apply(Timestamp(1), &self.publishes, &mut self.effects);
        assert_eq!(self.queue.ready(), 0);
    }

    /// Settles what the last call delivered. What is requeued is delivered anew.
    pub fn settle(&mut self, outcome: Settlement) {
        self.settlements.clear();
        for effect in self.effects.list() {
            if let Effect::Deliver { delivery, .. } = effect {
                self.settlements.push(Command::Settle { index: delivery.index, outcome });
            }
        }
        self.effects.clear();
        self.queue.apply(Timestamp(1), &self.settlements, &mut self.effects);
    }

    /// Messages that are not settled.
    pub fn unacked(&self) -> usize {
        self.queue.unacked()
    }
}
