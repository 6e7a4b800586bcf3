//! What the broker should hold.
//!
//! Everything that goes to the log has a *step*, in the order in which it was appended.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use leveret::amqp::ack_mode::AckMode;
use leveret::amqp::confirm::Confirm;
use leveret::amqp::id::{ConsumerId, QueueId};
use leveret::store::commit::Commit;
use leveret::vhost::queue::Queue;

use super::broker::Found;
use super::payload::Payload;
use super::session::{Delivered, Event};
use super::trace;

/// A message in one queue.
#[derive(Clone, Debug)]
pub struct Message {
    pub payload: Payload,
    pub persistent: bool,
    /// The step with which it came.
    pub came: u64,
    /// The step with which it went: acknowledged, discarded, purged, or deleted with its queue.
    pub went: Option<u64>,
    pub redelivered: bool,
}

/// A consumer.
#[derive(Clone, Copy, Debug)]
pub struct Consuming {
    /// 0 is no limit.
    pub prefetch: u16,
    pub acks: AckMode,
}

/// A queue that there is, or has been since the last start.
#[derive(Debug)]
pub struct Held {
    pub queue: Arc<Queue>,
    pub durable: bool,
    pub confirm: Confirm,
    /// The step with which it came.
    pub came: u64,
    /// The step with which it went.
    pub went: Option<u64>,
    pub next_index: u64,
    pub messages: BTreeMap<u64, Message>,
    pub ready: BTreeSet<u64>,
    pub unacked: BTreeMap<u64, Option<ConsumerId>>,
    pub consumers: BTreeMap<ConsumerId, Consuming>,
}

/// All queues, and what is known about the log.
#[derive(Debug, Default)]
pub struct Model {
    pub clock: u64,
    /// A crash loses nothing up to this step.
    pub durable: u64,
    /// The end of the process loses nothing up to this step.
    pub written: u64,
    pub queues: BTreeMap<QueueId, Held>,
    /// Publishes that are not confirmed: the step with which they came, and what a confirm means.
    pub awaited: BTreeMap<u64, Option<(u64, Confirm)>>,
    pub commits: Vec<(Commit, u64)>,
    pub confirms: u64,
    next_tag: u64,
}

impl Held {
    pub fn new(queue: Arc<Queue>, confirm: Confirm, came: u64) -> Self {
        Self {
            durable: queue.durable,
            queue,
            confirm,
            came,
            went: None,
            next_index: 0,
            messages: BTreeMap::new(),
            ready: BTreeSet::new(),
            unacked: BTreeMap::new(),
            consumers: BTreeMap::new(),
        }
    }

    pub fn name(&self) -> &str {
        self.queue.name.as_str()
    }

    /// The messages that are there and survive a restart.
    pub fn lasting(&self) -> impl Iterator<Item = (&u64, &Message)> {
        let durable = self.durable;
        self.messages.iter().filter(move |(_, it)| durable && it.persistent && it.went.is_none())
    }

    fn unacked_of(&self, consumer: ConsumerId) -> usize {
        self.unacked.values().filter(|holder| **holder == Some(consumer)).count()
    }

    /// Whether a consumer could take another message.
    fn has_room(&self, id: ConsumerId, consuming: Consuming) -> bool {
        consuming.acks == AckMode::Automatic
            || consuming.prefetch == 0
            || self.unacked_of(id) < usize::from(consuming.prefetch)
    }

    /// Checks what the queue says of itself, and that it does not stand still.
    pub fn check(&self) {
        let counts = self.queue.counts();
        let expected = (self.ready.len() as u64, self.unacked.len() as u64);
        assert_eq!((counts.ready, counts.unacked), expected, "counts of queue {}", self.name());
        if !self.ready.is_empty() {
            for (id, consuming) in &self.consumers {
                assert!(!self.has_room(*id, *consuming), "queue {} stands still", self.name());
            }
        }
    }

