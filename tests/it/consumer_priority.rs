//! Consumers of different priorities (`x-priority`).

use crate::broker::TestBroker;
use crate::raw::message::{Delivery, texts};
use crate::raw::method::{
    BASIC_DELIVER, Method, basic_ack, basic_cancel, basic_consume, basic_qos, queue_delete,
};
use crate::raw::peer::Peer;
use crate::raw::wire::Field;

fn ranked(queue: &str, tag: &str, priority: i32) -> Method {
    basic_consume(queue, tag).arguments(&[("x-priority", Field::Int(priority))])
}

fn brief(deliveries: &[Delivery]) -> Vec<(&str, &str)> {
    deliveries.iter().map(Delivery::brief).collect()
}

/// The next deliveries, whatever their channels.
#[track_caller]
fn on_any_channel(peer: &mut Peer, count: usize) -> Vec<Delivery> {
    let mut next = || {
        let frame = peer.expect_frame();
        assert_eq!(frame.method_id(), Some(BASIC_DELIVER));
        peer.read_delivery(&frame)
    };
    (0..count).map(|_| next()).collect()
}

#[test]
fn the_highest_priority_is_served_until_it_is_full() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let queue = peer.open(1).own_queue();
    peer.channel(1).call(&basic_consume(&queue, "usual"));
    peer.channel(1).call(&basic_qos(0, 1));
    peer.channel(1).call(&ranked(&queue, "high", 10));
    peer.channel(1).call(&ranked(&queue, "higher", 11));
    peer.channel(1).call(&basic_qos(0, 0));
    peer.channel(1).call(&ranked(&queue, "low", -1));

    peer.channel(1).put_all(&queue, &["1", "2", "3", "4"]);

    let held = peer.expect_deliveries(1, 4);
    let expected = [("higher", "1"), ("high", "2"), ("usual", "3"), ("usual", "4")];
    assert_eq!(brief(&held), expected);
    peer.channel(1).send(&basic_ack(held[1].tag)).counts(&queue);
    peer.channel(1).put_all(&queue, &["5", "6"]);
    assert_eq!(brief(&peer.expect_deliveries(1, 2)), [("high", "5"), ("usual", "6")]);
    peer.channel(1).call(&basic_cancel("usual"));
    peer.channel(1).put(&queue, "7");
    assert_eq!(peer.expect_delivery(1).brief(), ("low", "7"));
}

#[test]
fn consumers_of_one_priority_take_turns_across_connections() {
    let broker = TestBroker::start();
    let mut publisher = broker.connect();
    let queue = publisher.open(1).shared_queue("consumer_priority.turns");
    publisher.channel(1).call(&ranked(&queue, "low", -5));
    let mut consumers: Vec<_> = (0..2).map(|_| broker.connect()).collect();
    for consumer in &mut consumers {
        consumer.open(1).call(&ranked(&queue, "high", 5));
    }

    publisher.channel(1).put_all(&queue, &["1", "2", "3", "4"]);

    assert_eq!(texts(&consumers[0].expect_deliveries(1, 2)), ["1", "3"]);
    assert_eq!(texts(&consumers[1].expect_deliveries(1, 2)), ["2", "4"]);
    assert_eq!(publisher.channel(1).counts(&queue), (0, 3));
    publisher.channel(1).call(&queue_delete(&queue));
}

#[test]
fn what_a_lost_consumer_held_goes_to_the_highest_priority_that_is_left() {
    let broker = TestBroker::start();
    let (mut high, mut others) = (broker.connect(), broker.connect());
    let queue = others.open(1).shared_queue("consumer_priority.lost");
    for (tag, priority) in [("low", 1), ("middle", 2)] {
        others.channel(1).call(&ranked(&queue, tag, priority));
    }
    high.open(1).call(&ranked(&queue, "high", 3));
    others.channel(1).put_all(&queue, &["1", "2"]);
    high.expect_deliveries(1, 2);

    drop(high);

    assert_eq!(brief(&others.expect_deliveries(1, 2)), [("middle", "1"), ("middle", "2")]);
    others.channel(1).call(&queue_delete(&queue));
}

#[test]
fn a_channel_wide_limit_is_used_up_by_the_highest_priority() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let queue = peer.open(1).own_queue();
    peer.channel(1).call(&basic_qos(0, 3).global());
    peer.channel(1).call(&ranked(&queue, "low", 0));
    peer.channel(1).call(&ranked(&queue, "high", 1));

    peer.open(2).put_all(&queue, &["1", "2", "3", "4"]);

    let held = peer.expect_deliveries(1, 3);
    assert_eq!(brief(&held), [("high", "1"), ("high", "2"), ("high", "3")]);
    peer.channel(1).send(&basic_ack(held[0].tag));
    assert_eq!(peer.expect_delivery(1).brief(), ("high", "4"));
}

#[test]
fn a_priority_whose_channel_is_full_lets_lower_ones_be_served() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let queue = peer.open(1).own_queue();
    peer.channel(1).call(&basic_consume(&queue, "low"));
    peer.open(2).call(&basic_qos(0, 2).global());
    peer.channel(2).call(&ranked(&queue, "high", 1));

    peer.channel(1).put_all(&queue, &["1", "2", "3", "4"]);

    let held = on_any_channel(&mut peer, 4);
    let expected = [("high", "1"), ("high", "2"), ("low", "3"), ("low", "4")];
    assert_eq!(brief(&held), expected);
    peer.channel(2).send(&basic_ack(held[0].tag));
    peer.channel(1).put_all(&queue, &["5", "6"]);
    let more = on_any_channel(&mut peer, 2);
    assert_eq!(brief(&more), [("high", "5"), ("low", "6")]);
}

#[test]
fn any_integer_is_a_priority_and_other_arguments_are_none_of_the_brokers_business() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let queue = peer.open(1).own_queue();
    let consume = |tag, priority| {
        let failover = ("x-cancel-on-ha-failover", Field::Bool(true));
        basic_consume(&queue, tag).arguments(&[("x-priority", priority), failover])
    };
    peer.channel(1).call(&consume("least", Field::Long(i64::MIN)));
    peer.channel(1).call(&consume("most", Field::Long(i64::MAX)));
    peer.channel(1).call(&consume("more", Field::Int(i32::MAX)));

    peer.channel(1).put_all(&queue, &["1", "2"]);

    assert_eq!(brief(&peer.expect_deliveries(1, 2)), [("most", "1"), ("most", "2")]);
}
