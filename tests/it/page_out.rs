//! Messages that memory has no room for: they go to the disk, whoever holds them, and come back.

use crate::process::Process;
use crate::raw::content::content;
use crate::raw::message::Delivery;
use crate::raw::method::{
    BASIC_ACK, basic_ack, basic_consume, basic_get, basic_publish, confirm_select, queue_declare,
    queue_purge,
};
use crate::raw::peer::Peer;

/// Together far more than [`LITTLE`].
const COUNT: u32 = 400;
const SIZE: usize = 1 << 20;

/// Above it publishers would be blocked.
const LITTLE: u64 = 160 << 20;

const SETTINGS: [(&str, &str); 3] = [
    ("MEMORY_HIGH_WATERMARK", "160MiB"),
    ("MEMORY_PAGE_OUT", "64MiB"),
    // Whatever is durable may stay, as long as memory is not short.
    ("STORE_MEMORY", "1TiB"),
];

fn body(number: u32) -> Vec<u8> {
    let filler = number.to_be_bytes()[3];
    [&number.to_be_bytes()[..], &vec![filler; SIZE - 4]].concat()
}

/// Publishes one message after the other, each when the one before is confirmed; nobody is blocked.
#[track_caller]
fn publish(peer: &mut Peer, queue: &str, mode: impl Fn(u32) -> u8) {
    peer.channel(1).call(&confirm_select());
    for number in 0..COUNT {
        let message = content(&body(number)).delivery_mode(mode(number));
        peer.channel(1).publish(&basic_publish("", queue), &message);
        assert_eq!(peer.expect_frame().method_id(), Some(BASIC_ACK), "message {number}");
    }
}

#[track_caller]
fn check(delivery: &Delivery, number: u32, redelivered: bool) {
    assert!(delivery.content.body == body(number), "message {number}");
    assert_eq!(delivery.redelivered, redelivered, "message {number}");
}

#[test]
fn transient_messages_go_to_the_disk_before_publishers_are_blocked() {
    let broker = Process::start(&SETTINGS);
    let (mut publisher, mut consumer) = (broker.connect(), broker.connect());
    publisher.open(1).call(&queue_declare("transient"));

    publish(&mut publisher, "transient", |_| 1);

    let used = broker.resident();
    assert!(used < LITTLE, "{used} octets");
    assert_eq!(publisher.channel(1).counts("transient"), (COUNT, 0));
    consumer.open(1).call(&basic_consume("transient", "c"));
    for number in 0..COUNT {
        let delivery = consumer.expect_delivery(1);
        check(&delivery, number, false);
        consumer.channel(1).send(&basic_ack(delivery.tag));
    }
    assert_eq!(consumer.channel(1).counts("transient"), (0, 1));
}

#[test]
fn of_a_mixed_queue_what_is_transient_goes_with_a_restart_wherever_it_was() {
    let data = tempfile::tempdir().unwrap();
    let broker = Process::start_on(data.path(), &SETTINGS);
    let mut peer = broker.connect();
    peer.open(1).call(&queue_declare("mixed").durable());

    publish(&mut peer, "mixed", |number| if number % 10 == 3 { 2 } else { 1 });
    let got = peer.channel(1).get(&basic_get("mixed"));
    assert!(got.content.body == body(0));
    broker.kill();

    let broker = Process::start_on(data.path(), &SETTINGS);
    let mut peer = broker.connect();
    peer.open(1).call(&basic_consume("mixed", "c"));
    for number in (0..COUNT).filter(|number| number % 10 == 3) {
        check(&peer.expect_delivery(1), number, true);
    }
    assert_eq!(peer.channel(1).counts("mixed"), (0, 1));
}

#[test]
fn messages_that_wait_for_their_acknowledgement_go_to_the_disk_and_come_back() {
    let broker = Process::start(&SETTINGS);
    let (mut publisher, mut consumer) = (broker.connect(), broker.connect());
    publisher.open(1).call(&queue_declare("held").durable());
    consumer.open(1).call(&basic_consume("held", "c"));

    // Received as they come, lest they wait in the connection.
    let received = std::thread::scope(|scope| {
        let consumer = &mut consumer;
        let receiving = scope.spawn(move || {
            for number in 0..COUNT {
                check(&consumer.expect_delivery(1), number, false);
            }
        });
        publish(&mut publisher, "held", |number| 1 + u8::from(number % 2 == 0));
        receiving.join()
    });
    assert!(received.is_ok());

    let used = broker.resident();
    assert!(used < LITTLE, "{used} octets");
    consumer.channel(1).close();
    consumer.open(2).call(&basic_consume("held", "again"));
    for number in 0..COUNT {
        check(&consumer.expect_delivery(2), number, true);
    }
    consumer.channel(2).send(&basic_ack(0).multiple());
    assert_eq!(consumer.channel(2).counts("held"), (0, 1));
}

#[test]
fn what_has_left_memory_can_be_purged() {
    let broker = Process::start(&SETTINGS);
    let mut peer = broker.connect();
    peer.open(1).call(&queue_declare("purged"));
    publish(&mut peer, "purged", |_| 1);

    let answer = peer.channel(1).call(&queue_purge("purged"));

    assert_eq!(answer.arguments().long(), COUNT);
    publish(&mut peer, "purged", |_| 1);
    assert_eq!(peer.channel(1).counts("purged"), (COUNT, 0));
}
