//! Exchanges through the wire: alternate exchanges, exchanges bound to exchanges, headers.

use crate::broker::TestBroker;
use crate::raw::content::content;
use crate::raw::method::{
    basic_publish, confirm_select, exchange_bind, exchange_declare, exchange_delete,
    exchange_unbind, queue_bind,
};
use crate::raw::peer::{Channel, Peer};
use crate::raw::wire::Field;

fn declare(channel: &mut Channel<'_>, names: &[&str]) {
    for name in names {
        channel.call(&exchange_declare(name, "fanout"));
    }
}

fn delete(channel: &mut Channel<'_>, names: &[&str]) {
    for name in names {
        channel.call(&exchange_delete(name));
    }
}

#[test]
fn what_finds_no_queue_goes_to_the_alternate_exchange() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let (found, stray) = (peer.open(1).own_queue(), peer.channel(1).own_queue());
    let alternate = [("alternate-exchange", Field::Str("exchange.ae.sink"))];
    peer.channel(1).call(&exchange_declare("exchange.ae", "direct").arguments(&alternate));
    declare(&mut peer.channel(1), &["exchange.ae.sink"]);
    peer.channel(1).call(&queue_bind(&found, "exchange.ae", "known"));
    peer.channel(1).call(&queue_bind(&stray, "exchange.ae.sink", ""));

    for key in ["known", "unknown"] {
        let publish = basic_publish("exchange.ae", key).mandatory();
        peer.channel(1).publish(&publish, &content(key.as_bytes()));
    }

    assert_eq!(peer.channel(1).drain(&found), ["known"]);
    assert_eq!(peer.channel(1).drain(&stray), ["unknown"]);
    delete(&mut peer.channel(1), &["exchange.ae", "exchange.ae.sink"]);
}

#[test]
fn a_missing_or_empty_alternate_exchange_does_not_save_a_mandatory_message() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let alternate = [("alternate-exchange", Field::Str("exchange.ae.late"))];
    peer.open(1).call(&exchange_declare("exchange.ae.poor", "direct").arguments(&alternate));
    let publish = basic_publish("exchange.ae.poor", "k").mandatory();

    peer.channel(1).publish(&publish, &content(b"1"));
    assert_eq!(peer.expect_return(1).content.text(), "1");
    declare(&mut peer.channel(1), &["exchange.ae.late"]);
    peer.channel(1).publish(&publish, &content(b"2"));
    assert_eq!(peer.expect_return(1).content.text(), "2");
    let queue = peer.channel(1).own_queue();
    peer.channel(1).call(&queue_bind(&queue, "exchange.ae.late", ""));
    peer.channel(1).publish(&publish, &content(b"3"));

    assert_eq!(peer.channel(1).drain(&queue), ["3"]);
    delete(&mut peer.channel(1), &["exchange.ae.poor", "exchange.ae.late"]);
}

#[test]
fn the_default_exchange_as_an_alternate_exchange_finds_no_queue() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let alternate = [("alternate-exchange", Field::Str(""))];
    peer.open(1).call(&exchange_declare("exchange.ae.none", "direct").arguments(&alternate));
    let queue = peer.channel(1).own_queue();

    let publish = basic_publish("exchange.ae.none", &queue).mandatory();
    peer.channel(1).publish(&publish, &content(b"m"));

    assert_eq!(peer.expect_return(1).content.text(), "m");
    delete(&mut peer.channel(1), &["exchange.ae.none"]);
}

#[test]
fn alternate_exchanges_in_a_circle_end() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    peer.open(1);
    for (name, alternate) in
        [("exchange.ring.a", "exchange.ring.b"), ("exchange.ring.b", "exchange.ring.a")]
    {
        let arguments = [("alternate-exchange", Field::Str(alternate))];
        peer.channel(1).call(&exchange_declare(name, "direct").arguments(&arguments));
    }

    let publish = basic_publish("exchange.ring.a", "k").mandatory();
    peer.channel(1).publish(&publish, &content(b"round"));

    assert_eq!(peer.expect_return(1).content.text(), "round");
    delete(&mut peer.channel(1), &["exchange.ring.a", "exchange.ring.b"]);
}

