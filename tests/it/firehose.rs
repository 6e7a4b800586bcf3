//! The firehose: what is published and delivered, as messages of the exchange `amq.rabbitmq.trace`.

use leveret::amqp::table::{TableRef, Value};

use crate::broker::TestBroker;
use crate::delivery_limit::quorum;
use crate::raw::content::{Content, content};
use crate::raw::message::Delivery;
use crate::raw::method::{
    BASIC_PUBLISH, basic_consume, basic_get, basic_nack, basic_publish, basic_reject,
    exchange_declare, queue_bind, queue_declare, queue_delete, tx_rollback, tx_select,
};
use crate::raw::peer::Peer;
use crate::raw::wire::{Field, fields, long_str, short_str};

const EXCHANGE: &str = "amq.rabbitmq.trace";

/// A broker that traces, and who hears of it.
fn start() -> Option<(TestBroker, Peer)> {
    let broker = TestBroker::start();
    broker.own()?.start_tracing("/").unwrap();
    let listener = listen(&broker);
    Some((broker, listener))
}

/// Listens on channel 1, and publishes on another: what it is delivered is not traced.
fn listen(broker: &TestBroker) -> Peer {
    let mut peer = broker.connect();
    let mut channel = peer.open(1);
    let queue = channel.own_queue();
    channel.call(&basic_consume(&queue, "traces").no_ack());
    channel.call(&queue_bind(&queue, EXCHANGE, "#"));
    peer
}

#[track_caller]
fn next(listener: &mut Peer) -> Delivery {
    let trace = listener.expect_delivery(1);
    assert_eq!(trace.exchange, EXCHANGE);
    trace
}

fn table<'a>(trace: &'a Delivery, name: &str) -> TableRef<'a> {
    trace.content.field(name).and_then(Value::as_table).expect("a table")
}

/// content-type, headers, delivery-mode, priority, timestamp and type.
fn with_properties(body: &[u8]) -> Content {
    let octets = [
        &short_str(b"text/plain")[..],
        &long_str(&fields(&[("h", Field::Int(1)), ("CC", Field::Array(vec![Field::Str("c")]))])),
        &[2, 7],
        &1_700_000_000_u64.to_be_bytes(),
        &short_str(b"kind"),
    ];
    let flags = 1 << 15 | 1 << 13 | 1 << 12 | 1 << 11 | 1 << 6 | 1 << 5;
    content(body).properties(flags, &octets.concat())
}

#[test]
fn a_publish_is_traced_once_with_its_properties_and_all_queues_that_it_goes_to() {
    let Some((broker, mut listener)) = start() else { return };
    let mut peer = broker.connect();
    let mut channel = peer.open(3);
    channel.call(&exchange_declare("fire.fanout", "fanout").auto_delete());
    for queue in ["fire.a", "fire.b"] {
        channel.call(&queue_declare(queue).exclusive());
        channel.call(&queue_bind(queue, "fire.fanout", ""));
    }

    channel.publish(&basic_publish("fire.fanout", "k"), &with_properties(b"all of it"));
    channel.publish(&basic_publish("", "nowhere"), &content(b"lost"));
    let (trace, lost) = (next(&mut listener), next(&mut listener));

    assert_eq!((trace.key.as_str(), trace.text()), ("publish.fire.fanout", "all of it"));
    for (name, text) in [("exchange_name", "fire.fanout"), ("vhost", "/"), ("user", "guest")] {
        assert_eq!(trace.content.field_text(name), text);
    }
    assert!(trace.content.field_text("node").contains('@'));
    assert!(trace.content.field_text("connection").contains(" -> 127.0.0.1:"));
    assert_eq!(trace.content.field("channel"), Some(Value::Int(b'I', 3)));
    assert_eq!(trace.content.field_texts("routing_keys"), ["k", "c"]);
    let mut queues = trace.content.field_texts("routed_queues");
    queues.sort_unstable();
    assert_eq!(queues, ["fire.a", "fire.b"]);
    let properties: Vec<_> = table(&trace, "properties").iter().collect();
    let headers = table(&trace, "properties").get("headers").unwrap();
    assert_eq!(headers.as_table().unwrap().get("h"), Some(Value::Int(b'I', 1)));
    assert_eq!(
        properties,
        [
            (&b"content_type"[..], Value::LongStr(b"text/plain")),
            (b"headers", headers),
            (b"delivery_mode", Value::Int(b'I', 2)),
            (b"priority", Value::Int(b'I', 7)),
            (b"timestamp", Value::Int(b'I', 1_700_000_000)),
            (b"type", Value::LongStr(b"kind")),
        ]
    );
    assert_eq!(trace.content.properties().delivery_mode(), None);
    assert_eq!((lost.key.as_str(), lost.text()), ("publish.", "lost"));
    assert_eq!(lost.content.field_texts("routed_queues"), [""; 0]);
    assert_eq!(lost.content.field_texts("routing_keys"), ["nowhere"]);
    assert!(table(&lost, "properties").is_empty());
}

