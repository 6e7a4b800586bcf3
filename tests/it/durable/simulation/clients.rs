//! What clients do, at random.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use leveret::amqp::ack_mode::AckMode;
use leveret::amqp::confirm::Confirm;
use leveret::amqp::id::{ChannelId, ConnectionId, ConsumerId, MessageIndex, QueueId};
use leveret::amqp::name::ConsumerTag;
use leveret::queue::command::{ChannelLimit, Exclusivity, Settlement};
use leveret::vhost::host::DeclareQueue;
use leveret::vhost::queue::{DeleteConditions, Queue};
use leveret::vhost::session::Consumer;
use leveret::vhost::worker::Terms;

use super::super::durable_queue;
use super::broker::{Broker, arguments};
use super::keeper::Keeper;
use super::model::{Consuming, Held, Model};
use super::publish::{Batch, Publishers};
use super::random::Random;
use super::session::Recorder;

/// The queues that are declared and deleted. The last one is not durable.
const NAMES: [&str; 4] = ["a", "b", "c", "transient"];

/// What a client can do.
#[derive(Clone, Copy, Debug)]
enum Act {
    Publish,
    Settle,
    Attach,
    Detach,
    Get,
    Purge,
    Declare,
    Delete,
    Barrier,
    Keep,
    /// Memory becomes short, or is no longer.
    Press,
}

/// All clients of a broker, and its keeper: those who have to do with the queues.
pub struct Clients {
    pub broker: Broker,
    pub model: Model,
    pub random: Random,
    pub keeper: Keeper,
    session: Arc<Recorder>,
    publishers: Publishers,
    /// What a publisher has for the rest of the queues that its last messages go to.
    pending: VecDeque<Batch>,
    /// Confirm when written: only where power is not lost.
    written: bool,
    /// Messages that had left memory, though they do not last, when that was looked at.
    pub volatile: u64,
}

impl Clients {
    pub fn new(broker: Broker, model: Model, publishers: Publishers, mut random: Random) -> Self {
        let written = random.happens(30);
        let (session, keeper) = (Arc::default(), Keeper::default());
        let pending = VecDeque::new();
        Self { broker, model, random, keeper, session, publishers, pending, written, volatile: 0 }
    }

    /// What outlives the broker.
    pub fn into_parts(self) -> (Model, Publishers, Random) {
        (self.model, self.publishers, self.random)
    }

    /// Does something.
    pub fn act(&mut self) {
        let act = self.random.choose(&[
            (40, Act::Publish),
            (25, Act::Settle),
            (5, Act::Attach),
            (5, Act::Detach),
            (6, Act::Get),
            (2, Act::Purge),
            (3, Act::Declare),
            (1, Act::Delete),
            (2, Act::Barrier),
            (12, Act::Keep),
            (2, Act::Press),
        ]);
        super::trace(|| format!("{act:?}"));
        if self.random.happens(30) {
            self.publish_next();
        }
        match act {
            Act::Publish => self.publish(),
            Act::Settle => self.settle(),
            Act::Attach => self.attach(),
            Act::Detach => self.detach(),
            Act::Get => self.get(),
            Act::Purge => self.purge(),
            Act::Declare => self.declare(),
            Act::Delete => self.delete(),
            Act::Barrier => {
                let step = self.model.step();
                self.model.commits.push((self.broker.log.barrier(), step));
            }
            Act::Keep => self.keeper.advance(&self.broker, &mut self.random),
            Act::Press => self.press(),
        }
        self.note();
    }

    /// Takes note of what clients have been sent.
    pub fn note(&mut self) {
        self.model.note(self.session.take());
    }

    /// Checks what can be checked at any time.
    pub fn check(&mut self) {
        self.note();
        self.model.queues.values().filter(|held| held.went.is_none()).for_each(Held::check);
        self.note();
        assert_eq!(self.broker.log.failure(), None);
    }

    pub fn declare(&mut self) {
        let name = self.random.pick(&NAMES).unwrap();
        let is_there = |held: &Held| held.went.is_none() && held.name() == *name;
        if self.model.queues.values().any(is_there) {
            return;
        }
        let durable = *name != "transient";
        let confirm = if self.written && *name == "c" { Confirm::Written } else { Confirm::Synced };
        let declare = DeclareQueue { durable, ..durable_queue(name, arguments(confirm)) };
        let (queue, commit) = self.broker.vhost.declare_queue(declare, "guest").unwrap();
        let came = self.model.step();
        if durable {
            self.model.commits.push((commit, came));
        }
        self.model.queues.insert(queue.id, Held::new(queue, confirm, came));
    }

    fn delete(&mut self) {
        let Some(id) = self.any_queue() else { return };
        let queue = self.queue(id);
        let messages = self.model.step();
        let (remains, commit) = self
            .broker
            .vhost
            .delete_queue(&queue.name, ConnectionId(1), DeleteConditions::default(), "guest")
            .unwrap();
        let went = self.model.step();
        let held = self.model.queues.get_mut(&id).unwrap();
        if held.durable {
            self.model.commits.push((commit, went));
        }
        assert_eq!(remains.ready, held.ready.len() as u64);
        assert_eq!(remains.consumers.len(), held.consumers.len());
        held.went = Some(went);
        for message in held.messages.values_mut() {
            message.went = message.went.or(Some(messages));
        }
        held.ready.clear();
        held.unacked.clear();
    }

