//! Exchanges that choose one of their destinations: by a hash, or at random.

use std::collections::BTreeMap;

use crate::broker::TestBroker;
use crate::raw::content::{Content, content};
use crate::raw::method::{
    basic_publish, exchange_bind, exchange_declare, exchange_delete, queue_bind, queue_delete,
    queue_unbind, tx_commit, tx_select,
};
use crate::raw::peer::Peer;
use crate::raw::wire::Field;

/// RabbitMQ has these types as plug-ins.
fn start() -> Option<(TestBroker, Peer)> {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    peer.open(1);
    (!broker.is_rabbitmq_3_10).then_some((broker, peer))
}

/// Declares the exchange and binds a queue of this connection with each key.
fn bind(
    peer: &mut Peer,
    name: &str,
    kind: &str,
    arguments: &[(&str, Field)],
    keys: &[&str],
) -> Vec<String> {
    let mut channel = peer.channel(1);
    channel.call(&exchange_declare(name, kind).arguments(arguments));
    let bound = keys.iter().map(|key| {
        let queue = channel.own_queue();
        channel.call(&queue_bind(&queue, name, key));
        queue
    });
    bound.collect()
}

fn publish(peer: &mut Peer, exchange: &str, key: &str, text: &str) {
    let publish = basic_publish(exchange, key).mandatory();
    peer.channel(1).publish(&publish, &content(text.as_bytes()));
}

/// How many messages each queue has.
fn ready(peer: &mut Peer, queues: &[String]) -> Vec<u32> {
    queues.iter().map(|queue| peer.channel(1).counts(queue).0).collect()
}

/// Which queue has each text; every text has to be in one queue only.
fn places(peer: &mut Peer, queues: &[String]) -> BTreeMap<String, usize> {
    let mut places = BTreeMap::new();
    for (place, queue) in queues.iter().enumerate() {
        for text in peer.channel(1).drain(queue) {
            assert_eq!(places.insert(text, place), None, "two copies");
        }
    }
    places
}

#[test]
fn a_consistent_hash_shares_keys_by_weight_and_keeps_each_with_its_queue() {
    let Some((_broker, mut peer)) = start() else { return };
    let queues = bind(&mut peer, "one.weights", "x-consistent-hash", &[], &["1", "3"]);

    for number in 0..1000 {
        publish(&mut peer, "one.weights", &number.to_string(), &number.to_string());
    }
    let counts = ready(&mut peer, &queues);
    assert_eq!(counts.iter().sum::<u32>(), 1000);
    assert!((200..300).contains(&counts[0]), "{counts:?}");
    let first = places(&mut peer, &queues);
    for number in 0..1000 {
        publish(&mut peer, "one.weights", &number.to_string(), &number.to_string());
    }

    assert_eq!(places(&mut peer, &queues), first);
    peer.channel(1).call(&exchange_delete("one.weights"));
}

#[test]
fn an_exchange_that_chooses_one_goes_by_the_key_published_with_whatever_else_is_in_cc() {
    for kind in ["x-consistent-hash", "x-modulus-hash"] {
        let Some((_broker, mut peer)) = start() else { return };
        let queues = bind(&mut peer, "one.cc", kind, &[], &["1"; 4]);
        let cc = [("CC", Field::Array(vec![Field::Str("a"), Field::Str("z")]))];

        for number in 0..40 {
            let key = format!("key {number}");
            publish(&mut peer, "one.cc", &key, &key);
        }
        let alone = places(&mut peer, &queues);
        for number in 0..40 {
            let key = format!("key {number}");
            let message = content(key.as_bytes()).headers(&cc);
            peer.channel(1).publish(&basic_publish("one.cc", &key), &message);
        }

        assert_eq!(places(&mut peer, &queues), alone, "{kind}");
        peer.channel(1).call(&exchange_delete("one.cc"));
    }
}

#[test]
fn a_queue_that_comes_or_goes_moves_only_its_own_keys() {
    let Some((_broker, mut peer)) = start() else { return };
    let mut queues = bind(&mut peer, "one.moves", "x-consistent-hash", &[], &["1"; 4]);
    let route = |peer: &mut Peer, queues: &[String]| {
        for number in 0..400 {
            publish(peer, "one.moves", &number.to_string(), &number.to_string());
        }
        places(peer, queues)
    };

    let before = route(&mut peer, &queues);
    let new = peer.channel(1).own_queue();
    peer.channel(1).call(&queue_bind(&new, "one.moves", "1"));
    queues.push(new);
    let with_new = route(&mut peer, &queues);
    let moved = before.iter().filter(|(text, place)| with_new[*text] != **place);
    let moved: Vec<_> = moved.map(|(text, _)| with_new[text]).collect();
    assert!((40..130).contains(&moved.len()), "{}", moved.len());
    assert!(moved.iter().all(|place| *place == 4));

    peer.channel(1).call(&queue_unbind(&queues[4], "one.moves", "1"));
    assert_eq!(route(&mut peer, &queues), before);
    peer.channel(1).call(&queue_delete(&queues[0]));
    let without = route(&mut peer, &queues[1..]);
    let left = before.iter().filter(|(_, place)| **place > 0);
    assert!(left.into_iter().all(|(text, place)| without[text] == place - 1));
    peer.channel(1).call(&exchange_delete("one.moves"));
}

