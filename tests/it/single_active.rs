//! Queues that serve one consumer at a time (`x-single-active-consumer`).

use std::thread;

use crate::broker::TestBroker;
use crate::raw::close::Outcome;
use crate::raw::message::texts;
use crate::raw::method::{
    BASIC_ACK, BASIC_CONSUME, Method, basic_ack, basic_cancel, basic_consume, basic_get,
    basic_nack, basic_qos, channel_close, queue_declare, queue_delete,
};
use crate::raw::peer::Peer;
use crate::raw::wire::Field;

fn single(queue: &str) -> Method {
    queue_declare(queue).arguments(&[("x-single-active-consumer", Field::Bool(true))])
}

/// Declares such a queue of the connection's own.
#[track_caller]
fn own(peer: &mut Peer) -> String {
    peer.open(1).call(&single("").exclusive()).arguments().short_str()
}

/// Two connections with a consumer each, the first of which is active and has prefetch 2.
fn two_consumers(broker: &TestBroker, queue: &str) -> (Peer, Peer) {
    let (mut first, mut second) = (broker.connect(), broker.connect());
    first.open(1).call(&single(queue));
    first.channel(1).call(&basic_qos(0, 2));
    first.channel(1).call(&basic_consume(queue, "first"));
    second.open(1).call(&basic_consume(queue, "second"));
    (first, second)
}

#[track_caller]
fn expect_all(second: &mut Peer, queue: &str) {
    let all = second.expect_deliveries(1, 4);
    assert_eq!(texts(&all), ["1", "2", "3", "4"]);
    let redelivered: Vec<_> = all.iter().map(|delivery| delivery.redelivered).collect();
    assert_eq!(redelivered, [true, true, false, false]);
    second.channel(1).call(&queue_delete(queue));
}

#[test]
fn the_first_consumer_is_served_and_the_others_wait_even_when_it_is_full() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let queue = own(&mut peer);
    peer.channel(1).call(&basic_qos(0, 1));
    for tag in ["a", "b", "c"] {
        peer.channel(1).call(&basic_consume(&queue, tag));
    }

    peer.channel(1).put_all(&queue, &["1", "2"]);

    let held = peer.expect_delivery(1);
    assert_eq!(held.brief(), ("a", "1"));
    assert_eq!(peer.channel(1).counts(&queue), (1, 3));
    peer.channel(1).send(&basic_ack(held.tag));
    assert_eq!(peer.expect_delivery(1).brief(), ("a", "2"));
}

#[test]
fn the_oldest_of_the_highest_priority_takes_over_when_the_active_consumer_is_cancelled() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let queue = own(&mut peer);
    for (tag, priority) in [("a", 0), ("b", 0), ("c", 7), ("d", 7)] {
        let arguments = [("x-priority", Field::Int(priority))];
        peer.channel(1).call(&basic_consume(&queue, tag).arguments(&arguments));
    }

    for (tag, text) in [("a", "1"), ("c", "2"), ("d", "3"), ("b", "4")] {
        peer.channel(1).put(&queue, text);
        assert_eq!(peer.expect_delivery(1).brief(), (tag, text));
        peer.channel(1).call(&basic_cancel(tag));
    }

    assert_eq!(peer.channel(1).counts(&queue), (0, 0));
}

#[test]
fn what_a_cancelled_consumer_has_not_settled_stays_until_it_is() {
    let broker = TestBroker::start();
    if broker.is_rabbitmq_3_10 {
        // It serves who takes over only when something else happens to the queue; 4.x at once.
        return;
    }
    let queue = "single_active.cancel";
    let (mut first, mut second) = two_consumers(&broker, queue);
    first.channel(1).put_all(queue, &["1", "2", "3"]);
    let held = first.expect_deliveries(1, 2);

    first.channel(1).call(&basic_cancel("first"));

    assert_eq!(second.expect_delivery(1).text(), "3");
    assert_eq!(second.channel(1).counts(queue), (0, 1));
    first.channel(1).send(&basic_ack(held[1].tag)).send(&basic_nack(held[0].tag).requeue());
    let again = second.expect_delivery(1);
    assert_eq!((again.text(), again.redelivered), ("1", true));
    second.channel(1).call(&queue_delete(queue));
}

