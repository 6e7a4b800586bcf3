//! Deliveries that fail are counted in quorum queues, and limited (`x-delivery-limit`), as
//! RabbitMQ 4.3 does; 3.10 counts from 0 and counts whatever comes back.

use leveret::amqp::table::{TableRef, Value};
use leveret::codec::header::parse_header;

use crate::broker::TestBroker;
use crate::raw::content::content;
use crate::raw::message::Received;
use crate::raw::method::{
    basic_ack, basic_consume, basic_get, basic_nack, basic_publish, basic_recover, basic_reject,
    queue_declare, queue_delete, tx_commit, tx_select,
};
use crate::raw::peer::Peer;
use crate::raw::wire::Field;

/// Declares a quorum queue that a test deletes.
#[track_caller]
pub fn quorum(peer: &mut Peer, queue: &str, arguments: &[(&str, Field)]) {
    let mut all = vec![("x-queue-type", Field::Str("quorum"))];
    all.extend(arguments.iter().cloned());
    peer.channel(1).call(&queue_declare(queue).durable().arguments(&all));
}

/// `x-delivery-count` and `x-acquired-count`.
#[track_caller]
pub fn counts(received: &Received) -> (Option<i64>, Option<i64>) {
    let header = parse_header(&received.header).unwrap();
    let headers = header.properties.headers().unwrap_or_default();
    let count = |headers: TableRef<'_>, name| match headers.get(name) {
        None => None,
        Some(Value::Int(b'l', count)) => Some(count),
        Some(other) => panic!("{name} is {other:?}"),
    };
    (count(headers, "x-delivery-count"), count(headers, "x-acquired-count"))
}

/// A broker that counts, and a connection whose channel 1 is open.
fn counting() -> Option<(TestBroker, Peer)> {
    let broker = TestBroker::start();
    if broker.is_rabbitmq_3_10 {
        return None;
    }
    let mut peer = broker.connect();
    peer.open(1);
    Some((broker, peer))
}

/// Gets the message and refuses it until it does not come back; returns how often it came.
#[track_caller]
fn reject_all(peer: &mut Peer, queue: &str, at_most: usize) -> usize {
    for times in 0..at_most {
        if peer.channel(1).counts(queue).0 == 0 {
            return times;
        }
        let got = peer.channel(1).get(&basic_get(queue));
        let before = i64::try_from(times).unwrap();
        let expected = Some(before).filter(|before| *before > 0);
        assert_eq!(counts(&got.content), (expected, expected));
        peer.channel(1).send(&basic_reject(got.tag).requeue());
    }
    at_most
}

#[test]
fn with_limit_2_a_message_is_delivered_three_times() {
    let Some((_broker, mut peer)) = counting() else { return };
    quorum(&mut peer, "limit.two", &[("x-delivery-limit", Field::Int(2))]);
    peer.channel(1).put("limit.two", "m");

    assert_eq!(reject_all(&mut peer, "limit.two", 10), 3);

    peer.channel(1).call(&queue_delete("limit.two"));
}

#[test]
fn the_limit_is_20_where_the_queue_does_not_say_and_none_where_it_is_negative() {
    let Some((_broker, mut peer)) = counting() else { return };
    for (queue, arguments, expected) in [
        ("limit.default", vec![], 21),
        ("limit.text", vec![("x-delivery-limit", Field::Str("2"))], 21),
        ("limit.none", vec![("x-delivery-limit", Field::Int(-1))], 40),
        ("limit.zero", vec![("x-delivery-limit", Field::Int(0))], 1),
    ] {
        quorum(&mut peer, queue, &arguments);
        peer.channel(1).put(queue, "m");

        assert_eq!(reject_all(&mut peer, queue, 40), expected, "{queue}");

        peer.channel(1).call(&queue_delete(queue));
    }
}

