//! Exchanges of type x-recent-history.

use std::thread;

use crate::broker::TestBroker;
use crate::raw::content::content;
use crate::raw::method::{
    basic_consume, basic_publish, exchange_bind, exchange_declare, exchange_delete, queue_bind,
    tx_commit, tx_rollback, tx_select,
};
use crate::raw::peer::{Channel, Peer};
use crate::raw::wire::Field;

const KIND: &str = "x-recent-history";

/// RabbitMQ has the type as a plug-in.
fn start() -> Option<(TestBroker, Peer)> {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    peer.open(1);
    (!broker.is_rabbitmq_3_10).then_some((broker, peer))
}

fn declare(channel: &mut Channel<'_>, name: &str, length: i32) {
    let arguments = [("x-recent-history-length", Field::Int(length))];
    channel.call(&exchange_declare(name, KIND).arguments(&arguments));
}

fn bound_queue(channel: &mut Channel<'_>, exchange: &str) -> String {
    let queue = channel.own_queue();
    channel.call(&queue_bind(&queue, exchange, ""));
    queue
}

fn publish(channel: &mut Channel<'_>, exchange: &str, texts: &[&str]) {
    for text in texts {
        channel.publish(&basic_publish(exchange, text), &content(text.as_bytes()));
    }
}

#[test]
fn who_is_bound_gets_the_last_messages_in_order_with_exchange_and_key() {
    let Some((_broker, mut peer)) = start() else { return };
    let mut channel = peer.channel(1);
    declare(&mut channel, "past", 3);
    let first = bound_queue(&mut channel, "past");
    publish(&mut channel, "past", &["1", "2", "3", "4"]);

    let second = bound_queue(&mut channel, "past");
    publish(&mut channel, "past", &["5"]);

    channel.call(&basic_consume(&second, "c").no_ack());
    for text in ["2", "3", "4", "5"] {
        let delivery = channel.expect_delivery();
        assert_eq!((&*delivery.exchange, &*delivery.key, delivery.text()), ("past", text, text));
        assert!(!delivery.redelivered);
    }
    assert_eq!(channel.drain(&first), ["1", "2", "3", "4", "5"]);
    channel.call(&exchange_delete("past"));
}

#[test]
fn a_binding_that_is_there_already_gets_nothing_and_another_of_the_same_queue_does() {
    let Some((_broker, mut peer)) = start() else { return };
    let mut channel = peer.channel(1);
    declare(&mut channel, "past.twice", 3);
    let queue = bound_queue(&mut channel, "past.twice");
    publish(&mut channel, "past.twice", &["1"]);

    channel.call(&queue_bind(&queue, "past.twice", ""));
    assert_eq!(channel.drain(&queue), ["1"]);
    channel.call(&queue_bind(&queue, "past.twice", "other"));

    assert_eq!(channel.drain(&queue), ["1"]);
    channel.call(&exchange_delete("past.twice"));
}

#[test]
fn what_is_not_to_be_stored_is_routed_and_not_kept() {
    let Some((_broker, mut peer)) = start() else { return };
    let mut channel = peer.channel(1);
    declare(&mut channel, "past.private", 3);
    let there = bound_queue(&mut channel, "past.private");
    for (text, no_store) in [("kept", false), ("private", true)] {
        let headers = [("x-recent-history-no-store", Field::Bool(no_store))];
        let message = content(text.as_bytes()).headers(&headers);
        channel.publish(&basic_publish("past.private", ""), &message);
    }

    let late = bound_queue(&mut channel, "past.private");

    assert_eq!(channel.drain(&there), ["kept", "private"]);
    assert_eq!(channel.drain(&late), ["kept"]);
    channel.call(&exchange_delete("past.private"));
}

#[test]
fn an_exchange_that_is_bound_routes_what_was_kept() {
    let Some((_broker, mut peer)) = start() else { return };
    let mut channel = peer.channel(1);
    declare(&mut channel, "past.from", 10);
    declare(&mut channel, "past.next", 2);
    channel.call(&exchange_declare("past.topic", "topic"));
    channel.call(&exchange_bind("past.next", "past.topic", "b.*"));
    let (a, b) = (channel.own_queue(), channel.own_queue());
    channel.call(&queue_bind(&a, "past.topic", "a.*"));
    channel.call(&queue_bind(&b, "past.topic", "b.*"));
    publish(&mut channel, "past.from", &["a.1", "b.1", "c.1", "b.2", "a.2", "b.3"]);

    channel.call(&exchange_bind("past.topic", "past.from", ""));
    let late = bound_queue(&mut channel, "past.next");

    assert_eq!(channel.drain(&a), ["a.1", "a.2"]);
    assert_eq!(channel.drain(&b), ["b.1", "b.2", "b.3"]);
    assert_eq!(channel.drain(&late), ["b.2", "b.3"], "kept on the way");
    for name in ["past.from", "past.next", "past.topic"] {
        channel.call(&exchange_delete(name));
    }
}

