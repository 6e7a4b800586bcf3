//! Heartbeats both ways, at an interval of one second.

use std::time::{Duration, Instant};

use crate::broker::TestBroker;
use crate::raw::login::Login;
use crate::raw::wire::{HEARTBEAT, frame};

fn every_second() -> Login {
    Login { heartbeat: 1, ..Login::default() }
}

#[test]
fn a_client_that_beats_stays_and_hears_the_broker_beat() {
    let broker = TestBroker::start();
    let mut peer = broker.connect_with(&every_second());
    let beat = frame(HEARTBEAT, 0, b"");
    let begun = Instant::now();

    while begun.elapsed() < Duration::from_millis(3500) {
        assert_eq!(peer.read_octets(8), beat, "after {:?}", begun.elapsed());
        peer.octets(&beat);
    }

    peer.open(1).close();
    peer.close();
}

#[test]
fn a_client_that_falls_silent_is_given_up_after_two_intervals() {
    let broker = TestBroker::start();
    let mut peer = broker.connect_with(&every_second());
    let begun = Instant::now();

    peer.expect_eof();

    let silent = begun.elapsed();
    assert!(silent > Duration::from_millis(1500), "{silent:?}");
    assert!(silent < Duration::from_secs(5), "{silent:?}");
}

#[test]
fn any_frame_is_a_sign_of_life() {
    let broker = TestBroker::start();
    let mut peer = broker.connect_with(&every_second());
    let queue = peer.open(1).own_queue();
    let begun = Instant::now();

    while begun.elapsed() < Duration::from_millis(3500) {
        assert_eq!(peer.read_octets(8).len(), 8, "after {:?}", begun.elapsed());
        peer.channel(1).put(&queue, "alive");
    }

    assert!(peer.channel(1).counts(&queue).0 > 3);
}