#[test]
fn nack_and_recover_give_back_without_counting_a_failure() {
    let Some((_broker, mut peer)) = counting() else { return };
    quorum(&mut peer, "limit.nack", &[("x-delivery-limit", Field::Int(0))]);
    peer.channel(1).put("limit.nack", "m");

    let first = peer.channel(1).get(&basic_get("limit.nack"));
    peer.channel(1).send(&basic_nack(first.tag).requeue());
    let second = peer.channel(1).get(&basic_get("limit.nack"));
    peer.channel(1).call(&basic_recover().requeue());
    let third = peer.channel(1).get(&basic_get("limit.nack"));

    assert_eq!((first.redelivered, counts(&first.content)), (false, (None, None)));
    assert_eq!((second.redelivered, counts(&second.content)), (true, (None, Some(1))));
    assert_eq!((third.redelivered, counts(&third.content)), (true, (None, Some(2))));
    peer.channel(1).call(&queue_delete("limit.nack"));
}

#[test]
fn a_channel_that_closes_and_a_connection_that_is_lost_count() {
    let Some((broker, mut peer)) = counting() else { return };
    quorum(&mut peer, "limit.lost", &[("x-delivery-limit", Field::Int(2))]);
    peer.channel(1).put_all("limit.lost", &["m", "other"]);
    let mut consumer = broker.connect();

    consumer.open(1).call(&basic_consume("limit.lost", ""));
    let first = consumer.expect_deliveries(1, 2);
    consumer.channel(1).send(&basic_ack(first[1].tag)).close();
    consumer.open(2).call(&basic_consume("limit.lost", ""));
    let second = consumer.expect_delivery(2);
    peer.channel(1).call(&basic_consume("limit.lost", ""));
    drop(consumer);
    let third = peer.expect_delivery(1);
    peer.channel(1).send(&basic_reject(third.tag).requeue());

    assert_eq!(counts(&first[0].content), (None, None));
    assert_eq!(counts(&second.content), (Some(1), Some(1)));
    assert_eq!((third.text(), counts(&third.content)), ("m", (Some(2), Some(2))));
    assert_eq!(peer.channel(1).counts("limit.lost"), (0, 1));
    peer.channel(1).send(&queue_delete("limit.lost"));
}

#[test]
fn the_counts_are_beside_the_publishers_headers_and_do_not_touch_the_body() {
    let Some((_broker, mut peer)) = counting() else { return };
    quorum(&mut peer, "limit.headers", &[]);
    let body = vec![7; 100_000];
    let headers = [("a", Field::Int(1)), ("x-delivery-count", Field::Str("mine"))];
    let message = content(&body).headers(&headers);
    peer.channel(1).publish(&basic_publish("", "limit.headers"), &message);
    let first = peer.channel(1).get(&basic_get("limit.headers"));
    peer.channel(1).send(&basic_reject(first.tag).requeue());

    peer.channel(1).call(&basic_consume("limit.headers", ""));
    let second = peer.expect_delivery(1);

    assert_eq!(first.content.header, message.header());
    let header = parse_header(&second.content.header).unwrap();
    let headers = header.properties.headers().unwrap();
    let names: Vec<_> = headers.iter().map(|(name, _)| name).collect();
    assert_eq!(names, [&b"a"[..], b"x-delivery-count", b"x-acquired-count"]);
    assert_eq!(counts(&second.content), (Some(1), Some(1)));
    assert!(second.content.body == body);
    peer.channel(1).send(&queue_delete("limit.headers"));
}

#[test]
fn a_transaction_counts_when_it_commits() {
    let Some((_broker, mut peer)) = counting() else { return };
    quorum(&mut peer, "limit.tx", &[]);
    peer.channel(1).put("limit.tx", "m");
    peer.channel(1).call(&tx_select());
    let got = peer.channel(1).get(&basic_get("limit.tx"));
    peer.channel(1).send(&basic_reject(got.tag).requeue());
    peer.channel(1).expect_empty("limit.tx");

    peer.channel(1).call(&tx_commit());

    let again = peer.channel(1).get(&basic_get("limit.tx"));
    assert_eq!(counts(&again.content), (Some(1), Some(1)));
    peer.channel(1).call(&queue_delete("limit.tx"));
}

#[test]
fn classic_queues_do_not_count() {
    let Some((_broker, mut peer)) = counting() else { return };
    let queue = peer.channel(1).own_queue();
    peer.channel(1).put(&queue, "m");
    for _ in 0..30 {
        let got = peer.channel(1).get(&basic_get(&queue));
        assert_eq!(counts(&got.content), (None, None));
        peer.channel(1).send(&basic_reject(got.tag).requeue());
    }

    assert_eq!(peer.channel(1).counts(&queue), (1, 0));
}
