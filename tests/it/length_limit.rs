//! Limits of length (`x-max-length`, `x-max-length-bytes`, `x-overflow`).

use crate::broker::TestBroker;
use crate::raw::content::content;
use crate::raw::method::{
    Method, basic_cancel, basic_consume, basic_get, basic_nack, basic_publish, basic_qos,
    confirm_select, exchange_declare, queue_bind, queue_declare,
};
use crate::raw::peer::Peer;
use crate::raw::wire::Field;

type Arguments<'a> = &'a [(&'static str, Field)];

const REJECT: (&str, Field) = ("x-overflow", Field::Str("reject-publish"));

/// Opens channel 1 and declares a queue of the connection's own.
#[track_caller]
fn own(peer: &mut Peer, arguments: Arguments<'_>) -> String {
    let declare: Method = queue_declare("").exclusive().arguments(arguments);
    peer.open(1).call(&declare).arguments().short_str()
}

/// Which of the publishes up to `last` were accepted, in order.
#[track_caller]
pub(crate) fn outcomes(peer: &mut Peer, last: u64) -> Vec<bool> {
    let mut outcomes = std::collections::BTreeMap::new();
    while (outcomes.len() as u64) < last {
        let confirm = peer.expect_confirm(1);
        let first = if confirm.multiple { 1 } else { confirm.tag };
        for tag in first..=confirm.tag {
            let known = outcomes.entry(tag).or_insert(confirm.acked);
            assert!(confirm.multiple || *known == confirm.acked, "{tag} is answered twice");
        }
    }
    outcomes.into_values().collect()
}

#[test]
fn the_oldest_go_when_there_are_too_many() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let queue = own(&mut peer, &[("x-max-length", Field::Int(3))]);

    peer.channel(1).put_all(&queue, &["1", "2", "3", "4", "5"]);

    assert_eq!(peer.channel(1).counts(&queue), (3, 0));
    assert_eq!(peer.channel(1).drain(&queue), ["3", "4", "5"]);
}

#[test]
fn the_oldest_go_when_their_bodies_are_too_long() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let queue = own(&mut peer, &[("x-max-length-bytes", Field::Int(10))]);

    peer.channel(1).put_all(&queue, &["1234", "5678", "90", ""]);
    let all = peer.channel(1).counts(&queue);
    peer.channel(1).put(&queue, "a");
    let one_less = peer.channel(1).counts(&queue);
    peer.channel(1).put(&queue, "longer than all");

    assert_eq!((all, one_less), ((4, 0), (4, 0)));
    assert_eq!(peer.channel(1).counts(&queue), (0, 0));
}

#[test]
fn both_limits_hold() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let limits = [("x-max-length", Field::Int(3)), ("x-max-length-bytes", Field::Int(10))];
    let queue = own(&mut peer, &limits);

    peer.channel(1).put_all(&queue, &["1", "2", "3", "4"]);
    assert_eq!(peer.channel(1).drain(&queue), ["2", "3", "4"]);
    peer.channel(1).put_all(&queue, &["1", "23456", "78901"]);

    assert_eq!(peer.channel(1).drain(&queue), ["23456", "78901"]);
}

#[test]
fn unacked_messages_do_not_count_until_they_come_back() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let queue = own(&mut peer, &[("x-max-length", Field::Int(2))]);
    peer.channel(1).put_all(&queue, &["1", "2"]);
    peer.channel(1).get(&basic_get(&queue));
    let held = peer.channel(1).get(&basic_get(&queue));

    peer.channel(1).put_all(&queue, &["3", "4"]);
    let beside = peer.channel(1).counts(&queue);
    peer.channel(1).send(&basic_nack(held.tag).multiple().requeue());

    assert_eq!((beside, peer.channel(1).counts(&queue)), ((2, 0), (2, 0)));
    assert_eq!(peer.channel(1).drain(&queue), ["3", "4"]);
}

/// A consumer that holds 1 and 2 of a queue for two, with 3 and 4 behind them.
fn holder(broker: &TestBroker, kind: &'static str) -> (Peer, [u64; 2]) {
    let mut peer = broker.connect();
    let limits = [("x-max-length", Field::Int(2)), ("x-queue-type", Field::Str(kind))];
    peer.open(1).call(&queue_declare("full").durable().arguments(&limits));
    peer.channel(1).call(&basic_qos(0, 2));
    peer.channel(1).call(&basic_consume("full", "c"));
    peer.channel(1).put_all("full", &["1", "2", "3", "4"]);
    let held = peer.expect_deliveries(1, 2);
    assert_eq!(crate::raw::message::texts(&held), ["1", "2"]);
    (peer, [held[0].tag, held[1].tag])
}

#[test]
fn what_comes_back_to_a_full_classic_queue_goes_before_a_consumer_gets_it() {
    for (kind, both, one_by_one) in
        [("classic", ["3", "4"], ["3", "2"]), ("quorum", ["1", "2"], ["1", "2"])]
    {
        let broker = TestBroker::start();
        let (mut peer, [_, last]) = holder(&broker, kind);
        peer.channel(1).send(&basic_nack(last).multiple().requeue());
        assert_eq!(crate::raw::message::texts(&peer.expect_deliveries(1, 2)), both, "{kind}");

        let broker = TestBroker::start();
        let (mut peer, [first, last]) = holder(&broker, kind);
        let nacks = [first, last].map(|tag| basic_nack(tag).requeue().frame(1));
        peer.octets(&nacks.concat());
        assert_eq!(crate::raw::message::texts(&peer.expect_deliveries(1, 2)), one_by_one, "{kind}");
    }
}

