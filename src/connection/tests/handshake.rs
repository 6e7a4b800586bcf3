//! From the protocol header to open-ok.

use super::*;
use crate::amqp::exception::Exception;
use crate::amqp::reply_code::ReplyCode;
use crate::connection::server_properties::{Announcement, server_properties};

#[test]
fn both_headers_of_0_9_clients_are_answered_with_start() {
    let announcement =
        Announcement { product: "RabbitMQ", version: "3.13.7", cluster_name: "rabbit@here" };
    let server_properties = server_properties(&announcement);

    for header in [HEADER, b"AMQP\x01\x01\0\x09"] {
        let settings =
            Settings { server_properties: server_properties.clone(), ..Settings::default() };
        let mut peer = Peer::with(settings);

        let outcome = peer.core.handle_protocol_header(header, &mut peer.out);

        assert_eq!(outcome, HeaderOutcome::Accepted);
        let properties = server_properties.as_ref().as_bytes();
        let length = u32::try_from(properties.len()).unwrap().to_be_bytes();
        let arguments = [&length[..], properties, b"\0\0\0\x0ePLAIN AMQPLAIN\0\0\0\x05en_US"];
        assert_eq!(
            peer.out[7..],
            [b"\0\x0a\0\x0a\0\x09", &arguments.concat()[..], b"\xce"].concat()
        );
        assert_eq!(peer.reply(), "0 connection.start");
    }
}

#[test]
fn any_other_header_is_answered_with_the_one_that_is_understood() {
    for header in
        [&b"AMQP\0\0\x09\0"[..], b"AMQP\x03\x01\0\0", b"AMQP\x01\x01\x08\0", b"GET / HTTP/1.1"]
    {
        let mut peer = Peer::new();

        let outcome = peer.core.handle_protocol_header(header, &mut peer.out);

        assert_eq!((outcome, &peer.out[..]), (HeaderOutcome::Refused, HEADER));
    }
}

#[test]
fn half_a_header_is_waited_for_until_the_handshake_takes_too_long() {
    let mut peer = Peer::new();

    let outcome = peer.core.handle_protocol_header(b"AMQP\0\0\x09", &mut peer.out);

    assert_eq!(outcome, HeaderOutcome::Incomplete);
    assert_eq!(peer.wait(seconds(60)), Some((seconds(10), Timeout::HandshakeTooSlow)));
    assert!(peer.out.is_empty());
}

#[test]
fn a_client_that_stops_in_the_middle_is_given_up_at_the_same_time() {
    let mut peer = Peer::logged_in();
    peer.now += seconds(4);
    peer.say(0, tune_ok(0, 0, 0));

    assert!(peer.core.is_closing());

    let mut peer = Peer::logged_in();
    peer.now += seconds(4);
    peer.say(0, tune_ok(2_047, 131_072, 0));

    assert_eq!(peer.wait(seconds(60)), Some((seconds(6), Timeout::HandshakeTooSlow)));
}

#[test]
fn a_login_carries_mechanism_response_and_the_clients_properties() {
    let mut peer = Peer::started();

    let event = peer.say(0, start_ok(&["consumer_cancel_notify", "connection.blocked"]));

    let response: &[u8] = b"\0guest\0guest";
    assert_eq!(event, format!("Login {{ mechanism: \"PLAIN\", response: {response:?} }}"));
    let client = peer.core.client();
    assert_eq!(client.connection_name.as_deref(), Some("orders"));
    let capabilities = client.capabilities;
    assert!(capabilities.consumer_cancel_notify && capabilities.connection_blocked);
    assert!(!capabilities.authentication_failure_close);
}

#[test]
fn tune_proposes_the_servers_limits() {
    let mut peer = Peer::started();
    peer.say(0, start_ok(&[]));

    peer.core.login_accepted(&mut peer.out);

    assert_eq!(peer.out[7..], *b"\0\x0a\0\x1e\x07\xff\0\x02\0\0\0\x3c\xce");
}

#[test]
fn a_refused_login_is_told_to_a_client_that_can_hear_it_and_held_for_three_seconds() {
    let mut peer = Peer::started();
    peer.say(0, start_ok(&["authentication_failure_close"]));

    peer.core.login_refused(peer.now, &mut peer.out);

    assert_eq!(
        peer.reply(),
        "0 connection.close 403 ACCESS_REFUSED - Login was refused using authentication mechanism \
         PLAIN. For details see the broker logfile. (0,0)"
    );
    assert_eq!(peer.say(0, close_ok()), "Handled");
    assert_eq!(peer.wait(seconds(60)), Some((seconds(3), Timeout::CloseExpired)));
}

