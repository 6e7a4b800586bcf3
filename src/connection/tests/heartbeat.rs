//! Heartbeats both ways, under a clock that only the test moves.

use super::*;
use crate::connection::event::ReceiveCheck;

#[test]
fn a_heartbeat_goes_out_twice_an_interval_when_nothing_else_does() {
    let mut peer = Peer::open(10);

    for _ in 0..2 {
        assert_eq!(peer.wait(seconds(60)), Some((seconds(5), Timeout::Nothing)));
        assert_eq!(peer.out.split()[..], *b"\x08\0\0\0\0\0\0\xce");
        peer.core.octets_sent();
        peer.core.octets_received();
    }
}

#[test]
fn whatever_is_sent_stands_for_a_heartbeat() {
    let mut peer = Peer::open(10);
    peer.now += seconds(4);

    peer.core.octets_sent();

    assert_eq!(peer.wait(seconds(60)), Some((seconds(6), Timeout::Nothing)));
    assert_eq!(peer.reply(), "0 Heartbeat");
}

#[test]
fn a_silent_peer_is_given_up_between_two_and_three_intervals_after_its_last_octet() {
    for last in [0, 1, 9] {
        let mut peer = Peer::open(10);
        let begin = peer.now;
        peer.wait(seconds(last));
        peer.out.clear();
        peer.core.octets_received();

        let mut timeout = None;
        while timeout != Some(Timeout::PeerSilent) {
            timeout = peer.wait(seconds(60)).map(|(_, timeout)| timeout);
            peer.out.clear();
        }

        assert_eq!(peer.now - begin, seconds(30));
    }
}

#[test]
fn any_octets_keep_the_peer() {
    let mut peer = Peer::open(10);

    for _ in 0..40 {
        assert_eq!(peer.wait(seconds(60)), Some((seconds(5), Timeout::Nothing)));
        peer.out.clear();
        peer.core.octets_received();
    }
}

#[test]
fn a_peer_that_is_not_read_is_not_given_up_but_still_told_that_we_live() {
    let mut peer = Peer::open(10);
    peer.core.set_receive_check(peer.now, ReceiveCheck::Paused);
    for _ in 0..20 {
        assert_eq!(peer.wait(seconds(60)), Some((seconds(5), Timeout::Nothing)));
        assert_eq!(peer.reply(), "0 Heartbeat");
    }

    peer.core.set_receive_check(peer.now, ReceiveCheck::Running);
    let begin = peer.now;
    while !matches!(peer.wait(seconds(60)), Some((_, Timeout::PeerSilent))) {
        peer.out.clear();
    }

    assert_eq!(peer.now - begin, seconds(30));
}

#[test]
fn no_interval_means_no_heartbeats_and_no_end_to_silence() {
    let mut peer = Peer::open(0);

    assert_eq!(peer.core.poll_timeout(), None);
    assert_eq!(peer.wait(seconds(1_000_000)), None);
}

#[test]
fn the_handshake_is_kept_alive_too() {
    let mut peer = Peer::logged_in();
    peer.say(0, tune_ok(2_047, 131_072, 2));

    assert_eq!(peer.wait(seconds(60)), Some((seconds(1), Timeout::Nothing)));

    assert_eq!(peer.reply(), "0 Heartbeat");
}