#[test]
fn exchanges_bound_in_a_circle_give_each_queue_one_copy() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let names = ["exchange.circle.a", "exchange.circle.b", "exchange.circle.c"];
    peer.open(1);
    declare(&mut peer.channel(1), &names);
    let queues: Vec<_> = names
        .iter()
        .zip(names.iter().cycle().skip(1))
        .map(|(source, next)| {
            peer.channel(1).call(&exchange_bind(next, source, ""));
            let queue = peer.channel(1).own_queue();
            peer.channel(1).call(&queue_bind(&queue, source, ""));
            queue
        })
        .collect();

    peer.channel(1).publish(&basic_publish(names[1], ""), &content(b"once"));

    for queue in &queues {
        assert_eq!(peer.channel(1).drain(queue), ["once"]);
    }
    delete(&mut peer.channel(1), &names);
}

#[test]
fn an_exchange_filters_what_another_hands_on() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let queue = peer.open(1).own_queue();
    peer.channel(1).call(&exchange_declare("exchange.front", "topic"));
    peer.channel(1).call(&exchange_declare("exchange.back", "direct"));
    peer.channel(1).call(&exchange_bind("exchange.back", "exchange.front", "log.#"));
    peer.channel(1).call(&queue_bind(&queue, "exchange.back", "log.warn"));
    let publish = |peer: &mut Peer, key: &str| {
        let publish = basic_publish("exchange.front", key);
        peer.channel(1).publish(&publish, &content(key.as_bytes()));
    };

    for key in ["log.warn", "log.info", "audit.warn"] {
        publish(&mut peer, key);
    }
    assert_eq!(peer.channel(1).drain(&queue), ["log.warn"]);
    peer.channel(1).call(&exchange_unbind("exchange.back", "exchange.front", "log.#"));
    publish(&mut peer, "log.warn");

    assert_eq!(peer.channel(1).counts(&queue), (0, 0));
    delete(&mut peer.channel(1), &["exchange.front", "exchange.back"]);
}

type Headers = Vec<(&'static str, Field)>;

/// Bindings of an exchange of type headers, and the messages that each lets through.
#[test]
fn a_headers_exchange_compares_names_types_and_values() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    peer.open(1).call(&confirm_select());
    let binding =
        |mode| vec![("x-match", Field::Str(mode)), ("n", Field::Int(1)), ("s", Field::Str("a"))];
    let with_x = |mode| [binding(mode), vec![("x-tag", Field::Str("t"))]].concat();
    let cases: [(Headers, &[&str]); 5] = [
        (binding("all"), &["both", "both and x"]),
        (binding("any"), &["both", "both and x", "one", "long one"]),
        (with_x("all-with-x"), &["both and x"]),
        (with_x("any-with-x"), &["both", "both and x", "one", "long one", "only x"]),
        (vec![("n", Field::Void)], &["both", "both and x", "one", "long one", "text one"]),
    ];
    let queues: Vec<_> = cases
        .iter()
        .map(|(arguments, _)| {
            let queue = peer.channel(1).own_queue();
            peer.channel(1).call(&queue_bind(&queue, "amq.headers", "").arguments(arguments));
            queue
        })
        .collect();

    let both = [("n", Field::Int(1)), ("s", Field::Str("a"))];
    let x = ("x-tag", Field::Str("t"));
    let messages: [(&str, Headers); 7] = [
        ("both", both.to_vec()),
        ("both and x", [&both[..], std::slice::from_ref(&x)].concat()),
        ("one", vec![("n", Field::Int(1)), ("s", Field::Str("b"))]),
        ("long one", vec![("n", Field::Long(1))]),
        ("text one", vec![("n", Field::Str("1"))]),
        ("only x", vec![x]),
        ("other", vec![("m", Field::Int(1))]),
    ];
    for (text, headers) in &messages {
        let body = content(text.as_bytes()).headers(headers);
        peer.channel(1).publish(&basic_publish("amq.headers", "ignored"), &body);
    }
    peer.channel(1).publish(&basic_publish("amq.headers", ""), &content(b"no headers"));
    peer.expect_all_acked(1, 1, 8);

    for ((arguments, expected), queue) in cases.iter().zip(&queues) {
        assert_eq!(peer.channel(1).drain(queue), *expected, "{arguments:?}");
    }
}
