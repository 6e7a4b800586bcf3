//! Messages that came back wait before they are delivered again (`x-delayed-retry-type`), on queues
//! of every type.

use std::time::{Duration, Instant};

use crate::broker::TestBroker;
use crate::delivery_limit::counts;
use crate::process::Process;
use crate::raw::content::content;
use crate::raw::message::Delivery;
use crate::raw::method::{
    basic_ack, basic_consume, basic_get, basic_nack, basic_publish, basic_reject, confirm_select,
    queue_bind, queue_declare, queue_purge,
};
use crate::raw::peer::Peer;
use crate::raw::wire::Field;

const MIN: u64 = 60;

/// A broker, and a consumer of the queue `retry.q`.
fn start(
    kind: &'static str,
    which: &'static str,
    more: &[(&str, Field)],
) -> Option<(TestBroker, Peer)> {
    let broker = TestBroker::start();
    if broker.is_rabbitmq_3_10 {
        return None;
    }
    let mut peer = broker.connect();
    let min = i32::try_from(MIN).unwrap();
    let mut arguments = vec![
        ("x-queue-type", Field::Str(kind)),
        ("x-delayed-retry-type", Field::Str(which)),
        ("x-delayed-retry-min", Field::Int(min)),
        ("x-delayed-retry-max", Field::Int(2 * min)),
    ];
    arguments.extend(more.iter().cloned());
    peer.open(1).call(&queue_declare("retry.q").durable().arguments(&arguments));
    peer.channel(1).call(&basic_consume("retry.q", "c"));
    Some((broker, peer))
}

/// Waits for the next delivery, which comes after `least` milliseconds.
#[track_caller]
fn expect_after(peer: &mut Peer, sent: Instant, least: u64) -> Delivery {
    let delivery = peer.expect_delivery(1);
    let waited = sent.elapsed();
    assert!(waited >= Duration::from_millis(least), "{waited:?}");
    delivery
}

#[test]
fn a_message_waits_longer_the_more_often_its_delivery_failed() {
    for kind in ["classic", "quorum"] {
        let Some((_broker, mut peer)) = start(kind, "failed", &[]) else { return };
        peer.channel(1).put("retry.q", "again");
        let mut delivery = peer.expect_delivery(1);
        for (times, wait) in [(1, MIN), (2, 2 * MIN), (3, 2 * MIN)] {
            let sent = Instant::now();
            peer.channel(1).send(&basic_reject(delivery.tag).requeue());
            assert_eq!(peer.channel(1).counts("retry.q").0, 0);
            delivery = expect_after(&mut peer, sent, wait);
            assert_eq!(counts(&delivery.content).0, Some(times), "{kind}");
            assert!(delivery.redelivered);
        }
        peer.channel(1).send(&basic_ack(delivery.tag));
        assert_eq!(peer.channel(1).counts("retry.q"), (0, 1));
    }
}

#[test]
fn a_message_that_waits_holds_up_no_other_and_comes_back_to_its_place() {
    let Some((_broker, mut peer)) = start("classic", "all", &[]) else { return };
    peer.channel(1).put_all("retry.q", &["first", "second"]);
    let (first, second) = (peer.expect_delivery(1), peer.expect_delivery(1));

    let sent = Instant::now();
    peer.channel(1).send(&basic_nack(first.tag).requeue());
    peer.channel(1).send(&basic_ack(second.tag));
    peer.channel(1).put("retry.q", "third");

    assert_eq!(peer.expect_delivery(1).text(), "third");
    assert_eq!(expect_after(&mut peer, sent, MIN).text(), "first");
}

#[test]
fn what_came_back_otherwise_does_not_wait() {
    let Some((_broker, mut peer)) = start("classic", "returned", &[]) else { return };
    peer.channel(1).put("retry.q", "rejected");
    let rejected = peer.expect_delivery(1);

    peer.channel(1).send(&basic_reject(rejected.tag).requeue());

    let again = peer.expect_delivery(1);
    assert_eq!((again.text(), counts(&again.content).0), ("rejected", Some(1)));
}