#[test]
fn who_takes_over_from_a_closed_channel_gets_the_messages_in_order() {
    let broker = TestBroker::start();
    let queue = "single_active.closed";
    let (mut first, mut second) = two_consumers(&broker, queue);
    first.channel(1).put_all(queue, &["1", "2", "3", "4"]);
    first.expect_deliveries(1, 2);

    first.channel(1).close();

    expect_all(&mut second, queue);
}

#[test]
fn who_takes_over_from_a_channel_that_failed_gets_the_messages_in_order() {
    let broker = TestBroker::start();
    let queue = "single_active.failed";
    let (mut first, mut second) = two_consumers(&broker, queue);
    first.channel(1).put_all(queue, &["1", "2", "3", "4"]);
    first.expect_deliveries(1, 2);

    first.channel(1).send(&basic_ack(9));

    expect_all(&mut second, queue);
    let text = "PRECONDITION_FAILED - unknown delivery tag 9";
    first.expect_channel_close(1, 406, text, BASIC_ACK);
}

#[test]
fn who_takes_over_from_a_lost_connection_gets_the_messages_in_order() {
    let broker = TestBroker::start();
    let queue = "single_active.lost";
    let (mut first, mut second) = two_consumers(&broker, queue);
    first.channel(1).put_all(queue, &["1", "2", "3", "4"]);
    first.expect_deliveries(1, 2);

    drop(first);

    expect_all(&mut second, queue);
}

#[test]
fn in_a_classic_queue_a_higher_priority_does_not_replace_who_is_active() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let queue = own(&mut peer);
    peer.channel(1).call(&basic_consume(&queue, "first"));
    let high = [("x-priority", Field::Int(9))];
    peer.channel(1).call(&basic_consume(&queue, "high").arguments(&high));

    peer.channel(1).put(&queue, "1");

    assert_eq!(peer.expect_delivery(1).brief(), ("first", "1"));
}

/// A quorum queue with two connections: one with a consumer of priority 0, which holds "1" and has
/// room for more, and then one with a consumer of priority 9. Also the tag of "1".
fn outranked(broker: &TestBroker, queue: &str) -> (Peer, Peer, u64) {
    let (mut low, mut high) = (broker.connect(), broker.connect());
    let kind = ("x-queue-type", Field::Str("quorum"));
    let arguments = [kind, ("x-single-active-consumer", Field::Bool(true))];
    low.open(1).call(&queue_declare(queue).durable().arguments(&arguments));
    low.channel(1).call(&basic_qos(0, 5));
    low.channel(1).call(&basic_consume(queue, "low"));
    low.channel(1).put(queue, "1");
    let held = low.expect_delivery(1);
    let arguments = [("x-priority", Field::Int(9))];
    high.open(1).call(&basic_consume(queue, "high").arguments(&arguments));
    (low, high, held.tag)
}

#[test]
fn in_a_quorum_queue_a_higher_priority_takes_over_once_who_is_active_has_settled_all() {
    let broker = TestBroker::start();
    if broker.is_rabbitmq_3_10 {
        // It replaces nobody; 4.x does.
        return;
    }
    let queue = "single_active.outranked";
    let (mut low, mut high, held) = outranked(&broker, queue);

    low.channel(1).put(queue, "2");
    assert_eq!(low.channel(1).counts(queue), (1, 2));
    low.channel(1).send(&basic_nack(held).requeue());

    let again = high.expect_deliveries(1, 2);
    let brief: Vec<_> = again.iter().map(|it| (it.text(), it.redelivered)).collect();
    assert_eq!(brief, [("1", true), ("2", false)]);
    high.channel(1).call(&basic_cancel("high"));
    low.channel(1).put(queue, "3");
    assert_eq!(low.expect_delivery(1).text(), "3");
    low.channel(1).call(&queue_delete(queue));
}

#[test]
fn in_a_quorum_queue_who_is_outranked_and_cancelled_is_replaced_at_once() {
    let broker = TestBroker::start();
    if broker.is_rabbitmq_3_10 {
        // It serves who takes over only when something else happens to the queue.
        return;
    }
    let queue = "single_active.outranked_gone";
    let (mut low, mut high, _) = outranked(&broker, queue);

    low.channel(1).put(queue, "2").call(&basic_cancel("low"));

    assert_eq!(high.expect_delivery(1).text(), "2");
    high.channel(1).call(&queue_delete(queue));
}

