//! Frames and methods that were not due, with the exact words for each.

use super::*;
use crate::amqp::reply_code::Scope;

/// What one wrong frame on an open connection with an open channel 1 is answered.
#[track_caller]
fn assert_answer(wrong: impl FnOnce(&mut Peer) -> String, answer: &str) {
    let mut peer = Peer::on_channel();

    wrong(&mut peer);

    assert_eq!(peer.reply(), format!("0 connection.close {answer}"));
    assert!(peer.core.is_closing());
}

#[test]
fn broken_frames_are_refused_with_their_octets() {
    assert_answer(
        |peer| peer.frame(9, 1, b"abc"),
        r#"501 FRAME_ERROR - type 9, all octets = <<"abc">>: unknown_frame (0,0)"#,
    );
    assert_answer(
        |peer| peer.frame(1, 1, b"\0\x32"),
        "501 FRAME_ERROR - type 1, all octets = <<0,50>>: unknown_frame (0,0)",
    );
    assert_answer(
        |peer| peer.send(b"\x01\0\x01\0\0\0\x04\0\x0a\0\x32\xff"),
        "501 FRAME_ERROR - type 1, all octets = <<0,10,0,50>>: {invalid_frame_end_marker,255} (0,0)",
    );
    assert_answer(
        |peer| peer.send(b"\x01\0\x01\0\x02\0\x01"),
        "501 FRAME_ERROR - type 1, all octets = <<>>: {frame_too_large,131073,131064} (0,0)",
    );
    assert_answer(
        |peer| peer.frame(8, 1, b""),
        "505 UNEXPECTED_FRAME - type 8, all octets = <<>> (0,0)",
    );
    assert_answer(
        |peer| peer.frame(8, 0, b"x"),
        r#"501 FRAME_ERROR - type 8, all octets = <<"x">>: unknown_frame (0,0)"#,
    );
}

#[test]
fn after_a_frame_without_end_nothing_more_is_heeded_for_three_seconds() {
    let mut peer = Peer::on_channel();
    peer.send(b"\x01\0\x01\0\0\0\x04\0\x0a\0\x32\xff");

    assert_eq!(peer.say(0, close_ok()), "Handled");

    assert_eq!(peer.wait(seconds(60)), Some((seconds(3), Timeout::CloseExpired)));
}

#[test]
fn after_a_frame_of_unknown_type_the_close_is_orderly() {
    let mut peer = Peer::on_channel();
    peer.frame(9, 1, b"abc");

    assert_eq!(peer.say(0, close_ok()), "Finished");
}

#[test]
fn content_on_channel_0_is_refused() {
    assert_answer(
        |peer| peer.header(0, 60, 0, 0),
        "505 UNEXPECTED_FRAME - type 2, all octets = <<0,60,0,0,0,0,0,0,0,0,0,0,0,0>> (0,0)",
    );
    assert_answer(
        |peer| peer.frame(3, 0, b"hello"),
        r#"505 UNEXPECTED_FRAME - type 3, all octets = <<"hello">> (0,0)"#,
    );
}

#[test]
fn a_channel_begins_with_channel_open() {
    assert_answer(
        |peer| peer.say(2, publish()),
        "504 CHANNEL_ERROR - expected 'channel.open' (60,40)",
    );
    assert_answer(
        |peer| peer.header(2, 60, 0, 0),
        "505 UNEXPECTED_FRAME - expected method frame, got non method frame instead (0,0)",
    );
    assert_answer(
        |peer| peer.frame(3, 2, b""),
        "505 UNEXPECTED_FRAME - expected method frame, got non method frame instead (0,0)",
    );
    assert_answer(
        |peer| peer.say(1, channel_open()),
        "504 CHANNEL_ERROR - second 'channel.open' seen (20,10)",
    );
}

#[test]
fn content_comes_only_when_it_is_due() {
    let not_method =
        "505 UNEXPECTED_FRAME - expected method frame, got non method frame instead (0,0)";
    let not_header = "505 UNEXPECTED_FRAME - expected content header for class 60, got non \
                      content header frame instead (60,40)";
    let not_body = "505 UNEXPECTED_FRAME - expected content body, got non content body frame \
                    instead (60,40)";
    let published = |peer: &mut Peer| peer.say(1, publish());
    let with_header = |peer: &mut Peer| {
        peer.say(1, publish());
        peer.header(1, 60, 0, 5)
    };

    assert_answer(|peer| peer.header(1, 60, 0, 0), not_method);
    assert_answer(|peer| peer.frame(3, 1, b""), not_method);
    assert_answer(|peer| published(peer) + &peer.say(1, publish()), not_header);
    assert_answer(|peer| published(peer) + &peer.say(1, channel_close()), not_header);
    assert_answer(|peer| published(peer) + &peer.frame(3, 1, b"x"), not_header);
    assert_answer(|peer| published(peer) + &peer.header(1, 60, 1, 0), not_header);
    assert_answer(
        |peer| published(peer) + &peer.header(1, 50, 0, 0),
        "505 UNEXPECTED_FRAME - expected content header for class 60, got one for class 50 \
         instead (60,40)",
    );
    assert_answer(|peer| with_header(peer) + &peer.say(1, publish()), not_body);
    assert_answer(|peer| with_header(peer) + &peer.header(1, 60, 0, 0), not_body);
}

