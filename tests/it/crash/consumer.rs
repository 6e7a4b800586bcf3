//! A consumer that settles in its own manner, and goes on until the broker is gone.

use std::collections::BTreeMap;

use super::journal::{Journal, What};
use super::message::{Message, MessageId, QUEUES};
use super::random::Random;
use crate::raw::close::Close;
use crate::raw::message::Delivery;
use crate::raw::method::{
    BASIC_CONSUME_OK, BASIC_DELIVER, BASIC_QOS, QUEUE_DECLARE_OK, basic_ack, basic_consume,
    basic_nack, basic_qos, queue_declare,
};
use crate::raw::peer::{NoFrame, Peer};
use crate::raw::wire::Frame;

const BASIC_QOS_OK: (u16, u16) = (BASIC_QOS.0, BASIC_QOS.1 + 1);

/// What a consumer does.
#[derive(Clone, Debug)]
pub struct Consumer {
    seed: u64,
    id: u32,
    queues: Vec<u8>,
    prefetch: u16,
    /// Deliveries that one ack settles.
    acks: usize,
    /// Of a hundred deliveries, those that go back.
    returned: u32,
    /// Deliveries after which it asks whether its acks have come through.
    checks: usize,
}

/// What it has in hand.
#[derive(Debug, Default)]
struct Hands {
    unacked: BTreeMap<u64, (u8, MessageId)>,
    settled: usize,
    /// When it asked, and answers that have not come.
    asked: u64,
    open: usize,
}

impl Consumer {
    pub fn new(seed: u64, round: u32, place: u32) -> Self {
        let id = round * 16 + place;
        let mut random = Random::new(seed, 2 << 40 | u64::from(id));
        let first = u8::try_from(random.within(0..=4)).unwrap();
        let second = (first + u8::try_from(random.within(1..=4)).unwrap()) % 5;
        let (prefetch, acks, checks) = random.choose(&[
            (0, 1, 50),
            (0, 100, 200),
            // A slow one: it waits after each message.
            (1, 1, 1),
            (10, 1, 50),
            (200, 20, 100),
        ]);
        let returned = random.choose(&[0, 0, 10]);
        Self { seed, id, queues: vec![first, second], prefetch, acks, returned, checks }
    }

    /// Consumes on channel 1 until the broker is gone.
    pub fn run(self, mut peer: Peer, journal: &mut Journal<'_>) {
        let mut channel = peer.channel(1);
        channel.send(&basic_qos(0, self.prefetch));
        for queue in &self.queues {
            channel.send(&basic_consume(QUEUES[usize::from(*queue)], &queue.to_string()));
        }
        let gone = self.consume(&mut peer, journal).unwrap_err();
        assert_eq!(gone, NoFrame::Ended, "{self:?}");
    }

    fn consume(&self, peer: &mut Peer, journal: &mut Journal<'_>) -> Result<(), NoFrame> {
        let mut random = Random::new(self.seed, 3 << 40 | u64::from(self.id));
        let mut hands = Hands::default();
        loop {
            let frame = peer.read_frame()?;
            match frame.method_id() {
                Some(BASIC_DELIVER) => {
                    let (tag, queue, id) = self.receive(peer, &frame, journal)?;
                    hands.unacked.insert(tag, (queue, id));
                    if random.happens(self.returned) {
                        peer.channel(1).send(&basic_nack(tag).requeue());
                        hands.unacked.remove(&tag);
                    }
                    self.ack(peer, &mut hands, journal);
                    self.ask(peer, &mut hands, journal);
                }
                Some(QUEUE_DECLARE_OK) => {
                    hands.open -= 1;
                    if hands.open == 0 {
                        let (consumer, before) = (self.id, hands.asked);
                        journal.note(What::Settled { consumer, before });
                    }
                }
                Some(BASIC_QOS_OK | BASIC_CONSUME_OK) => {}
                other => panic!("{self:?} got {other:?} {:?}", Close::read(&frame)),
            }
        }
    }

    fn receive(
        &self,
        peer: &mut Peer,
        frame: &Frame,
        journal: &mut Journal<'_>,
    ) -> Result<(u64, u8, MessageId), NoFrame> {
        let delivery = peer.try_delivery(frame)?;
        let (queue, message) = note_delivery(self.seed, self.id, &delivery, journal);
        Ok((delivery.tag, queue, message))
    }

    fn ack(&self, peer: &mut Peer, hands: &mut Hands, journal: &mut Journal<'_>) {
        if hands.unacked.len() < self.acks {
            return;
        }
        hands.settled += hands.unacked.len();
        let unacked = std::mem::take(&mut hands.unacked);
        note_acks(self.id, unacked.values(), journal);
        let (last, _) = unacked.last_key_value().unwrap();
        let ack = basic_ack(*last);
        peer.channel(1).send(&if self.acks > 1 { ack.multiple() } else { ack });
    }

    fn ask(&self, peer: &mut Peer, hands: &mut Hands, journal: &Journal<'_>) {
        if hands.settled < self.checks || hands.open > 0 {
            return;
        }
        hands.settled = 0;
        hands.asked = journal.now();
        hands.open = self.queues.len();
        for queue in &self.queues {
            peer.channel(1).send(&queue_declare(QUEUES[usize::from(*queue)]).passive());
        }
    }
}

/// Takes a queue's messages off it, all of them, and acknowledges them.
#[track_caller]
pub fn drain(seed: u64, peer: &mut Peer, queue: u8, journal: &mut Journal<'_>) {
    let (consumer, name) = (u32::from(queue), QUEUES[usize::from(queue)]);
    let (ready, _) = peer.channel(1).counts(name);
    peer.channel(1).call(&basic_consume(name, &queue.to_string()));
    for _ in 0..ready {
        let delivery = peer.expect_delivery(1);
        let (queue, message) = note_delivery(seed, consumer, &delivery, journal);
        note_acks(consumer, [&(queue, message)], journal);
        peer.channel(1).send(&basic_ack(delivery.tag));
    }
    assert_eq!(peer.channel(1).counts(name), (0, 1), "there is more than was counted");
}

#[track_caller]
fn note_delivery(
    seed: u64,
    consumer: u32,
    delivery: &Delivery,
    journal: &mut Journal<'_>,
) -> (u8, MessageId) {
    let message = MessageId::of(&delivery.content).expect("a message of the test");
    Message::new(seed, message).expect_intact(&delivery.content);
    let (queue, redelivered) = (delivery.consumer.parse().unwrap(), delivery.redelivered);
    journal.note(What::Delivered { consumer, queue, message, redelivered });
    (queue, message)
}

fn note_acks<'m>(
    consumer: u32,
    acked: impl IntoIterator<Item = &'m (u8, MessageId)>,
    journal: &mut Journal<'_>,
) {
    for &(queue, message) in acked {
        journal.note(What::Acked { consumer, queue, message });
    }
}