#[test]
fn each_delivery_is_traced_and_says_whether_it_is_another_one() {
    let Some((broker, mut listener)) = start() else { return };
    let mut peer = broker.connect();
    let mut channel = peer.open(1);
    channel.call(&queue_declare("fire.q").exclusive());

    channel.put("fire.q", "got");
    let got = channel.get(&basic_get("fire.q").no_ack());
    assert_eq!(got.content.text(), "got");
    channel.call(&basic_consume("fire.q", "c"));
    channel.put("fire.q", "back");
    let tag = channel.expect_delivery().tag;
    channel.send(&basic_nack(tag).requeue());
    assert!(channel.expect_delivery().redelivered);

    let expected = [
        ("publish.", "got", None),
        ("deliver.fire.q", "got", Some(0)),
        ("publish.", "back", None),
        ("deliver.fire.q", "back", Some(0)),
        ("deliver.fire.q", "back", Some(1)),
    ];
    for (key, text, redelivered) in expected {
        let trace = next(&mut listener);
        assert_eq!((trace.key.as_str(), trace.text()), (key, text));
        let redelivered = redelivered.map(|times| Value::Int(b'I', times));
        assert_eq!(trace.content.field("redelivered"), redelivered);
        assert_eq!(trace.content.field("routed_queues").is_some(), redelivered.is_none());
        assert_eq!(trace.content.field_text("exchange_name"), "");
        assert_eq!(trace.content.field_texts("routing_keys"), ["fire.q"]);
        assert_eq!(trace.content.field("channel"), Some(Value::Int(b'I', 1)));
    }
}

/// As RabbitMQ 4.3 does.
#[test]
fn a_delivery_is_traced_with_how_often_it_came_before() {
    let Some((broker, mut listener)) = start() else { return };
    let mut peer = broker.connect();
    peer.open(1);
    quorum(&mut peer, "fire.quorum", &[]);
    peer.channel(1).put("fire.quorum", "again");
    for _ in 0..2 {
        let tag = peer.channel(1).get(&basic_get("fire.quorum")).tag;
        peer.channel(1).send(&basic_reject(tag).requeue());
    }
    peer.channel(1).call(&basic_consume("fire.quorum", "c").no_ack());
    peer.channel(1).expect_delivery();
    peer.channel(1).call(&queue_delete("fire.quorum"));

    assert_eq!(next(&mut listener).key, "publish.");
    for failed in [None, Some(1), Some(2)] {
        let trace = next(&mut listener);
        assert_eq!(trace.key, "deliver.fire.quorum");
        let headers = table(&trace, "properties").get("headers").and_then(Value::as_table);
        let count = headers.and_then(|headers| headers.get("x-delivery-count"));
        assert_eq!(count, failed.map(|times| Value::Int(b'l', times)));
    }
}

#[test]
fn traces_tell_all_routing_keys_in_their_order_those_of_bcc_too() {
    let Some((broker, mut listener)) = start() else { return };
    let mut peer = broker.connect();
    let mut channel = peer.open(1);
    channel.call(&queue_declare("fire.q").exclusive());
    let copies = [
        ("CC", Field::Array(vec![Field::Str("z"), Field::Str("y")])),
        ("BCC", Field::Array(vec![Field::Str("b"), Field::Str("fire.q")])),
    ];

    channel.publish(&basic_publish("", "own"), &content(b"m").headers(&copies));
    channel.get(&basic_get("fire.q").no_ack());

    for key in ["publish.", "deliver.fire.q"] {
        let trace = next(&mut listener);
        assert_eq!(trace.key, key);
        let keys = trace.content.field_texts("routing_keys");
        assert_eq!(keys, ["own", "z", "y", "b", "fire.q"]);
        let headers = table(&trace, "properties").get("headers").unwrap();
        assert!(headers.as_table().unwrap().get("BCC").is_none());
    }
}

#[test]
fn a_publish_is_traced_when_it_comes_be_it_rolled_back_or_large() {
    let Some((broker, mut listener)) = start() else { return };
    let mut peer = broker.connect();
    let large = vec![b'x'; 1 << 20];

    let mut channel = peer.open(1);
    channel.call(&tx_select());
    channel.publish(&basic_publish("amq.direct", ""), &content(b"undone"));
    channel.call(&tx_rollback());
    peer.open(2).publish(&basic_publish("amq.fanout", ""), &content(&large));

    assert_eq!(next(&mut listener).text(), "undone");
    let trace = next(&mut listener);
    assert_eq!((trace.key.as_str(), trace.content.body == large), ("publish.amq.fanout", true));
}

#[test]
fn nothing_is_traced_before_the_start_or_after_the_end() {
    let broker = TestBroker::start();
    let Some(own) = broker.own() else { return };
    let mut listener = listen(&broker);
    let mut peer = broker.connect();
    let mut channel = peer.open(1);
    let queue = channel.own_queue();

    channel.put(&queue, "before");
    assert_eq!(channel.pop(&queue), "before");
    own.start_tracing("/").unwrap();
    channel.put(&queue, "traced");
    channel.counts(&queue);
    own.stop_tracing("/").unwrap();
    channel.put(&queue, "after");
    channel.counts(&queue);
    own.start_tracing("/").unwrap();
    channel.put(&queue, "again");

    assert_eq!(next(&mut listener).text(), "traced");
    assert_eq!(next(&mut listener).text(), "again");
    assert_eq!(
        own.start_tracing("nowhere").unwrap_err().to_string(),
        "Virtual host 'nowhere' does not exist"
    );
}

#[test]
fn what_comes_from_the_exchange_itself_is_not_traced() {
    let Some((broker, mut listener)) = start() else { return };
    let mut peer = broker.connect();
    let mut second = listen(&broker);

    peer.open(1).publish(&basic_publish("amq.direct", ""), &content(b"one"));
    assert_eq!(next(&mut second).text(), "one");
    assert_eq!(next(&mut listener).text(), "one");
    peer.channel(1).publish(&basic_publish("amq.direct", ""), &content(b"two"));

    // No trace of the two deliveries is between them.
    assert_eq!(next(&mut listener).text(), "two");
    peer.channel(1).publish(&basic_publish(EXCHANGE, "publish.x"), &content(b"forged"));
    let text =
        "ACCESS_REFUSED - cannot publish to internal exchange 'amq.rabbitmq.trace' in vhost '/'";
    peer.expect_channel_close(1, 403, text, BASIC_PUBLISH);
}
