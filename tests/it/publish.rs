//! basic.publish and basic.return.

use crate::broker::TestBroker;
use crate::raw::content::content;
use crate::raw::message::{Confirm, Returned};
use crate::raw::method::{
    basic_publish, confirm_select, exchange_declare, queue_bind, queue_declare, queue_delete,
};
use crate::raw::wire::Field;

#[test]
fn a_mandatory_message_without_a_queue_comes_back_before_its_confirm() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    peer.open(1).call(&confirm_select());
    let sent = content(b"nobody home").headers(&[("n", Field::Int(-7)), ("v", Field::Void)]);

    peer.channel(1).publish(&basic_publish("amq.direct", "nowhere").mandatory(), &sent);

    let Returned { code, text, exchange, key, content: back } = peer.expect_return(1);
    assert_eq!((code, text.as_str()), (312, "NO_ROUTE"));
    assert_eq!((exchange.as_str(), key.as_str()), ("amq.direct", "nowhere"));
    assert_eq!((back.header, back.body), (sent.header(), b"nobody home".to_vec()));
    assert_eq!(peer.expect_confirm(1), Confirm { tag: 1, multiple: false, acked: true });
}

#[test]
fn an_unroutable_message_is_dropped_unless_it_is_mandatory() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    peer.open(1);

    peer.channel(1).put("publish.nosuch", "lost");

    // Nothing comes before the answer to this.
    peer.channel(1).own_queue();
}

#[test]
fn a_mandatory_message_with_a_queue_is_not_returned() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let queue = peer.open(1).own_queue();

    peer.channel(1).publish(&basic_publish("", &queue).mandatory(), &content(b"home"));

    assert_eq!(peer.channel(1).counts(&queue), (1, 0));
    assert_eq!(peer.channel(1).pop(&queue), "home");
}

#[test]
fn a_batch_of_returns_and_queued_messages_keeps_the_order_of_each() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let queue = peer.open(1).own_queue();

    for number in 0..20 {
        let body = content(number.to_string().as_bytes());
        peer.channel(1).publish(&basic_publish("", &queue).mandatory(), &body);
        peer.channel(1).publish(&basic_publish("", "publish.nosuch").mandatory(), &body);
    }

    for number in 0..20 {
        assert_eq!(peer.expect_return(1).content.text(), number.to_string());
    }
    let expected: Vec<_> = (0..20).map(|number| number.to_string()).collect();
    assert_eq!(peer.channel(1).drain(&queue), expected);
}

#[test]
fn a_message_goes_to_each_queue_once_however_many_bindings_match() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let queue = peer.open(1).own_queue();
    for key in ["a.*", "#", "a.b", "*.b"] {
        peer.channel(1).call(&queue_bind(&queue, "amq.topic", key));
    }

    peer.channel(1).publish(&basic_publish("amq.topic", "a.b"), &content(b"once"));

    assert_eq!(peer.channel(1).drain(&queue), ["once"]);
}

#[test]
fn routes_follow_bindings_that_come_and_go() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let (first, second) = (peer.open(1).own_queue(), peer.channel(1).own_queue());
    let publish = basic_publish("publish.changing", "k");
    peer.channel(1).call(&exchange_declare("publish.changing", "direct").auto_delete());

    peer.channel(1).call(&queue_bind(&first, "publish.changing", "k"));
    peer.channel(1).publish(&publish, &content(b"1"));
    peer.channel(1).call(&queue_bind(&second, "publish.changing", "k"));
    peer.channel(1).publish(&publish, &content(b"2"));
    peer.channel(1).call(&queue_delete(&first));
    peer.channel(1).publish(&publish, &content(b"3"));
    peer.channel(1).call(&queue_declare("publish.changing.back").exclusive());
    peer.channel(1).call(&queue_bind("publish.changing.back", "publish.changing", "k"));
    peer.channel(1).publish(&publish, &content(b"4"));

    assert_eq!(peer.channel(1).drain(&second), ["2", "3", "4"]);
    assert_eq!(peer.channel(1).drain("publish.changing.back"), ["4"]);
}

#[test]
fn the_default_exchange_follows_a_queue_that_is_deleted_and_declared_again() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let queue = "publish.again";
    peer.open(1).call(&queue_declare(queue).exclusive());

    peer.channel(1).put(queue, "old").call(&queue_delete(queue));
    peer.channel(1).put(queue, "lost").call(&queue_declare(queue).exclusive());
    peer.channel(1).put(queue, "new");

    assert_eq!(peer.channel(1).drain(queue), ["new"]);
}

#[test]
fn anybody_may_publish_to_an_exclusive_queue() {
    let broker = TestBroker::start();
    let (mut owner, mut other) = (broker.connect(), broker.connect());
    let queue = owner.open(1).own_queue();

    other.open(1).call(&confirm_select());
    other.channel(1).put(&queue, "from outside").expect_all_acked(1, 1);

    assert_eq!(owner.channel(1).drain(&queue), ["from outside"]);
}
