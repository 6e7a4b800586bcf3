//! What a dead letter is: whom it names, what stays of it and what it tells.

use super::{Death, deaths, dying, dying_to, header, properties, reject, ttl, watch};
use crate::broker::TestBroker;
use crate::raw::content::content;
use crate::raw::method::{
    basic_ack, basic_consume, basic_get, basic_nack, basic_publish, basic_reject, exchange_declare,
    queue_bind, tx_commit, tx_rollback, tx_select,
};
use crate::raw::wire::Field::{self, Int, Str};
use crate::raw::wire::{fields, long_str, short_str};

#[test]
fn a_rejected_message_comes_from_the_dead_letter_exchange_with_its_own_key() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let mut channel = peer.open(1);
    channel.call(&exchange_declare("dl.x", "fanout").auto_delete());
    channel.call(&dying("dl.q", "dl.x", &[]));
    watch(&mut peer, "dl.dead");
    peer.channel(1).call(&queue_bind("dl.dead", "dl.x", ""));

    reject(&mut peer.channel(1), "dl.q", "hi");

    let letter = peer.expect_delivery(2);
    assert_eq!((letter.text(), letter.redelivered), ("hi", false));
    assert_eq!((&*letter.exchange, &*letter.key), ("dl.x", "dl.q"));
    let told = Death {
        queue: "dl.q".to_owned(),
        reason: "rejected".to_owned(),
        count: 1,
        exchange: String::new(),
        keys: vec!["dl.q".to_owned()],
        expiration: None,
    };
    assert_eq!(deaths(&letter.content), [told]);
    for (name, value) in [("exchange", ""), ("queue", "dl.q"), ("reason", "rejected")] {
        for which in ["first", "last"] {
            if which == "last" && broker.is_rabbitmq_3_10 {
                continue;
            }
            let told = header(&letter.content, &format!("x-{which}-death-{name}"));
            assert_eq!(told.as_deref(), Some(value), "{which} {name}");
        }
    }
    assert_eq!(peer.channel(1).counts("dl.q"), (0, 0));
}

#[test]
fn the_queues_routing_key_takes_the_place_of_the_messages_own() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    peer.open(1).call(&dying("dl.q", "amq.direct", &[("x-dead-letter-routing-key", Str("k"))]));
    watch(&mut peer, "dl.dead");
    peer.channel(1).call(&queue_bind("dl.dead", "amq.direct", "k"));

    reject(&mut peer.channel(1), "dl.q", "hi");

    let letter = peer.expect_delivery(2);
    assert_eq!((&*letter.exchange, &*letter.key), ("amq.direct", "k"));
    assert_eq!(deaths(&letter.content)[0].keys, ["dl.q"]);
}

#[test]
fn what_nack_refuses_together_arrives_in_order() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    peer.open(1).call(&dying_to("dl.q", "dl.dead"));
    watch(&mut peer, "dl.dead");
    peer.channel(1).put_all("dl.q", &["1", "2", "3", "4"]);
    for _ in 0..4 {
        peer.channel(1).get(&basic_get("dl.q"));
    }

    peer.channel(1).send(&basic_ack(2)).send(&basic_nack(3).multiple());

    let letters = peer.expect_deliveries(2, 2);
    assert_eq!(crate::raw::message::texts(&letters), ["1", "3"]);
}

#[test]
fn properties_and_headers_stay_and_expiration_moves_into_the_history() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    peer.open(1).call(&dying_to("dl.q", "dl.dead"));
    watch(&mut peer, "dl.dead");
    let own = fields(&[("n", Int(-7)), ("x-death", Str("made up"))]);
    let mut octets = short_str(b"text/plain");
    octets.extend(long_str(&own));
    octets.push(2);
    for text in ["correlation", "reply", "20", "id"] {
        octets.extend(short_str(text.as_bytes()));
    }
    let flags = 1 << 15 | 1 << 13 | 1 << 12 | 1 << 10 | 1 << 9 | 1 << 8 | 1 << 7;

    peer.channel(1).publish(&basic_publish("", "dl.q"), &content(b"x").properties(flags, &octets));

    let letter = peer.expect_delivery(2);
    let seen = properties(&letter.content);
    assert_eq!(seen.flags(), flags & !(1 << 8));
    assert_eq!(seen.delivery_mode(), Some(2));
    assert_eq!(seen.message_id(), Some(&b"id"[..]));
    assert_eq!(seen.correlation_id(), Some(&b"correlation"[..]));
    assert!(seen.headers().unwrap().get("n").is_some());
    let death = &deaths(&letter.content)[0];
    assert_eq!((&*death.reason, death.expiration.as_deref()), ("expired", Some("20")));
}

