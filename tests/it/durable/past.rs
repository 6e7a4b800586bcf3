//! Exchanges that remember messages, over a restart.

use super::end::{ENDS, Restarted};
use super::transaction::Unwritten;
use crate::raw::content::{Content, content};
use crate::raw::method::{
    basic_publish, exchange_declare, exchange_delete, queue_bind, queue_declare,
};
use crate::raw::peer::Peer;
use crate::raw::wire::{Field, fields, long_str};

/// A persistent message that is its own value for deduplication.
fn persistent(text: &'static str) -> Content {
    let headers = fields(&[("x-deduplication-header", Field::Str(text))]);
    let properties = [long_str(&headers), vec![2]].concat();
    content(text.as_bytes()).properties(1 << 13 | 1 << 12, &properties)
}

#[test]
fn values_are_forgotten_by_a_restart_and_what_was_confirmed_is_there() {
    for end in ENDS {
        let mut broker = Restarted::start();
        let mut peer = broker.connect_confirming();
        let mut channel = peer.channel(1);
        let declare = exchange_declare("x", "x-message-deduplication").durable();
        channel.call(&declare.arguments(&[("x-cache-size", Field::Int(10))]));
        channel.call(&queue_declare("q").durable());
        channel.call(&queue_bind("q", "x", ""));
        for text in ["a", "a", "b", "a"] {
            channel.publish(&basic_publish("x", ""), &persistent(text));
        }
        channel.expect_all_acked(1, 4);

        broker.again(end, [peer]);

        let mut peer = broker.connect();
        for _ in 0..2 {
            peer.channel(1).publish(&basic_publish("x", ""), &persistent("a"));
        }
        assert_eq!(peer.channel(1).drain("q"), ["a", "b", "a"], "{end:?}");
    }
}

