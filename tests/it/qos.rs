//! basic.qos, for each consumer and for the whole channel.

use std::collections::BTreeSet;

use crate::broker::TestBroker;
use crate::raw::message::{Delivery, texts};
use crate::raw::method::{
    basic_ack, basic_cancel, basic_consume, basic_get, basic_nack, basic_qos,
};
use crate::raw::peer::Peer;

const SIX: [&str; 6] = ["1", "2", "3", "4", "5", "6"];

/// A connection with channel 1 open and an own queue of six messages.
fn six_messages(broker: &TestBroker) -> (Peer, String) {
    let mut peer = broker.connect();
    let queue = peer.open(1).own_queue();
    peer.channel(1).put_all(&queue, &SIX).counts(&queue);
    (peer, queue)
}

#[test]
fn a_consumer_holds_no_more_than_its_prefetch() {
    let broker = TestBroker::start();
    let (mut peer, queue) = six_messages(&broker);
    peer.channel(1).call(&basic_qos(0, 2));
    peer.channel(1).call(&basic_consume(&queue, "c"));
    let held = peer.expect_deliveries(1, 2);
    assert_eq!(peer.channel(1).counts(&queue), (4, 1));

    peer.channel(1).send(&basic_ack(held[1].tag));

    assert_eq!(peer.expect_delivery(1).text(), "3");
    assert_eq!(peer.channel(1).counts(&queue), (3, 1));
}

#[test]
fn a_prefetch_holds_for_later_consumers_and_for_each_by_itself() {
    let broker = TestBroker::start();
    let (mut peer, queue) = six_messages(&broker);
    peer.channel(1).call(&basic_qos(0, 1));
    peer.channel(1).call(&basic_consume(&queue, "one"));
    peer.channel(1).expect_delivery();
    peer.channel(1).call(&basic_qos(0, 3));
    assert_eq!(peer.channel(1).counts(&queue), (5, 1), "a running consumer keeps its prefetch");

    peer.channel(1).call(&basic_consume(&queue, "three"));

    let held = peer.expect_deliveries(1, 3);
    assert!(held.iter().all(|delivery| delivery.consumer == "three"));
    assert_eq!(peer.channel(1).counts(&queue), (2, 2));
}

#[test]
fn get_and_automatic_acks_know_no_prefetch() {
    let broker = TestBroker::start();
    let (mut peer, queue) = six_messages(&broker);
    peer.channel(1).call(&basic_qos(0, 1));
    peer.channel(1).call(&basic_qos(0, 1).global());
    peer.channel(1).get(&basic_get(&queue));
    peer.channel(1).get(&basic_get(&queue));

    peer.channel(1).call(&basic_consume(&queue, "c").no_ack());

    assert_eq!(texts(&peer.expect_deliveries(1, 4)), ["3", "4", "5", "6"]);
}

#[test]
fn every_way_of_settling_makes_room() {
    let broker = TestBroker::start();
    let (mut peer, queue) = six_messages(&broker);
    peer.channel(1).call(&basic_qos(0, 2));
    peer.channel(1).call(&basic_consume(&queue, "c"));

    let held = peer.expect_deliveries(1, 2);
    peer.channel(1).send(&basic_nack(held[1].tag).multiple());
    let held = peer.expect_deliveries(1, 2);
    peer.channel(1).send(&basic_nack(held[0].tag).requeue());
    let again = peer.expect_delivery(1);

    assert_eq!((again.text(), again.redelivered), ("3", true));
    assert_eq!(peer.channel(1).counts(&queue), (2, 1));
}

#[test]
fn a_channel_wide_limit_is_shared_by_two_consumers() {
    let broker = TestBroker::start();
    let (mut peer, queue) = six_messages(&broker);
    peer.channel(1).call(&basic_qos(0, 2).global());
    for tag in ["a", "b"] {
        peer.channel(1).send(&basic_consume(&queue, tag).no_wait());
    }
    let held = peer.expect_deliveries(1, 2);
    assert_eq!(peer.channel(1).counts(&queue), (4, 2));

    peer.channel(1).send(&basic_ack(held[1].tag).multiple());

    peer.expect_deliveries(1, 2);
    assert_eq!(peer.channel(1).counts(&queue), (2, 2));
}

