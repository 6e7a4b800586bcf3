//! Queues that drop a message whose value is still there (`x-message-deduplication`).

use leveret::broker::duplicates::{DroppedBy, NotCounted};

use crate::broker::TestBroker;
use crate::delayed::Own;
use crate::expiry::await_ready;
use crate::length_limit::outcomes;
use crate::process::Process;
use crate::raw::content::{Content, content};
use crate::raw::method::{
    Method, QUEUE_DECLARE, TX_COMMIT_OK, basic_ack, basic_get, basic_nack, basic_publish,
    confirm_select, exchange_declare, queue_bind, queue_declare, queue_purge, tx_commit,
    tx_rollback, tx_select,
};
use crate::raw::peer::{Channel, Peer};
use crate::raw::wire::{Field, fields, long_str, short_str};

const HEADER: &str = "x-deduplication-header";

fn unique(queue: &str) -> Method {
    queue_declare(queue).arguments(&[("x-message-deduplication", Field::Bool(true))])
}

/// A message with that value for deduplication.
fn valued(text: &str, value: Field) -> Content {
    content(text.as_bytes()).headers(&[(HEADER, value)])
}

/// The same, persistent.
fn kept(text: &str, value: i64) -> Content {
    let mut properties = long_str(&fields(&[(HEADER, Field::Long(value))]));
    properties.push(2);
    content(text.as_bytes()).properties(0x3000, &properties)
}

fn put(channel: &mut Channel<'_>, queue: &str, message: &Content) {
    channel.publish(&basic_publish("", queue), message);
}

/// A connection with such a queue of its own and confirms on channel 1, if the broker has them.
fn start(queue: &str) -> Option<(TestBroker, Peer)> {
    let broker = TestBroker::start();
    if broker.is_rabbitmq_3_10 {
        return None;
    }
    let mut peer = broker.connect();
    peer.open(1).call(&unique(queue).exclusive());
    peer.channel(1).call(&confirm_select());
    Some((broker, peer))
}

#[test]
fn a_duplicate_is_confirmed_and_dropped_until_the_first_is_acked() {
    let Some((_broker, mut peer)) = start("dedup") else { return };
    let mut channel = peer.channel(1);
    for text in ["1", "2", "3"] {
        put(&mut channel, "dedup", &valued(text, Field::Str("a")));
    }
    put(&mut channel, "dedup", &valued("4", Field::Str("b")));
    channel.expect_all_acked(1, 4);
    assert_eq!(channel.counts("dedup").0, 2);

    let held = channel.get(&basic_get("dedup"));
    assert_eq!(held.content.text(), "1");
    put(&mut channel, "dedup", &valued("5", Field::Str("a")));
    channel.expect_all_acked(5, 5);
    assert_eq!(channel.counts("dedup").0, 1);
    channel.send(&basic_nack(held.tag).requeue());
    put(&mut channel, "dedup", &valued("6", Field::Str("a")));
    channel.expect_all_acked(6, 6);
    let held = channel.get(&basic_get("dedup"));
    channel.send(&basic_ack(held.tag));
    put(&mut channel, "dedup", &valued("7", Field::Str("a")));
    channel.expect_all_acked(7, 7);

    assert_eq!(channel.drain("dedup"), ["4", "7"]);
}

#[test]
fn values_of_any_type_count_and_a_message_without_one_is_not_checked() {
    let Some((_broker, mut peer)) = start("dedup.types") else { return };
    let mut channel = peer.channel(1);
    let values = [Field::Str("1"), Field::Int(1), Field::Bool(true), Field::Void];

    for value in values.iter().chain(&values) {
        put(&mut channel, "dedup.types", &valued("m", value.clone()));
    }
    for _ in 0..2 {
        put(&mut channel, "dedup.types", &content(b"plain"));
    }

    channel.expect_all_acked(1, 10);
    assert_eq!(channel.counts("dedup.types").0, 6);
}

#[test]
fn the_message_id_counts_where_the_queue_falls_back_on_it() {
    let Some((_broker, mut peer)) = start("dedup.other") else { return };
    let mut channel = peer.channel(1);
    let arguments = [
        ("x-message-deduplication", Field::Bool(true)),
        ("x-deduplication-fallback", Field::Str("message-id")),
    ];
    channel.call(&queue_declare("dedup.id").exclusive().arguments(&arguments));
    let with_id = |id: &str| content(b"m").properties(1 << 7, &short_str(id.as_bytes()));

    for queue in ["dedup.id", "dedup.other"] {
        for message in [with_id("a"), with_id("a"), valued("m", Field::Str("a")), with_id("b")] {
            put(&mut channel, queue, &message);
        }
    }

    channel.expect_all_acked(1, 8);
    assert_eq!(channel.counts("dedup.id").0, 2);
    assert_eq!(channel.counts("dedup.other").0, 4);
}