#[test]
fn a_queue_of_no_length_has_what_is_consumed_at_once() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let queue = own(&mut peer, &[("x-max-length", Field::Int(0))]);

    peer.channel(1).put(&queue, "dropped");
    let alone = peer.channel(1).counts(&queue);
    peer.channel(1).call(&basic_consume(&queue, "c"));
    peer.channel(1).put_all(&queue, &["1", "2"]);
    let delivered = peer.expect_deliveries(1, 2);
    peer.channel(1).call(&basic_cancel("c"));
    peer.channel(1).put(&queue, "dropped");

    assert_eq!(alone, (0, 0));
    assert_eq!(crate::raw::message::texts(&delivered), ["1", "2"]);
    assert_eq!(peer.channel(1).counts(&queue), (0, 0));
}

#[test]
fn a_consumer_is_sent_all_that_it_can_take_of_what_is_published_at_once() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let queue = own(&mut peer, &[("x-max-length", Field::Int(1))]);
    peer.channel(1).call(&basic_consume(&queue, "c"));

    for number in 0..1000 {
        peer.channel(1).put(&queue, &number.to_string());
    }

    let delivered = peer.expect_deliveries(1, 1000);
    assert!(delivered.iter().map(|it| it.text().to_owned()).eq((0..1000).map(|it| it.to_string())));
}

#[test]
fn a_full_queue_refuses_where_it_is_to() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let queue = own(&mut peer, &[("x-max-length", Field::Int(1)), REJECT]);
    peer.channel(1).call(&confirm_select());

    peer.channel(1).put_all(&queue, &["1", "2", "3", "4", "5"]);

    assert_eq!(outcomes(&mut peer, 5), [true, false, false, false, false]);
    assert_eq!(peer.channel(1).drain(&queue), ["1"]);
    peer.channel(1).put(&queue, "6");
    assert!(peer.expect_confirm(1).acked);
}

#[test]
fn a_long_message_is_refused_and_a_short_one_behind_it_is_not() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let queue = own(&mut peer, &[("x-max-length-bytes", Field::Int(10)), REJECT]);
    peer.channel(1).call(&confirm_select());

    peer.channel(1).put_all(&queue, &["12345678", "abc", "90", "c", ""]);

    assert_eq!(outcomes(&mut peer, 5), [true, false, true, false, true]);
    assert_eq!(peer.channel(1).drain(&queue), ["12345678", "90", ""]);
}

#[test]
fn what_a_consumer_has_been_sent_takes_no_room() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let queue = own(&mut peer, &[("x-max-length", Field::Int(1)), REJECT]);
    peer.channel(1).call(&confirm_select());
    peer.channel(1).call(&basic_qos(0, 2));
    let mut other = broker.connect();
    peer.open(2).call(&basic_qos(0, 2));
    peer.channel(2).call(&basic_consume(&queue, "c"));
    other.open(1);

    for text in ["1", "2", "3", "4"] {
        peer.channel(1).put(&queue, text);
    }
    let mut accepted = std::collections::BTreeMap::new();
    let mut delivered = 0;
    while accepted.len() < 4 || delivered < 2 {
        let frame = peer.expect_frame();
        if frame.channel == 2 {
            peer.read_delivery(&frame);
            delivered += 1;
            continue;
        }
        let confirm = crate::raw::message::Confirm::read(&frame);
        let first = if confirm.multiple { 1 } else { confirm.tag };
        for tag in first..=confirm.tag {
            accepted.entry(tag).or_insert(confirm.acked);
        }
    }

    assert_eq!(accepted.into_values().collect::<Vec<_>>(), [true, true, true, false]);
    assert_eq!(peer.channel(1).counts(&queue), (1, 1));
}

#[test]
fn what_is_refused_without_confirms_is_dropped() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let queue = own(&mut peer, &[("x-max-length", Field::Int(2)), REJECT]);

    peer.channel(1).put_all(&queue, &["1", "2", "3"]);

    assert_eq!(peer.channel(1).drain(&queue), ["1", "2"]);
}

#[test]
fn one_queue_that_refuses_makes_a_nack_and_the_others_have_the_message() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let full = own(&mut peer, &[("x-max-length", Field::Int(0)), REJECT]);
    let other = peer.channel(1).own_queue();
    peer.channel(1).call(&exchange_declare("length.fanout", "fanout").auto_delete());
    for queue in [&full, &other] {
        peer.channel(1).call(&queue_bind(queue, "length.fanout", ""));
    }
    peer.channel(1).call(&confirm_select());

    peer.channel(1).publish(&basic_publish("length.fanout", ""), &content(b"all"));

    assert!(!peer.expect_confirm(1).acked);
    assert_eq!(peer.channel(1).drain(&other), ["all"]);
}

#[test]
fn a_queue_without_a_dead_letter_exchange_refuses_all_the_same() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let overflow = ("x-overflow", Field::Str("reject-publish-dlx"));
    let queue = own(&mut peer, &[("x-max-length", Field::Int(1)), overflow]);
    peer.channel(1).call(&confirm_select());

    peer.channel(1).put_all(&queue, &["1", "2"]);

    assert_eq!(outcomes(&mut peer, 2), [true, false]);
    assert_eq!(peer.channel(1).drain(&queue), ["1"]);
}

/// Many at once, with the limit in the middle of what comes together.
#[test]
fn as_many_are_accepted_as_there_is_room_for() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let queue = own(&mut peer, &[("x-max-length", Field::Int(1234)), REJECT]);
    peer.channel(1).call(&confirm_select());

    for number in 0..3000 {
        peer.channel(1).put(&queue, &number.to_string());
    }

    assert!(outcomes(&mut peer, 3000).into_iter().eq((0..3000).map(|number| number < 1234)));
    assert_eq!(peer.channel(1).counts(&queue), (1234, 0));
}
