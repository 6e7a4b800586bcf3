//! Where dead letters go, and where they do not.

use super::{dying, dying_to, reject, watch};
use crate::broker::TestBroker;
use crate::delivery_limit::quorum;
use crate::expiry::await_ready;
use crate::raw::content::content;
use crate::raw::method::{
    basic_consume, basic_get, basic_publish, basic_reject, confirm_select, exchange_declare,
    exchange_delete, queue_bind, queue_declare, queue_delete, queue_purge,
};
use crate::raw::peer::{Channel, Peer};
use crate::raw::wire::Field::{Array, Int, Str};

/// Has a letter sent that certainly arrives in `dl.dead`, behind all that were sent before.
#[track_caller]
fn expect_nothing_before_a_probe(peer: &mut Peer) {
    peer.channel(1).call(&dying_to("dl.probed", "dl.dead"));
    reject(&mut peer.channel(1), "dl.probed", "probe");
    assert_eq!(peer.expect_delivery(2).text(), "probe");
}

#[test]
fn without_its_exchange_a_letter_is_gone_and_with_it_the_next_arrives() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    peer.open(1).call(&dying("dl.q", "dl.x", &[]));
    watch(&mut peer, "dl.dead");

    reject(&mut peer.channel(1), "dl.q", "before");
    expect_nothing_before_a_probe(&mut peer);
    peer.channel(1).call(&exchange_declare("dl.x", "fanout"));
    reject(&mut peer.channel(1), "dl.q", "unbound");
    expect_nothing_before_a_probe(&mut peer);
    peer.channel(1).call(&queue_bind("dl.dead", "dl.x", ""));
    reject(&mut peer.channel(1), "dl.q", "during");
    assert_eq!(peer.expect_delivery(2).text(), "during");
    peer.channel(1).call(&exchange_delete("dl.x"));
    reject(&mut peer.channel(1), "dl.q", "after");

    expect_nothing_before_a_probe(&mut peer);
    assert_eq!(peer.channel(1).counts("dl.q"), (0, 0));
}

/// Sends three letters through an exchange of that type to a queue with room for one, at least once.
#[track_caller]
fn expect_second_try(kind: &str) {
    let broker = TestBroker::start();
    if broker.is_rabbitmq_3_10 {
        return;
    }
    let mut peer = broker.connect();
    peer.open(1);
    watch(&mut peer, "dl.dead");
    let exchange = exchange_declare("dl.least", kind).auto_delete();
    peer.channel(1).call(&exchange.arguments(&[("x-cache-size", Int(10))]));
    let refusing = ("x-overflow", Str("reject-publish"));
    let one = [("x-max-length", Int(1)), refusing.clone()];
    peer.channel(1).call(&queue_declare("dl.narrow").exclusive().arguments(&one));
    peer.channel(1).call(&queue_bind("dl.narrow", "dl.least", ""));
    let strategy = ("x-dead-letter-strategy", Str("at-least-once"));
    let letters = [("x-dead-letter-exchange", Str("dl.least")), strategy, refusing];
    quorum(&mut peer, "dl.source", &letters);

    for text in ["1", "2", "3"] {
        let headers = [("x-deduplication-header", Str(text))];
        let message = content(text.as_bytes()).headers(&headers);
        peer.channel(1).publish(&basic_publish("", "dl.source"), &message);
        let got = peer.channel(1).get(&basic_get("dl.source"));
        peer.channel(1).send(&basic_reject(got.tag));
    }
    expect_nothing_before_a_probe(&mut peer);
    assert_eq!(peer.channel(1).drain("dl.narrow"), ["1"]);
    peer.open(3).call(&basic_consume("dl.narrow", "").no_ack());

    for text in ["2", "3"] {
        assert_eq!(peer.expect_delivery(3).text(), text);
    }
    peer.channel(1).call(&queue_delete("dl.source"));
}

#[test]
fn at_least_once_a_letter_that_a_full_queue_refuses_stays_and_is_tried_again() {
    expect_second_try("fanout");
}

#[test]
fn a_letter_that_was_refused_is_no_duplicate_when_it_is_tried_again() {
    expect_second_try("x-message-deduplication");
}