#[test]
fn a_purge_takes_what_waits() {
    let Some((_broker, mut peer)) = start("quorum", "all", &[]) else { return };
    peer.channel(1).put("retry.q", "purged");
    let delivery = peer.expect_delivery(1);
    peer.channel(1).send(&basic_nack(delivery.tag).requeue());

    let purged = peer.channel(1).call(&queue_purge("retry.q"));

    assert_eq!(purged.arguments().long(), 1);
}

#[test]
fn at_the_limit_a_classic_queue_dead_letters_what_it_retried() {
    let more =
        [("x-delivery-limit", Field::Int(1)), ("x-dead-letter-exchange", Field::Str("amq.fanout"))];
    let Some((_broker, mut peer)) = start("classic", "failed", &more) else { return };
    let dead = peer.channel(1).own_queue();
    peer.channel(1).call(&queue_bind(&dead, "amq.fanout", ""));
    peer.channel(1).put("retry.q", "poison");

    for _ in 0..2 {
        let delivery = peer.expect_delivery(1);
        peer.channel(1).send(&basic_reject(delivery.tag).requeue());
    }

    crate::expiry::await_ready(&mut peer.channel(1), &dead, 1);
    assert_eq!(peer.channel(1).pop(&dead), "poison");
}

/// Declares a queue that retries after so many milliseconds, and has the message `m` come back to it.
fn come_back(peer: &mut Peer, kind: &'static str, wait: i32) {
    let arguments = [
        ("x-queue-type", Field::Str(kind)),
        ("x-delayed-retry-type", Field::Str("failed")),
        ("x-delayed-retry-min", Field::Int(wait)),
    ];
    peer.open(1).call(&queue_declare("retry.kept").durable().arguments(&arguments));
    peer.channel(1).call(&confirm_select());
    let persistent = content(b"m").properties(1 << 12, &[2]);
    for _ in 0..2 {
        peer.channel(1).publish(&basic_publish("", "retry.kept"), &persistent);
    }
    peer.channel(1).expect_all_acked(1, 2);
    let got = peer.channel(1).get(&basic_get("retry.kept"));
    peer.channel(1).send(&basic_reject(got.tag).requeue());
    // What is published once it is back goes to the disk behind it.
    assert_eq!(peer.channel(1).counts("retry.kept").0, 1);
    peer.channel(1).publish(&basic_publish("", "retry.kept"), &persistent);
    peer.channel(1).expect_all_acked(3, 3);
}

fn stop(mut broker: Process, peer: Peer, in_order: bool) {
    if !in_order {
        return broker.kill();
    }
    peer.close();
    broker.terminate();
    broker.expect_exit(Duration::from_secs(20));
}

#[test]
fn after_a_restart_a_message_still_waits_and_others_do_not() {
    for (kind, in_order) in [("classic", false), ("quorum", false), ("classic", true)] {
        let data = tempfile::tempdir().unwrap();
        let broker = Process::start_on(data.path(), &[]);
        let mut peer = broker.connect();
        come_back(&mut peer, kind, 600_000);
        stop(broker, peer, in_order);

        for _ in 0..2 {
            let broker = Process::start_on(data.path(), &[]);
            let mut peer = broker.connect();
            peer.open(1);
            let mut get = || peer.channel(1).get(&basic_get("retry.kept")).tag;
            let got = [get(), get()];
            assert_eq!(peer.channel(1).counts("retry.kept").0, 0);
            for tag in got {
                peer.channel(1).send(&basic_nack(tag).requeue());
            }
            assert_eq!(peer.channel(1).counts("retry.kept").0, 2);
            stop(broker, peer, in_order);
        }
    }
}

#[test]
fn after_a_restart_a_message_is_ready_when_its_time_has_come() {
    let data = tempfile::tempdir().unwrap();
    let broker = Process::start_on(data.path(), &[]);
    let mut peer = broker.connect();
    let sent = Instant::now();
    come_back(&mut peer, "classic", 1500);
    broker.kill();

    let broker = Process::start_on(data.path(), &[]);
    let mut peer = broker.connect();
    peer.open(1);
    for _ in 0..2 {
        let other = peer.channel(1).get(&basic_get("retry.kept"));
        peer.channel(1).send(&basic_ack(other.tag));
    }
    peer.channel(1).call(&basic_consume("retry.kept", "c"));

    let delivery = expect_after(&mut peer, sent, 1500);
    assert_eq!((counts(&delivery.content).0, delivery.redelivered), (Some(1), true));
}