#[test]
fn a_value_goes_with_its_message_however_that_goes() {
    let Some((_broker, mut peer)) = start("dedup.gone") else { return };
    let mut channel = peer.channel(1);
    let message = valued("m", Field::Str("a"));

    put(&mut channel, "dedup.gone", &message);
    channel.expect_all_acked(1, 1);
    channel.call(&queue_purge("dedup.gone"));
    put(&mut channel, "dedup.gone", &message);
    channel.expect_all_acked(2, 2);
    let refused = channel.get(&basic_get("dedup.gone"));
    channel.send(&basic_nack(refused.tag));
    put(&mut channel, "dedup.gone", &message);
    channel.expect_all_acked(3, 3);
    assert_eq!(channel.pop("dedup.gone"), "m");
    let mut expiring = long_str(&fields(&[(HEADER, Field::Str("a"))]));
    expiring.extend(short_str(b"1"));
    put(&mut channel, "dedup.gone", &content(b"short").properties(0x2100, &expiring));
    channel.expect_all_acked(4, 4);
    await_ready(&mut channel, "dedup.gone", 0);
    put(&mut channel, "dedup.gone", &message);
    channel.expect_all_acked(5, 5);

    assert_eq!(channel.counts("dedup.gone").0, 1);
}

#[test]
fn a_duplicate_is_confirmed_by_a_full_queue_too_and_a_refused_value_is_unknown() {
    let Some((_broker, mut peer)) = start("dedup.dead") else { return };
    let mut channel = peer.channel(1);
    let arguments = [
        ("x-message-deduplication", Field::Bool(true)),
        ("x-max-length", Field::Int(1)),
        ("x-overflow", Field::Str("reject-publish-dlx")),
        ("x-dead-letter-exchange", Field::Str("")),
        ("x-dead-letter-routing-key", Field::Str("dedup.dead")),
    ];
    channel.call(&queue_declare("dedup.full").exclusive().arguments(&arguments));

    for value in ["a", "a", "b", "b"] {
        put(&mut channel, "dedup.full", &valued(value, Field::Str(value)));
    }

    assert_eq!(outcomes(&mut peer, 4), [true, true, false, false]);
    let mut channel = peer.channel(1);
    await_ready(&mut channel, "dedup.dead", 1);
    assert_eq!(channel.pop("dedup.full"), "a");
    put(&mut channel, "dedup.full", &valued("b", Field::Str("b")));
    channel.expect_all_acked(5, 5);
    assert_eq!(channel.drain("dedup.full"), ["b"]);
}

#[test]
fn a_dead_letter_that_comes_back_to_its_queue_is_no_duplicate_of_itself() {
    let Some((_broker, mut peer)) = start("dedup.other") else { return };
    let mut channel = peer.channel(1);
    let arguments = [
        ("x-message-deduplication", Field::Bool(true)),
        ("x-dead-letter-exchange", Field::Str("")),
        ("x-dead-letter-routing-key", Field::Str("dedup.circle")),
    ];
    channel.call(&queue_declare("dedup.circle").exclusive().arguments(&arguments));
    put(&mut channel, "dedup.circle", &valued("m", Field::Str("a")));
    channel.expect_all_acked(1, 1);

    let refused = channel.get(&basic_get("dedup.circle"));
    channel.send(&basic_nack(refused.tag));

    await_ready(&mut channel, "dedup.circle", 1);
    put(&mut channel, "dedup.circle", &valued("again", Field::Str("a")));
    channel.expect_all_acked(2, 2);
    assert_eq!(channel.drain("dedup.circle"), ["m"]);
}

#[test]
fn duplicates_are_counted_by_queue_and_by_exchange() {
    let own = Own::start();
    let mut peer = own.connect();
    let mut channel = peer.channel(1);
    channel.call(&unique("dedup.counted").durable());
    channel.call(&queue_declare("dedup.all"));
    let arguments = [("x-cache-size", Field::Int(10))];
    let exchange = exchange_declare("dedup.exchange", "x-message-deduplication");
    channel.call(&exchange.arguments(&arguments));
    channel.call(&queue_bind("dedup.all", "dedup.exchange", ""));
    channel.call(&confirm_select());

    for value in ["a", "a", "b", "a"] {
        let message = valued("m", Field::Str(value));
        put(&mut channel, "dedup.counted", &message);
        channel.publish(&basic_publish("dedup.exchange", ""), &message);
    }
    channel.expect_all_acked(1, 8);

    let count = |by| own.broker().duplicates("/", by);
    assert_eq!(count(DroppedBy::Queue("dedup.counted")), Ok(2));
    assert_eq!(count(DroppedBy::Exchange("dedup.exchange")), Ok(2));
    assert_eq!(count(DroppedBy::Queue("dedup.all")), Ok(0));
    let unknown = NotCounted::NoExchange("amq.direct".to_owned());
    assert_eq!(count(DroppedBy::Exchange("amq.direct")), Err(unknown));
}