#[test]
fn a_refused_login_is_not_told_to_a_client_that_cannot_hear_it() {
    let mut peer = Peer::started();
    peer.say(0, start_ok(&[]));

    peer.core.login_refused(peer.now, &mut peer.out);

    assert!(peer.out.is_empty());
    assert_eq!(peer.wait(seconds(60)), Some((seconds(3), Timeout::CloseExpired)));
}

#[test]
fn what_tune_ok_asks_for_holds_from_then_on() {
    let mut peer = Peer::logged_in();
    assert_eq!(peer.core.frame_max(), 8_192);

    peer.say(0, tune_ok(1, 4_096, 120));

    let tuning = *peer.core.tuning();
    assert_eq!((peer.core.frame_max(), tuning.channel_max), (4_096, 1));
    assert_eq!(tuning.heartbeat, Some(seconds(120)));
}

#[test]
fn limits_above_the_servers_are_refused_with_a_reason_and_held() {
    let mut peer = Peer::logged_in();

    peer.say(0, tune_ok(2_047, 131_073, 60));

    assert_eq!(
        peer.reply(),
        "0 connection.close 530 NOT_ALLOWED - negotiated frame_max = 131073 is higher than the \
         maximum allowed value (131072) (10,31)"
    );
    assert_eq!(peer.wait(seconds(60)), Some((seconds(3), Timeout::CloseExpired)));
}

#[test]
fn methods_out_of_order_are_refused_with_a_reason_and_held() {
    let mut early_open = Peer::started();
    let mut second_start_ok = Peer::logged_in();
    let mut early_channel = Peer::logged_in();
    let mut oversized = Peer::started();

    early_open.say(0, open("/"));
    second_start_ok.say(0, start_ok(&[]));
    early_channel.say(1, channel_open());
    oversized.frame(1, 0, &[0; 9_000]);

    assert_eq!(
        early_open.reply(),
        "0 connection.close 504 CHANNEL_ERROR - unexpected method in connection state starting \
         (10,40)"
    );
    assert_eq!(
        second_start_ok.reply(),
        "0 connection.close 504 CHANNEL_ERROR - unexpected method in connection state tuning \
         (10,11)"
    );
    assert_eq!(
        early_channel.reply(),
        "0 connection.close 505 UNEXPECTED_FRAME - type 1, all octets = <<0,20,0,10,0>> (0,0)"
    );
    assert!(oversized.reply().starts_with("0 connection.close 501 FRAME_ERROR - type 1,"));
    for mut peer in [early_open, second_start_ok, early_channel, oversized] {
        assert_eq!(peer.wait(seconds(60)), Some((seconds(3), Timeout::CloseExpired)));
    }
}

#[test]
fn a_frame_on_a_channel_before_open_names_its_octets() {
    let mut peer = Peer::logged_in();
    peer.say(0, tune_ok(2_047, 131_072, 5));

    peer.say(1, channel_open());

    assert_eq!(
        peer.reply(),
        "0 connection.close 505 UNEXPECTED_FRAME - type 1, all octets = <<0,20,0,10,0>> (0,0)"
    );
    assert_eq!(peer.say(0, close_ok()), "Finished");
}

#[test]
fn heartbeats_are_lawful_before_tune_ok() {
    let mut peer = Peer::started();

    assert_eq!(peer.frame(8, 0, b""), "Handled");

    assert!(peer.out.is_empty());
}

#[test]
fn a_virtual_host_that_is_refused_waits_for_close_ok() {
    let mut peer = Peer::logged_in();
    peer.say(0, tune_ok(2_047, 131_072, 60));
    assert_eq!(peer.say(0, open("nosuch")), r#"Open { vhost: "nosuch" }"#);

    let refusal = Exception::new(ReplyCode::NotAllowed, "vhost nosuch not found")
        .caused_by(MethodId::CONNECTION_OPEN);
    peer.core.fail(peer.now, &refusal, ChannelId::CONNECTION, &mut peer.out);

    let text = "0 connection.close 530 NOT_ALLOWED - vhost nosuch not found (10,40)";
    assert_eq!(peer.reply(), text);
    assert_eq!(peer.say(0, close_ok()), "Finished");
}

#[test]
fn a_client_may_close_during_the_handshake() {
    let mut peer = Peer::logged_in();

    assert_eq!(peer.say(0, close()), r#"Close { code: 200, text: "bye" }"#);
    peer.core.closed(peer.now, &mut peer.out);

    assert_eq!(peer.reply(), "0 connection.close-ok");
}
