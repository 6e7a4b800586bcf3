//! ack, nack, reject and recover.

use crate::broker::TestBroker;
use crate::raw::message::{Delivery, texts};
use crate::raw::method::{
    BASIC_ACK, BASIC_RECOVER_OK, basic_ack, basic_consume, basic_get, basic_nack, basic_recover,
    basic_recover_async, basic_reject,
};
use crate::raw::peer::Peer;

const FIVE: [&str; 5] = ["0", "1", "2", "3", "4"];

/// A connection whose channel 1 holds five messages of a queue, got one by one.
fn five_held(broker: &TestBroker) -> (Peer, String) {
    let mut peer = broker.connect();
    let queue = peer.open(1).own_queue();
    peer.channel(1).put_all(&queue, &FIVE);
    for tag in 1..=5 {
        assert_eq!(peer.channel(1).get(&basic_get(&queue)).tag, tag);
    }
    (peer, queue)
}

#[test]
fn an_acked_message_is_gone() {
    let broker = TestBroker::start();
    let (mut peer, queue) = five_held(&broker);

    peer.channel(1)
        .send(&basic_ack(2))
        .send(&basic_ack(4))
        .send(&basic_nack(0).multiple().requeue());

    assert_eq!(peer.channel(1).drain(&queue), ["0", "2", "4"]);
}

#[test]
fn multiple_settles_all_up_to_the_tag() {
    let broker = TestBroker::start();
    let (mut peer, queue) = five_held(&broker);

    peer.channel(1).send(&basic_ack(3).multiple()).send(&basic_nack(0).multiple().requeue());

    assert_eq!(peer.channel(1).drain(&queue), ["3", "4"]);
}

#[test]
fn tag_zero_with_multiple_is_all_and_none_is_no_error() {
    let broker = TestBroker::start();
    let (mut peer, queue) = five_held(&broker);

    peer.channel(1).send(&basic_ack(0).multiple()).send(&basic_ack(0).multiple());

    assert_eq!(peer.channel(1).counts(&queue), (0, 0));
    peer.channel(1).close();
    assert_eq!(peer.open(1).counts(&queue), (0, 0));
}

#[test]
fn settling_a_tag_twice_closes_the_channel_and_requeues_the_rest() {
    let broker = TestBroker::start();
    let (mut peer, queue) = five_held(&broker);

    peer.channel(1).send(&basic_ack(1)).send(&basic_ack(1));

    peer.expect_channel_close(1, 406, "PRECONDITION_FAILED - unknown delivery tag 1", BASIC_ACK);
    assert_eq!(peer.open(1).drain(&queue), ["1", "2", "3", "4"]);
}

#[test]
fn rejected_messages_come_back_in_their_place_or_not_at_all() {
    let broker = TestBroker::start();
    let (mut peer, queue) = five_held(&broker);

    peer.channel(1).send(&basic_reject(5).requeue()).send(&basic_reject(2).requeue());
    peer.channel(1).send(&basic_reject(1)).send(&basic_nack(4).requeue()).send(&basic_nack(3));

    assert_eq!(peer.channel(1).drain(&queue), ["1", "3", "4"]);
}

#[test]
fn a_requeued_message_goes_before_those_that_were_never_delivered() {
    let broker = TestBroker::start();
    let (mut peer, queue) = five_held(&broker);
    peer.channel(1).put(&queue, "new");

    peer.channel(1).send(&basic_nack(4).requeue()).send(&basic_nack(2).requeue());

    let got: Vec<_> = (0..3)
        .map(|_| {
            let got = peer.channel(1).get(&basic_get(&queue));
            (got.content.text().to_owned(), got.redelivered, got.remaining)
        })
        .collect();
    let expected = [("1", true, 2), ("3", true, 1), ("new", false, 0)];
    assert_eq!(got, expected.map(|(text, again, left)| (text.to_owned(), again, left)));
}

#[test]
fn a_requeued_message_is_redelivered_to_a_consumer_in_its_place() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let queue = peer.open(1).own_queue();
    peer.channel(1).call(&basic_consume(&queue, "c"));
    peer.channel(1).put_all(&queue, &FIVE);
    assert_eq!(texts(&peer.expect_deliveries(1, 5)), FIVE);

    peer.channel(1).send(&basic_nack(4).multiple().requeue());

    let again = peer.expect_deliveries(1, 4);
    assert_eq!(texts(&again), ["0", "1", "2", "3"]);
    assert!(again.iter().all(|delivery| delivery.redelivered));
    assert_eq!(again.iter().map(|delivery| delivery.tag).collect::<Vec<_>>(), [6, 7, 8, 9]);
}

#[test]
fn recover_ok_comes_before_the_redeliveries() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let queue = peer.open(1).own_queue();
    peer.channel(1).call(&basic_consume(&queue, "c"));
    peer.channel(1).put_all(&queue, &["0", "1", "2"]);
    peer.expect_deliveries(1, 3);
    peer.channel(1).send(&basic_ack(2));

    peer.channel(1).send(&basic_recover().requeue());

    peer.expect_method(1, BASIC_RECOVER_OK);
    let again = peer.expect_deliveries(1, 2);
    assert_eq!(texts(&again), ["0", "2"]);
    assert!(again.iter().all(|delivery| delivery.redelivered));
}

#[test]
fn recover_async_requeues_without_a_word() {
    let broker = TestBroker::start();
    let (mut peer, queue) = five_held(&broker);

    peer.channel(1).send(&basic_recover_async().requeue());

    assert_eq!(peer.channel(1).counts(&queue), (5, 0));
    assert_eq!(peer.channel(1).drain(&queue), FIVE);
}

#[test]
fn closing_a_channel_requeues_what_it_held_before_close_ok() {
    let broker = TestBroker::start();
    let (mut peer, queue) = five_held(&broker);
    peer.open(2);

    peer.channel(1).send(&basic_ack(3));
    peer.channel(1).close();

    assert_eq!(peer.channel(2).counts(&queue), (4, 0));
    let first = peer.channel(2).get(&basic_get(&queue));
    assert_eq!((first.content.text(), first.redelivered, first.tag), ("0", true, 1));
    assert_eq!(peer.channel(2).drain(&queue), ["1", "3", "4"]);
}

#[test]
fn tags_of_two_queues_and_of_gets_are_one_sequence() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let (first, second) = (peer.open(1).own_queue(), peer.channel(1).own_queue());
    peer.channel(1).call(&basic_consume(&first, "c"));

    peer.channel(1).put(&first, "delivered");
    let delivered = peer.expect_delivery(1);
    peer.channel(1).put(&second, "got");
    let got = peer.channel(1).get(&basic_get(&second));
    peer.channel(1).send(&basic_nack(2).multiple().requeue());
    let again = peer.expect_delivery(1);

    assert_eq!((delivered.tag, got.tag, again.tag), (1, 2, 3));
    assert_eq!(peer.channel(1).drain(&second), ["got"]);
}

#[test]
fn settling_out_of_order_over_many_deliveries_leaves_nothing_behind() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let queue = peer.open(1).own_queue();
    peer.channel(1).call(&basic_consume(&queue, "c"));
    for number in 0..500 {
        peer.channel(1).put(&queue, &number.to_string());
    }
    let held = peer.expect_deliveries(1, 500);

    for Delivery { tag, .. } in held.iter().rev().step_by(2) {
        peer.channel(1).send(&basic_ack(*tag));
    }
    peer.channel(1).send(&basic_ack(0).multiple()).close();

    assert_eq!(peer.open(1).counts(&queue), (0, 0));
}