#[test]
fn what_is_rolled_back_was_never_there() {
    let Some((_broker, mut peer)) = start("dedup.tx") else { return };
    let mut channel = peer.open(2);
    channel.call(&tx_select());
    put(&mut channel, "dedup.tx", &valued("1", Field::Str("a")));
    channel.call(&tx_rollback());

    for text in ["2", "3"] {
        put(&mut channel, "dedup.tx", &valued(text, Field::Str("a")));
    }
    channel.send(&tx_commit());

    peer.expect_method(2, TX_COMMIT_OK);
    assert_eq!(peer.channel(2).drain("dedup.tx"), ["2"]);
}

/// Publishes each number once, of `size` octets, with itself as value; waits for the confirms.
fn fill(peer: &mut Peer, first: u64, size: usize) {
    for number in 0..200 {
        let text = format!("{number:>size$}");
        put(&mut peer.channel(1), "dedup.kept", &kept(&text, number));
    }
    peer.channel(1).expect_all_acked(first, first + 199);
}

#[test]
fn values_are_known_after_a_kill_and_duplicates_are_not_kept() {
    let data = tempfile::tempdir().unwrap();
    let broker = Process::start_on(data.path(), &[]);
    let mut peer = broker.connect();
    peer.open(1).call(&unique("dedup.kept").durable());
    peer.channel(1).call(&confirm_select());
    fill(&mut peer, 1, 10);
    fill(&mut peer, 201, 10);
    broker.kill();

    for _ in 0..2 {
        let broker = Process::start_on(data.path(), &[]);
        let mut peer = broker.connect();
        peer.open(1).call(&confirm_select());

        fill(&mut peer, 1, 10);

        assert_eq!(peer.channel(1).counts("dedup.kept").0, 200);
        broker.kill();
    }
    let broker = Process::start_on(data.path(), &[]);
    let mut peer = broker.connect();
    peer.open(1).call(&confirm_select());
    let got = peer.channel(1).get(&basic_get("dedup.kept"));
    peer.channel(1).send(&basic_ack(got.tag));
    fill(&mut peer, 1, 10);
    let texts = peer.channel(1).drain("dedup.kept");
    let texts: Vec<_> = texts.iter().map(|text| text.trim().to_owned()).collect();
    let expected = (1..200).chain([0]).map(|number: u64| number.to_string());
    assert_eq!(texts, expected.collect::<Vec<_>>());
}

#[test]
fn values_of_what_is_on_the_disk_only_are_known() {
    let broker = Process::start(&[("STORE_MEMORY", "1MiB")]);
    let mut peer = broker.connect();
    peer.open(1).call(&unique("dedup.kept").durable());
    peer.channel(1).call(&confirm_select());

    fill(&mut peer, 1, 40_000);
    fill(&mut peer, 201, 40_000);

    assert_eq!(peer.channel(1).counts("dedup.kept").0, 200);
    assert_eq!(peer.channel(1).drain("dedup.kept").len(), 200);
    fill(&mut peer, 401, 10);
    assert_eq!(peer.channel(1).counts("dedup.kept").0, 200);
}

#[test]
fn arguments_that_make_no_sense_are_refused() {
    let Some((_broker, mut peer)) = start("dedup.args") else { return };
    let fallback = "x-deduplication-fallback";
    for (key, value, detail) in [
        ("x-message-deduplication", Field::Str("true"), "{unacceptable_type,longstr}"),
        (fallback, Field::Str("type"), "invalid_deduplication_fallback"),
        (fallback, Field::Str("message-id"), "fallback_but_no_deduplication"),
    ] {
        peer.open(2).send(&queue_declare("dedup.new").exclusive().arguments(&[(key, value)]));
        let text = format!(
            "PRECONDITION_FAILED - invalid arg '{key}' for queue 'dedup.new' in vhost '/': {detail}"
        );
        peer.expect_channel_close(2, 406, &text, QUEUE_DECLARE);
    }
    peer.open(2).send(&queue_declare("dedup.args").exclusive());
    let text = "PRECONDITION_FAILED - inequivalent arg 'x-message-deduplication' for queue 'dedup.args' in vhost '/': \
                received none but current is the value 'true' of type 'bool'";
    peer.expect_channel_close(2, 406, text, QUEUE_DECLARE);
}
