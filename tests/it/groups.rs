//! Queues that keep messages of one group in order and together (`x-group-key`).

use crate::broker::TestBroker;
use crate::process::Process;
use crate::raw::content::{Content, content};
use crate::raw::message::texts;
use crate::raw::method::{
    Method, QUEUE_DECLARE, basic_ack, basic_consume, basic_get, basic_nack, basic_publish,
    basic_qos, confirm_select, queue_bind, queue_declare,
};
use crate::raw::peer::{Channel, Peer};
use crate::raw::wire::{Field, fields, long_str, short_str};

const KEY: &str = "customer";

fn grouped(queue: &str, key: &'static str) -> Method {
    queue_declare(queue).arguments(&[("x-group-key", Field::Str(key))])
}

/// A persistent message of that group.
fn of_group(text: &str, group: u8) -> Content {
    let mut properties = long_str(&fields(&[(KEY, Field::Int(group.into()))]));
    properties.push(2);
    content(text.as_bytes()).properties(0x3000, &properties)
}

/// Publishes messages whose group is their first letter.
fn put(channel: &mut Channel<'_>, queue: &str, all: &[&str]) {
    for text in all {
        channel.publish(&basic_publish("", queue), &of_group(text, text.as_bytes()[0]));
    }
}

/// A connection with such a queue, if the broker has them.
fn start(queue: &str) -> Option<(TestBroker, Peer)> {
    let broker = TestBroker::start();
    if broker.is_rabbitmq_3_10 {
        return None;
    }
    let mut peer = broker.connect();
    peer.open(1).call(&grouped(queue, KEY).auto_delete());
    Some((broker, peer))
}

/// Has a consumer start on a connection of its own, with that prefetch.
fn consumer(broker: &TestBroker, queue: &str, prefetch: u16) -> Peer {
    let mut peer = broker.connect();
    peer.open(1).call(&basic_qos(0, prefetch));
    peer.channel(1).call(&basic_consume(queue, "c"));
    peer
}

#[test]
fn a_group_goes_to_one_consumer_while_another_takes_the_next() {
    let Some((broker, mut peer)) = start("groups.two") else { return };
    let mut first = consumer(&broker, "groups.two", 1);
    let mut second = consumer(&broker, "groups.two", 1);

    put(&mut peer.channel(1), "groups.two", &["a1", "a2", "b1", "b2"]);

    let a1 = first.expect_delivery(1);
    assert_eq!(a1.text(), "a1");
    let b1 = second.expect_delivery(1);
    assert_eq!(b1.text(), "b1");
    first.channel(1).send(&basic_ack(a1.tag));
    assert_eq!(first.expect_delivery(1).text(), "a2");
    second.channel(1).send(&basic_ack(b1.tag));
    assert_eq!(second.expect_delivery(1).text(), "b2");
}

#[test]
fn the_holder_of_a_group_gets_more_of_it_within_its_prefetch() {
    let Some((broker, mut peer)) = start("groups.more") else { return };
    let mut first = consumer(&broker, "groups.more", 2);
    let mut second = consumer(&broker, "groups.more", 2);

    put(&mut peer.channel(1), "groups.more", &["a1", "a2", "a3", "b1"]);

    let held = first.expect_deliveries(1, 2);
    assert_eq!(texts(&held), ["a1", "a2"]);
    assert_eq!(second.expect_delivery(1).text(), "b1");
    assert_eq!(peer.channel(1).counts("groups.more").0, 1);
    first.channel(1).send(&basic_ack(held[0].tag));
    assert_eq!(first.expect_delivery(1).text(), "a3");
}

#[test]
fn who_dies_hands_its_groups_over_in_order() {
    let Some((broker, mut peer)) = start("groups.over") else { return };
    let mut first = consumer(&broker, "groups.over", 2);
    put(&mut peer.channel(1), "groups.over", &["a1", "a2", "a3"]);
    first.expect_deliveries(1, 2);
    let mut second = consumer(&broker, "groups.over", 0);
    put(&mut peer.channel(1), "groups.over", &["b1"]);
    assert_eq!(second.expect_delivery(1).text(), "b1");

    first.close();

    let all = second.expect_deliveries(1, 3);
    assert_eq!(texts(&all), ["a1", "a2", "a3"]);
    let redelivered: Vec<_> = all.iter().map(|delivery| delivery.redelivered).collect();
    assert_eq!(redelivered, [true, true, false]);
}

#[test]
fn a_returned_message_is_the_first_of_its_group_again() {
    let Some((broker, mut peer)) = start("groups.back") else { return };
    let mut first = consumer(&broker, "groups.back", 1);
    put(&mut peer.channel(1), "groups.back", &["a1", "a2"]);
    let a1 = first.expect_delivery(1);

    first.channel(1).send(&basic_nack(a1.tag).requeue());

    let again = first.expect_delivery(1);
    assert_eq!((again.text(), again.redelivered), ("a1", true));
    first.channel(1).send(&basic_ack(again.tag));
    assert_eq!(first.expect_delivery(1).text(), "a2");
}