#[test]
fn a_queues_time_to_live_sends_its_messages_on() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let to = ("x-dead-letter-routing-key", Str("dl.dead"));
    peer.open(1).call(&dying("dl.q", "", &[ttl(30), to.clone()]));
    peer.channel(1).call(&dying("dl.now", "", &[ttl(0), to]));
    watch(&mut peer, "dl.dead");

    peer.channel(1).put_all("dl.now", &["at once"]);
    assert_eq!(peer.expect_delivery(2).text(), "at once");
    peer.channel(1).put_all("dl.q", &["1", "2"]);

    for text in ["1", "2"] {
        let letter = peer.expect_delivery(2);
        assert_eq!(letter.text(), text);
        let death = &deaths(&letter.content)[0];
        assert_eq!((&*death.reason, death.expiration.as_deref()), ("expired", None));
    }
}

#[test]
fn with_a_time_to_live_of_0_a_consumer_that_is_ready_is_served_once() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let to = ("x-dead-letter-routing-key", Str("dl.dead"));
    peer.open(1).call(&dying("dl.now", "", &[ttl(0), to]));
    watch(&mut peer, "dl.dead");
    peer.open(3).call(&basic_consume("dl.now", "c"));

    peer.channel(1).put("dl.now", "taken");

    let delivery = peer.expect_delivery(3);
    assert_eq!(delivery.text(), "taken");
    peer.channel(3).send(&basic_nack(delivery.tag).requeue());
    let letter = peer.expect_delivery(2);
    assert_eq!((letter.text(), &*deaths(&letter.content)[0].reason), ("taken", "expired"));
}

#[test]
fn a_foreign_history_does_not_count() {
    let broker = TestBroker::start();
    if broker.is_rabbitmq_3_10 {
        return;
    }
    let mut peer = broker.connect();
    peer.open(1).call(&dying_to("dl.q", "dl.dead"));
    watch(&mut peer, "dl.dead");
    let claimed =
        fields(&[("count", Field::Long(7)), ("queue", Str("dl.q")), ("reason", Str("rejected"))]);
    let headers = [
        ("x-death", Field::Array(vec![Field::Table(claimed)])),
        ("x-first-death-queue", Str("elsewhere")),
    ];

    let message = content(b"x").headers(&headers);
    peer.channel(1).publish(&basic_publish("", "dl.q"), &message);
    let got = peer.channel(1).get(&basic_get("dl.q"));
    peer.channel(1).send(&basic_reject(got.tag));

    let letter = peer.expect_delivery(2);
    assert_eq!(deaths(&letter.content)[0].count, 1);
    assert_eq!(header(&letter.content, "x-first-death-queue").as_deref(), Some("dl.q"));
}

#[test]
fn a_transactions_rejections_count_at_commit() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    peer.open(1).call(&dying_to("dl.q", "dl.dead"));
    watch(&mut peer, "dl.dead");
    peer.channel(1).put_all("dl.q", &["1", "2"]);
    peer.channel(1).call(&tx_select());
    let first = peer.channel(1).get(&basic_get("dl.q")).tag;

    peer.channel(1).send(&basic_nack(first)).call(&tx_rollback());
    let second = peer.channel(1).get(&basic_get("dl.q")).tag;
    peer.channel(1).send(&basic_nack(second)).call(&tx_commit());

    // The first is in hand as before: the second comes alone, and it is the first letter.
    assert_eq!(peer.expect_delivery(2).text(), "2");
    peer.channel(1).send(&basic_reject(first)).call(&tx_commit());
    assert_eq!(peer.expect_delivery(2).text(), "1");
}