#[test]
fn what_comes_from_another_exchange_is_kept_once_with_that_ones_name() {
    let Some((_broker, mut peer)) = start() else { return };
    let mut channel = peer.channel(1);
    declare(&mut channel, "past.behind", 10);
    channel.call(&exchange_declare("past.front", "direct"));
    channel.call(&exchange_bind("past.behind", "past.front", "k"));
    channel.call(&exchange_bind("past.behind", "past.behind", "itself"));
    publish(&mut channel, "past.front", &["k", "other"]);
    publish(&mut channel, "past.behind", &["own"]);

    let queue = bound_queue(&mut channel, "past.behind");

    assert_eq!(channel.counts(&queue).0, 2);
    channel.call(&basic_consume(&queue, "c").no_ack());
    for (exchange, key) in [("past.front", "k"), ("past.behind", "own")] {
        let delivery = channel.expect_delivery();
        assert_eq!((&*delivery.exchange, &*delivery.key), (exchange, key));
    }
    channel.call(&exchange_delete("past.behind"));
    channel.call(&exchange_delete("past.front"));
}

#[test]
fn of_a_transaction_what_is_committed_is_kept() {
    let Some((_broker, mut peer)) = start() else { return };
    declare(&mut peer.channel(1), "past.tx", 10);
    let mut channel = peer.open(2);
    channel.call(&tx_select());
    publish(&mut channel, "past.tx", &["undone"]);
    channel.call(&tx_rollback());
    publish(&mut channel, "past.tx", &["done"]);
    let before = bound_queue(&mut peer.channel(1), "past.tx");
    assert_eq!(peer.channel(1).counts(&before).0, 0);
    peer.channel(2).call(&tx_commit());

    let after = bound_queue(&mut peer.channel(1), "past.tx");

    assert_eq!(peer.channel(1).drain(&before), ["done"]);
    assert_eq!(peer.channel(1).drain(&after), ["done"]);
    peer.channel(1).call(&exchange_delete("past.tx"));
}

#[test]
fn an_exchange_that_is_declared_anew_has_no_history() {
    let Some((_broker, mut peer)) = start() else { return };
    let mut channel = peer.channel(1);
    declare(&mut channel, "past.anew", 3);
    publish(&mut channel, "past.anew", &["1"]);
    channel.call(&exchange_delete("past.anew"));
    declare(&mut channel, "past.anew", 3);

    let queue = bound_queue(&mut channel, "past.anew");

    assert_eq!(channel.counts(&queue).0, 0);
    channel.call(&exchange_delete("past.anew"));
}

#[test]
fn a_queue_bound_while_others_publish_misses_nothing_and_gets_nothing_twice() {
    let Some((broker, mut peer)) = start() else { return };
    declare(&mut peer.channel(1), "past.race", 100_000);
    let texts: Vec<_> = (0..3000).map(|number| number.to_string()).collect();
    let mut queues = Vec::new();

    thread::scope(|scope| {
        let publishers: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| {
                    let mut peer = broker.connect();
                    let mut channel = peer.open(1);
                    let watch = channel.own_queue();
                    for texts in texts.chunks(50) {
                        let texts: Vec<_> = texts.iter().map(String::as_str).collect();
                        publish(&mut channel, "past.race", &texts);
                        channel.counts(&watch);
                    }
                })
            })
            .collect();
        while publishers.iter().any(|publisher| !publisher.is_finished()) && queues.len() < 20 {
            queues.push(bound_queue(&mut peer.channel(1), "past.race"));
        }
    });

    for queue in &queues {
        let mut numbers = [0, 0];
        for text in peer.channel(1).drain(queue) {
            let number: usize = text.parse().unwrap();
            let next = numbers.iter_mut().find(|next| **next == number);
            *next.expect("each publisher's messages come once and in order") += 1;
        }
        assert_eq!(numbers, [3000, 3000]);
    }
    assert!(!queues.is_empty());
    peer.channel(1).call(&exchange_delete("past.race"));
}
