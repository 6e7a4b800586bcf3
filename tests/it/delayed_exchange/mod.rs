//! Messages that wait at exchanges of type `x-delayed-message`.

mod lasting;
mod route;

use std::time::{Duration, Instant};

use leveret::amqp::table::Value;

use crate::broker::TestBroker;
use crate::delayed::{LONG, lasting, waiting};
use crate::expiry::await_ready;
use crate::raw::content::{Content, content};
use crate::raw::method::{
    basic_consume, basic_publish, exchange_declare, exchange_delete, queue_bind, queue_declare,
    tx_commit, tx_rollback, tx_select,
};
use crate::raw::peer::Peer;
use crate::raw::wire::{Field, fields, long_str, short_str};

/// RabbitMQ has this type as a community plug-in.
fn start() -> Option<(TestBroker, Peer)> {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    peer.open(1);
    (!broker.is_rabbitmq_3_10).then_some((broker, peer))
}

/// Declares a durable exchange that routes as `kind` does.
fn delayed_exchange(peer: &mut Peer, name: &str, kind: &'static str) {
    let arguments = [("x-delayed-type", Field::Str(kind))];
    let declare = exchange_declare(name, "x-delayed-message").durable();
    peer.channel(1).call(&declare.arguments(&arguments));
}

/// A queue of this connection, bound with that key.
fn bound(peer: &mut Peer, exchange: &str, key: &str) -> String {
    let queue = peer.channel(1).own_queue();
    peer.channel(1).call(&queue_bind(&queue, exchange, key));
    queue
}

fn publish(peer: &mut Peer, exchange: &str, key: &str, content: &Content) {
    peer.channel(1).publish(&basic_publish(exchange, key), content);
}

#[test]
fn messages_are_routed_when_their_time_has_come_and_not_before() {
    let Some((_broker, mut peer)) = start() else { return };
    delayed_exchange(&mut peer, "dx.time", "direct");
    let queue = bound(&mut peer, "dx.time", "k");
    peer.channel(1).call(&basic_consume(&queue, "c").no_ack());
    let published = Instant::now();

    publish(&mut peer, "dx.time", "k", &waiting("third", 300));
    publish(&mut peer, "dx.time", "k", &waiting("second", 150));
    publish(&mut peer, "dx.time", "k", &content(b"first"));

    for (text, delay) in [("first", 0), ("second", 150), ("third", 300)] {
        let delivery = peer.expect_delivery(1);
        assert_eq!((delivery.text(), &*delivery.exchange, &*delivery.key), (text, "dx.time", "k"));
        assert!(published.elapsed() >= Duration::from_millis(delay), "{text} came too early");
    }
}

#[test]
fn what_has_waited_says_so_and_does_not_wait_again() {
    let Some((_broker, mut peer)) = start() else { return };
    for name in ["dx.one", "dx.two"] {
        delayed_exchange(&mut peer, name, "fanout");
    }
    let bind = crate::raw::method::exchange_bind("dx.two", "dx.one", "");
    peer.channel(1).call(&bind);
    let queue = bound(&mut peer, "dx.two", "");
    peer.channel(1).call(&basic_consume(&queue, "c").no_ack());
    let headers = [("x-delay", Field::Int(200)), ("n", Field::Int(1))];

    publish(&mut peer, "dx.one", "k", &content(b"m").headers(&headers).delivery_mode(1));
    publish(&mut peer, "dx.one", "k", &content(b"n").headers(&headers));

    let delivery = peer.expect_deliveries(1, 2).pop().unwrap();
    assert_eq!(delivery.content.field("x-delay"), Some(Value::Int(b'l', -200)));
    assert_eq!(delivery.content.field("n"), Some(Value::Int(b'I', 1)));
    assert_eq!((&*delivery.exchange, &*delivery.key), ("dx.one", "k"));
}

