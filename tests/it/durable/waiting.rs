//! What changes something durable is answered when it is, and holds up nobody else.
//!
//! That an answer has not been given is seen by a delivery that overtakes it: both go out through
//! the same outbox.

use std::sync::Arc;
use std::time::{Duration, Instant};

use leveret::amqp::exception::Exception;
use leveret::amqp::reply_code::ReplyCode;

use super::{Entries, HeldLog, Served, expect_no_answer, listen};
use crate::raw::content::content;
use crate::raw::login::Login;
use crate::raw::method::{
    BASIC_CANCEL, BASIC_DELIVER, BASIC_GET_EMPTY, Method, NONE, QUEUE_DECLARE_OK, basic_consume,
    basic_get, basic_publish, exchange_bind, exchange_declare, exchange_delete, exchange_unbind,
    queue_bind, queue_declare, queue_delete, queue_unbind,
};
use crate::raw::peer::Peer;
use crate::raw::wire::{HEARTBEAT, frame};

fn held() -> (Arc<HeldLog>, Served) {
    let log = Arc::new(HeldLog::default());
    let served = Served::start(Arc::clone(&log) as _, &Entries::new());
    log.hold();
    (log, served)
}

fn durable_methods() -> Vec<Method> {
    vec![
        queue_declare("q").durable(),
        exchange_declare("x", "topic").durable(),
        exchange_declare("y", "fanout").durable(),
        queue_bind("q", "x", "k"),
        queue_unbind("q", "x", "k"),
        exchange_bind("y", "x", "#"),
        exchange_unbind("y", "x", "#"),
        exchange_delete("x"),
        queue_delete("q"),
    ]
}

#[test]
fn every_durable_change_is_answered_when_it_is_durable_and_others_go_on() {
    let (log, served) = held();
    let (mut peer, mut bystander) = (served.connect(), served.connect());
    listen(&mut peer, "probe");
    bystander.open(1);

    for method in durable_methods() {
        peer.channel(1).send(&method);
        let completer = log.take_one();
        expect_no_answer(&mut peer, &mut bystander, "probe");
        let own = bystander.channel(1).own_queue();
        bystander.channel(1).put(&own, "meanwhile");
        assert_eq!(bystander.channel(1).counts(&own).0, 1);

        completer.complete();

        let (class, number) = method.id;
        let answer = if method.id == (40, 40) { 51 } else { number + 1 };
        peer.expect_method(1, (class, answer));
    }
}

#[test]
fn frames_behind_a_change_wait_for_it_with_or_without_an_answer() {
    let (log, served) = held();
    let (mut peer, mut bystander) = (served.connect(), served.connect());
    listen(&mut peer, "probe");
    bystander.open(1);

    peer.channel(1).send(&queue_declare("q").durable().no_wait());
    peer.channel(1).publish(&basic_publish("", "q"), &content(b"behind"));
    peer.channel(1).send(&queue_declare("p").durable());
    peer.channel(1).send(&basic_get("p"));
    let first = log.take_one();
    expect_no_answer(&mut peer, &mut bystander, "probe");
    assert_eq!((bystander.channel(1).counts("q").0, log.held()), (0, 0));
    first.complete();
    let second = log.take_one();
    expect_no_answer(&mut peer, &mut bystander, "probe");
    assert_eq!(bystander.channel(1).counts("q").0, 1);
    second.complete();

    peer.expect_method(1, QUEUE_DECLARE_OK);
    peer.expect_method(1, BASIC_GET_EMPTY);
}

#[test]
fn the_deleter_of_a_durable_queue_hears_delete_ok_before_it_hears_of_its_consumers() {
    let (log, served) = held();
    let (mut peer, mut other) = (served.connect(), served.connect());
    peer.open(1).send(&queue_declare("q").durable());
    log.take_one().complete();
    peer.expect_method(1, QUEUE_DECLARE_OK);
    peer.channel(1).call(&basic_consume("q", "own"));
    other.open(1).call(&basic_consume("q", "other"));

    peer.channel(1).send(&queue_delete("q"));
    let completer = log.take_one();
    other.expect_method(1, BASIC_CANCEL);
    completer.complete();

    let (class, number) = queue_delete("q").id;
    peer.expect_method(1, (class, number + 1));
    peer.expect_method(1, BASIC_CANCEL);
}

#[test]
fn who_declares_what_is_not_durable_yet_waits_with_the_first() {
    let (log, served) = held();
    let (mut first, mut second) = (served.connect(), served.connect());
    let mut bystander = served.connect();
    listen(&mut first, "first");
    listen(&mut second, "second");
    bystander.open(1);
    first.channel(1).send(&queue_declare("q").durable());
    let completer = log.take_one();

    // In one write: when its delivery has come, the declaration has been carried out.
    let probe = [
        basic_publish("", "second").frame(1),
        content(b"x").frames(1, 4096),
        queue_declare("q").durable().frame(1),
    ];
    second.octets(&probe.concat());
    second.expect_method(1, BASIC_DELIVER);
    second.expect_frame();
    second.expect_frame();
    expect_no_answer(&mut second, &mut bystander, "second");
    completer.complete();

    first.expect_method(1, QUEUE_DECLARE_OK);
    second.expect_method(1, QUEUE_DECLARE_OK);
    assert_eq!(log.held(), 0);
}

#[test]
fn what_need_not_survive_is_answered_at_once_and_not_logged() {
    let (log, served) = held();
    let mut peer = served.connect();
    let mut channel = peer.open(1);
    let before = log.memory.entries();

    channel.call(&queue_declare("transient"));
    channel.call(&queue_declare("exclusive").durable().exclusive());
    channel.call(&exchange_declare("x", "fanout"));
    channel.call(&queue_bind("transient", "amq.fanout", ""));
    channel.call(&exchange_bind("x", "amq.fanout", ""));
    channel.call(&exchange_delete("x"));
    channel.call(&queue_delete("transient"));

    assert_eq!((log.held(), log.memory.entries()), (0, before));
}

#[test]
fn a_client_that_goes_while_it_waits_leaves_its_change_and_nothing_else() {
    let (log, served) = held();
    let mut peer = served.connect();
    peer.open(1).send(&queue_declare("q").durable());
    let completer = log.take_one();

    drop(peer);
    completer.complete();

    served.expect_drained();
    let mut other = served.connect();
    other.open(1).call(&queue_declare("q").passive());
}

#[test]
fn a_client_that_waits_can_be_closed() {
    let (log, served) = held();
    let mut peer = served.connect();
    peer.open(1).send(&queue_declare("q").durable());
    let completer = log.take_one();

    let why = Exception::new(ReplyCode::ConnectionForced, "enough");
    served.node.connections.close_all(&why);
    peer.expect_connection_close(320, "CONNECTION_FORCED - enough", NONE);
    peer.expect_eof();

    served.expect_drained();
    completer.complete();
}

#[test]
fn a_client_that_waits_hears_heartbeats_and_need_not_send_any() {
    let (log, served) = held();
    let login = Login { heartbeat: 1, ..Login::default() };
    let mut peer = Peer::connect_with(served.address, &login);
    peer.open(1).send(&queue_declare("q").durable());
    let completer = log.take_one();
    let (begun, beat) = (Instant::now(), frame(HEARTBEAT, 0, b""));

    while begun.elapsed() < Duration::from_millis(3500) {
        assert_eq!(peer.read_octets(8), beat, "after {:?}", begun.elapsed());
    }
    completer.complete();

    peer.expect_method(1, QUEUE_DECLARE_OK);
}