    fn publish(&mut self) {
        let mut queues: Vec<Arc<Queue>> = Vec::new();
        for id in self.model.present() {
            if self.random.happens(60) {
                queues.push(self.queue(id));
            }
        }
        if queues.is_empty() {
            return;
        }
        self.publish_rest();
        self.pending.extend(self.publishers.batch(&queues, &mut self.random));
        if self.random.happens(50) {
            self.publish_rest();
        } else {
            self.publish_next();
        }
    }

    /// Publishes what is left for other queues.
    pub fn publish_rest(&mut self) {
        while self.publish_next() {}
    }

    fn publish_next(&mut self) -> bool {
        let Some(batch) = self.pending.pop_front() else { return false };
        let session = Arc::clone(&self.session);
        let queue = Arc::clone(&batch.queue);
        let batch = batch.with_confirms(session, &mut self.model, &mut self.random);
        queue.publish(batch);
        self.note();
        true
    }

    fn settle(&mut self) {
        let Some(id) = self.any_queue() else { return };
        let unacked: Vec<u64> = self.model.queues[&id].unacked.keys().copied().collect();
        if unacked.is_empty() {
            return;
        }
        let start = self.random.below(unacked.len().div_ceil(2));
        let count = 1 + self.random.below(unacked.len());
        let skip = self.random.below(4);
        let outcome = self.random.choose(&[
            (75, Settlement::Ack),
            (15, Settlement::Requeue),
            (10, Settlement::Discard),
        ]);
        let chosen: Vec<u64> =
            unacked.into_iter().skip(start).step_by(1 + skip / 3).take(count).collect();
        self.settle_these(id, &chosen, outcome);
    }

    pub fn settle_these(&mut self, id: QueueId, chosen: &[u64], outcome: Settlement) {
        for &index in chosen {
            let held = self.model.queues.get_mut(&id).unwrap();
            held.unacked.remove(&index);
            match outcome {
                Settlement::Requeue | Settlement::Fail => drop(held.ready.insert(index)),
                Settlement::Ack | Settlement::Discard => self.model.settle(id, index),
            }
        }
        let settled = chosen.iter().map(|index| (MessageIndex(*index), outcome)).collect();
        self.queue(id).settle(settled);
        self.note();
    }

    fn attach(&mut self) {
        let Some(id) = self.any_queue() else { return };
        let acks = self.random.choose(&[(85, AckMode::Manual), (15, AckMode::Automatic)]);
        let prefetch = self.random.choose(&[(10, 1), (20, 3), (20, 10), (5, 0)]);
        self.consume(id, Consuming { prefetch, acks });
    }

    pub fn consume(&mut self, id: QueueId, consuming: Consuming) {
        let Consuming { prefetch, acks } = consuming;
        let consumer = Consumer {
            id: self.broker.node.ids.next_consumer(),
            session: Arc::clone(&self.session) as _,
            channel: ChannelId(1),
            tag: ConsumerTag::parse("c").unwrap(),
            queue: self.queue(id).name.clone(),
        };
        let held = self.model.queues.get_mut(&id).unwrap();
        held.consumers.insert(consumer.id, consuming);
        let terms = Terms {
            priority: 0,
            prefetch,
            acks,
            exclusivity: Exclusivity::Shared,
            limit: ChannelLimit::Absent,
        };
        self.queue(id).attach(consumer, terms, || {}).unwrap();
        self.note();
    }

    fn detach(&mut self) {
        let Some(id) = self.any_queue() else { return };
        let consumers: Vec<ConsumerId> = self.model.queues[&id].consumers.keys().copied().collect();
        let Some(consumer) = self.random.pick(&consumers) else { return };
        self.model.queues.get_mut(&id).unwrap().consumers.remove(consumer);
        self.queue(id).detach(*consumer);
    }

    fn get(&mut self) {
        let Some(id) = self.any_queue() else { return };
        let acks = self.random.choose(&[(80, AckMode::Manual), (20, AckMode::Automatic)]);
        let ready = !self.model.queues[&id].ready.is_empty();
        let session = Arc::clone(&self.session) as _;
        assert_eq!(self.queue(id).get(&session, ChannelId(1), acks), ready);
    }

    fn purge(&mut self) {
        let Some(id) = self.any_queue() else { return };
        let ready = std::mem::take(&mut self.model.queues.get_mut(&id).unwrap().ready);
        for index in &ready {
            self.model.settle(id, *index);
        }
        assert_eq!(self.queue(id).purge(), ready.len() as u64);
    }

    fn press(&mut self) {
        let residence = &self.broker.residence;
        residence.set_short(!residence.is_short());
        self.broker.queues().iter().for_each(Queue::relieve);
    }

    pub fn any_queue(&mut self) -> Option<QueueId> {
        let present = self.model.present();
        self.random.pick(&present).copied()
    }

    pub fn queue(&self, id: QueueId) -> Arc<Queue> {
        Arc::clone(&self.model.queues[&id].queue)
    }

    /// Compares what is written with what should be there. Everything has been written.
    pub fn check_written(&mut self) {
        let found = self.broker.survey();
        let living = self.broker.living();
        let octets: u64 = living.iter().map(|run| u64::from(run.octets)).sum();
        assert_eq!(self.broker.log.totals().live, octets, "octets counted as living");
        let volatile = living.iter().filter(|run| run.position.is_volatile());
        self.volatile += volatile.map(|run| u64::from(run.count)).sum::<u64>();
        for (id, found) in &found {
            let held = &self.model.queues[id];
            let expected: BTreeMap<_, _> =
                held.lasting().map(|(index, it)| (*index, Ok(it.payload))).collect();
            assert_eq!(found.messages, expected, "the image of queue {}", held.name());
        }
    }
}