#[test]
fn at_least_once_letters_that_nobody_takes_count_for_the_length_of_their_queue() {
    let broker = TestBroker::start();
    if broker.is_rabbitmq_3_10 {
        // Its quorum queues refuse publishes one or more too late.
        return;
    }
    let mut peer = broker.connect();
    let letters = [
        ("x-dead-letter-exchange", Str("dl.nowhere")),
        ("x-dead-letter-strategy", Str("at-least-once")),
        ("x-overflow", Str("reject-publish")),
        ("x-max-length", Int(1)),
    ];
    peer.open(1);
    quorum(&mut peer, "dl.stuck", &letters);
    peer.channel(1).call(&confirm_select());

    peer.channel(1).put("dl.stuck", "dies");
    assert!(peer.expect_confirm(1).acked);
    let got = peer.channel(1).get(&basic_get("dl.stuck"));
    peer.channel(1).send(&basic_reject(got.tag)).put("dl.stuck", "too much");

    assert!(!peer.expect_confirm(1).acked);
    assert_eq!(peer.channel(1).counts("dl.stuck"), (0, 0));
    let purged = peer.channel(1).call(&queue_purge("dl.stuck"));
    assert_eq!(purged.arguments().long(), 1);
    peer.channel(1).put("dl.stuck", "has room");
    assert!(peer.expect_confirm(1).acked);
    peer.channel(1).call(&queue_delete("dl.stuck"));
}

#[test]
fn any_type_of_exchange_takes_letters_as_it_takes_messages() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    peer.open(1).call(&dying("dl.topic", "amq.topic", &[]));
    peer.channel(1).call(&dying("dl.headers", "amq.headers", &[]));
    watch(&mut peer, "dl.dead");
    peer.channel(1).call(&queue_bind("dl.dead", "amq.topic", "dl.*"));
    let color = [("color", Str("red"))];
    peer.channel(1).call(&queue_bind("dl.dead", "amq.headers", "").arguments(&color));

    reject(&mut peer.channel(1), "dl.topic", "by topic");
    assert_eq!(peer.expect_delivery(2).text(), "by topic");
    for (text, color) in [("blue", "blue"), ("red", "red")] {
        let message = content(text.as_bytes()).headers(&[("color", Str(color))]);
        peer.channel(1).publish(&basic_publish("", "dl.headers"), &message);
        let tag = peer.channel(1).get(&basic_get("dl.headers")).tag;
        peer.channel(1).send(&basic_reject(tag));
    }

    assert_eq!(peer.expect_delivery(2).text(), "red");
}

#[test]
fn each_queue_of_the_exchange_has_its_letter() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    peer.open(1).call(&exchange_declare("dl.x", "fanout").auto_delete());
    peer.channel(1).call(&dying("dl.q", "dl.x", &[]));
    watch(&mut peer, "dl.dead");
    peer.channel(1).call(&queue_declare("dl.other").exclusive());
    for queue in ["dl.other", "dl.dead"] {
        peer.channel(1).call(&queue_bind(queue, "dl.x", ""));
    }
    peer.open(3).call(&basic_consume("dl.other", "other"));

    reject(&mut peer.channel(1), "dl.q", "hi");

    let mut seen = Vec::new();
    for _ in 0..2 {
        let frame = peer.expect_frame();
        seen.push((frame.channel, peer.read_delivery(&frame).text().to_owned()));
    }
    seen.sort();
    assert_eq!(seen, [(2, "hi".to_owned()), (3, "hi".to_owned())]);
}

#[test]
fn an_alternate_exchange_takes_what_the_dead_letter_exchange_does_not() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let alternate = [("alternate-exchange", Str("amq.fanout"))];
    peer.open(1).call(&exchange_declare("dl.x", "direct").arguments(&alternate));
    peer.channel(1).call(&dying("dl.q", "dl.x", &[]));
    watch(&mut peer, "dl.dead");
    peer.channel(1).call(&queue_bind("dl.dead", "amq.fanout", ""));

    reject(&mut peer.channel(1), "dl.q", "hi");

    let letter = peer.expect_delivery(2);
    assert_eq!((&*letter.exchange, &*letter.key), ("dl.x", "dl.q"));
    peer.channel(1).call(&exchange_delete("dl.x"));
}

