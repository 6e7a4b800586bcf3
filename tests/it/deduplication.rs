//! Exchanges of type x-message-deduplication.

use std::thread;

use crate::broker::TestBroker;
use crate::raw::content::{Content, content};
use crate::raw::method::{
    BASIC_PUBLISH, TX_COMMIT, basic_get, basic_publish, confirm_select, exchange_bind,
    exchange_declare, exchange_delete, queue_bind, queue_declare, tx_commit, tx_rollback,
    tx_select,
};
use crate::raw::peer::{Channel, Peer};
use crate::raw::wire::{Field, fields, long_str, short_str};

const KIND: &str = "x-message-deduplication";

/// RabbitMQ has the type as a plug-in of the community.
fn start() -> Option<(TestBroker, Peer)> {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    peer.open(1);
    (!broker.is_rabbitmq_3_10).then_some((broker, peer))
}

/// Declares the exchange with room for `size` values, and binds a queue to it.
fn declare(channel: &mut Channel<'_>, name: &str, size: i32, more: &[(&str, Field)]) -> String {
    let mut arguments = vec![("x-cache-size", Field::Int(size))];
    arguments.extend_from_slice(more);
    channel.call(&exchange_declare(name, KIND).arguments(&arguments));
    bound_queue(channel, name)
}

fn bound_queue(channel: &mut Channel<'_>, exchange: &str) -> String {
    let queue = channel.own_queue();
    channel.call(&queue_bind(&queue, exchange, ""));
    queue
}

fn valued(text: &str, value: Field) -> Content {
    content(text.as_bytes()).headers(&[("x-deduplication-header", value)])
}

fn string(value: &str) -> Field {
    Field::Octets(b'S', long_str(value.as_bytes()))
}

/// Publishes a message whose value is its text.
fn publish(channel: &mut Channel<'_>, exchange: &str, text: &str) {
    let publish = basic_publish(exchange, "k").mandatory();
    channel.publish(&publish, &valued(text, string(text)));
}

#[test]
fn a_duplicate_is_acked_and_goes_nowhere_neither_on_nor_back() {
    let Some((_broker, mut peer)) = start() else { return };
    let mut channel = peer.open(2);
    channel.call(&exchange_declare("dup.stray", "fanout"));
    let stray = bound_queue(&mut channel, "dup.stray");
    let alternate = [("alternate-exchange", Field::Str("dup.stray"))];
    let queue = declare(&mut channel, "dup", 10, &alternate);
    channel.call(&confirm_select());

    for text in ["a", "b", "a", "a", "b", "c"] {
        publish(&mut channel, "dup", text);
    }
    for _ in 0..2 {
        channel.publish(&basic_publish("dup", "k"), &content(b"unchecked"));
    }

    channel.expect_all_acked(1, 8);
    assert_eq!(channel.drain(&queue), ["a", "b", "c", "unchecked", "unchecked"]);
    assert_eq!(channel.counts(&stray).0, 0);
    channel.call(&exchange_delete("dup"));
    channel.call(&exchange_delete("dup.stray"));
}

#[test]
fn persistent_duplicates_are_acked_too() {
    let Some((_broker, mut peer)) = start() else { return };
    let mut channel = peer.open(2);
    channel.call(&queue_declare("dup.kept").durable());
    channel.call(&exchange_declare("dup.log", KIND).durable().arguments(&size(10)));
    channel.call(&queue_bind("dup.kept", "dup.log", ""));
    let table = fields(&[("x-deduplication-header", Field::Str("a"))]);
    let flags = 1 << 13 | 1 << 12;
    let message = content(b"a").properties(flags, &[long_str(&table), vec![2]].concat());
    channel.call(&confirm_select());

    for _ in 0..3 {
        channel.publish(&basic_publish("dup.log", ""), &message);
    }

    channel.expect_all_acked(1, 3);
    channel.close();
    let mut channel = peer.open(2);
    channel.call(&tx_select());
    channel.publish(&basic_publish("dup.log", ""), &message).call(&tx_commit());
    assert_eq!(channel.counts("dup.kept").0, 1);
}

