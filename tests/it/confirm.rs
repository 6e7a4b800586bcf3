//! Publisher confirms.

use crate::broker::TestBroker;
use crate::raw::content::content;
use crate::raw::message::Confirm;
use crate::raw::method::{
    basic_consume, basic_publish, confirm_select, exchange_declare, queue_bind, queue_delete,
};

const ACK_1: Confirm = Confirm { tag: 1, multiple: false, acked: true };

#[test]
fn every_publish_is_confirmed_exactly_once() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let queue = peer.open(1).own_queue();
    peer.channel(1).call(&confirm_select());

    for number in 0..1000 {
        peer.channel(1).put(&queue, &number.to_string());
    }

    peer.expect_all_acked(1, 1, 1000);
    assert_eq!(peer.channel(1).counts(&queue), (1000, 0));
}

#[test]
fn counting_begins_with_the_first_publish_after_select_and_selecting_again_changes_nothing() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let queue = peer.open(1).own_queue();

    peer.channel(1).put(&queue, "uncounted").call(&confirm_select());
    peer.channel(1).put(&queue, "1");
    let first = peer.expect_confirm(1);
    peer.channel(1).call(&confirm_select());
    peer.channel(1).put(&queue, "2");

    assert_eq!(first, ACK_1);
    assert_eq!(peer.expect_confirm(1), Confirm { tag: 2, ..ACK_1 });
}

#[test]
fn an_unroutable_publish_is_confirmed() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    peer.open(1).call(&confirm_select());

    peer.channel(1).put("confirm.nosuch", "nowhere");

    assert_eq!(peer.expect_confirm(1), ACK_1);
}

#[test]
fn a_confirm_means_that_every_queue_has_the_message() {
    let broker = TestBroker::start();
    let (mut peer, mut other) = (broker.connect(), broker.connect());
    other.open(1);
    peer.open(1).call(&exchange_declare("confirm.fanout", "fanout").auto_delete());
    let queues: Vec<_> = (0..3).map(|n| format!("confirm.fanout.{n}")).collect();
    for queue in &queues {
        other.channel(1).shared_queue(queue);
        other.channel(1).call(&queue_bind(queue, "confirm.fanout", ""));
    }
    peer.channel(1).call(&confirm_select());

    for last in [20, 40, 60] {
        for _ in 0..20 {
            peer.channel(1).publish(&basic_publish("confirm.fanout", ""), &content(b"all"));
        }
        peer.expect_all_acked(1, last - 19, last);
        for queue in &queues {
            assert_eq!(other.channel(1).counts(queue).0, u32::try_from(last).unwrap());
        }
    }

    for queue in &queues {
        other.channel(1).call(&queue_delete(queue));
    }
}

#[test]
fn routable_and_unroutable_publishes_are_confirmed_side_by_side() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let queue = peer.open(1).own_queue();
    peer.channel(1).call(&confirm_select());

    for _ in 0..50 {
        peer.channel(1).put(&queue, "here").put("confirm.nosuch", "there");
    }

    peer.expect_all_acked(1, 1, 100);
}

#[test]
fn channels_count_for_themselves() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let queue = peer.open(1).own_queue();
    peer.open(2).call(&confirm_select());
    peer.channel(1).call(&confirm_select());

    peer.channel(1).put_all(&queue, &["1", "2"]);
    peer.expect_all_acked(1, 1, 2);
    peer.channel(2).put(&queue, "1");

    assert_eq!(peer.expect_confirm(2), ACK_1);
}

#[test]
fn a_queue_deleted_in_between_leaves_no_publish_without_its_confirm() {
    let broker = TestBroker::start();
    let (mut peer, mut other) = (broker.connect(), broker.connect());
    let queue = peer.open(1).shared_queue("confirm.deleted");
    peer.channel(1).call(&confirm_select());
    other.open(1);

    for number in 0..300 {
        peer.channel(1).put(&queue, "on its way");
        if number == 150 {
            other.channel(1).call(&queue_delete(&queue));
        }
    }

    peer.expect_all_acked(1, 1, 300);
}

#[test]
fn confirms_come_to_a_channel_that_consumes_its_own_messages() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let queue = peer.open(1).own_queue();
    peer.channel(1).call(&confirm_select());
    peer.open(2).call(&basic_consume(&queue, "c").no_ack());

    peer.channel(1).put(&queue, "round trip");

    let (mut confirmed, mut delivered) = (false, false);
    while !(confirmed && delivered) {
        let frame = peer.expect_frame();
        match frame.channel {
            1 => confirmed = true,
            _ => delivered = peer.read_delivery(&frame).text() == "round trip",
        }
    }
}
