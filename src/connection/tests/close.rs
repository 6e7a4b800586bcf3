//! How connections close, from either side and from both.

use super::*;
use crate::amqp::exception::Exception;
use crate::amqp::reply_code::{ReplyCode, Scope};

fn forced() -> Exception {
    Exception::new(
        ReplyCode::ConnectionForced,
        "broker forced connection closure with reason 'shutdown'",
    )
}

/// A peer that the server has just told to go.
fn forced_out(heartbeat: u16) -> Peer {
    let mut peer = Peer::open(heartbeat);
    let scope = peer.core.fail(peer.now, &forced(), ChannelId::CONNECTION, &mut peer.out);
    assert_eq!(scope, Scope::Connection);
    assert_eq!(
        peer.reply(),
        "0 connection.close 320 CONNECTION_FORCED - broker forced connection closure with reason \
         'shutdown' (0,0)"
    );
    peer
}

#[test]
fn a_client_closes_once_the_owner_has_released_everything() {
    let mut peer = Peer::on_channel();

    assert_eq!(peer.say(0, close()), r#"Close { code: 200, text: "bye" }"#);

    assert_eq!(peer.say(1, publish()), "Handled");
    assert_eq!(peer.say(0, close()), "Handled");
    assert_eq!((peer.core.poll_timeout(), peer.core.channels().count()), (None, 1));
    assert!(peer.out.is_empty());
    peer.core.closed(peer.now, &mut peer.out);
    assert_eq!(peer.reply(), "0 connection.close-ok");
    assert_eq!(peer.say(0, close()), "Handled");
    assert!(peer.out.is_empty());
}

#[test]
fn a_client_that_keeps_the_socket_loses_it_after_a_heartbeat_or_half_a_minute() {
    for (heartbeat, wait) in [(5, 5), (60, 30), (0, 30)] {
        let mut peer = Peer::open(heartbeat);
        peer.say(0, close());
        peer.core.closed(peer.now, &mut peer.out);
        peer.out.clear();

        assert_eq!(peer.wait(seconds(60)), Some((seconds(wait), Timeout::CloseExpired)));
    }
}

#[test]
fn a_client_that_does_not_answer_close_loses_the_socket_as_soon() {
    for (heartbeat, wait) in [(5, 5), (60, 30), (0, 30)] {
        let mut peer = forced_out(heartbeat);

        assert_eq!(peer.wait(seconds(60)), Some((seconds(wait), Timeout::CloseExpired)));
    }
}

#[test]
fn after_the_servers_close_only_close_and_close_ok_count() {
    let mut peer = forced_out(0);

    assert_eq!(peer.say(0, open("/")), "Handled");
    assert_eq!(peer.say(1, channel_open()), "Handled");
    assert_eq!(peer.frame(3, 0, b"x"), "Handled");
    assert_eq!(peer.say_raw(0, MethodId::new(10, 99), b""), "Handled");
    assert!(peer.out.is_empty());

    assert_eq!(peer.say(0, close_ok()), "Finished");
}

#[test]
fn when_both_close_the_client_is_answered_and_still_awaited() {
    let mut peer = forced_out(0);

    assert_eq!(peer.say(0, close()), "Handled");
    assert_eq!(peer.reply(), "0 connection.close-ok");

    assert_eq!(peer.say(0, close_ok()), "Finished");
}

#[test]
fn a_connection_is_closed_once() {
    let mut peer = forced_out(0);

    peer.core.fail(peer.now, &forced(), ChannelId::CONNECTION, &mut peer.out);
    peer.core.fail(peer.now, &Exception::new(ReplyCode::NotFound, ""), ChannelId(1), &mut peer.out);
    peer.core.closed(peer.now, &mut peer.out);

    assert!(peer.out.is_empty());
}

#[test]
fn an_error_while_the_client_closes_does_not_cross_its_close_ok() {
    let mut peer = Peer::open(0);
    peer.say(0, close());

    peer.core.fail(peer.now, &forced(), ChannelId::CONNECTION, &mut peer.out);
    peer.core.closed(peer.now, &mut peer.out);

    assert_eq!(peer.reply(), "0 connection.close-ok");
}

#[test]
fn a_soft_error_on_channel_0_closes_the_connection() {
    let mut peer = Peer::open(0);
    let refused = Exception::new(ReplyCode::AccessRefused, "no");

    let scope = peer.core.fail(peer.now, &refused, ChannelId::CONNECTION, &mut peer.out);

    assert_eq!(scope, Scope::Connection);
    assert_eq!(peer.reply(), "0 connection.close 403 ACCESS_REFUSED - no (0,0)");
}

#[test]
fn a_connection_forced_before_its_header_is_told_nothing() {
    let mut peer = Peer::new();

    peer.core.fail(peer.now, &forced(), ChannelId::CONNECTION, &mut peer.out);

    assert!(peer.out.is_empty() && peer.core.is_closing());
}

#[test]
fn a_new_secret_is_the_owners_to_judge() {
    let mut peer = Peer::open(0);

    let event = peer.say_raw(0, MethodId::CONNECTION_UPDATE_SECRET, b"\0\0\0\x02xy\x01r");

    assert_eq!(event, "UpdateSecret { secret: [120, 121] }");
    peer.core.secret_updated(&mut peer.out);
    assert_eq!(peer.reply(), "0 connection.update-secret-ok");
}

#[test]
fn only_a_client_that_can_hear_it_is_told_that_it_is_blocked() {
    let mut deaf = Peer::open(0);
    let mut hearing = Peer::started();
    hearing.say(0, start_ok(&["connection.blocked"]));
    hearing.core.login_accepted(&mut hearing.out);
    hearing.say(0, tune_ok(2_047, 131_072, 0));
    hearing.say(0, open("/"));
    hearing.core.opened(&mut hearing.out);
    hearing.out.clear();

    for peer in [&mut deaf, &mut hearing] {
        peer.core.blocked("low on memory", &mut peer.out);
        peer.core.unblocked(&mut peer.out);
    }

    assert!(deaf.out.is_empty());
    assert_eq!(hearing.replies(), ["0 connection.blocked", "0 connection.unblocked"]);
}