fn size(size: i32) -> [(&'static str, Field); 1] {
    [("x-cache-size", Field::Int(size))]
}

#[test]
fn of_many_publishers_at_once_one_gets_each_message_through() {
    let Some((broker, mut peer)) = start() else { return };
    let queue = declare(&mut peer.channel(1), "dup.race", 1000, &[]);

    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let mut peer = broker.connect();
                let mut channel = peer.open(1);
                channel.call(&confirm_select());
                for number in 0..300 {
                    publish(&mut channel, "dup.race", &number.to_string());
                }
                channel.expect_all_acked(1, 300);
            });
        }
    });

    let mut texts = peer.channel(1).drain(&queue);
    texts.sort_by_key(|text| text.parse::<u32>().unwrap());
    assert_eq!(texts, (0..300).map(|number| number.to_string()).collect::<Vec<_>>());
    peer.channel(1).call(&exchange_delete("dup.race"));
}

#[test]
fn in_a_transaction_the_commit_counts_and_a_rollback_leaves_no_trace() {
    let Some((_broker, mut peer)) = start() else { return };
    let queue = declare(&mut peer.channel(1), "dup.tx", 10, &[]);
    let mut channel = peer.open(2);
    channel.call(&tx_select());

    publish(&mut channel, "dup.tx", "a");
    channel.call(&tx_rollback());
    for text in ["a", "a", "b"] {
        publish(&mut channel, "dup.tx", text);
    }
    publish(&mut peer.channel(1), "dup.tx", "b");
    let before = peer.channel(1).drain(&queue);
    peer.channel(2).call(&tx_commit());

    assert_eq!(before, ["b"], "published first, though the transaction began before");
    assert_eq!(peer.channel(1).drain(&queue), ["a"]);
    peer.channel(1).call(&exchange_delete("dup.tx"));
}

#[test]
fn a_transaction_whose_exchange_goes_before_the_commit_gets_its_message_back() {
    let Some((_broker, mut peer)) = start() else { return };
    declare(&mut peer.channel(1), "dup.gone", 10, &[]);
    peer.open(2).call(&tx_select());

    publish(&mut peer.channel(2), "dup.gone", "a");
    peer.channel(1).call(&exchange_delete("dup.gone"));
    peer.channel(2).send(&tx_commit());

    assert_eq!(peer.expect_return(2).content.text(), "a");
}

#[test]
fn a_message_that_is_returned_or_refused_counts_as_one_that_never_came() {
    let Some((_broker, mut peer)) = start() else { return };
    let mut channel = peer.channel(1);
    channel.call(&exchange_declare("dup.back", KIND).arguments(&size(10)));
    publish(&mut channel, "dup.back", "a");
    assert_eq!(peer.expect_return(1).content.text(), "a");
    let table = fields(&[("x-deduplication-header", Field::Str("b"))]);
    let somebody = [long_str(&table), short_str(b"somebody")].concat();
    let refused = content(b"b").properties(1 << 13 | 1 << 4, &somebody);
    peer.open(2).publish(&basic_publish("dup.back", ""), &refused);
    let text = "PRECONDITION_FAILED - user_id property set to 'somebody' but authenticated user \
                was 'guest'";
    peer.expect_channel_close(2, 406, text, BASIC_PUBLISH);

    let queue = bound_queue(&mut peer.channel(1), "dup.back");
    for text in ["a", "b", "b", "a"] {
        publish(&mut peer.channel(1), "dup.back", text);
    }

    assert_eq!(peer.channel(1).drain(&queue), ["a", "b"]);
    peer.channel(1).call(&exchange_delete("dup.back"));
}