#[test]
fn in_a_quorum_queue_an_equal_or_lower_priority_replaces_nobody() {
    let broker = TestBroker::start();
    if broker.is_rabbitmq_3_10 {
        // There the one of the higher priority waits.
        return;
    }
    let queue = "single_active.equal";
    let (mut low, mut high, _) = outranked(&broker, queue);
    low.channel(1).call(&basic_cancel("low"));
    for (tag, priority) in [("equal", 9), ("lower", 8)] {
        let arguments = [("x-priority", Field::Int(priority))];
        low.channel(1).call(&basic_consume(queue, tag).arguments(&arguments));
    }

    low.channel(1).put(queue, "2");

    assert_eq!(high.expect_delivery(1).text(), "2");
    low.channel(1).call(&queue_delete(queue));
}

#[test]
fn get_takes_what_the_active_consumer_has_no_room_for() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let queue = own(&mut peer);
    peer.channel(1).call(&basic_qos(0, 1));
    peer.channel(1).call(&basic_consume(&queue, "c"));
    peer.channel(1).put_all(&queue, &["1", "2"]);
    peer.expect_delivery(1);

    assert_eq!(peer.channel(1).get(&basic_get(&queue)).content.text(), "2");
}

#[test]
fn nobody_has_such_a_queue_for_himself() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let queue = own(&mut peer);
    let text = format!("ACCESS_REFUSED - queue '{queue}' in vhost '/' in exclusive use");

    peer.channel(1).send(&basic_consume(&queue, "alone").exclusive());
    peer.expect_channel_close(1, 403, &text, BASIC_CONSUME);
    peer.open(1).call(&basic_consume(&queue, "first"));
    peer.channel(1).send(&basic_consume(&queue, "alone").exclusive());

    peer.expect_channel_close(1, 403, &text, BASIC_CONSUME);
}

#[test]
fn a_waiting_consumer_uses_up_nothing_of_its_channels_limit() {
    let broker = TestBroker::start();
    let (mut active, mut waiting) = (broker.connect(), broker.connect());
    let queue = "single_active.limit";
    active.open(1).call(&single(queue));
    active.channel(1).call(&basic_consume(queue, "active"));
    let other = waiting.open(1).own_queue();
    waiting.channel(1).call(&basic_qos(0, 1).global());
    waiting.channel(1).call(&basic_consume(queue, "waiting"));
    waiting.channel(1).call(&basic_consume(&other, "other"));

    active.channel(1).put(queue, "1");
    active.expect_delivery(1);
    waiting.channel(1).put(&other, "2");
    let held = waiting.expect_delivery(1);
    assert_eq!(held.brief(), ("other", "2"));
    active.channel(1).call(&basic_cancel("active"));
    active.channel(1).put(queue, "3").counts(queue);
    assert_eq!(waiting.channel(1).counts(queue), (1, 1));
    waiting.channel(1).send(&basic_ack(held.tag));

    assert_eq!(waiting.expect_delivery(1).brief(), ("waiting", "3"));
    active.channel(1).call(&queue_delete(queue));
}

/// Consumers come, take some, settle a part and go, while messages come in.
#[test]
fn every_one_that_takes_over_begins_where_the_last_one_stopped() {
    const MESSAGES: usize = 1000;
    let broker = TestBroker::start();
    let queue = "single_active.relay";
    let mut publisher = broker.connect();
    publisher.open(1).call(&single(queue));
    let mut next = consumer(&broker, queue);

    thread::scope(|scope| {
        scope.spawn(|| {
            for number in 0..MESSAGES {
                publisher.channel(1).put(queue, &number.to_string());
            }
            publisher.channel(1).counts(queue);
        });
        let mut settled = 0;
        while settled < MESSAGES {
            let mut active = std::mem::replace(&mut next, consumer(&broker, queue));
            let count = 20.min(MESSAGES - settled);
            let held = active.expect_deliveries(1, count);
            let expected: Vec<_> = (settled..settled + count).map(|it| it.to_string()).collect();
            assert_eq!(texts(&held), expected);
            let last = &held[count.div_ceil(2) - 1];
            active.channel(1).send(&basic_ack(last.tag).multiple());
            settled += count.div_ceil(2);
            active.channel(1).send(&channel_close());
            assert_eq!(active.outcome(), Outcome::Accepted);
        }
    });
    next.channel(1).call(&queue_delete(queue));
}

fn consumer(broker: &TestBroker, queue: &str) -> Peer {
    let mut peer = broker.connect();
    peer.open(1).call(&basic_qos(0, 50));
    peer.channel(1).call(&basic_consume(queue, "c"));
    peer
}