/// The arguments of an exchange that keeps so many values on the disk.
fn on_disk(size: i32) -> [(&'static str, Field); 2] {
    [("x-cache-size", Field::Int(size)), ("x-cache-persistence", Field::Str("disk"))]
}

/// A message that is its own value, with other headers besides and this delivery mode.
fn valued(text: &'static str, more: &[(&str, Field)], delivery_mode: u8) -> Content {
    let mut headers = more.to_vec();
    headers.push(("x-deduplication-header", Field::Str(text)));
    let properties = [long_str(&fields(&headers)), vec![delivery_mode]].concat();
    content(text.as_bytes()).properties(1 << 13 | 1 << 12, &properties)
}

#[test]
fn values_kept_on_the_disk_are_known_after_a_restart_for_as_long_as_they_count() {
    for end in ENDS {
        let mut broker = Restarted::start();
        let mut peer = broker.connect_confirming();
        let mut channel = peer.channel(1);
        let declare = |name, size| {
            exchange_declare(name, "x-message-deduplication").durable().arguments(&on_disk(size))
        };
        for (exchange, queue, size) in [("x", "q", 10), ("small", "r", 2), ("gone", "g", 10)] {
            channel.call(&declare(exchange, size));
            channel.call(&queue_declare(queue).durable());
            channel.call(&queue_bind(queue, exchange, ""));
        }
        let brief = [("x-cache-ttl", Field::Long(1))];
        let long = [("x-cache-ttl", Field::Long(3_600_000))];
        for message in [
            valued("a", &[], 2),
            valued("transient", &[], 1),
            valued("brief", &brief, 2),
            valued("long", &long, 2),
        ] {
            channel.publish(&basic_publish("x", ""), &message);
        }
        for text in ["1", "2", "3"] {
            channel.publish(&basic_publish("small", ""), &persistent(text));
        }
        channel.publish(&basic_publish("gone", ""), &persistent("a"));
        channel.expect_all_acked(1, 8);
        channel.call(&exchange_delete("gone"));
        channel.call(&declare("gone", 10));
        channel.call(&queue_bind("g", "gone", ""));

        broker.again(end, [peer]);

        let mut peer = broker.connect_confirming();
        let mut channel = peer.channel(1);
        channel.call(&declare("x", 10));
        for text in ["a", "transient", "brief", "long", "b", "b"] {
            channel.publish(&basic_publish("x", ""), &persistent(text));
        }
        for text in ["3", "2", "1"] {
            channel.publish(&basic_publish("small", ""), &persistent(text));
        }
        channel.publish(&basic_publish("gone", ""), &persistent("a"));
        channel.expect_all_acked(1, 10);
        assert_eq!(channel.drain("q"), ["a", "brief", "long", "brief", "b"], "{end:?}");
        assert_eq!(channel.drain("r"), ["1", "2", "3", "1"], "{end:?}");
        assert_eq!(channel.drain("g"), ["a", "a"], "{end:?}");
    }
}

/// Values of which none is in the log's last checkpoint, and then all are.
#[test]
fn many_values_are_known_after_several_restarts() {
    let mut broker = Restarted::start();
    let mut peer = broker.connect_confirming();
    let declare = exchange_declare("x", "x-message-deduplication").durable();
    peer.channel(1).call(&declare.arguments(&on_disk(5000)));
    let publish = |peer: &mut Peer| {
        for number in 0..5000 {
            let headers = [("x-deduplication-header", Field::Int(number))];
            peer.channel(1).publish(&basic_publish("x", ""), &content(b"").headers(&headers));
        }
        peer.expect_all_acked(1, 1, 5000);
    };
    publish(&mut peer);

    for end in [ENDS[1], ENDS[0], ENDS[1]] {
        broker.again(end, [peer]);
        peer = broker.connect_confirming();
    }

    let queue = peer.channel(1).own_queue();
    peer.channel(1).call(&queue_bind(&queue, "x", ""));
    publish(&mut peer);
    assert_eq!(peer.channel(1).counts(&queue).0, 0);
}

#[test]
fn a_publish_is_confirmed_when_its_value_is_in_the_log() {
    let mut broker = Unwritten::start();
    let mut peer = broker.confirming();
    let mut channel = peer.channel(1);
    let declare = exchange_declare("x", "x-message-deduplication").durable();
    channel.call(&declare.arguments(&on_disk(10)));
    channel.call(&queue_bind("q", "x", ""));

    channel.publish(&basic_publish("x", ""), &valued("a", &[], 1));
    assert_eq!(channel.counts("q").0, 1);
    broker.write();

    channel.expect_all_acked(1, 1);
}

#[test]
fn a_history_is_empty_after_a_restart_and_what_it_sent_to_a_queue_is_there() {
    for end in ENDS {
        let mut broker = Restarted::start();
        let mut peer = broker.connect_confirming();
        let mut channel = peer.channel(1);
        channel.call(&exchange_declare("x", "x-recent-history").durable());
        for text in ["1", "2", "3"] {
            channel.publish(&basic_publish("x", ""), &persistent(text));
        }
        channel.expect_all_acked(1, 3);
        channel.call(&queue_declare("q").durable());
        channel.call(&queue_bind("q", "x", ""));
        channel.publish(&basic_publish("x", ""), &persistent("4"));
        channel.expect_all_acked(4, 4);

        broker.again(end, [peer]);

        let mut peer = broker.connect();
        let mut channel = peer.channel(1);
        let late = channel.own_queue();
        channel.call(&queue_bind(&late, "x", ""));
        channel.publish(&basic_publish("x", ""), &persistent("5"));
        assert_eq!(channel.drain("q"), ["1", "2", "3", "4", "5"], "{end:?}");
        assert_eq!(channel.drain(&late), ["5"], "{end:?}");
    }
}

#[test]
fn a_persistent_duplicate_is_confirmed_when_the_first_is_in_the_log() {
    let mut broker = Unwritten::start();
    let (mut peer, mut bystander) = (broker.confirming(), broker.bystander());
    let declare = exchange_declare("x", "x-message-deduplication");
    peer.channel(1).call(&declare.arguments(&[("x-cache-size", Field::Int(10))]));
    peer.channel(1).call(&queue_bind("q", "x", ""));

    expect_confirmed_with_the_first(&mut broker, &mut peer, &mut bystander, ("x", "q"));
}

/// The same of a queue that drops duplicates itself.
#[test]
fn a_duplicate_in_a_queue_is_confirmed_when_the_first_is_in_the_log() {
    let mut broker = Unwritten::start();
    let (mut peer, mut bystander) = (broker.confirming(), broker.bystander());
    let arguments = [("x-message-deduplication", Field::Bool(true))];
    peer.channel(1).call(&queue_declare("unique").durable().arguments(&arguments));

    expect_confirmed_with_the_first(&mut broker, &mut peer, &mut bystander, ("", "unique"));
}

/// Of two messages with the same value, each of another connection, the queue gets the first, and
/// the second is confirmed when that one is written. Each counts what its own publish led to.
#[track_caller]
fn expect_confirmed_with_the_first(
    broker: &mut Unwritten,
    peer: &mut Peer,
    bystander: &mut Peer,
    (exchange, queue): (&str, &str),
) {
    for publisher in [bystander, &mut *peer] {
        let mut channel = publisher.channel(1);
        channel.publish(&basic_publish(exchange, queue), &persistent("a"));
        assert_eq!(channel.counts(queue).0, 1);
    }
    broker.write();

    peer.channel(1).expect_all_acked(1, 1);
}
