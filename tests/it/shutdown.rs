//! An orderly stop.

use std::time::Duration;

use crate::broker::{Options, TestBroker};
use crate::process::Process;
use crate::raw::content::content;
use crate::raw::login::Login;
use crate::raw::method::NONE;
use crate::raw::method::{CONNECTION_BLOCKED, basic_publish, connection_close_ok, connection_open};
use crate::raw::peer::Peer;

const FORCED: &str = "CONNECTION_FORCED - broker forced connection closure with reason 'shutdown'";

/// Well under the five seconds that clients are given to answer.
const PROMPT: Duration = Duration::from_secs(3);

#[test]
fn every_client_is_told_and_new_ones_are_turned_away() {
    let broker = TestBroker::start();
    if !broker.is_own() {
        return;
    }
    let address = broker.address;
    let mut clients: Vec<_> = (0..20).map(|_| broker.connect()).collect();
    clients[0].open(1);

    let took = broker.stop(|| {
        for client in &mut clients {
            client.expect_connection_close(320, FORCED, NONE);
        }
        for client in &mut clients {
            client.expect_eof();
        }
    });

    assert!(took.unwrap() < PROMPT, "{took:?}");
    assert!(std::net::TcpStream::connect(address).is_err());
}

#[test]
fn clients_in_the_handshake_do_not_hold_it_up() {
    let broker = TestBroker::start();
    if !broker.is_own() {
        return;
    }
    let silent = Peer::dial(broker.address);
    let mut started = Peer::dial(broker.address);
    started.start();
    let mut logged_in = Peer::dial(broker.address);
    logged_in.start();
    logged_in.send(&Login::default().start_ok());
    logged_in.expect_tune();
    let mut opening = Peer::dial(broker.address);
    opening.start();
    opening.tune(&Login::default());

    let took = broker.stop(|| {});

    assert!(took.unwrap() < PROMPT, "{took:?}");
    opening.send(&connection_open("/"));
    drop((silent, started, logged_in, opening));
}

#[test]
fn a_publisher_in_the_middle_of_a_large_body_is_told_and_its_answer_is_heard() {
    let broker = TestBroker::start();
    if !broker.is_own() {
        return;
    }
    let mut peer = broker.connect();
    peer.open(1).send(&basic_publish("", "shutdown.q"));
    let frames = content(&vec![b'x'; 200_000]).frames(1, 131_072);
    let (before, after) = frames.split_at(100_000);
    peer.octets(before);

    let took = broker.stop(|| {
        assert!(peer.skip_to_connection_close().arguments().short() == 320);
        peer.octets(after);
        peer.send(&connection_close_ok());
        peer.expect_eof();
    });

    assert!(took.unwrap() < PROMPT, "{took:?}");
}

#[test]
fn a_blocked_publisher_is_told_and_its_answer_is_heard() {
    let broker = TestBroker::start_with(Options { high_watermark: Some(1), ..Options::default() });
    if !broker.is_own() {
        return;
    }
    let mut peer = broker.connect();
    peer.open(1).publish(&basic_publish("", "shutdown.q"), &content(b"held"));
    peer.expect_method(0, CONNECTION_BLOCKED);

    let took = broker.stop(|| {
        peer.expect_connection_close(320, FORCED, NONE);
        peer.expect_eof();
    });

    assert!(took.unwrap() < PROMPT, "{took:?}");
}

#[test]
fn a_signal_ends_the_process_in_order() {
    let mut broker = Process::start(&[]);
    let mut peer = broker.connect();

    broker.terminate();

    peer.expect_connection_close(320, FORCED, NONE);
    peer.expect_eof();
    assert!(broker.expect_exit(PROMPT).success());
}

#[test]
fn a_client_that_does_not_answer_is_left() {
    let broker = TestBroker::start();
    if !broker.is_own() {
        return;
    }
    let mut mute = broker.connect();

    let took = broker.stop(|| {
        assert!(mute.skip_to_connection_close().arguments().short() == 320);
    });

    assert!(took.unwrap() < Duration::from_secs(7), "{took:?}");
    mute.send(&connection_close_ok());
}
