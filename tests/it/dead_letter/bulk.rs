//! Many dead letters at once.

use super::{briefly, death, dying, dying_to, ttl, watch};
use crate::broker::TestBroker;
use crate::raw::content::content;
use crate::raw::method::{
    basic_ack, basic_consume, basic_nack, basic_publish, confirm_select, queue_declare,
};
use crate::raw::wire::Field::Str;

const COUNT: usize = 30_000;

#[test]
fn all_of_tens_of_thousands_that_are_rejected_at_once_arrive_in_order() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    peer.open(1).call(&dying_to("dl.q", "dl.dead"));
    peer.channel(1).call(&queue_declare("dl.dead").exclusive());
    for number in 0..COUNT {
        peer.channel(1).put("dl.q", &number.to_string());
    }
    peer.channel(1).call(&basic_consume("dl.q", "c"));
    let last = peer.expect_deliveries(1, COUNT).last().unwrap().tag;

    peer.channel(1).send(&basic_nack(last).multiple());

    peer.open(2).call(&basic_consume("dl.dead", "dead").no_ack());
    for number in 0..COUNT {
        assert_eq!(peer.expect_delivery(2).text(), number.to_string());
    }
    assert_eq!(peer.channel(2).counts("dl.q"), (0, 1));
}

#[test]
fn persistent_ones_that_expire_at_once_arrive_in_order() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let to = ("x-dead-letter-routing-key", Str("dl.dead"));
    let durable = dying("dl.q", "", &[ttl(300), to]).durable();
    peer.open(1).call(&durable);
    peer.channel(1).call(&queue_declare("dl.dead").durable().exclusive());
    peer.channel(1).call(&confirm_select());

    let count = COUNT / 3;
    for number in 0..count {
        let message = content(number.to_string().as_bytes()).delivery_mode(2);
        peer.channel(1).publish(&basic_publish("", "dl.q"), &message);
    }
    peer.channel(1).expect_all_acked(1, count as u64);

    peer.open(2).call(&basic_consume("dl.dead", "dead"));
    for number in 0..count {
        let letter = peer.expect_delivery(2);
        assert_eq!(letter.text(), number.to_string());
        assert_eq!(briefly(&letter), [death("dl.q", "expired", 1)]);
        peer.channel(2).send(&basic_ack(letter.tag));
    }
}

#[test]
fn large_ones_arrive_whole() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    peer.open(1).call(&dying_to("dl.q", "dl.dead"));
    watch(&mut peer, "dl.dead");
    peer.open(3).call(&basic_consume("dl.q", "c"));

    for octet in 0..8 {
        let body = vec![octet; 3 << 20];
        peer.channel(1).publish(&basic_publish("", "dl.q"), &content(&body));
        let delivery = peer.expect_delivery(3);
        assert!(delivery.content.body == body);
    }
    peer.channel(3).send(&basic_nack(0).multiple());

    for octet in 0..8 {
        assert!(peer.expect_delivery(2).content.body == vec![octet; 3 << 20]);
    }
}
