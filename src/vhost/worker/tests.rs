//! The worker against sessions that count.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};

use bytes::BytesMut;

use super::*;
use crate::amqp::ack_mode::AckMode;
use crate::amqp::id::{ChannelId, MessageIndex, PublishTag};
use crate::amqp::message::MessageRef;
use crate::amqp::name::{ConsumerTag, QueueName};
use crate::queue::command::{ChannelLimit, Exclusivity, Settlement};
use crate::store::placement::Octets;
use crate::vhost::batch::{Placed, PublishBatch};
use crate::vhost::session::{self, Room, Session};

/// Counts what it is sent, and has room for `room` messages.
#[derive(Debug)]
struct Counting {
    id: u64,
    room: usize,
    delivered: AtomicUsize,
}

impl Session for Counting {
    fn id(&self) -> ConnectionId {
        ConnectionId(self.id)
    }

    fn deliver(
        &self,
        _: QueueId,
        deliveries: &mut dyn Iterator<Item = session::Delivery<'_>>,
    ) -> Room {
        let before = self.delivered.fetch_add(deliveries.count(), Ordering::Relaxed);
        let now = self.delivered.load(Ordering::Relaxed);
        assert!(now > before);
        if now < self.room { Room::Left } else { Room::Full }
    }

    fn got(&self, _: QueueId, _: ChannelId, _: session::Got<'_>, _: u64) {}

    fn accepted(&self, _: ChannelId, _: &[PublishTag]) {}

    fn rejected(&self, _: ChannelId, _: &[PublishTag]) {}

    fn cancelled(&self, _: ChannelId, _: ConsumerId, _: &ConsumerTag) {}

    fn room(&self, _: QueueId) -> Room {
        let delivered = self.delivered.load(Ordering::Relaxed);
        if delivered < self.room { Room::Left } else { Room::Full }
    }

    fn reserve_credit(&self, _: QueueId, _: ChannelId, wanted: u32) -> u32 {
        wanted
    }

    fn release_credit(&self, _: ChannelId, _: u32) {}
}

fn session(id: u64, room: usize) -> Arc<Counting> {
    Arc::new(Counting { id, room, delivered: AtomicUsize::new(0) })
}

fn consume(worker: &mut QueueWorker, session: &Arc<Counting>, acks: AckMode) {
    let consumer = Consumer {
        id: ConsumerId(session.id),
        session: Arc::clone(session) as _,
        channel: ChannelId(1),
        tag: ConsumerTag::parse("c").unwrap(),
        queue: QueueName::parse("q").unwrap(),
    };
    let terms = Terms {
        priority: 0,
        prefetch: 0,
        acks,
        exclusivity: Exclusivity::Shared,
        limit: ChannelLimit::Absent,
    };
    worker.attach(consumer, terms, || {}).unwrap();
}

fn alarm() -> Alarm {
    Alarm::new(QueueId(1), Weak::new(), Arc::default())
}

fn publish(worker: &mut QueueWorker, messages: usize) {
    let mut segment = BytesMut::new();
    let placed = (0..messages).map(|_| {
        let offset = u32::try_from(segment.len()).unwrap();
        MessageRef::new(b"\0\x01q", b"", b"body").write(&mut segment);
        Placed {
            segment: 0,
            offset,
            body_len: 4,
            channel: ChannelId(1),
            confirm: None,
            persistent: false,
            marked: false,
        }
    });
    let messages = placed.collect();
    let publisher = session(99, usize::MAX);
    worker.work(Task::Publish(PublishBatch {
        octets: Octets::transient([segment.freeze()].into_iter()),
        messages,
        publisher,
        fate: None,
    }));
    while worker.advance() > 0 {}
}

#[test]
fn pausing_one_consumer_loses_nothing_of_the_others() {
    let mut worker = QueueWorker::new(QueueId(1), Queue::new(), None, alarm());
    let (narrow, wide) = (session(1, 1), session(2, usize::MAX));
    consume(&mut worker, &narrow, AckMode::Automatic);
    consume(&mut worker, &wide, AckMode::Automatic);

    publish(&mut worker, 1000);

    let [narrow, wide] = [narrow, wide].map(|it| it.delivered.load(Ordering::Relaxed));
    assert_eq!(narrow + wide, 1000);
    assert!(narrow <= BUDGET.messages as usize);
    assert_eq!(worker.counts(), Counts { ready: 0, unacked: 0, consumers: 2 });
}

#[test]
fn a_consumer_whose_session_is_full_starts_paused() {
    let mut worker = QueueWorker::new(QueueId(1), Queue::new(), None, alarm());
    let full = session(1, 0);
    publish(&mut worker, 10);

    consume(&mut worker, &full, AckMode::Automatic);
    while worker.advance() > 0 {}

    assert_eq!(full.delivered.load(Ordering::Relaxed), 0);
    assert_eq!(worker.counts().ready, 10);
}

#[test]
fn what_nobody_has_room_for_stays_ready() {
    let mut worker = QueueWorker::new(QueueId(1), Queue::new(), None, alarm());
    let narrow = session(1, 1);
    consume(&mut worker, &narrow, AckMode::Manual);

    publish(&mut worker, 1000);
    let delivered = narrow.delivered.load(Ordering::Relaxed);
    let (all, ready) = (delivered as u64 + worker.counts().ready, worker.counts().ready);
    worker.work(Task::Settle(vec![(MessageIndex(0), Settlement::Requeue)]));

    assert_eq!(all, 1000);
    assert_eq!(worker.counts().ready, ready + 1);
}

#[test]
fn nobody_consumes_from_a_queue_that_is_gone() {
    let mut worker = QueueWorker::new(QueueId(1), Queue::new(), None, alarm());
    worker.close();
    let terms = Terms {
        priority: 0,
        prefetch: 0,
        acks: AckMode::Manual,
        exclusivity: Exclusivity::Shared,
        limit: ChannelLimit::Absent,
    };
    let consumer = Consumer {
        id: ConsumerId(1),
        session: session(1, 1),
        channel: ChannelId(1),
        tag: ConsumerTag::parse("c").unwrap(),
        queue: QueueName::parse("q").unwrap(),
    };

    let refused = worker.attach(consumer, terms, || panic!("it does not start"));

    assert_eq!(refused, Err(NotAttached::Deleted));
}
