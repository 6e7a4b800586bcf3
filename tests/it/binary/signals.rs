//! Signals: an orderly end, and one that is not waited for.

use super::UNAVAILABLE;
use super::process::Place;
use crate::raw::peer::Peer;

/// What each client is told.
const REASON: &str = "CONNECTION_FORCED - broker forced connection closure with reason 'shutdown'";

#[test]
fn a_signal_closes_clients_with_320_and_the_process_exits_with_0() {
    for signal in ["TERM", "INT"] {
        let place = Place::new();
        let server = place.serve();
        let mut idle = Peer::connect(server.address());
        let mut busy = Peer::connect(server.address());
        busy.open(1);

        server.process.signal(signal);

        for peer in [&mut idle, &mut busy] {
            peer.expect_connection_close(320, REASON, (0, 0));
            peer.expect_eof();
        }
        let finished = server.process.finish();
        assert_eq!(finished.code, Some(0), "SIG{signal}: {}", finished.errors);
    }
}

#[test]
fn a_broker_without_clients_ends_on_a_signal() {
    let place = Place::new();
    let server = place.serve();

    server.process.signal("TERM");

    assert_eq!(server.process.finish().code, Some(0));
    assert!(!place.path("leveret-data/leveret.sock").exists());
    assert!(!place.path("leveret.sock").exists());
}

#[test]
fn clients_that_do_not_answer_do_not_keep_the_broker() {
    let place = Place::new();
    let server = place.serve();
    let _in_handshake = Peer::dial(server.address());
    let mut silent = Peer::connect(server.address());

    server.process.signal("TERM");

    assert_eq!(server.process.finish().code, Some(0));
    silent.expect_method(0, (10, 50));
    silent.expect_eof();
}

#[test]
fn a_second_signal_ends_the_process_at_once() {
    let place = Place::new();
    let server = place.serve();
    let mut silent = Peer::connect(server.address());
    server.process.signal("TERM");
    silent.expect_method(0, (10, 50));

    server.process.signal("TERM");

    assert_eq!(server.process.finish().code, UNAVAILABLE);
    silent.expect_eof();
}
