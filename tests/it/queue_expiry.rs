//! Queues that go when nobody uses them (`x-expires`).

use std::time::{Duration, Instant};

use crate::broker::TestBroker;
use crate::raw::content::content;
use crate::raw::method::{
    BASIC_RETURN, Method, QUEUE_DECLARE, basic_cancel, basic_consume, basic_get, basic_publish,
    confirm_select, queue_bind, queue_declare,
};
use crate::raw::peer::Peer;
use crate::raw::wire::Field;

/// How long a queue may take to go, when it is time.
const PATIENCE: Duration = Duration::from_secs(20);

fn expiring(queue: &str, milliseconds: i32) -> Method {
    queue_declare(queue).arguments(&[("x-expires", Field::Int(milliseconds))])
}

/// A connection whose channel 1 confirms.
fn confirming(broker: &TestBroker) -> Peer {
    let mut peer = broker.connect();
    peer.open(1).call(&confirm_select());
    peer
}

/// Whether a message finds a queue there. It does not use the queue.
#[track_caller]
pub fn is_there(peer: &mut Peer, exchange: &str, key: &str) -> bool {
    peer.channel(1).publish(&basic_publish(exchange, key).mandatory(), &content(b"?"));
    let frame = peer.expect_frame();
    let is_returned = frame.method_id() == Some(BASIC_RETURN);
    if is_returned {
        peer.expect_content(1);
        peer.expect_confirm(1);
    }
    !is_returned
}

/// Waits until the queue has gone.
#[track_caller]
pub fn await_end(peer: &mut Peer, queue: &str) {
    let start = Instant::now();
    while is_there(peer, "", queue) {
        assert!(start.elapsed() < PATIENCE, "{queue} is still there");
    }
}

#[track_caller]
fn expect_missing(peer: &mut Peer, queue: &str) {
    peer.channel(1).send(&queue_declare(queue).passive());
    let text = format!("NOT_FOUND - no queue '{queue}' in vhost '/'");
    peer.expect_channel_close(1, 404, &text, QUEUE_DECLARE);
}

#[test]
fn a_queue_that_nobody_uses_goes_with_its_messages_and_bindings() {
    let broker = TestBroker::start();
    let mut peer = confirming(&broker);
    let start = Instant::now();
    peer.channel(1).call(&expiring("expiry.unused", 100));
    peer.channel(1).call(&queue_bind("expiry.unused", "amq.direct", "expiry.unused"));
    assert!(is_there(&mut peer, "amq.direct", "expiry.unused"));

    await_end(&mut peer, "expiry.unused");

    assert!(start.elapsed() >= Duration::from_millis(100));
    assert!(!is_there(&mut peer, "amq.direct", "expiry.unused"));
    expect_missing(&mut peer, "expiry.unused");
    peer.open(1).call(&expiring("expiry.unused", 100));
    assert_eq!(peer.channel(1).counts("expiry.unused"), (0, 0));
}

#[test]
fn a_queue_stays_as_long_as_somebody_consumes() {
    let broker = TestBroker::start();
    let mut peer = confirming(&broker);
    let mut consumer = broker.connect();
    consumer.open(1).call(&expiring("expiry.consumed", 300));
    consumer.channel(1).call(&basic_consume("expiry.consumed", "c"));
    peer.channel(1).call(&expiring("expiry.clock", 700));

    await_end(&mut peer, "expiry.clock");
    let while_consumed = is_there(&mut peer, "", "expiry.consumed");
    consumer.expect_delivery(1);
    consumer.channel(1).call(&basic_cancel("c"));
    let cancelled = Instant::now();
    await_end(&mut peer, "expiry.consumed");

    assert!(while_consumed);
    assert!(cancelled.elapsed() >= Duration::from_millis(290));
}

#[test]
fn a_queue_goes_when_its_consumers_connection_is_lost() {
    let broker = TestBroker::start();
    let mut peer = confirming(&broker);
    let mut consumer = broker.connect();
    consumer.open(1).call(&expiring("expiry.lost", 50));
    consumer.channel(1).call(&basic_consume("expiry.lost", "c"));

    drop(consumer);

    await_end(&mut peer, "expiry.lost");
}

#[test]
fn a_get_and_a_declaration_have_a_queue_stay() {
    let broker = TestBroker::start();
    let mut peer = confirming(&broker);
    let mut user = broker.connect();
    user.open(1);
    for queue in ["expiry.get", "expiry.declared", "expiry.passive"] {
        user.channel(1).call(&expiring(queue, 2000));
    }
    peer.channel(1).call(&expiring("expiry.clock.2", 3000));

    while is_there(&mut peer, "", "expiry.clock.2") {
        user.channel(1).expect_empty("expiry.get");
        user.channel(1).call(&expiring("expiry.declared", 2000));
        user.channel(1).call(&queue_declare("expiry.passive").passive());
    }

    for queue in ["expiry.get", "expiry.declared", "expiry.passive"] {
        assert!(is_there(&mut peer, "", queue), "{queue}");
    }
    user.channel(1).get(&basic_get("expiry.get"));
}