#[test]
fn a_get_takes_of_groups_that_nobody_holds_and_holds_its_own() {
    let Some((_broker, mut peer)) = start("groups.get") else { return };
    let mut channel = peer.channel(1);
    put(&mut channel, "groups.get", &["a1", "a2", "b1"]);
    channel.publish(&basic_publish("", "groups.get"), &content(b"alone"));

    let a1 = channel.get(&basic_get("groups.get"));
    assert_eq!(a1.content.text(), "a1");
    assert_eq!(channel.get(&basic_get("groups.get")).content.text(), "b1");
    assert_eq!(channel.get(&basic_get("groups.get")).content.text(), "alone");
    channel.expect_empty("groups.get");
    channel.send(&basic_ack(a1.tag));

    assert_eq!(channel.get(&basic_get("groups.get")).content.text(), "a2");
}

#[test]
fn who_need_not_settle_gets_everything_in_order() {
    let Some((_broker, mut peer)) = start("groups.auto") else { return };
    let mut channel = peer.channel(1);
    put(&mut channel, "groups.auto", &["a1", "b1", "a2"]);

    assert_eq!(channel.drain("groups.auto"), ["a1", "b1", "a2"]);
}

#[test]
fn the_routing_key_or_the_correlation_id_can_say_the_group() {
    let Some((_broker, mut peer)) = start("groups.header") else { return };
    let mut channel = peer.channel(1);
    channel.call(&grouped("groups.key", "routing-key").exclusive());
    channel.call(&grouped("groups.id", "correlation-id").exclusive());
    for key in ["k1", "k2"] {
        channel.call(&queue_bind("groups.key", "amq.direct", key));
    }
    for (key, text) in [("k1", "1"), ("k1", "2"), ("k2", "3")] {
        channel.publish(&basic_publish("amq.direct", key), &content(text.as_bytes()));
        let message = content(text.as_bytes()).properties(1 << 10, &short_str(key.as_bytes()));
        channel.publish(&basic_publish("", "groups.id"), &message);
    }

    for queue in ["groups.key", "groups.id"] {
        for text in ["1", "3"] {
            assert_eq!(channel.get(&basic_get(queue)).content.text(), text);
        }
        channel.expect_empty(queue);
        assert_eq!(channel.counts(queue).0, 1);
    }
}

/// Publishes 300 messages of three groups in turn, of `size` octets; waits for the confirms.
fn fill(peer: &mut Peer, size: usize) {
    peer.channel(1).call(&confirm_select());
    for number in 0..300 {
        let group = [0, 1, 2][number % 3];
        let text = format!("{number:>size$}");
        peer.channel(1).publish(&basic_publish("", "groups.kept"), &of_group(&text, group));
    }
    peer.channel(1).expect_all_acked(1, 300);
}

#[test]
fn groups_are_kept_over_a_kill_and_on_the_disk() {
    for (settings, size) in [(&[][..], 10), (&[("STORE_MEMORY", "1MiB")][..], 40_000)] {
        let data = tempfile::tempdir().unwrap();
        let broker = Process::start_on(data.path(), settings);
        let mut peer = broker.connect();
        peer.open(1).call(&grouped("groups.kept", KEY).durable());
        fill(&mut peer, size);
        broker.kill();

        let broker = Process::start_on(data.path(), settings);
        let mut peer = broker.connect();
        peer.open(2);
        for text in ["0", "1", "2"] {
            let got = peer.channel(2).get(&basic_get("groups.kept"));
            assert_eq!(got.content.text().trim(), text);
        }
        peer.channel(2).expect_empty("groups.kept");
        peer.channel(2).close();
        peer.open(1);
        for number in 0..300 {
            let got = peer.channel(1).get(&basic_get("groups.kept"));
            assert_eq!(got.content.text().trim(), number.to_string());
            peer.channel(1).send(&basic_ack(got.tag));
        }
    }
}

#[test]
fn a_key_is_a_name_and_stays_as_it_was_declared() {
    let Some((_broker, mut peer)) = start("groups.args") else { return };
    for (queue, value, wrong, detail) in [
        ("groups.new", Field::Str(""), "invalid", "invalid_group_key"),
        ("groups.new", Field::Int(1), "invalid", "{unacceptable_type,signedint}"),
        ("groups.args", Field::Str("x"), "inequivalent", "received 'x' but current is 'customer'"),
    ] {
        let declare = queue_declare(queue).auto_delete().arguments(&[("x-group-key", value)]);
        peer.open(2).send(&declare);
        let text = format!(
            "PRECONDITION_FAILED - {wrong} arg 'x-group-key' for queue '{queue}' in vhost '/': {detail}"
        );
        peer.expect_channel_close(2, 406, &text, QUEUE_DECLARE);
    }
}
