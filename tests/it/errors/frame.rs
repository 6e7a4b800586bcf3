//! Frames that are no frames, or come when none of them is due (connection.md 8; spec 4.2).

use super::row::{Row, Scene, Stage, connection_error};
use crate::raw::close::Scope;
use crate::raw::content::{content, header};
use crate::raw::method::{
    BASIC_PUBLISH, Method, NONE, QUEUE_BIND, QUEUE_DECLARE, basic_publish, basic_qos,
    queue_declare, queue_declare_octets,
};
use crate::raw::wire::{BODY, Field, HEADER, HEARTBEAT, METHOD, frame, frame_start, nested};

const NO_HEADER: &str =
    "expected content header for class 60, got non content header frame instead";
const NO_METHOD: &str = "expected method frame, got non method frame instead";
const NO_BODY: &str = "expected content body, got non content body frame instead";

pub fn rows() -> Vec<Row> {
    let rows = [
        malformed_frames(),
        frames_on_channel_0(),
        content_frames(),
        content_sizes(),
        headers(),
        methods(),
        tables(),
    ];
    rows.into_iter().flatten().collect()
}

fn malformed_frames() -> Vec<Row> {
    let row = |case, code, text, octets: Vec<u8>| {
        connection_error(case, code, text, NONE, move |s| s.peer.octets(&octets)).on(Stage::Open)
    };
    let wrong_end = [&frame_start(METHOD, 0, 4)[..], &[0, 10, 0, 50, 255]].concat();
    vec![
        row(
            "frame of an unknown type",
            501,
            "type 9, all octets = <<\"abc\">>: unknown_frame",
            frame(9, 0, b"abc"),
        ),
        row(
            "frame of an unknown type on a channel",
            501,
            "type 9, all octets = <<\"abc\">>: unknown_frame",
            frame(9, 1, b"abc"),
        ),
        row(
            "method frame of 2 octets",
            501,
            "type 1, all octets = <<0,50>>: unknown_frame",
            frame(METHOD, 0, &[0, 50]),
        ),
        row(
            "wrong end octet",
            501,
            "type 1, all octets = <<0,10,0,50>>: {invalid_frame_end_marker,255}",
            wrong_end,
        ),
        row(
            "frame beyond frame_max",
            501,
            "type 1, all octets = <<>>: {frame_too_large,131073,131064}",
            frame_start(METHOD, 0, 131_073),
        ),
        row("heartbeat on a channel", 505, "type 8, all octets = <<>>", frame(HEARTBEAT, 1, b"")),
        row(
            "heartbeat with a payload",
            501,
            "type 8, all octets = <<\"x\">>: unknown_frame",
            frame(HEARTBEAT, 0, b"x"),
        ),
    ]
}

fn frames_on_channel_0() -> Vec<Row> {
    vec![
        connection_error(
            "content header on channel 0",
            505,
            "type 2, all octets = <<0,60,0,0,0,0,0,0,0,0,0,1,0,0>>",
            NONE,
            |s| s.peer.frame(HEADER, 0, &header(60, 1)),
        )
        .on(Stage::Open),
        connection_error(
            "content header of more than 16 octets on channel 0",
            505,
            "type 2, first 16 octets = <<0,60,0,0,0,0,0,0,0,0,0,1,0,0,1,2>>",
            NONE,
            |s| s.peer.frame(HEADER, 0, &[&header(60, 1)[..], &[1, 2, 3]].concat()),
        )
        .on(Stage::Open),
        connection_error("body on channel 0", 505, "type 3, all octets = <<\"hi\">>", NONE, |s| {
            s.peer.frame(BODY, 0, b"hi");
        })
        .on(Stage::Open),
    ]
}

fn content_frames() -> Vec<Row> {
    let after_publish = |case, text, kind: u8, payload: Vec<u8>| {
        connection_error(case, 505, text, BASIC_PUBLISH, move |s| {
            s.send(&basic_publish("", "nosuch"));
            s.frame(kind, &payload);
        })
    };
    let after_header = |case, kind: u8, payload: Vec<u8>| {
        connection_error(case, 505, NO_BODY, BASIC_PUBLISH, move |s| {
            s.send(&basic_publish("", "nosuch"));
            s.frame(HEADER, &header(60, 5));
            s.frame(kind, &payload);
        })
    };
    let unasked = |case, kind: u8, payload: Vec<u8>| {
        connection_error(case, 505, NO_METHOD, NONE, move |s| s.frame(kind, &payload))
    };
    let weighty = [&[0, 60, 0, 1][..], &[0; 10]].concat();
    let qos = basic_qos(0, 1).payload();
    vec![
        unasked("content header that no method asked for", HEADER, header(60, 1)),
        unasked("body that no method asked for", BODY, b"hi".to_vec()),
        connection_error("body after a message without one", 505, NO_METHOD, NONE, |s| {
            s.publish(&basic_publish("", "nosuch"), &content(b""));
            s.frame(BODY, b"");
        }),
        after_publish("method in place of a content header", NO_HEADER, METHOD, qos.clone()),
        after_publish("body in place of a content header", NO_HEADER, BODY, b"hi".to_vec()),
        after_publish("content header with a weight", NO_HEADER, HEADER, weighty),
        after_publish(
            "content header of another class",
            "expected content header for class 60, got one for class 50 instead",
            HEADER,
            header(50, 1),
        ),
        after_header("method in place of a body", METHOD, qos),
        after_header("content header in place of a body", HEADER, header(60, 1)),
    ]
}