#[test]
fn several_keys_make_one_look_and_bcc_is_taken_out() {
    let Some((_broker, mut peer)) = start() else { return };
    let queue = declare(&mut peer.channel(1), "dup.cc", 10, &[]);
    let message = content(b"a").headers(&[
        ("CC", Field::Array(vec![Field::Str("x")])),
        ("BCC", Field::Array(vec![Field::Str("y")])),
        ("x-deduplication-header", Field::Str("a")),
    ]);

    let mut channel = peer.channel(1);
    for _ in 0..2 {
        channel.publish(&basic_publish("dup.cc", "k"), &message);
    }

    assert_eq!(channel.counts(&queue).0, 1);
    let got = channel.get(&basic_get(&queue).no_ack());
    let header = got.content.header;
    assert!(!header.windows(4).any(|octets| octets == b"\x03BCC"), "{header:?}");
    channel.call(&exchange_delete("dup.cc"));
}

#[test]
fn behind_another_exchange_it_holds_up_what_goes_through_it_alone() {
    let Some((_broker, mut peer)) = start() else { return };
    let mut channel = peer.channel(1);
    channel.call(&exchange_declare("dup.front", "topic"));
    let behind = declare(&mut channel, "dup.behind", 10, &[]);
    channel.call(&exchange_bind("dup.behind", "dup.front", "#"));
    channel.call(&exchange_bind("dup.behind", "dup.behind", "itself"));
    publish(&mut channel, "dup.front", "1");
    publish(&mut channel, "dup.front", "1");
    let beside = bound_queue(&mut channel, "dup.front");
    channel.call(&queue_bind(&beside, "dup.front", "*"));
    publish(&mut channel, "dup.front", "1");
    publish(&mut channel, "dup.behind", "1");
    publish(&mut channel, "dup.behind", "2");
    publish(&mut channel, "dup.front", "2");

    assert_eq!(channel.drain(&behind), ["1", "2"]);
    assert_eq!(channel.drain(&beside), ["1", "2"]);
    channel.call(&exchange_delete("dup.front"));
    channel.call(&exchange_delete("dup.behind"));
}

#[test]
fn values_go_when_there_is_no_room_or_their_time_has_come() {
    let Some((_broker, mut peer)) = start() else { return };
    let queue = declare(&mut peer.channel(1), "dup.cache", 2, &[]);
    let mut channel = peer.channel(1);

    for text in ["a", "b", "c", "c", "a"] {
        publish(&mut channel, "dup.cache", text);
    }
    assert_eq!(channel.drain(&queue), ["a", "b", "c", "a"]);
    let headers = [("x-deduplication-header", Field::Int(1)), ("x-cache-ttl", Field::Long(1))];
    while channel.counts(&queue).0 < 2 {
        let message = content(b"after a millisecond").headers(&headers);
        channel.publish(&basic_publish("dup.cache", ""), &message);
    }
    channel.call(&exchange_delete("dup.cache"));
}

#[test]
fn the_message_id_counts_if_the_exchange_falls_back_on_it() {
    let Some((_broker, mut peer)) = start() else { return };
    let fallback = [("x-deduplication-fallback", Field::Str("message-id"))];
    let falling = declare(&mut peer.channel(1), "dup.id", 10, &fallback);
    let plain = declare(&mut peer.channel(1), "dup.no.id", 10, &[]);
    let mut channel = peer.channel(1);

    for id in ["1", "2", "1"] {
        let message = content(id.as_bytes()).properties(1 << 7, &short_str(id.as_bytes()));
        for exchange in ["dup.id", "dup.no.id"] {
            channel.publish(&basic_publish(exchange, ""), &message);
        }
    }

    assert_eq!(channel.drain(&falling), ["1", "2"]);
    assert_eq!(channel.drain(&plain), ["1", "2", "1"]);
    channel.call(&exchange_delete("dup.id"));
    channel.call(&exchange_delete("dup.no.id"));
}

#[test]
fn an_exchange_that_is_there_already_keeps_its_cache_and_a_new_one_is_empty() {
    let Some((_broker, mut peer)) = start() else { return };
    let mut channel = peer.channel(1);
    let queue = declare(&mut channel, "dup.again", 10, &[]);
    publish(&mut channel, "dup.again", "a");

    channel.call(&exchange_declare("dup.again", KIND).arguments(&size(1)));
    publish(&mut channel, "dup.again", "a");
    assert_eq!(channel.drain(&queue), ["a"]);
    channel.call(&exchange_delete("dup.again"));
    let queue = declare(&mut channel, "dup.again", 10, &[]);
    publish(&mut channel, "dup.again", "a");

    assert_eq!(channel.drain(&queue), ["a"]);
    channel.call(&exchange_delete("dup.again"));
}