#[test]
fn an_internal_exchange_takes_letters() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    peer.open(1).call(&exchange_declare("dl.x", "fanout").internal().auto_delete());
    peer.channel(1).call(&dying("dl.q", "dl.x", &[]));
    watch(&mut peer, "dl.dead");
    peer.channel(1).call(&queue_bind("dl.dead", "dl.x", ""));

    reject(&mut peer.channel(1), "dl.q", "hi");

    assert_eq!(peer.expect_delivery(2).text(), "hi");
}

#[test]
fn a_message_with_further_keys_is_routed_by_all_of_them() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    peer.open(1).call(&dying("dl.q", "amq.direct", &[]));
    watch(&mut peer, "dl.dead");
    peer.channel(1).call(&queue_bind("dl.dead", "amq.direct", "further"));
    let message = content(b"hi").headers(&[("CC", Array(vec![Str("further")]))]);

    peer.channel(1).publish(&basic_publish("", "dl.q"), &message);
    reject_first(&mut peer.channel(1), "dl.q");

    let letter = peer.expect_delivery(2);
    assert_eq!((letter.text(), &*letter.key), ("hi", "dl.q"));
    assert_eq!(super::deaths(&letter.content)[0].keys, ["dl.q", "further"]);
}

#[test]
fn a_message_with_hidden_keys_is_routed_by_them_each_time_and_nobody_is_told() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    peer.open(1).call(&dying("dl.q", "amq.direct", &[]));
    peer.channel(1).call(&dying("dl.again", "amq.direct", &[]));
    peer.channel(1).call(&queue_bind("dl.again", "amq.direct", "hidden"));
    let message = content(b"hi").headers(&[("BCC", Array(vec![Str("hidden")]))]);
    peer.channel(1).publish(&basic_publish("", "dl.q"), &message);
    reject_first(&mut peer.channel(1), "dl.q");
    await_ready(&mut peer.channel(1), "dl.again", 1);
    watch(&mut peer, "dl.dead");
    peer.channel(1).call(&queue_bind("dl.dead", "amq.direct", "hidden"));

    reject_first(&mut peer.channel(1), "dl.again");

    let letter = peer.expect_delivery(2);
    assert_eq!((letter.text(), &*letter.key), ("hi", "dl.q"));
    for death in super::deaths(&letter.content) {
        assert_eq!(death.keys, ["dl.q"]);
    }
}

#[track_caller]
fn reject_first(channel: &mut Channel<'_>, queue: &str) {
    let tag = channel.get(&basic_get(queue)).tag;
    channel.send(&basic_reject(tag));
}

#[test]
fn what_was_rejected_arrives_though_its_queue_is_deleted_at_once() {
    const COUNT: usize = 3000;
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    peer.open(1).call(&dying_to("dl.q", "dl.dead"));
    watch(&mut peer, "dl.dead");
    for number in 0..COUNT {
        peer.channel(1).put("dl.q", &number.to_string());
    }
    peer.open(3);
    for _ in 0..COUNT {
        peer.channel(3).get(&basic_get("dl.q"));
    }

    peer.channel(3).send(&crate::raw::method::basic_nack(0).multiple());
    peer.channel(3).send(&queue_delete("dl.q"));

    // Letters come before and after the answer to the deletion.
    let mut seen = Vec::new();
    while seen.len() < COUNT {
        let frame = peer.expect_frame();
        if frame.channel == 2 {
            seen.push(peer.read_delivery(&frame).text().to_owned());
        }
    }
    let all: Vec<_> = (0..COUNT).map(|number| number.to_string()).collect();
    assert_eq!(seen, all);
}

#[test]
fn what_goes_with_its_queue_or_is_purged_is_no_dead_letter() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    peer.open(1).call(&dying_to("dl.q", "dl.dead"));
    watch(&mut peer, "dl.dead");

    peer.channel(1).put("dl.q", "purged");
    peer.channel(1).call(&crate::raw::method::queue_purge("dl.q"));
    peer.channel(1).put("dl.q", "deleted");
    peer.channel(1).call(&queue_delete("dl.q"));

    expect_nothing_before_a_probe(&mut peer);
}