#[test]
fn a_channel_wide_limit_is_shared_by_two_queues() {
    let broker = TestBroker::start();
    let (mut peer, first) = six_messages(&broker);
    let second = peer.channel(1).own_queue();
    peer.channel(1).put_all(&second, &SIX).counts(&second);
    peer.channel(1).call(&basic_qos(0, 3).global());
    for queue in [&first, &second] {
        peer.channel(1).send(&basic_consume(queue, queue).no_wait());
    }
    let mut total = 0;

    while total < 12 {
        let held = peer.expect_deliveries(1, 3.min(12 - total));
        total += held.len();
        let ready = peer.channel(1).counts(&first).0 + peer.channel(1).counts(&second).0;
        assert_eq!(ready as usize, 12 - total, "no more than three are unacked");
        peer.channel(1).send(&basic_ack(held.last().unwrap().tag).multiple());
    }
}

#[test]
fn consumers_under_a_channel_wide_limit_all_get_their_turn() {
    let broker = TestBroker::start();
    let (mut peer, queue) = six_messages(&broker);
    peer.channel(1).call(&basic_qos(0, 1).global());
    for tag in ["a", "b", "c"] {
        peer.channel(1).send(&basic_consume(&queue, tag).no_wait());
    }

    let served: BTreeSet<_> = (0..6)
        .map(|_| {
            let Delivery { consumer, tag, .. } = peer.expect_delivery(1);
            peer.channel(1).send(&basic_ack(tag));
            consumer
        })
        .collect();

    assert_eq!(served.len(), 3, "{served:?}");
}

#[test]
fn a_channel_wide_limit_of_several_is_spread_over_the_consumers() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let queue = peer.open(1).own_queue();
    peer.channel(1).call(&basic_qos(0, 4).global());
    for tag in ["a", "b"] {
        peer.channel(1).call(&basic_consume(&queue, tag));
    }

    peer.open(2).put_all(&queue, &SIX);

    let held = peer.expect_deliveries(1, 4);
    let turns: Vec<_> = held.iter().map(Delivery::brief).collect();
    assert_eq!(turns, [("a", "1"), ("b", "2"), ("a", "3"), ("b", "4")]);
}

#[test]
fn queues_under_a_channel_wide_limit_all_get_their_turn() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    peer.open(1);
    let queues: Vec<_> = (0..3).map(|_| peer.channel(1).own_queue()).collect();
    for queue in &queues {
        for _ in 0..40 {
            peer.channel(1).put(queue, "m");
        }
        peer.channel(1).counts(queue);
    }
    peer.channel(1).call(&basic_qos(0, 1).global());
    for queue in &queues {
        peer.channel(1).send(&basic_consume(queue, queue).no_wait());
    }

    let served: BTreeSet<_> = (0..40)
        .map(|_| {
            let Delivery { consumer, tag, .. } = peer.expect_delivery(1);
            peer.channel(1).send(&basic_ack(tag));
            consumer
        })
        .collect();

    assert_eq!(served.len(), 3, "{served:?}");
}

#[test]
fn raising_a_channel_wide_limit_delivers_at_once() {
    let broker = TestBroker::start();
    let (mut peer, queue) = six_messages(&broker);
    peer.channel(1).call(&basic_qos(0, 1).global());
    peer.channel(1).call(&basic_consume(&queue, "c"));
    peer.expect_delivery(1);
    assert_eq!(peer.channel(1).counts(&queue), (5, 1));

    peer.channel(1).send(&basic_qos(0, 3).global());

    let more = deliveries_around_qos_ok(&mut peer, 2);
    assert_eq!(texts(&more), ["2", "3"]);
    assert_eq!(peer.channel(1).counts(&queue), (3, 1));
}

