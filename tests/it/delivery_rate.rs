//! Queues that deliver no faster than they may (`x-delivery-rate`).

use std::time::{Duration, Instant};

use crate::broker::TestBroker;
use crate::raw::method::{
    BASIC_DELIVER, Method, QUEUE_DECLARE, basic_ack, basic_cancel, basic_consume, basic_get,
    basic_qos, queue_declare,
};
use crate::raw::wire::Field;

fn paced(queue: &str, rate: i32) -> Method {
    queue_declare(queue).exclusive().arguments(&[("x-delivery-rate", Field::Int(rate))])
}

/// What may come at once: one message, and what 32 ms are worth.
fn at_once(rate: u32) -> u32 {
    1 + rate * 32 / 1000
}

#[test]
fn a_backlog_is_delivered_at_the_queues_rate_whoever_takes_it() {
    let broker = TestBroker::start();
    if broker.is_rabbitmq_3_10 {
        return;
    }
    let mut peer = broker.connect();
    peer.open(1).call(&paced("rate.backlog", 200));
    for tag in ["a", "b"] {
        peer.channel(1).call(&basic_consume("rate.backlog", tag).no_ack());
    }
    let start = Instant::now();

    peer.channel(1).put_all("rate.backlog", &["m"; 300]);
    peer.expect_deliveries(1, 300);

    let least = Duration::from_millis(5) * (300 - at_once(200));
    assert!(start.elapsed() >= least, "{:?} instead of {least:?}", start.elapsed());
    assert!(start.elapsed() < least * 4, "{:?} instead of {least:?}", start.elapsed());
}

#[test]
fn a_consumer_with_a_channels_limit_gets_one_after_the_other() {
    let broker = TestBroker::start();
    if broker.is_rabbitmq_3_10 {
        return;
    }
    let mut peer = broker.connect();
    peer.open(1).call(&paced("rate.limited", 20));
    peer.channel(1).call(&basic_qos(0, 10).global());
    peer.channel(1).call(&basic_consume("rate.limited", "c"));
    let start = Instant::now();

    peer.channel(1).put_all("rate.limited", &["m"; 8]);

    for _ in 0..8 {
        let tag = peer.expect_delivery(1).tag;
        peer.channel(1).send(&basic_ack(tag));
    }
    assert!(start.elapsed() >= Duration::from_millis(50) * (8 - at_once(20)));
}

#[test]
fn gets_are_served_at_once_and_count_for_the_consumers() {
    let broker = TestBroker::start();
    if broker.is_rabbitmq_3_10 {
        return;
    }
    let mut peer = broker.connect();
    peer.open(1).call(&paced("rate.gets", 10));
    peer.channel(1).put_all("rate.gets", &["1", "2", "3", "4", "5"]);
    let start = Instant::now();
    for text in ["1", "2", "3", "4"] {
        assert_eq!(peer.channel(1).get(&basic_get("rate.gets").no_ack()).content.text(), text);
    }

    peer.channel(1).call(&basic_consume("rate.gets", "c").no_ack());

    assert_eq!(peer.expect_delivery(1).text(), "5");
    assert!(start.elapsed() >= Duration::from_millis(400 - 32), "{:?}", start.elapsed());
}

#[test]
fn a_message_that_waits_for_its_turn_is_ready_and_can_be_had_otherwise() {
    let broker = TestBroker::start();
    if broker.is_rabbitmq_3_10 {
        return;
    }
    let mut peer = broker.connect();
    peer.open(1).call(&paced("rate.slow", 1));
    peer.channel(1).call(&basic_consume("rate.slow", "c").no_ack());

    peer.channel(1).put_all("rate.slow", &["1", "2"]);

    let first = peer.expect_method(1, BASIC_DELIVER);
    assert_eq!(peer.read_delivery(&first).text(), "1");
    peer.channel(1).call(&basic_cancel("c"));
    assert_eq!(peer.channel(1).pop("rate.slow"), "2");
}

#[test]
fn a_rate_is_a_number_above_zero_and_stays_as_it_was_declared() {
    let broker = TestBroker::start();
    if broker.is_rabbitmq_3_10 {
        return;
    }
    let mut peer = broker.connect();
    peer.open(1).call(&paced("rate.args", 5));
    for (queue, value, wrong, detail) in [
        ("rate.new", Field::Int(0), "invalid", "{value_zero,0}"),
        ("rate.new", Field::Int(-1), "invalid", "{value_negative,-1}"),
        ("rate.new", Field::Double(0.5), "invalid", "\"expected integer, got double\""),
        ("rate.args", Field::Int(6), "inequivalent", "received '6' but current is '5'"),
    ] {
        let declare = queue_declare(queue).exclusive().arguments(&[("x-delivery-rate", value)]);
        peer.open(2).send(&declare);
        let text = format!(
            "PRECONDITION_FAILED - {wrong} arg 'x-delivery-rate' for queue '{queue}' in vhost '/': {detail}"
        );
        peer.expect_channel_close(2, 406, &text, QUEUE_DECLARE);
    }
}