    fn deliver(&mut self, delivered: &Delivered, step: u64) -> bool {
        let Delivered { consumer, acks, index, redelivered, message, .. } = delivered;
        let name = self.queue.name.as_str();
        let first = self.ready.first().copied();
        assert_eq!(first, Some(*index), "queue {name}: what was delivered next");
        self.ready.remove(index);
        if let Some(id) = consumer {
            let consuming = self.consumers.get(id).expect("delivered to a consumer");
            assert!(self.has_room(*id, *consuming), "queue {name}: over the prefetch of {id}");
        }
        let held = self.messages.get_mut(index).expect("what is ready is there");
        let found = Payload::read(message).map(|it| (it, *redelivered));
        assert_eq!(found, Ok((held.payload, held.redelivered)), "queue {name}, message {index}");
        held.redelivered = true;
        match acks {
            AckMode::Manual => drop(self.unacked.insert(*index, *consumer)),
            AckMode::Automatic => held.went = Some(step),
        }
        *acks == AckMode::Automatic
    }
}

impl Model {
    pub fn step(&mut self) -> u64 {
        self.clock += 1;
        self.clock
    }

    /// The queues that there are.
    pub fn present(&self) -> Vec<QueueId> {
        self.queues.iter().filter(|(_, it)| it.went.is_none()).map(|(id, _)| *id).collect()
    }

    /// Adds a message, unless the queue has gone, with a number for the confirm.
    pub fn publish(&mut self, queue: QueueId, payload: Payload, persistent: bool) -> u64 {
        let came = self.step();
        self.next_tag += 1;
        let held = self.queues.get_mut(&queue).unwrap();
        if held.went.is_some() {
            self.awaited.insert(self.next_tag, None);
            return self.next_tag;
        }
        trace(|| format!("  {came}: {payload:?} to {} at {}", held.name(), held.next_index));
        let message = Message { payload, persistent, came, went: None, redelivered: false };
        held.messages.insert(held.next_index, message);
        held.ready.insert(held.next_index);
        held.next_index += 1;
        let logged = (held.durable && persistent).then_some((came, held.confirm));
        self.awaited.insert(self.next_tag, logged);
        self.next_tag
    }

    /// A message is gone.
    pub fn settle(&mut self, queue: QueueId, index: u64) {
        let step = self.step();
        let held = self.queues.get_mut(&queue).unwrap();
        trace(|| format!("  {step}: settle {index} of {}", held.name()));
        held.messages.get_mut(&index).unwrap().went = Some(step);
    }

    /// Takes note of what clients have been sent.
    pub fn note(&mut self, events: Vec<Event>) {
        for event in events {
            match event {
                Event::Delivered(delivered) => {
                    let step = self.clock + 1;
                    let held = self.queues.get_mut(&delivered.queue).expect("a queue");
                    trace(|| format!("  {step}: deliver {} of {}", delivered.index, held.name()));
                    self.clock += u64::from(held.deliver(&delivered, step));
                }
                Event::Accepted(tag) => self.accept(tag.0),
                Event::Cancelled => {}
            }
        }
        let durable = &mut self.durable;
        self.commits.retain(|(commit, step)| {
            *durable = if commit.is_done() { *step.max(durable) } else { *durable };
            !commit.is_done()
        });
    }

    fn accept(&mut self, tag: u64) {
        let awaited = self.awaited.remove(&tag);
        self.confirms += 1;
        trace(|| format!("  confirmed: {awaited:?}"));
        match awaited.expect("a publish is confirmed once") {
            Some((step, Confirm::Synced)) => self.durable = self.durable.max(step),
            Some((step, Confirm::Written)) => self.written = self.written.max(step),
            None => {}
        }
    }
}

impl Model {
    /// What is there after a restart that has found this.
    pub fn restarted(self, found: BTreeMap<QueueId, Found>, clean: bool) -> Self {
        let start = 1;
        let mut queues = BTreeMap::new();
        for (id, Found { queue, next_index, messages, .. }) in found {
            let before = &self.queues[&id];
            assert!(!clean || next_index == before.next_index, "the next place of queue {id}");
            let mut held = Held { next_index, ..Held::new(queue, before.confirm, start) };
            for index in messages.into_keys() {
                let message = &before.messages[&index];
                let redelivered = !clean || message.redelivered;
                let message = Message { came: start, went: None, redelivered, ..message.clone() };
                held.messages.insert(index, message);
                held.ready.insert(index);
            }
            queues.insert(id, held);
        }
        let (clock, durable, written) = (start, start, start);
        Self { clock, durable, written, queues, next_tag: self.next_tag, ..Self::default() }
    }
}
