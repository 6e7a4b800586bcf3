//! Before the connection is open (connection.md 2 to 7; spec 2.2.4).

use super::row::{Row, Scene, Stage, accepted, connection_error, dropped};
use crate::raw::login::{Login, tune_ok};
use crate::raw::method::{
    CONNECTION_OPEN, CONNECTION_START_OK, CONNECTION_TUNE_OK, NONE, channel_open, connection_close,
    connection_open,
};
use crate::raw::wire::{Field, METHOD, fields, frame_start, long_str};

/// What a broker may answer to a protocol header that is not AMQP 0-9-1's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    Header,
    Start,
}

/// Protocol headers that are refused, and RabbitMQ 3.10's answer.
pub const WRONG_HEADERS: &[(&[u8; 8], Answer)] = &[
    (b"AMQP\x01\x01\x08\x00", Answer::Start),
    (b"AMQP\x00\x00\x09\x00", Answer::Header),
    (b"AMQP\x00\x00\x0a\x00", Answer::Header),
    (b"AMQP\x00\x00\x08\x00", Answer::Header),
    (b"AMQP\x03\x01\x00\x00", Answer::Header),
    (b"AMQP\x00\x01\x00\x00", Answer::Header),
    (b"AMQP\x02\x01\x00\x00", Answer::Header),
    (b"GARBAGE!", Answer::Header),
    (b"GET / HT", Answer::Header),
    (b"\x16\x03\x01\x02\x00\x01\x00\x01", Answer::Header),
    (b"\0\0\0\0\0\0\0\0", Answer::Header),
];

const REFUSED: &str = "Login was refused using authentication mechanism PLAIN. \
                       For details see the broker logfile.";

pub fn rows() -> Vec<Row> {
    let rows = [logins(), tunings(), openings(), orders()];
    rows.into_iter().flatten().map(|row| row.on(Stage::Started)).collect()
}

fn login(mechanism: &'static str, response: &[u8]) -> impl Fn(&mut Scene) + Send + Sync + use<> {
    let login = Login::response(mechanism, response);
    move |s| s.peer.send(&login.start_ok())
}

fn logins() -> Vec<Row> {
    let amqplain = fields(&[("LOGIN", Field::Str("guest")), ("PASSWORD", Field::Str("wrong"))]);
    let only_login = fields(&[("LOGIN", Field::Str("guest"))]);
    let refused = |case, response: &[u8]| {
        connection_error(case, 403, REFUSED, NONE, login("PLAIN", response))
    };
    let unknown = |mechanism| {
        let text = format!("unknown authentication mechanism '{mechanism}'");
        let case = format!("mechanism {mechanism}");
        connection_error(
            &case,
            503,
            &text,
            CONNECTION_START_OK,
            login(mechanism, b"\0guest\0guest"),
        )
        .rabbitmq_3_10_drops()
    };
    let malformed = |case, mechanism, response: &[u8], text: &str| {
        connection_error(case, 502, text, CONNECTION_START_OK, login(mechanism, response))
            .rabbitmq_3_10_drops()
    };
    let missing = "AMQPLAIN auth info is missing LOGIN or PASSWORD field";
    vec![
        refused("login with a wrong password", b"\0guest\0wrong"),
        refused("login of an unknown user", b"\0nosuch\0guest"),
        refused("login with an empty password", b"\0guest\0"),
        connection_error(
            "AMQPLAIN login with a wrong password",
            403,
            &REFUSED.replace("PLAIN", "AMQPLAIN"),
            NONE,
            login("AMQPLAIN", &amqplain),
        ),
        dropped("refused login of a client without authentication_failure_close", |s| {
            let login = Login::response("PLAIN", b"\0guest\0wrong");
            s.peer.send(&Login { capabilities: &[], ..login }.start_ok());
        }),
        unknown("plain"),
        unknown("FOO"),
        unknown("EXTERNAL"),
        malformed("PLAIN with an authzid", "PLAIN", b"me\0guest\0guest", "PLAIN response invalid"),
        malformed(
            "PLAIN with a trailing NUL",
            "PLAIN",
            b"\0guest\0guest\0",
            "PLAIN response invalid",
        ),
        malformed("PLAIN without a NUL", "PLAIN", b"guest", "PLAIN response invalid"),
        malformed("AMQPLAIN with a length in front", "AMQPLAIN", &long_str(&amqplain), missing),
        malformed("AMQPLAIN without PASSWORD", "AMQPLAIN", &only_login, missing),
        malformed(
            "AMQPLAIN with numbers",
            "AMQPLAIN",
            &fields(&[("LOGIN", Field::Int(1)), ("PASSWORD", Field::Int(1))]),
            "AMQPLAIN auth info uses unsupported type for LOGIN or PASSWORD field",
        ),
        connection_error(
            "start-ok of 9000 octets",
            501,
            "type 1, all octets = <<>>: {frame_too_large,9000,8184}",
            NONE,
            |s| {
                s.peer.octets(&frame_start(METHOD, 0, 9000));
            },
        )
        .rabbitmq_3_10_drops(),
    ]
}