/// The start of a publish with an announced body, then one frame of it that no broker reads at once.
fn publish_large(s: &mut Scene, announced: u64, end: u8) {
    let size = usize::try_from(s.peer.frame_max).unwrap();
    s.send(&basic_publish("", "nosuch"));
    s.frame(HEADER, &header(60, announced));
    let mut octets = frame_start(BODY, s.number, size);
    octets.resize(octets.len() + size, b'x');
    octets.push(end);
    s.peer.octets(&octets);
}

fn content_sizes() -> Vec<Row> {
    vec![
        connection_error(
            "wrong end octet of a large body",
            501,
            "type 3, first 16 octets = <<\"xxxxxxxxxxxxxxxx\">>: {invalid_frame_end_marker,255}",
            NONE,
            |s| publish_large(s, 200_000, 255),
        ),
        connection_error(
            "large body longer than announced",
            501,
            "content body frame exceeds remaining content size",
            BASIC_PUBLISH,
            |s| publish_large(s, 100_000, 0xCE),
        )
        .rabbitmq_3_10_unchecked(),
        connection_error(
            "body longer than announced",
            501,
            "content body frame exceeds remaining content size",
            BASIC_PUBLISH,
            |s| {
                s.send(&basic_publish("", "nosuch"));
                s.frame(HEADER, &header(60, 1));
                s.frame(BODY, b"hi");
            },
        )
        .rabbitmq_3_10_unchecked(),
        connection_error(
            "announced body of more than 512 MiB",
            501,
            "content body size 536870913 exceeds maximum allowed size 536870912",
            BASIC_PUBLISH,
            |s| {
                s.send(&basic_publish("", "nosuch"));
                s.frame(HEADER, &header(60, 536_870_913));
            },
        )
        .rabbitmq_3_10_unchecked(),
        connection_error(
            "content header beyond frame_max",
            501,
            "type 2, all octets = <<>>: {frame_too_large,131073,131064}",
            NONE,
            |s| {
                s.send(&basic_publish("", "nosuch"));
                let start = frame_start(HEADER, s.number, 131_073);
                s.peer.octets(&start);
            },
        ),
    ]
}

/// RabbitMQ closes with a bare 541.
fn headers() -> Vec<Row> {
    let row = |case, text, flags: u16, octets: &'static [u8]| {
        connection_error(case, 501, text, NONE, move |s| {
            let message = content(b"").properties(flags, octets);
            s.publish(&basic_publish("", "nosuch"), &message);
        })
        .rabbitmq_3_10_closes(Scope::Connection, 541, "")
    };
    vec![
        row("properties that end early", "content header is truncated", 1 << 15, b"\x05ab"),
        row(
            "octets behind the properties",
            "content header has octets behind its last property",
            1 << 15,
            b"\x02abc",
        ),
        row(
            "property flags that go on",
            "content header announces more property flags than class basic has",
            1,
            b"\0\0",
        ),
        row(
            "headers with a value of an unknown type",
            "headers property: unknown field type 'z'",
            1 << 13,
            b"\0\0\0\x04\x01az\0",
        ),
        row(
            "headers that end early",
            "headers property: field table is truncated",
            1 << 13,
            b"\0\0\0\x03\x01at",
        ),
    ]
}

fn methods() -> Vec<Row> {
    let unknown = |case, id, text| {
        connection_error(case, 540, text, id, move |s| s.send(&Method::raw(id, vec![])))
            .rabbitmq_3_10_drops()
    };
    vec![
        unknown("unknown class", (99, 10), "unknown method (99, 10)"),
        unknown("unknown method", (50, 99), "unknown method (50, 99)"),
        connection_error(
            "method arguments that end early",
            501,
            "cannot decode <<0,0,5,97,98>>",
            QUEUE_DECLARE,
            |s| {
                s.send(&Method::raw(QUEUE_DECLARE, vec![0, 0, 5, 97, 98]));
            },
        ),
        connection_error(
            "octets behind a method's arguments",
            501,
            "cannot decode <<1,120,0>>",
            (20, 10),
            |s| {
                let number = s.number + 1;
                s.peer.channel(number).send(&Method::raw((20, 10), vec![1, 120, 0]));
            },
        ),
        connection_error(
            "method without its arguments",
            501,
            "cannot decode <<>>",
            QUEUE_BIND,
            |s| {
                s.send(&Method::raw(QUEUE_BIND, vec![]));
            },
        ),
        connection_error("name that is not UTF-8", 501, "Malformed UTF-8 in shortstr", NONE, |s| {
            s.send(&queue_declare_octets(b"\xff\xfe"));
        }),
    ]
}

fn tables() -> Vec<Row> {
    vec![
        connection_error(
            "arguments with a value of an unknown type",
            502,
            "unknown field type 'z'",
            QUEUE_DECLARE,
            |s| {
                let odd = Field::Octets(b'z', vec![0]);
                s.send(&queue_declare("frame.table").exclusive().arguments(&[("a", odd)]));
            },
        )
        .rabbitmq_3_10_drops(),
        connection_error(
            "arguments whose string ends early",
            502,
            "field table is truncated",
            QUEUE_DECLARE,
            |s| {
                s.send(
                    &queue_declare("frame.table").exclusive().table(b"\x01aS\0\0\0\x09x".to_vec()),
                );
            },
        )
        .rabbitmq_3_10_drops(),
        connection_error(
            "arguments that nest 100 deep",
            502,
            "field table nests deeper than 64",
            QUEUE_DECLARE,
            |s| {
                s.send(&queue_declare("frame.deep").exclusive().table(nested(b'F', 100)));
            },
        )
        .rabbitmq_3_10_accepts(),
    ]
}