#[test]
fn a_body_has_the_length_that_was_announced() {
    assert_answer(
        |peer| {
            peer.say(1, publish());
            peer.header(1, 60, 0, 4);
            peer.frame(3, 1, b"12345")
        },
        "501 FRAME_ERROR - content body frame exceeds remaining content size (60,40)",
    );
    assert_answer(
        |peer| peer.say(1, publish()) + &peer.header(1, 60, 0, 536_870_913),
        "501 FRAME_ERROR - content body size 536870913 exceeds maximum allowed size 536870912 \
         (60,40)",
    );
}

#[test]
fn a_message_above_the_limit_closes_the_channel_once_it_has_been_read() {
    let mut peer = Peer::on_channel();
    peer.say(1, publish());
    peer.header(1, 60, 0, 134_217_729);
    let chunk = vec![0; 131_064];
    for _ in 0..134_217_729 / 131_064 {
        assert_eq!(peer.frame(3, 1, &chunk), "Handled");
    }

    let scope = peer.frame(3, 1, &chunk[..134_217_729 % 131_064]);

    assert_eq!(scope, format!("{:?}", Scope::Channel));
    assert_eq!(
        peer.reply(),
        "1 channel.close 406 PRECONDITION_FAILED - message size 134217729 is larger than \
         configured max size 134217728 (60,40)"
    );
}

#[test]
fn methods_that_cannot_be_read_are_refused() {
    assert_answer(
        |peer| peer.say_raw(1, MethodId::QUEUE_DECLARE, b"\0\0\x05ab"),
        "501 FRAME_ERROR - cannot decode <<0,0,5,97,98>> (50,10)",
    );
    assert_answer(
        |peer| peer.say_raw(1, MethodId::QUEUE_PURGE, b"\0\0\x01\xff\0"),
        "501 FRAME_ERROR - Malformed UTF-8 in shortstr (0,0)",
    );
    assert_answer(
        |peer| peer.say_raw(1, MethodId::QUEUE_DECLARE, b"\0\0\x01q\0\0\0\0\x03\x01az"),
        "502 SYNTAX_ERROR - unknown field type 'z' (50,10)",
    );
    assert_answer(
        |peer| peer.say_raw(1, MethodId::new(60, 99), b""),
        "540 NOT_IMPLEMENTED - unknown method (60, 99) (60,99)",
    );
}

#[test]
fn the_open_connection_takes_no_handshake_and_no_channel_methods_on_channel_0() {
    let text = "504 CHANNEL_ERROR - unexpected method in connection state running";

    assert_answer(|peer| peer.say(0, start_ok(&[])), &format!("{text} (10,11)"));
    assert_answer(|peer| peer.say(0, tune_ok(1, 4_096, 0)), &format!("{text} (10,31)"));
    assert_answer(|peer| peer.say(0, open("/")), &format!("{text} (10,40)"));
    assert_answer(|peer| peer.say(0, close_ok()), &format!("{text} (10,51)"));
    assert_answer(|peer| peer.say(0, channel_open()), &format!("{text} (20,10)"));
    assert_answer(
        |peer| peer.say_raw(0, MethodId::CONNECTION_BLOCKED, b"\0"),
        &format!("{text} (10,60)"),
    );
}

#[test]
fn methods_that_have_no_place_on_a_channel_are_unimplemented() {
    let text = "503 COMMAND_INVALID - unimplemented method";

    assert_answer(|peer| peer.say(1, open("/")), &format!("{text} (10,40)"));
    assert_answer(|peer| peer.say(1, close()), &format!("{text} (10,50)"));
    assert_answer(|peer| peer.say(1, channel_close_ok()), &format!("{text} (20,41)"));
    assert_answer(
        |peer| peer.say_raw(1, MethodId::CHANNEL_FLOW_OK, b"\x01"),
        &format!("{text} (20,21)"),
    );
    assert_answer(
        |peer| peer.say_raw(1, MethodId::QUEUE_DECLARE_OK, b"\x01q\0\0\0\0\0\0\0\0"),
        &format!("{text} (50,11)"),
    );
    assert_answer(|peer| peer.say_raw(1, MethodId::BASIC_DELIVER, b""), &format!("{text} (60,60)"));
}

#[test]
fn a_client_cannot_stop_the_server() {
    assert_answer(
        |peer| peer.say(1, channel_flow(false)),
        "540 NOT_IMPLEMENTED - active=false (20,20)",
    );
}

#[test]
fn no_more_channels_are_opened_than_agreed_on_whatever_their_numbers() {
    let mut peer = Peer::open_with(2, 0);
    peer.say(7, channel_open());
    peer.say(65_535, channel_open());
    assert_eq!(peer.replies(), ["7 channel.open-ok", "65535 channel.open-ok"]);

    peer.say(1, channel_open());

    assert_eq!(
        peer.reply(),
        "0 connection.close 530 NOT_ALLOWED - number of channels opened (2) has reached the \
         negotiated channel_max (2) (0,0)"
    );
}
