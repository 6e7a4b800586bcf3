//! basic.get.

use crate::broker::TestBroker;
use crate::raw::message::Got;
use crate::raw::method::{basic_ack, basic_consume, basic_get, basic_qos};

#[test]
fn an_empty_queue_says_so() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let queue = peer.open(1).own_queue();

    peer.channel(1).expect_empty(&queue);
}

#[test]
fn a_message_comes_with_what_is_left_behind_it() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let queue = peer.open(1).own_queue();
    peer.channel(1).put_all(&queue, &["m1", "m2", "m3"]);

    let Got { tag, redelivered, remaining, content } = peer.channel(1).get(&basic_get(&queue));

    assert_eq!((tag, redelivered, remaining, content.text()), (1, false, 2, "m1"));
    peer.channel(1).send(&basic_ack(1));
    assert_eq!(peer.channel(1).counts(&queue), (2, 0));
}

#[test]
fn without_acks_a_message_takes_a_tag_but_cannot_be_settled() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let queue = peer.open(1).own_queue();
    peer.channel(1).put_all(&queue, &["m1", "m2"]);

    let first = peer.channel(1).get(&basic_get(&queue).no_ack());
    let second = peer.channel(1).get(&basic_get(&queue));

    assert_eq!((first.tag, second.tag), (1, 2));
    peer.channel(1).send(&basic_ack(0).multiple()).close();
    peer.open(1).expect_empty(&queue);
}

#[test]
fn a_get_takes_what_consumers_without_credit_leave() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let queue = peer.open(1).own_queue();
    peer.channel(1).call(&basic_qos(0, 1));
    peer.channel(1).call(&basic_consume(&queue, "c").exclusive());
    peer.channel(1).put_all(&queue, &["m1", "m2"]);
    assert_eq!(peer.expect_delivery(1).text(), "m1");

    assert_eq!(peer.channel(1).pop(&queue), "m2");
    peer.channel(1).expect_empty(&queue);
}
