//! Class tx.

use crate::broker::TestBroker;
use crate::raw::content::content;
use crate::raw::method::{
    BASIC_PUBLISH, TX_COMMIT_OK, basic_ack, basic_consume, basic_get, basic_nack, basic_publish,
    tx_commit, tx_rollback, tx_select,
};

#[test]
fn publishes_are_seen_at_commit_and_not_before() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let queue = peer.open(1).own_queue();
    peer.channel(1).call(&tx_select());

    peer.channel(1).put_all(&queue, &["1", "2"]);
    let before = peer.channel(1).counts(&queue);
    peer.channel(1).call(&tx_commit());

    assert_eq!(before, (0, 0));
    assert_eq!(peer.open(2).drain(&queue), ["1", "2"]);
}

#[test]
fn a_rollback_drops_publishes_and_the_channel_goes_on() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let queue = peer.open(1).own_queue();
    peer.channel(1).call(&tx_select());

    peer.channel(1).put(&queue, "undone").call(&tx_rollback());
    peer.channel(1).put(&queue, "done").call(&tx_commit());
    peer.channel(1).call(&tx_commit());

    assert_eq!(peer.open(2).drain(&queue), ["done"]);
}

#[test]
fn acknowledgements_count_at_commit() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let queue = peer.open(1).own_queue();
    peer.channel(1).put_all(&queue, &["1", "2", "3"]).call(&tx_select());
    for _ in 0..3 {
        peer.channel(1).get(&basic_get(&queue));
    }

    peer.channel(1).send(&basic_ack(1)).send(&basic_nack(2).requeue());
    let before = peer.channel(1).counts(&queue);
    peer.channel(1).call(&tx_commit());

    assert_eq!(before, (0, 0));
    assert_eq!(peer.open(2).drain(&queue), ["2"]);
    peer.channel(1).close();
    assert_eq!(peer.channel(2).drain(&queue), ["3"]);
}

#[test]
fn a_rollback_makes_acknowledged_deliveries_unacked_again() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let queue = peer.open(1).own_queue();
    peer.channel(1).put_all(&queue, &["1", "2"]).call(&tx_select());
    peer.channel(1).get(&basic_get(&queue));
    peer.channel(1).get(&basic_get(&queue));

    peer.channel(1).send(&basic_ack(2).multiple()).call(&tx_rollback());
    assert_eq!(peer.channel(1).counts(&queue), (0, 0), "nothing is redelivered");
    peer.channel(1).send(&basic_ack(1)).call(&tx_commit());
    peer.channel(1).close();

    assert_eq!(peer.open(1).drain(&queue), ["2"]);
}

#[test]
fn returns_come_at_commit_before_commit_ok() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let queue = peer.open(1).own_queue();
    peer.channel(1).call(&tx_select());
    let body = content(b"back");
    peer.channel(1).publish(&basic_publish("", "transaction.nosuch").mandatory(), &body);
    assert_eq!(peer.channel(1).counts(&queue), (0, 0), "nothing is returned yet");

    peer.channel(1).send(&tx_commit());

    assert_eq!(peer.expect_return(1).content.text(), "back");
    peer.expect_method(1, TX_COMMIT_OK);
}

#[test]
fn a_returned_message_of_a_rolled_back_transaction_is_not_returned() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    peer.open(1).call(&tx_select());
    let publish = basic_publish("", "transaction.nosuch").mandatory();

    peer.channel(1).publish(&publish, &content(b"never")).call(&tx_rollback());

    peer.channel(1).call(&tx_commit());
}

#[test]
fn a_publish_to_no_exchange_is_an_error_at_once() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let queue = peer.open(1).own_queue();
    peer.channel(1).call(&tx_select());
    peer.channel(1).put(&queue, "lost with the channel");

    peer.channel(1).publish(&basic_publish("transaction.nosuch", ""), &content(b"x"));

    let text = "NOT_FOUND - no exchange 'transaction.nosuch' in vhost '/'";
    peer.expect_channel_close(1, 404, text, BASIC_PUBLISH);
    assert_eq!(peer.open(1).counts(&queue), (0, 0));
}

#[test]
fn closing_the_channel_rolls_back() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let queue = peer.open(1).own_queue();
    peer.channel(1).put_all(&queue, &["1", "2"]).call(&tx_select());
    peer.channel(1).get(&basic_get(&queue));
    peer.channel(1).get(&basic_get(&queue));
    peer.channel(1).put(&queue, "never").send(&basic_ack(1));

    peer.channel(1).close();

    assert_eq!(peer.open(1).drain(&queue), ["1", "2"]);
}

#[test]
fn deliveries_go_on_within_a_transaction() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let queue = peer.open(1).own_queue();
    peer.channel(1).call(&tx_select());
    peer.channel(1).call(&basic_consume(&queue, "c"));

    peer.open(2).put(&queue, "outside");
    assert_eq!(peer.expect_delivery(1).text(), "outside");
    peer.channel(1).put(&queue, "inside").send(&tx_commit());

    let (mut committed, mut delivered) = (false, false);
    while !(committed && delivered) {
        let frame = peer.expect_frame();
        if frame.method_id() == Some(TX_COMMIT_OK) {
            committed = true;
        } else {
            delivered = peer.read_delivery(&frame).text() == "inside";
        }
    }
}