/// Longer than what is copied into a segment shared with others.
#[test]
fn large_messages_are_checked_alike() {
    let Some((_broker, mut peer)) = start() else { return };
    let queue = declare(&mut peer.channel(1), "dup.large", 10, &[]);
    let mut channel = peer.channel(1);
    let text = "x".repeat(300_000);

    for _ in 0..2 {
        let message = valued(&text, Field::Int(1));
        channel.publish(&basic_publish("dup.large", ""), &message);
    }

    assert_eq!(channel.drain(&queue), [text]);
    channel.call(&exchange_delete("dup.large"));
}

/// Declares an exchange and two queues bound to it, of which the second has room for one message.
fn declare_full(channel: &mut Channel<'_>, exchange: &str) -> [String; 2] {
    let wide = declare(channel, exchange, 10, &[]);
    let arguments = [("x-max-length", Field::Int(1)), ("x-overflow", Field::Str("reject-publish"))];
    let declare = queue_declare("").exclusive().arguments(&arguments);
    let narrow: String = channel.call(&declare).arguments().short_str();
    channel.call(&queue_bind(&narrow, exchange, ""));
    [wide, narrow]
}

/// Whether each of the publishes up to `last` was acked.
fn outcomes(peer: &mut Peer, at: u16, last: u64) -> Vec<bool> {
    let mut outcomes = std::collections::BTreeMap::new();
    while (outcomes.len() as u64) < last {
        let confirm = peer.expect_confirm(at);
        let first = if confirm.multiple { 1 } else { confirm.tag };
        for tag in first..=confirm.tag {
            outcomes.entry(tag).or_insert(confirm.acked);
        }
    }
    outcomes.into_values().collect()
}

#[test]
fn what_a_queue_refuses_counts_as_one_that_never_came() {
    let Some((_broker, mut peer)) = start() else { return };
    let [wide, narrow] = declare_full(&mut peer.channel(1), "dup.full");
    peer.open(2).call(&confirm_select());

    for text in ["a", "b", "b", "a"] {
        publish(&mut peer.channel(2), "dup.full", text);
    }
    // The second of a value that is refused fares no better, whichever way it is refused.
    assert_eq!(outcomes(&mut peer, 2, 4), [true, false, false, true]);
    let taken = peer.channel(1).drain(&narrow);
    publish(&mut peer.channel(2), "dup.full", "b");
    publish(&mut peer.channel(2), "dup.full", "b");

    peer.expect_all_acked(2, 5, 6);
    assert_eq!((taken, peer.channel(1).drain(&narrow)), (vec!["a".into()], vec!["b".into()]));
    let wide = peer.channel(1).drain(&wide);
    assert_eq!((wide.first(), wide.last()), (Some(&"a".to_owned()), Some(&"b".to_owned())));
    peer.channel(1).call(&exchange_delete("dup.full"));
}

#[test]
fn what_a_commit_does_not_get_through_may_be_published_again() {
    let Some((_broker, mut peer)) = start() else { return };
    let [_, narrow] = declare_full(&mut peer.channel(1), "dup.partial");
    peer.open(2).call(&tx_select());
    for text in ["a", "b"] {
        publish(&mut peer.channel(2), "dup.partial", text);
    }
    peer.channel(2).send(&tx_commit());
    let text = "PRECONDITION_FAILED - partial tx completion";
    peer.expect_channel_close(2, 406, text, TX_COMMIT);
    let before = peer.channel(1).drain(&narrow);

    peer.open(3).call(&confirm_select());
    for text in ["a", "b"] {
        publish(&mut peer.channel(3), "dup.partial", text);
    }

    peer.expect_all_acked(3, 1, 2);
    assert_eq!((before, peer.channel(1).drain(&narrow)), (vec!["a".into()], vec!["b".into()]));
    peer.channel(1).call(&exchange_delete("dup.partial"));
}
