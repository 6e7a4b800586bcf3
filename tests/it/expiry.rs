//! Messages that live for a time only.

use std::time::{Duration, Instant};

use crate::broker::TestBroker;
use crate::process::Process;
use crate::raw::content::content;
use crate::raw::method::{
    basic_ack, basic_cancel, basic_consume, basic_get, basic_nack, basic_publish, confirm_select,
    queue_declare,
};
use crate::raw::peer::{Channel, Peer};
use crate::raw::wire::Field;

const LONG: &str = "600000";

/// Waits until the queue has so many ready messages.
#[track_caller]
pub(crate) fn await_ready(channel: &mut Channel<'_>, queue: &str, ready: u32) {
    let start = Instant::now();
    while channel.counts(queue).0 != ready {
        let counts = channel.counts(queue);
        assert!(start.elapsed() < Duration::from_secs(20), "{queue} has {counts:?}");
        std::thread::yield_now();
    }
}

fn publish(peer: &mut Peer, queue: &str, text: &str, expiration: Option<&str>) {
    let message = content(text.as_bytes()).delivery_mode(2);
    let message = match expiration {
        Some(expiration) => content(text.as_bytes()).expiration(expiration),
        None => message,
    };
    peer.channel(1).publish(&basic_publish("", queue), &message);
}

fn ttl_queue(peer: &mut Peer, name: &str, ttl: i32) {
    let arguments = [("x-message-ttl", Field::Int(ttl))];
    peer.channel(1).call(&queue_declare(name).exclusive().arguments(&arguments));
}

#[test]
fn a_message_expires_at_its_time_though_others_before_it_live_longer() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let queue = peer.open(1).own_queue();
    if broker.is_rabbitmq_3_10 {
        return;
    }

    publish(&mut peer, &queue, "for ever", None);
    publish(&mut peer, &queue, "short", Some("100"));
    publish(&mut peer, &queue, "long", Some(LONG));
    publish(&mut peer, &queue, "shorter", Some("0"));

    await_ready(&mut peer.channel(1), &queue, 2);
    assert_eq!(peer.channel(1).drain(&queue), ["for ever", "long"]);
}

#[test]
fn of_the_queues_time_to_live_and_a_messages_own_the_lower_counts() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    peer.open(1);
    ttl_queue(&mut peer, "expiry.short", 100);
    ttl_queue(&mut peer, "expiry.long", 600_000);

    for expiration in [None, Some(LONG), Some("50")] {
        publish(&mut peer, "expiry.short", "short", expiration);
        publish(&mut peer, "expiry.long", expiration.unwrap_or("none"), expiration);
    }

    await_ready(&mut peer.channel(1), "expiry.short", 0);
    if !broker.is_rabbitmq_3_10 {
        await_ready(&mut peer.channel(1), "expiry.long", 2);
    }
    assert_eq!(peer.channel(1).pop("expiry.long"), "none");
    assert_eq!(peer.channel(1).pop("expiry.long"), LONG);
}

#[test]
fn a_message_without_time_goes_to_who_is_ready_or_to_nobody() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    peer.open(1);
    ttl_queue(&mut peer, "expiry.zero", 0);

    publish(&mut peer, "expiry.zero", "nobody", None);
    assert_eq!(peer.channel(1).counts("expiry.zero"), (0, 0));
    peer.channel(1).call(&basic_consume("expiry.zero", "c"));
    for number in 0..1000 {
        publish(&mut peer, "expiry.zero", &number.to_string(), None);
    }

    for number in 0..1000 {
        assert_eq!(peer.expect_delivery(1).text(), number.to_string());
    }
}

#[test]
fn an_unacked_message_expires_once_it_comes_back() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    peer.open(1);
    ttl_queue(&mut peer, "expiry.unacked", 50);
    peer.channel(1).call(&basic_consume("expiry.unacked", "c"));

    publish(&mut peer, "expiry.unacked", "held", None);
    let held = peer.expect_delivery(1);
    let queue = peer.channel(1).own_queue();
    publish(&mut peer, &queue, "time passes", Some("100"));
    await_ready(&mut peer.channel(1), &queue, 0);
    peer.channel(1).call(&basic_cancel("c"));
    peer.channel(1).send(&basic_nack(held.tag).requeue());

    await_ready(&mut peer.channel(1), "expiry.unacked", 0);
}

#[test]
fn an_unacked_message_that_expired_is_not_sent_again_to_who_waits() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    peer.open(1);
    ttl_queue(&mut peer, "expiry.again", 50);
    peer.channel(1).call(&basic_consume("expiry.again", "c"));

    publish(&mut peer, "expiry.again", "held", None);
    let held = peer.expect_delivery(1);
    let queue = peer.channel(1).own_queue();
    publish(&mut peer, &queue, "time passes", Some("100"));
    await_ready(&mut peer.channel(1), &queue, 0);
    peer.channel(1).send(&basic_nack(held.tag).requeue());
    publish(&mut peer, "expiry.again", "next", None);

    assert_eq!(peer.expect_delivery(1).text(), "next");
}

/// Publishes to two durable queues, one with a time to live, and waits for the confirms.
fn fill(peer: &mut Peer, count: u64, size: usize) {
    let ttl = [("x-message-ttl", Field::Int(2_000))];
    peer.channel(1).call(&queue_declare("expiry.queue").durable().arguments(&ttl));
    peer.channel(1).call(&queue_declare("expiry.own").durable());
    peer.channel(1).call(&confirm_select());
    for number in 0..count {
        let body = format!("{number:>size$}");
        let lasting = content(body.as_bytes()).delivery_mode(2);
        // Flags and octets of delivery mode and expiration.
        let expiring = content(body.as_bytes()).properties(0x1100, b"\x02\x042000");
        let own = if number % 3 == 1 { &lasting } else { &expiring };
        peer.channel(1).publish(&basic_publish("", "expiry.own"), own);
        peer.channel(1).publish(&basic_publish("", "expiry.queue"), &lasting);
    }
    peer.channel(1).expect_all_acked(1, 2 * count);
}

fn check_left(peer: &mut Peer, count: u64) {
    await_ready(&mut peer.channel(1), "expiry.queue", 0);
    let left: Vec<u64> = (0..count).filter(|number| number % 3 == 1).collect();
    await_ready(&mut peer.channel(1), "expiry.own", u32::try_from(left.len()).unwrap());
    for number in left {
        let got = peer.channel(1).get(&basic_get("expiry.own"));
        assert_eq!(got.content.text().trim(), number.to_string());
        peer.channel(1).send(&basic_ack(got.tag));
    }
}

#[test]
fn what_is_on_the_disk_expires_wherever_it_stands() {
    let broker = Process::start(&[("STORE_MEMORY", "1MiB")]);
    let mut peer = broker.connect();
    peer.open(1);

    fill(&mut peer, 300, 40_000);

    check_left(&mut peer, 300);
}

#[test]
fn after_a_kill_messages_expire_when_they_would_have() {
    let data = tempfile::tempdir().unwrap();
    let broker = Process::start_on(data.path(), &[]);
    let mut peer = broker.connect();
    peer.open(1);
    fill(&mut peer, 300, 100);
    broker.kill();

    let broker = Process::start_on(data.path(), &[]);
    let mut peer = broker.connect();
    peer.open(1);

    check_left(&mut peer, 300);
}
