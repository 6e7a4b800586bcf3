//! What looks like an error, and is none: RabbitMQ accepts it, and clients rely on that.

use crate::broker::TestBroker;
use crate::raw::content::{Content, content, header};
use crate::raw::login::Login;
use crate::raw::method::{
    BASIC_ACK, BASIC_GET_OK, CONNECTION_OPEN_OK, CONNECTION_START, Method, basic_ack, basic_cancel,
    basic_get, basic_nack, basic_publish, channel_close, confirm_select, connection_open,
    exchange_declare, exchange_delete, exchange_unbind, queue_declare, queue_delete, queue_unbind,
    tx_select,
};
use crate::raw::peer::Peer;
use crate::raw::wire::{BODY, Field, HEADER, fields, long_str};

#[test]
fn the_protocol_header_of_0_9_starts_a_connection() {
    let broker = TestBroker::start();
    let mut peer = Peer::dial(broker.address);

    peer.octets(b"AMQP\x01\x01\x00\x09");

    peer.expect_method(0, CONNECTION_START);
}

#[test]
fn a_handshake_within_the_limits_is_accepted() {
    let broker = TestBroker::start();
    let amqplain = fields(&[("LOGIN", Field::Str("guest")), ("PASSWORD", Field::Str("guest"))]);
    let named = fields(&[("connection_name", Field::Str("a name"))]);
    let logins = [
        Login { frame_max: Some(4096), ..Login::default() },
        Login { channel_max: Some(1), ..Login::default() },
        Login { heartbeat: 120, ..Login::default() },
        Login { capabilities: &[], ..Login::default() },
        Login { properties: named, ..Login::default() },
        Login::response("AMQPLAIN", &amqplain),
    ];

    for login in logins {
        let mut peer = Peer::connect_with(broker.address, &login);
        peer.open(1);
        peer.close();
    }
}

#[test]
fn a_handshake_in_one_piece_is_accepted() {
    let broker = TestBroker::start();
    let login = Login::default();
    let mut peer = Peer::dial(broker.address);
    let methods = [login.start_ok(), login.tune_ok(2047, 131_072), connection_open("/")];
    let frames: Vec<_> = methods.iter().flat_map(|method| method.frame(0)).collect();

    peer.start();
    peer.octets(&frames);

    peer.expect_tune();
    peer.expect_method(0, CONNECTION_OPEN_OK);
}

#[test]
fn a_channel_number_above_channel_max_is_only_a_number() {
    let broker = TestBroker::start();
    let login = Login { channel_max: Some(2), ..Login::default() };
    let mut peer = Peer::connect_with(broker.address, &login);

    peer.open(u16::MAX);

    peer.close();
}

#[test]
fn a_frame_may_be_eight_octets_too_long() {
    let broker = TestBroker::start();
    let login = Login { frame_max: Some(4096), ..Login::default() };
    let mut peer = Peer::connect_with(broker.address, &login);
    peer.open(1).call(&queue_declare("tolerated.long").exclusive());

    peer.channel(1)
        .send(&basic_publish("", "tolerated.long"))
        .frame(HEADER, &header(60, 4096))
        .frame(BODY, &[7; 4096]);

    peer.channel(1).send(&basic_get("tolerated.long"));
    peer.expect_method(1, BASIC_GET_OK);
    peer.expect_frame();
    assert_eq!(peer.expect_frame().payload.len(), 4088);
    assert_eq!(peer.expect_frame().payload.len(), 8);
}

#[test]
fn empty_body_frames_within_a_message_are_passed_over() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    peer.open(1).call(&queue_declare("tolerated.empty").exclusive());

    peer.channel(1)
        .send(&basic_publish("", "tolerated.empty"))
        .frame(HEADER, &header(60, 4))
        .frame(BODY, b"")
        .frame(BODY, b"ab")
        .frame(BODY, b"")
        .frame(BODY, b"cd");

    peer.channel(1).send(&basic_get("tolerated.empty"));
    peer.expect_method(1, BASIC_GET_OK);
    peer.expect_frame();
    assert_eq!(peer.expect_frame().payload, b"abcd");
}

#[test]
fn taking_away_what_is_not_there_is_no_error() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let mut channel = peer.open(1);

    channel.call(&queue_delete("nosuch"));
    channel.call(&queue_unbind("nosuch", "amq.direct", "k"));
    channel.call(&queue_unbind("nosuch", "nosuch", "k"));
    channel.call(&exchange_delete("nosuch"));
    channel.call(&exchange_unbind("nosuch", "amq.direct", "k"));
    channel.call(&exchange_unbind("amq.direct", "nosuch", "k"));
    channel.call(&basic_cancel("nosuch"));
    channel.send(&basic_ack(0).multiple());
    channel.send(&basic_nack(0).multiple());

    channel.call(&channel_close());
}

#[test]
fn modes_are_selected_twice() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();

    peer.open(1).call(&confirm_select());
    peer.channel(1).call(&confirm_select());
    peer.open(2).call(&tx_select());
    peer.channel(2).call(&tx_select());

    peer.close();
}

#[test]
fn declaring_again_is_no_error() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let mut channel = peer.open(1);
    let typed = [("x-queue-type", Field::Str("classic"))];

    for _ in 0..2 {
        channel.call(&queue_declare("tolerated.transient").auto_delete());
        channel.call(&queue_declare("tolerated.exclusive").exclusive().durable());
        channel.call(&queue_declare("tolerated.exclusive").exclusive().arguments(&typed));
        channel.call(&queue_declare("tolerated.\r\nexclusive").passive());
        channel.call(&exchange_declare("amq.match", "headers").durable());
        channel.call(&exchange_declare("amq.match", "nosuch").passive());
    }

    channel.call(&queue_delete("tolerated.transient"));
}

#[test]
fn odd_messages_are_confirmed() {
    let broker = TestBroker::start();
    let odd: Vec<(&str, Content)> = vec![
        ("a bool that is 2", content(b"").properties(1 << 13, &long_str(b"\x01kt\x02"))),
        ("twice the same header", {
            content(b"").headers(&[("k", Field::Void), ("k", Field::Void)])
        }),
        ("no headers", content(b"").headers(&[])),
        ("the user's own name", content(b"").user_id("guest")),
        ("the reserved property flag", content(b"").properties(1 << 1, b"")),
        ("delivery-mode 3", content(b"").delivery_mode(3)),
    ];
    let mut peer = broker.connect();
    peer.open(1).call(&confirm_select());

    for (case, message) in odd {
        if broker.is_rabbitmq_3_10 && case == "delivery-mode 3" {
            continue;
        }
        peer.channel(1).publish(&basic_publish("", "nosuch"), &message);
        let answer = peer.expect_frame();
        assert_eq!(answer.method_id(), Some(BASIC_ACK), "{case}");
    }
}

#[test]
fn a_routing_key_need_not_be_utf8() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    peer.open(1).call(&confirm_select());

    let publish = Method::raw(basic_publish("", "").id, b"\0\0\0\x02\xff\xfe\0".to_vec());
    peer.channel(1).publish(&publish, &content(b"hi"));

    peer.expect_method(1, BASIC_ACK);
}
