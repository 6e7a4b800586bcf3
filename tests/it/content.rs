//! Content of every size, passed on as it came.

use crate::broker::{Options, TestBroker};
use crate::raw::content::content;
use crate::raw::login::Login;
use crate::raw::message::Received;
use crate::raw::method::{
    BASIC_PUBLISH, basic_consume, basic_get, basic_publish, confirm_select, queue_delete,
};
use crate::raw::peer::Peer;
use crate::raw::wire::{Field, long_str, nested, short_str};

fn body(size: usize) -> Vec<u8> {
    (0..size).map(|place| u8::try_from(place % 251).unwrap()).collect()
}

fn with_frame_max(broker: &TestBroker, frame_max: u32) -> Peer {
    broker.connect_with(&Login { frame_max: Some(frame_max), ..Login::default() })
}

#[test]
fn bodies_of_all_sizes_come_through() {
    let broker = TestBroker::start();
    let (mut publisher, mut consumer) = (broker.connect(), broker.connect());
    let queue = publisher.open(1).shared_queue("content.sizes");
    consumer.open(1).call(&basic_consume(&queue, "c").no_ack());
    let one = 131_072 - 8;

    for size in [0, 1, 4087, 4088, 4089, 32_768, one - 1, one, one + 1, 2 * one, 3 << 20] {
        publisher.channel(1).publish(&basic_publish("", &queue), &content(&body(size)));

        let received = consumer.expect_delivery(1).content;
        assert!(received.body == body(size), "a body of {size}");
        assert_eq!(received.parts, parts(size, one), "a body of {size}");
    }

    publisher.channel(1).call(&queue_delete(&queue));
}

#[test]
fn a_large_body_that_comes_piece_by_piece_comes_through() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let queue = peer.open(1).own_queue();
    peer.channel(1).call(&basic_consume(&queue, "c").no_ack());

    for piece in [1009, 20_011, 70_001] {
        let body = body(400_000);
        peer.channel(1).send(&basic_publish("", &queue));
        for octets in content(&body).frames(1, 131_072).chunks(piece) {
            peer.octets(octets);
        }

        assert!(peer.expect_delivery(1).content.body == body, "in pieces of {piece}");
    }
}

/// The body frames of a body, each as large as can be.
fn parts(size: usize, part: usize) -> Vec<usize> {
    (0..size).step_by(part).map(|start| part.min(size - start)).collect()
}

#[test]
fn content_is_split_for_the_receiver_whatever_the_publisher_did() {
    let broker = TestBroker::start();
    let (mut large, mut small) = (with_frame_max(&broker, 131_072), with_frame_max(&broker, 4096));
    let to_small = large.open(1).shared_queue("content.to_small");
    let to_large = large.channel(1).shared_queue("content.to_large");
    small.open(1).call(&basic_consume(&to_small, "c").no_ack());
    large.channel(1).call(&basic_consume(&to_large, "c").no_ack());
    let body = body(200_000);

    large.channel(1).publish(&basic_publish("", &to_small), &content(&body));
    small.channel(1).publish(&basic_publish("", &to_large), &content(&body));

    let Received { parts: small_parts, body: small_body, .. } = small.expect_delivery(1).content;
    let Received { parts: large_parts, body: large_body, .. } = large.expect_delivery(1).content;
    assert_eq!(small_parts, parts(200_000, 4088));
    assert_eq!(large_parts, parts(200_000, 131_064));
    assert!(small_body == body && large_body == body);
    for queue in [to_small, to_large] {
        large.channel(1).call(&queue_delete(&queue));
    }
}

#[test]
fn returns_and_gets_are_split_too() {
    let broker = TestBroker::start();
    let mut peer = with_frame_max(&broker, 4096);
    let queue = peer.open(1).own_queue();
    let message = content(&body(10_000));

    peer.channel(1).publish(&basic_publish("", "content.nosuch").mandatory(), &message);
    peer.channel(1).publish(&basic_publish("", &queue), &message);

    assert_eq!(peer.expect_return(1).content.parts, parts(10_000, 4088));
    assert_eq!(peer.channel(1).get(&basic_get(&queue)).content.parts, parts(10_000, 4088));
}

#[test]
fn empty_body_frames_within_a_body_do_not_matter() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let queue = peer.open(1).own_queue();
    let frames = content(b"abc");

    peer.channel(1).send(&basic_publish("", &queue)).frame(2, &frames.header());
    for part in [&b""[..], b"a", b"", b"", b"bc"] {
        peer.channel(1).frame(3, part);
    }

    assert_eq!(peer.channel(1).pop(&queue), "abc");
}

#[test]
fn every_property_and_field_comes_through_octet_by_octet() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let queue = peer.open(1).own_queue();
    let fields = crate::raw::wire::fields(&[
        ("t", Field::Bool(true)),
        ("b", Field::Octets(b'b', vec![0x80])),
        ("B", Field::Octets(b'B', vec![0xFF])),
        ("s", Field::Octets(b's', vec![0x80, 0])),
        ("u", Field::Octets(b'u', vec![0xFF, 0xFF])),
        ("I", Field::Int(i32::MIN)),
        ("i", Field::Octets(b'i', vec![0xFF; 4])),
        ("l", Field::Long(i64::MIN)),
        ("f", Field::Octets(b'f', vec![0x3F, 0x80, 0, 0])),
        ("d", Field::Double(0.1)),
        ("D", Field::Octets(b'D', vec![2, 0, 0, 1, 0x3A])),
        ("S", Field::Octets(b'S', long_str(&[0xFF, 0, 0xC3]))),
        ("T", Field::Timestamp(1 << 40)),
        ("x", Field::Octets(b'x', long_str(&[1, 2, 3]))),
        ("V", Field::Void),
        ("F", Field::Table(nested(b'F', 4))),
        ("A", Field::Array(vec![Field::Int(1), Field::Array(vec![]), Field::Str("z")])),
    ]);
    let octets = [
        short_str(b"text/plain"),
        short_str(b"gzip"),
        long_str(&fields),
        vec![1, 9],
        short_str(b"correlation"),
        short_str(b"reply.queue"),
        short_str(b"id-1"),
        7u64.to_be_bytes().to_vec(),
        short_str(b"type"),
        short_str(b"guest"),
        short_str(b"app"),
        short_str(b"cluster"),
    ]
    .concat();
    let all_but_expiration = 0b1111_1110_1111_1100;
    let sent = content(b"full").properties(all_but_expiration, &octets);

    peer.channel(1).publish(&basic_publish("", &queue), &sent);

    assert_eq!(peer.channel(1).get(&basic_get(&queue)).content.header, sent.header());
}

#[test]
fn a_body_of_the_largest_size_is_taken_and_one_octet_more_closes_the_channel() {
    let broker =
        TestBroker::start_with(Options { message_size: Some(1 << 20), ..Options::default() });
    if !broker.is_own() {
        return;
    }
    let mut peer = broker.connect();
    let queue = peer.open(1).own_queue();
    peer.channel(1).call(&confirm_select());

    peer.channel(1).publish(&basic_publish("", &queue), &content(&body(1 << 20)));
    peer.expect_all_acked(1, 1, 1);
    peer.channel(1).publish(&basic_publish("", &queue), &content(&body((1 << 20) + 1)));

    let text =
        "PRECONDITION_FAILED - message size 1048577 is larger than configured max size 1048576";
    peer.expect_channel_close(1, 406, text, BASIC_PUBLISH);
    assert_eq!(peer.open(1).counts(&queue), (1, 0));
}
