//! Deliveries that are not acknowledged in time close their channel.

use std::time::{Duration, Instant};

use crate::broker::{Options, TestBroker};
use crate::raw::method::{
    Method, NONE, basic_ack, basic_consume, basic_get, basic_nack, queue_declare,
};
use crate::raw::peer::Peer;
use crate::raw::wire::Field;

const TIMEOUT: Duration = Duration::from_millis(200);

/// A broker with a timeout of 200 ms.
fn broker() -> TestBroker {
    TestBroker::start_with(Options { consumer_timeout: Some(TIMEOUT), ..Options::default() })
}

fn with_timeout(method: Method, milliseconds: i32) -> Method {
    method.arguments(&[("x-consumer-timeout", Field::Int(milliseconds))])
}

/// A queue of the connection's own, with a timeout of its own.
#[track_caller]
fn queue_with_timeout(peer: &mut Peer, channel: u16, milliseconds: i32) -> String {
    let declare = with_timeout(queue_declare("").exclusive(), milliseconds);
    peer.channel(channel).call(&declare).arguments().short_str()
}

/// Has a consumer receive a message that it does not acknowledge.
#[track_caller]
fn hold(peer: &mut Peer, channel: u16, queue: &str) {
    peer.channel(channel).call(&basic_consume(queue, ""));
    peer.channel(channel).put(queue, "held");
    assert_eq!(peer.expect_delivery(channel).text(), "held");
}

#[track_caller]
fn expect_timeout(peer: &mut Peer, channel: u16, milliseconds: u32) {
    let text = format!(
        "PRECONDITION_FAILED - delivery acknowledgement on channel {channel} timed out. Timeout \
         value used: {milliseconds} ms. This timeout value can be configured, see consumers doc \
         guide to learn more"
    );
    peer.expect_channel_close(channel, 406, &text, NONE);
}

#[test]
fn a_delivery_that_is_not_acknowledged_in_time_closes_its_channel_and_is_requeued() {
    let broker = broker();
    if !broker.is_own() {
        return;
    }
    let mut peer = broker.connect();
    let queue = peer.open(1).own_queue();
    peer.open(2);
    let begun = Instant::now();
    hold(&mut peer, 1, &queue);

    expect_timeout(&mut peer, 1, 200);

    let waited = begun.elapsed();
    assert!(waited >= TIMEOUT, "{waited:?}");
    assert!(waited < Duration::from_secs(3), "{waited:?}");
    let again = peer.channel(2).get(&basic_get(&queue).no_ack());
    assert_eq!((again.redelivered, again.content.text()), (true, "held"));
    peer.open(1).expect_empty(&queue);
}

#[test]
fn what_was_got_counts_as_well() {
    let broker = broker();
    if !broker.is_own() {
        return;
    }
    let mut peer = broker.connect();
    let queue = peer.open(1).own_queue();

    peer.channel(1).put(&queue, "got").get(&basic_get(&queue));

    expect_timeout(&mut peer, 1, 200);
}

#[test]
fn what_is_settled_or_needs_no_ack_never_times_out() {
    let broker = broker();
    if !broker.is_own() {
        return;
    }
    let mut peer = broker.connect();
    let queue = peer.open(1).own_queue();
    peer.channel(1).call(&basic_consume(&queue, "").no_ack());
    peer.channel(1).put(&queue, "automatic");
    peer.expect_delivery(1);
    let settled = peer.open(2).own_queue();
    for settle in [basic_ack(1), basic_nack(2)] {
        peer.channel(2).put(&settled, "settled").get(&basic_get(&settled));
        peer.channel(2).send(&settle);
    }

    let held = peer.open(3).own_queue();
    hold(&mut peer, 3, &held);

    expect_timeout(&mut peer, 3, 200);
    assert_eq!(peer.channel(1).counts(&queue), (0, 1));
    assert_eq!(peer.channel(2).counts(&settled), (0, 0));
}

#[test]
fn a_queue_has_a_timeout_of_its_own_or_none() {
    let broker = broker();
    if !broker.is_own() {
        return;
    }
    let mut peer = broker.connect();
    for channel in 1..=3 {
        peer.open(channel);
    }
    let patient = queue_with_timeout(&mut peer, 1, 0);
    let hasty = queue_with_timeout(&mut peer, 2, 60);
    let slow = queue_with_timeout(&mut peer, 3, 300);
    for (channel, queue) in [(1, &patient), (3, &slow), (2, &hasty)] {
        hold(&mut peer, channel, queue);
    }

    expect_timeout(&mut peer, 2, 60);
    expect_timeout(&mut peer, 3, 300);

    peer.channel(1).send(&basic_ack(1));
    assert_eq!(peer.channel(1).counts(&patient), (0, 1));
}

#[test]
fn a_consumers_own_timeout_goes_before_its_queues() {
    let broker = TestBroker::start();
    if !broker.is_own() {
        return;
    }
    let mut peer = broker.connect();
    for channel in 1..=2 {
        peer.open(channel);
    }
    let patient = queue_with_timeout(&mut peer, 1, 0);
    let hasty = queue_with_timeout(&mut peer, 2, 60);
    for (channel, queue, timeout) in [(2, &hasty, 0), (1, &patient, 100)] {
        peer.channel(channel).call(&with_timeout(basic_consume(queue, ""), timeout));
        peer.channel(channel).put(queue, "held");
        peer.expect_delivery(channel);
    }

    expect_timeout(&mut peer, 1, 100);

    assert_eq!(peer.channel(2).counts(&hasty), (0, 1));
}

#[test]
fn a_delivery_times_out_behind_one_that_may_wait() {
    let broker = TestBroker::start();
    if !broker.is_own() {
        return;
    }
    let mut peer = broker.connect();
    peer.open(1);
    let patient = queue_with_timeout(&mut peer, 1, 0);
    let hasty = queue_with_timeout(&mut peer, 1, 100);

    hold(&mut peer, 1, &patient);
    hold(&mut peer, 1, &hasty);

    expect_timeout(&mut peer, 1, 100);
}
