//! Sender-selected distribution: the headers CC and BCC.

use crate::broker::TestBroker;
use crate::raw::content::{Content, content};
use crate::raw::message::Confirm;
use crate::raw::method::{
    basic_get, basic_publish, confirm_select, exchange_declare, exchange_delete, queue_bind,
    queue_declare, tx_commit, tx_rollback, tx_select,
};
use crate::raw::peer::{Channel, Peer};
use crate::raw::wire::Field;

fn keys(keys: &[&'static str]) -> Field {
    Field::Array(keys.iter().map(|key| Field::Str(key)).collect())
}

fn copied(text: &str, cc: &[&'static str], bcc: &[&'static str]) -> Content {
    content(text.as_bytes()).headers(&[("CC", keys(cc)), ("BCC", keys(bcc))])
}

/// Opens channel 1 and declares exclusive queues of these names.
fn open<'a>(peer: &'a mut Peer, queues: &[&str]) -> Channel<'a> {
    let mut channel = peer.open(1);
    for queue in queues {
        channel.call(&queue_declare(queue).exclusive());
    }
    channel
}

fn drain_all(channel: &mut Channel<'_>, queues: &[&str]) -> Vec<Vec<String>> {
    queues.iter().map(|queue| channel.drain(queue)).collect()
}

#[test]
fn the_default_exchange_takes_every_key_for_a_queue_and_makes_one_copy_for_each() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let queues = ["cc.a", "cc.b", "cc.c", "cc.d"];
    let mut channel = open(&mut peer, &queues);

    let message = copied("hi", &["cc.b", "cc.a", "cc.b", "cc.nosuch"], &["cc.c", "cc.b"]);
    channel.publish(&basic_publish("", "cc.a"), &message);

    assert_eq!(drain_all(&mut channel, &queues), [vec!["hi"], vec!["hi"], vec!["hi"], vec![]]);
}

#[test]
fn every_copy_has_cc_and_none_has_bcc() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let queues = ["cc.a", "cc.b", "cc.c"];
    let mut channel = open(&mut peer, &queues);
    let (n, cc, v) = (("n", Field::Int(-7)), ("CC", keys(&["cc.b"])), ("v", Field::Void));
    let bcc = ("BCC", keys(&["cc.c"]));
    let sent = content(b"hi").headers(&[n.clone(), bcc, cc.clone(), v.clone()]);
    let seen = content(b"hi").headers(&[n, cc, v]).header();

    channel.publish(&basic_publish("", "cc.a"), &sent);

    for queue in queues {
        assert_eq!(channel.get(&basic_get(queue).no_ack()).content.header, seen, "in {queue}");
    }
}

#[test]
fn a_table_of_bcc_alone_becomes_empty_and_stays() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let mut channel = open(&mut peer, &["cc.a", "cc.b"]);

    let sent = content(b"hi").headers(&[("BCC", keys(&["cc.b"]))]);
    channel.publish(&basic_publish("", "cc.a"), &sent);

    let seen = content(b"hi").headers(&[]).header();
    assert_eq!(channel.get(&basic_get("cc.b").no_ack()).content.header, seen);
}

#[test]
fn a_delivery_names_the_key_that_was_published_with() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let mut channel = open(&mut peer, &["cc.b"]);
    channel.call(&queue_bind("cc.b", "amq.direct", "second"));
    channel.call(&crate::raw::method::basic_consume("cc.b", "c").no_ack());

    let message = copied("hi", &["second"], &[]);
    channel.publish(&basic_publish("amq.direct", "first"), &message);

    let delivery = channel.expect_delivery();
    assert_eq!((delivery.exchange.as_str(), delivery.key.as_str()), ("amq.direct", "first"));
}

