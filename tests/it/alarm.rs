//! The memory alarm: publishers are blocked, everybody else goes on.

use std::time::{Duration, Instant};

use crate::broker::{Options, TestBroker};
use crate::process::Process;
use crate::raw::content::content;
use crate::raw::login::Login;
use crate::raw::method::{
    BASIC_ACK, CONNECTION_BLOCKED, CONNECTION_UNBLOCKED, basic_ack, basic_consume, basic_get,
    basic_nack, basic_publish, basic_qos, confirm_select, update_secret,
};
use crate::raw::peer::{NoFrame, Peer};
use crate::raw::wire::Frame;

/// A watermark that the process is above from the start.
const EXCEEDED: Options = Options {
    high_watermark: Some(1),
    handshake_timeout: None,
    consumer_timeout: None,
    message_size: None,
};

/// Little memory, of which no message goes to the disk.
pub const STAYING: [(&str, &str); 2] =
    [("MEMORY_HIGH_WATERMARK", "64MiB"), ("MEMORY_PAGE_OUT", "1TiB")];

/// Publishes messages of 1 MiB, each after the confirm of the one before, until the broker blocks
/// the connection; returns how many were confirmed.
#[track_caller]
pub fn publish_until_blocked(peer: &mut Peer, queue: &str) -> u64 {
    let message = content(&vec![b'm'; 1 << 20]);
    for confirmed in 0..1000 {
        peer.channel(1).publish(&basic_publish("", queue), &message);
        let answer = peer.expect_frame();
        match answer.method_id() {
            Some(BASIC_ACK) => {}
            Some(CONNECTION_BLOCKED) => {
                assert_eq!(answer.arguments().short_str(), "low on memory");
                return confirmed;
            }
            other => panic!("{other:?}"),
        }
    }
    panic!("1000 MiB are in memory and nobody is blocked");
}

#[test]
fn publishers_are_blocked_above_the_mark_and_go_on_when_the_queue_is_drained() {
    let broker = Process::start(&STAYING);
    let (mut publisher, mut consumer) = (broker.connect(), broker.connect());
    let queue = publisher.open(1).shared_queue("alarm.drained");
    publisher.channel(1).call(&confirm_select());

    for _ in 0..2 {
        let held = publish_until_blocked(&mut publisher, &queue);
        let full = broker.resident();

        consumer.open(1).call(&basic_qos(0, 4));
        consumer.channel(1).call(&basic_consume(&queue, "drain"));
        for _ in 0..held {
            let tag = consumer.expect_delivery(1).tag;
            consumer.channel(1).send(&basic_ack(tag));
        }

        let unblocked = publisher.read_frame();
        let got = unblocked.map(|frame| frame.method_id());
        let now = broker.resident();
        assert_eq!(got, Ok(Some(CONNECTION_UNBLOCKED)), "{full} octets then, {now} now");
        publisher.expect_method(1, BASIC_ACK);
        let tag = consumer.expect_delivery(1).tag;
        consumer.channel(1).send(&basic_ack(tag)).close();
    }
}

#[test]
fn consumers_go_on_also_on_a_blocked_connection() {
    let broker = Process::start(&STAYING);
    let (mut publisher, mut other) = (broker.connect(), broker.connect());
    let queue = other.open(1).shared_queue("alarm.consumed");
    other.channel(1).put_all(&queue, &["m1", "m2", "m3"]);
    for _ in 0..3 {
        other.channel(1).get(&basic_get(&queue));
    }
    publisher.open(2).call(&basic_consume(&queue, "own"));
    let full = publisher.open(1).own_queue();
    publisher.channel(1).call(&confirm_select());
    publish_until_blocked(&mut publisher, &full);

    other.channel(1).send(&basic_nack(2).multiple().requeue());
    assert_eq!(publisher.expect_delivery(2).text(), "m1");
    assert_eq!(publisher.expect_delivery(2).text(), "m2");

    other.channel(1).send(&basic_nack(3).requeue());
    assert_eq!(publisher.expect_delivery(2).text(), "m3");
    assert_eq!(other.channel(1).counts(&queue), (0, 1), "others are answered");
}

#[test]
fn a_client_that_cannot_hear_of_it_is_blocked_all_the_same() {
    let broker = TestBroker::start_with(EXCEEDED);
    if !broker.is_own() {
        return;
    }
    let deaf = Login { capabilities: &["publisher_confirms"], ..Login::default() };
    let (mut publisher, mut other) = (broker.connect_with(&deaf), broker.connect());
    let queue = other.open(1).shared_queue("alarm.deaf");
    publisher.open(1).call(&confirm_select());

    publisher.channel(1).put(&queue, "held").send(&basic_get(&queue));

    publisher.be_patient(Duration::from_millis(300));
    assert_eq!(publisher.read_frame(), Err::<Frame, _>(NoFrame::Late));
    assert_eq!(other.channel(1).counts(&queue), (0, 0));
}

#[test]
fn who_does_not_publish_does_not_notice() {
    let broker = TestBroker::start_with(EXCEEDED);
    if !broker.is_own() {
        return;
    }
    let (mut publisher, mut peer) = (broker.connect(), broker.connect());
    publisher.open(1).put("alarm.nosuch", "held");
    publisher.expect_method(0, CONNECTION_BLOCKED);

    let queue = peer.open(1).own_queue();
    peer.channel(1).call(&basic_consume(&queue, "c"));
    peer.send(&update_secret("new"));
    peer.expect_method(0, (10, 71));

    peer.close();
    broker.connect().close();
}

#[test]
fn a_blocked_client_may_be_silent_and_still_hears_heartbeats() {
    let broker = TestBroker::start_with(EXCEEDED);
    if !broker.is_own() {
        return;
    }
    let mut peer = broker.connect_with(&Login { heartbeat: 1, ..Login::default() });
    peer.open(1).put("alarm.nosuch", "held");
    peer.expect_method(0, CONNECTION_BLOCKED);
    let begun = Instant::now();

    while begun.elapsed() < Duration::from_millis(3500) {
        assert_eq!(peer.read_octets(8).len(), 8, "after {:?}", begun.elapsed());
    }
}