#[test]
fn a_second_binding_of_a_queue_does_not_count() {
    let Some((_broker, mut peer)) = start() else { return };
    let queues = bind(&mut peer, "one.twice", "x-consistent-hash", &[], &["1", "1"]);
    peer.channel(1).call(&queue_bind(&queues[0], "one.twice", "1000"));

    for number in 0..200 {
        publish(&mut peer, "one.twice", &number.to_string(), "x");
    }

    let counts = ready(&mut peer, &queues);
    assert!(counts[0] + counts[1] == 200 && (70..130).contains(&counts[0]), "{counts:?}");
    peer.channel(1).call(&exchange_delete("one.twice"));
}

/// Puts a number into what is hashed.
type WithNumber = fn(Content, i32) -> Content;

#[test]
fn a_hash_of_a_header_or_a_property_is_taken_of_each_message_anew() {
    let Some((_broker, mut peer)) = start() else { return };
    let cases: [(&str, Field, WithNumber); 3] = [
        ("hash-header", Field::Str("h"), |content, n| content.headers(&[("h", Field::Int(n))])),
        ("hash-property", Field::Str("message_id"), |content, n| {
            let id = n.to_string();
            let length = u8::try_from(id.len()).unwrap();
            content.properties(1 << 7, &[&[length], id.as_bytes()].concat())
        }),
        ("hash-property", Field::Str("timestamp"), |content, n| {
            content.properties(1 << 6, &i64::from(n).to_be_bytes())
        }),
    ];
    for (argument, value, with) in cases {
        let arguments = [(argument, value)];
        let queues = bind(&mut peer, "one.parts", "x-consistent-hash", &arguments, &["1"; 3]);
        for round in 0..2 {
            for n in 0..100 {
                let message = with(content(format!("{n} {round}").as_bytes()), n);
                peer.channel(1).publish(&basic_publish("one.parts", "same key"), &message);
            }
        }
        let found = places(&mut peer, &queues);
        assert_eq!(found.len(), 200);
        assert!((0..100).all(|n| found[&format!("{n} 0")] == found[&format!("{n} 1")]));
        assert!((0..3).all(|place| found.values().any(|it| *it == place)), "{arguments:?}");

        for n in 0..30 {
            publish(&mut peer, "one.parts", &n.to_string(), "without");
        }
        let counts = ready(&mut peer, &queues);
        assert!(counts.contains(&30), "all alike: {counts:?}");
        peer.channel(1).call(&exchange_delete("one.parts"));
    }
}

#[test]
fn a_random_exchange_spreads_messages_of_one_key() {
    let Some((_broker, mut peer)) = start() else { return };
    for kind in ["x-random", "x-local-random"] {
        let queues = bind(&mut peer, "one.random", kind, &[], &["", "", ""]);

        for number in 0..300 {
            publish(&mut peer, "one.random", "same key", &number.to_string());
        }
        peer.channel(1).call(&tx_select());
        for number in 300..600 {
            publish(&mut peer, "one.random", "same key", &number.to_string());
        }
        peer.channel(1).call(&tx_commit());

        let counts = ready(&mut peer, &queues);
        assert!(counts.iter().all(|count| (150..250).contains(count)), "{counts:?}");
        assert_eq!(places(&mut peer, &queues).len(), 600);
        peer.channel(1).call(&exchange_delete("one.random"));
        peer.channel(1).close();
        peer.open(1);
    }
}

#[test]
fn a_modulus_hash_spreads_keys_and_keeps_each_with_its_queue() {
    let Some((_broker, mut peer)) = start() else { return };
    let queues = bind(&mut peer, "one.modulus", "x-modulus-hash", &[], &["", "a", "b"]);

    for round in 0..2 {
        for number in 0..150 {
            let key = number.to_string();
            publish(&mut peer, "one.modulus", &key, &format!("{key} {round}"));
        }
    }

    let counts = ready(&mut peer, &queues);
    assert!(counts.iter().all(|count| *count > 50), "{counts:?}");
    let found = places(&mut peer, &queues);
    assert!((0..150).all(|n| found[&format!("{n} 0")] == found[&format!("{n} 1")]));
    peer.channel(1).call(&exchange_delete("one.modulus"));
}

#[test]
fn messages_go_through_them_to_other_exchanges_and_to_the_alternate_one() {
    let Some((_broker, mut peer)) = start() else { return };
    let stray = bind(&mut peer, "one.stray", "fanout", &[], &[""]);
    let alternate = [("alternate-exchange", Field::Str("one.stray"))];
    bind(&mut peer, "one.front", "x-consistent-hash", &alternate, &[]);
    publish(&mut peer, "one.front", "k", "nowhere else");
    assert_eq!(peer.channel(1).drain(&stray[0]), ["nowhere else"]);

    let left = bind(&mut peer, "one.left", "fanout", &[], &["", ""]);
    let right = bind(&mut peer, "one.right", "x-random", &[], &["", ""]);
    for inner in ["one.left", "one.right"] {
        peer.channel(1).call(&exchange_bind(inner, "one.front", "1"));
    }
    for number in 0..200 {
        publish(&mut peer, "one.front", &number.to_string(), &number.to_string());
    }

    let (left, right) = (ready(&mut peer, &left), ready(&mut peer, &right));
    assert_eq!(left[0], left[1], "each message that went left has a copy in both");
    assert_eq!(left[0] + right[0] + right[1], 200);
    assert!(left[0] > 50 && right.iter().all(|count| *count > 20), "{left:?} {right:?}");
    assert_eq!(ready(&mut peer, &stray), [0]);
    for name in ["one.front", "one.left", "one.right", "one.stray"] {
        peer.channel(1).call(&exchange_delete(name));
    }
}