#[test]
fn every_type_of_exchange_gives_each_queue_one_copy() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let queues = ["cc.a", "cc.b", "cc.c"];
    let mut channel = open(&mut peer, &queues);
    for (exchange, queue, key) in [
        ("amq.direct", "cc.a", "k"),
        ("amq.direct", "cc.b", "l"),
        ("amq.direct", "cc.c", "m"),
        ("amq.topic", "cc.a", "log.*"),
        ("amq.topic", "cc.a", "#"),
        ("amq.topic", "cc.b", "audit.#"),
        ("amq.fanout", "cc.a", ""),
        ("amq.fanout", "cc.b", "x"),
        ("amq.headers", "cc.c", ""),
    ] {
        channel.call(&queue_bind(queue, exchange, key));
    }

    let publish = |channel: &mut Channel<'_>, exchange: &str, key, cc, bcc| {
        channel.publish(&basic_publish(exchange, key), &copied(exchange, cc, bcc));
    };
    publish(&mut channel, "amq.direct", "k", &["l"], &["nothing"]);
    publish(&mut channel, "amq.topic", "log.x", &["audit.y"], &["log.z"]);
    publish(&mut channel, "amq.fanout", "", &["k"], &["l"]);
    publish(&mut channel, "amq.headers", "", &["k"], &["l"]);

    let first = ["amq.direct", "amq.topic", "amq.fanout"];
    let drained = drain_all(&mut channel, &queues);
    assert_eq!(drained, [&first[..], &first[..], &["amq.headers"]]);
}

#[test]
fn an_alternate_exchange_has_its_turn_when_no_key_finds_anything() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let queues = ["cc.a", "cc.b"];
    let mut channel = open(&mut peer, &queues);
    let alternate = [("alternate-exchange", Field::Str("amq.fanout"))];
    channel.call(&exchange_declare("cc.front", "direct").arguments(&alternate));
    channel.call(&queue_bind("cc.a", "cc.front", "k"));
    channel.call(&queue_bind("cc.b", "amq.fanout", ""));

    let nothing = basic_publish("cc.front", "nothing");
    channel.publish(&nothing, &copied("found", &["k"], &[]));
    channel.publish(&nothing, &copied("stray", &["neither"], &["nor this"]));

    assert_eq!(drain_all(&mut channel, &queues), [["found"], ["stray"]]);
    channel.call(&exchange_delete("cc.front"));
}

#[test]
fn a_mandatory_message_comes_back_without_bcc_when_no_key_finds_a_queue() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let mut channel = open(&mut peer, &["cc.a"]);
    channel.call(&confirm_select());
    let mandatory = basic_publish("", "cc.nosuch").mandatory();

    let confirmed = |peer: &mut Peer, tag| {
        assert_eq!(peer.expect_confirm(1), Confirm { tag, multiple: false, acked: true });
    };
    channel.publish(&mandatory, &copied("found", &[], &["cc.a"]));
    confirmed(&mut peer, 1);
    let lost = copied("lost", &["cc.neither"], &["cc.nor this"]);
    peer.channel(1).publish(&mandatory, &lost);

    let returned = peer.expect_return(1);
    let seen = content(b"lost").headers(&[("CC", keys(&["cc.neither"]))]);
    assert_eq!((returned.key.as_str(), returned.content.header), ("cc.nosuch", seen.header()));
    confirmed(&mut peer, 2);
    assert_eq!(peer.channel(1).drain("cc.a"), ["found"]);
}

#[test]
fn what_is_no_string_is_no_key() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let queues = ["cc.a", "cc.b"];
    let mut channel = open(&mut peer, &queues);
    let mixed = Field::Array(vec![
        Field::Int(1),
        Field::Void,
        keys(&["cc.a"]),
        Field::Octets(b'x', vec![0, 0, 0, 4, b'c', b'c', b'.', b'a']),
        Field::Str("cc.b"),
    ]);

    let message = content(b"hi").headers(&[("CC", mixed)]);
    channel.publish(&basic_publish("", "cc.nosuch"), &message);

    assert_eq!(drain_all(&mut channel, &queues), [vec![], vec!["hi"]]);
}

#[test]
fn large_messages_and_transactions_are_copied_alike() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let queues = ["cc.a", "cc.b"];
    let mut channel = open(&mut peer, &queues);
    let large = "x".repeat(100 << 10);
    let publish = basic_publish("", "cc.a");

    channel.publish(&publish, &copied(&large, &[], &["cc.b"]));
    let before = drain_all(&mut channel, &queues);
    channel.call(&tx_select());
    channel.publish(&publish, &copied("undone", &[], &["cc.b"])).call(&tx_rollback());
    channel.publish(&publish, &copied("done", &["cc.b"], &[])).call(&tx_commit());

    assert_eq!(before, [[large.as_str()], [large.as_str()]]);
    assert_eq!(drain_all(&mut channel, &queues), [["done"], ["done"]]);
}
