//! What an open channel is asked, and how channels close.

use super::*;
use crate::amqp::exception::Exception;
use crate::amqp::reply_code::{ReplyCode, Scope};

fn soft() -> Exception {
    Exception::new(ReplyCode::NotFound, "no queue 'q' in vhost '/'")
        .caused_by(MethodId::QUEUE_PURGE)
}

/// A peer whose channel 1 the server has just closed.
fn failed() -> Peer {
    let mut peer = Peer::on_channel();
    let scope = peer.core.fail(peer.now, &soft(), ChannelId(1), &mut peer.out);
    assert_eq!(scope, Scope::Channel);
    assert_eq!(peer.reply(), "1 channel.close 404 NOT_FOUND - no queue 'q' in vhost '/' (50,30)");
    assert!(peer.core.channel(ChannelId(1)).is_none());
    peer
}

#[test]
fn a_published_message_waits_in_its_channel() {
    let mut peer = Peer::on_channel();

    assert_eq!(peer.say(1, publish()), "Handled");
    assert_eq!(peer.header(1, 60, 0, 5), "Handled");
    assert_eq!(peer.frame(3, 1, b"he"), "Handled");
    assert_eq!(peer.frame(3, 1, b""), "Handled");
    assert_eq!(peer.frame(3, 1, b"llo"), "Published { channel: ChannelId(1) }");

    let published = peer.core.channel(ChannelId(1)).unwrap().assembly.published().unwrap();
    assert_eq!(published.message.address, b"\x04logs\x04kern");
    assert_eq!(published.message.body, b"hello");
    assert!(published.mandatory);
}

#[test]
fn messages_on_two_channels_come_in_between_one_another() {
    let mut peer = Peer::on_channel();
    peer.say(2, channel_open());

    for channel in [1, 2] {
        peer.say(channel, publish());
    }
    for channel in [2, 1] {
        peer.header(channel, 60, 0, 1);
    }

    assert_eq!(peer.frame(3, 1, b"a"), "Published { channel: ChannelId(1) }");
    assert_eq!(peer.frame(3, 2, b"b"), "Published { channel: ChannelId(2) }");
}

#[test]
fn what_the_core_knows_it_answers_itself() {
    let mut peer = Peer::on_channel();

    assert_eq!(peer.say(1, channel_flow(true)), "Handled");
    assert_eq!(peer.say_raw(1, MethodId::ACCESS_REQUEST, b"\x01/\x1f"), "Handled");
    assert_eq!(peer.say_raw(1, MethodId::BASIC_CANCEL_OK, b"\x01a"), "Handled");

    assert_eq!(&peer.out[13..], b"\x01\0\x01\0\0\0\x06\0\x1e\0\x0b\0\x01\xce");
    assert_eq!(peer.replies(), ["1 channel.flow-ok", "1 access.request-ok"]);
}

#[test]
fn what_the_broker_knows_is_handed_on() {
    let mut peer = Peer::on_channel();

    assert_eq!(peer.say_raw(1, MethodId::TX_SELECT, b""), "1 tx.select");
    assert_eq!(peer.say_raw(1, MethodId::QUEUE_PURGE, b"\0\0\x01q\0"), "1 queue.purge");
    assert_eq!(peer.say_raw(1, MethodId::BASIC_ACK, b"\0\0\0\0\0\0\0\x01\0"), "1 basic.ack");
    assert!(peer.out.is_empty());
}

#[test]
fn nothing_but_a_close_comes_before_the_answer_to_a_commit() {
    let mut peer = Peer::on_channel();
    let channel = peer.core.channel_mut(ChannelId(1)).unwrap();
    channel.select_transaction().unwrap();
    channel.begin_commit().unwrap();

    peer.say_raw(1, MethodId::TX_ROLLBACK, b"");

    assert_eq!(
        peer.reply(),
        "0 connection.close 504 CHANNEL_ERROR - unexpected command while processing 'tx.commit' \
         (90,30)"
    );
}

#[test]
fn a_client_closes_its_channel_once_the_owner_has_released_it() {
    let mut peer = Peer::on_channel();

    let event = peer.say(1, channel_close());

    assert_eq!(event, r#"CloseChannel { channel: ChannelId(1), code: 200, text: "bye" }"#);
    assert!(peer.out.is_empty() && peer.core.channel(ChannelId(1)).is_some());
    peer.core.channel_closed(ChannelId(1), &mut peer.out);
    assert_eq!(peer.reply(), "1 channel.close-ok");
    assert_eq!(peer.core.channels().count(), 0);
    assert_eq!(peer.say(1, channel_open()), "ChannelOpened(ChannelId(1))");
}

#[test]
fn a_failed_channel_ignores_everything_until_close_ok() {
    let mut peer = failed();

    assert_eq!(peer.say(1, publish()), "Handled");
    assert_eq!(peer.header(1, 60, 0, 5), "Handled");
    assert_eq!(peer.frame(3, 1, b"hello"), "Handled");
    assert_eq!(peer.say_raw(1, MethodId::new(60, 99), b"?"), "Handled");
    assert_eq!(peer.core.fail(peer.now, &soft(), ChannelId(1), &mut peer.out), Scope::Channel);
    assert!(peer.out.is_empty());

    assert_eq!(peer.say(1, channel_close_ok()), "Handled");
    assert_eq!(peer.say(1, channel_open()), "ChannelOpened(ChannelId(1))");
    assert_eq!(peer.reply(), "1 channel.open-ok");
}

#[test]
fn a_failed_channel_that_the_client_closes_too_is_answered_and_still_awaited() {
    let mut peer = failed();

    assert_eq!(peer.say(1, channel_close()), "Handled");
    assert_eq!(peer.reply(), "1 channel.close-ok");
    assert_eq!(peer.say(1, publish()), "Handled");
    assert_eq!(peer.say(1, channel_close_ok()), "Handled");

    assert_eq!(peer.say(1, channel_open()), "ChannelOpened(ChannelId(1))");
}

#[test]
fn a_failed_channel_may_be_opened_again_before_its_close_ok() {
    let mut peer = failed();

    assert_eq!(peer.say(1, channel_open()), "ChannelOpened(ChannelId(1))");
    assert_eq!(peer.say(1, channel_close_ok()), "Handled");
    assert_eq!(peer.say_raw(1, MethodId::TX_SELECT, b""), "1 tx.select");
    assert_eq!(peer.reply(), "1 channel.open-ok");
    peer.say(1, channel_close_ok());

    assert_eq!(
        peer.reply(),
        "0 connection.close 503 COMMAND_INVALID - unimplemented method (20,41)"
    );
}

#[test]
fn an_error_on_a_channel_that_is_being_released_changes_nothing() {
    let mut peer = Peer::on_channel();
    peer.say(1, channel_close());

    peer.core.fail(peer.now, &soft(), ChannelId(1), &mut peer.out);
    peer.core.fail(peer.now, &soft(), ChannelId(9), &mut peer.out);
    assert!(peer.out.is_empty());
    peer.core.channel_closed(ChannelId(1), &mut peer.out);

    assert_eq!(peer.reply(), "1 channel.close-ok");
}