#[test]
fn lifting_a_channel_wide_limit_delivers_the_rest() {
    let broker = TestBroker::start();
    let (mut peer, queue) = six_messages(&broker);
    peer.channel(1).call(&basic_qos(0, 1).global());
    peer.channel(1).call(&basic_consume(&queue, "c"));
    peer.expect_delivery(1);

    peer.channel(1).send(&basic_qos(0, 0).global());

    assert_eq!(texts(&deliveries_around_qos_ok(&mut peer, 5)), ["2", "3", "4", "5", "6"]);
}

/// Deliveries that a qos brings about; RabbitMQ sends some of them before qos-ok.
#[track_caller]
fn deliveries_around_qos_ok(peer: &mut Peer, count: usize) -> Vec<Delivery> {
    let (mut deliveries, mut answered) = (Vec::new(), false);
    while !answered || deliveries.len() < count {
        let frame = peer.expect_frame();
        if frame.method_id() == Some((60, 11)) {
            answered = true;
        } else {
            deliveries.push(peer.read_delivery(&frame));
        }
    }
    deliveries
}

#[test]
fn a_channel_wide_limit_counts_what_was_unacked_before() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let queue = peer.open(1).own_queue();
    peer.channel(1).call(&basic_consume(&queue, "c"));
    peer.channel(1).put_all(&queue, &["1", "2", "3"]);
    let held = peer.expect_deliveries(1, 3);

    peer.channel(1).call(&basic_qos(0, 2).global());
    peer.channel(1).put(&queue, "4");
    assert_eq!(peer.channel(1).counts(&queue), (1, 1));
    peer.channel(1).send(&basic_ack(held[0].tag));
    assert_eq!(peer.channel(1).counts(&queue), (1, 1));
    peer.channel(1).send(&basic_ack(held[1].tag));

    assert_eq!(peer.expect_delivery(1).text(), "4");
}

#[test]
fn both_limits_hold_when_both_are_set() {
    let broker = TestBroker::start();
    let (mut peer, queue) = six_messages(&broker);
    peer.channel(1).call(&basic_qos(0, 2));
    peer.channel(1).call(&basic_qos(0, 3).global());
    peer.channel(1).call(&basic_consume(&queue, "a"));
    peer.expect_deliveries(1, 2);
    assert_eq!(peer.channel(1).counts(&queue), (4, 1), "the consumer's own limit");

    peer.channel(1).call(&basic_consume(&queue, "b"));

    assert_eq!(peer.expect_delivery(1).brief(), ("b", "3"));
    assert_eq!(peer.channel(1).counts(&queue), (3, 2), "the channel's limit");
}

#[test]
fn a_cancelled_consumers_deliveries_count_until_they_are_settled() {
    let broker = TestBroker::start();
    let (mut peer, queue) = six_messages(&broker);
    peer.channel(1).call(&basic_qos(0, 1).global());
    peer.channel(1).call(&basic_consume(&queue, "a"));
    let held = peer.expect_delivery(1);
    peer.channel(1).call(&basic_cancel("a"));

    peer.channel(1).call(&basic_consume(&queue, "b"));
    assert_eq!(peer.channel(1).counts(&queue), (5, 1));
    peer.channel(1).send(&basic_ack(held.tag));

    assert_eq!(peer.expect_delivery(1).brief(), ("b", "2"));
}

#[test]
fn a_limit_of_one_channel_is_none_of_anothers() {
    let broker = TestBroker::start();
    let (mut peer, queue) = six_messages(&broker);
    peer.channel(1).call(&basic_qos(0, 1).global());
    peer.channel(1).call(&basic_consume(&queue, "tight"));
    peer.expect_delivery(1);

    peer.open(2).call(&basic_consume(&queue, "free"));

    assert_eq!(texts(&peer.expect_deliveries(2, 5)), ["2", "3", "4", "5", "6"]);
}