#[test]
fn what_says_nothing_of_use_is_routed_at_once() {
    let Some((_broker, mut peer)) = start() else { return };
    delayed_exchange(&mut peer, "dx.now", "fanout");
    let queue = bound(&mut peer, "dx.now", "");

    let delays = [Field::Int(-5), Field::Int(0), Field::Str("soon"), Field::Bool(true)];
    for delay in delays {
        let message = content(b"at once").headers(&[("x-delay", delay)]);
        publish(&mut peer, "dx.now", "", &message);
    }
    for delay in [Field::Str("600000"), Field::Double(6e5), Field::Long(1 << 40)] {
        let message = content(b"waits").headers(&[("x-delay", delay)]);
        publish(&mut peer, "dx.now", "", &message);
    }

    assert_eq!(peer.channel(1).drain(&queue), ["at once"; 4]);
}

#[test]
fn an_expiration_counts_from_when_the_message_is_routed() {
    let Some((_broker, mut peer)) = start() else { return };
    delayed_exchange(&mut peer, "dx.expiry", "fanout");
    let queue = bound(&mut peer, "dx.expiry", "");
    let of = |text: &str, delay, expiration: &str| {
        let headers = long_str(&fields(&[("x-delay", Field::Int(delay))]));
        let octets = [headers, short_str(expiration.as_bytes())].concat();
        content(text.as_bytes()).properties(1 << 13 | 1 << 8, &octets)
    };

    publish(&mut peer, "dx.expiry", "", &of("gone", 100, "0"));
    publish(&mut peer, "dx.expiry", "", &of("long", 200, "100000"));

    await_ready(&mut peer.channel(1), &queue, 1);
    assert_eq!(peer.channel(1).pop(&queue), "long");
}

#[test]
fn what_waits_goes_with_its_exchange() {
    let Some((_broker, mut peer)) = start() else { return };
    delayed_exchange(&mut peer, "dx.gone", "fanout");
    publish(&mut peer, "dx.gone", "", &waiting("before", 300));

    peer.channel(1).call(&exchange_delete("dx.gone"));
    delayed_exchange(&mut peer, "dx.gone", "fanout");
    let queue = bound(&mut peer, "dx.gone", "");
    publish(&mut peer, "dx.gone", "", &waiting("after", 400));
    peer.channel(1).call(&basic_consume(&queue, "c").no_ack());

    assert_eq!(peer.expect_delivery(1).text(), "after");
}

#[test]
fn a_transaction_has_its_messages_wait_once_it_is_committed() {
    let Some((_broker, mut peer)) = start() else { return };
    delayed_exchange(&mut peer, "dx.tx", "fanout");
    let queue = bound(&mut peer, "dx.tx", "");
    let mut channel = peer.channel(1);
    channel.call(&tx_select());

    channel.publish(&basic_publish("dx.tx", ""), &waiting("rolled back", 50));
    channel.call(&tx_rollback());
    channel.publish(&basic_publish("dx.tx", ""), &waiting("committed", 200));
    channel.call(&tx_commit());
    assert_eq!(channel.counts(&queue), (0, 0));
    channel.call(&basic_consume(&queue, "c").no_ack());

    assert_eq!(peer.expect_delivery(1).text(), "committed");
}

#[test]
fn nothing_waits_in_a_queue_that_can_be_seen() {
    let Some((_broker, mut peer)) = start() else { return };
    delayed_exchange(&mut peer, "dx.hidden", "fanout");
    let queue = bound(&mut peer, "dx.hidden", "");
    publish(&mut peer, "dx.hidden", "", &waiting("waits", LONG));

    let publish_to_name = basic_publish("", "dx.hidden").mandatory();
    peer.channel(1).publish(&publish_to_name, &content(b"no such queue"));
    assert_eq!(peer.expect_return(1).text, "NO_ROUTE");
    assert_eq!(peer.channel(1).counts(&queue), (0, 0));
    peer.channel(1).send(&queue_declare("dx.hidden").passive());

    let text = "NOT_FOUND - no queue 'dx.hidden' in vhost '/'";
    peer.expect_channel_close(1, 404, text, (50, 10));
}