fn tunings() -> Vec<Row> {
    let tuned = |case, channel_max, frame_max, text: &str| {
        connection_error(case, 530, text, CONNECTION_TUNE_OK, move |s| {
            s.peer.send(&Login::default().start_ok());
            s.peer.expect_tune();
            s.peer.send(&tune_ok(channel_max, frame_max, 0));
        })
        .rabbitmq_3_10_drops()
    };
    vec![
        tuned(
            "frame_max below the minimum",
            2047,
            4095,
            "negotiated frame_max = 4095 is lower than the minimum allowed value (4096)",
        ),
        tuned(
            "frame_max above the server's",
            2047,
            131_073,
            "negotiated frame_max = 131073 is higher than the maximum allowed value (131072)",
        ),
        tuned(
            "frame_max without a limit",
            2047,
            0,
            "negotiated frame_max = 0 is higher than the maximum allowed value (131072)",
        ),
        tuned(
            "channel_max above the server's",
            2048,
            131_072,
            "negotiated channel_max = 2048 is higher than the maximum allowed value (2047)",
        ),
        tuned(
            "channel_max without a limit",
            0,
            131_072,
            "negotiated channel_max = 0 (no limit) is higher than the maximum allowed value (2047)",
        ),
    ]
}

fn openings() -> Vec<Row> {
    let open = |vhost: &'static str| {
        let text = format!("vhost {vhost} not found");
        connection_error(&format!("open of {vhost:?}"), 530, &text, CONNECTION_OPEN, move |s| {
            s.peer.tune(&Login::default());
            s.peer.send(&connection_open(vhost));
        })
    };
    vec![open("nosuch"), open("")]
}

fn orders() -> Vec<Row> {
    let early = |case, method, id| {
        let text = "unexpected method in connection state starting";
        connection_error(case, 504, text, id, move |s: &mut Scene| s.peer.send(&method))
            .rabbitmq_3_10_drops()
    };
    vec![
        early("connection.open in place of start-ok", connection_open("/"), CONNECTION_OPEN),
        early("tune-ok in place of start-ok", tune_ok(0, 4096, 0), CONNECTION_TUNE_OK),
        accepted("connection.close in place of tune-ok", |s| {
            s.peer.send(&Login::default().start_ok());
            s.peer.expect_tune();
            s.peer.send(&connection_close());
        })
        .rabbitmq_3_10_drops(),
        connection_error(
            "channel.open in place of start-ok",
            505,
            "type 1, all octets = <<0,20,0,10,0>>",
            NONE,
            |s| {
                s.peer.channel(1).send(&channel_open());
            },
        )
        .rabbitmq_3_10_drops(),
        connection_error(
            "frame of an unknown type in place of start-ok",
            501,
            "type 9, all octets = <<\"abc\">>: unknown_frame",
            NONE,
            |s| s.peer.frame(9, 0, b"abc"),
        )
        .rabbitmq_3_10_drops(),
        connection_error(
            "frame on a channel before connection.open",
            505,
            "type 1, all octets = <<0,20,0,10,0>>",
            NONE,
            |s| {
                s.peer.tune(&Login::default());
                s.peer.channel(1).send(&channel_open());
            },
        ),
    ]
}
