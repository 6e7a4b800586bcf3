//! basic.* (channel-and-basic.md 5 to 10).

use super::row::{Row, channel_error, connection_error};
use crate::raw::content::{Content, content, header};
use crate::raw::method::{
    BASIC_ACK, BASIC_CONSUME, BASIC_NACK, BASIC_PUBLISH, BASIC_QOS, BASIC_RECOVER,
    BASIC_RECOVER_ASYNC, Method, NONE, basic_ack, basic_consume, basic_get, basic_nack,
    basic_publish, basic_qos, basic_recover, basic_recover_async, basic_reject, exchange_declare,
    queue_declare, tx_select,
};
use crate::raw::wire::{BODY, Field, HEADER};

/// The largest message that is taken, in octets.
const MESSAGE_MAX: usize = 128 << 20;

pub fn rows() -> Vec<Row> {
    [consuming(), settling(), settling_others(), timeouts(), publishing(), contents(), sizes()]
        .into_iter()
        .flatten()
        .collect()
}

fn timeouts() -> Vec<Row> {
    let text = "delivery acknowledgement on channel 1 timed out. Timeout value used: 100 ms. This \
                timeout value can be configured, see consumers doc guide to learn more";
    vec![
        channel_error("delivery that is never settled", 406, text, NONE, |s| {
            let hasty = [("x-consumer-timeout", Field::Int(100))];
            s.call(&queue_declare("b.slow").exclusive().arguments(&hasty));
            s.publish(&basic_publish("", "b.slow"), &content(b"hi"));
            s.peer.channel(1).get(&basic_get("b.slow"));
            s.peer.await_frame();
        })
        .rabbitmq_3_10_unchecked(),
    ]
}

fn consuming() -> Vec<Row> {
    let in_use = |case, queue: &'static str, first: Method, second: Method| {
        let text = format!("queue '{queue}' in vhost '/' in exclusive use");
        channel_error(case, 403, &text, BASIC_CONSUME, move |s| {
            s.call(&queue_declare(queue).exclusive());
            s.call(&first);
            s.send(&second);
        })
    };
    vec![
        channel_error(
            "basic.consume exclusive from a queue with a single active consumer",
            403,
            "queue 'b.single' in vhost '/' in exclusive use",
            BASIC_CONSUME,
            |s| {
                let single = [("x-single-active-consumer", Field::Bool(true))];
                s.call(&queue_declare("b.single").exclusive().arguments(&single));
                s.send(&basic_consume("b.single", "").exclusive());
            },
        ),
        connection_error("basic.qos by octets", 540, "prefetch_size!=0 (1)", BASIC_QOS, |s| {
            s.send(&basic_qos(1, 0));
        }),
        connection_error(
            "basic.consume with a tag in use",
            530,
            "attempt to reuse consumer tag 'a'",
            BASIC_CONSUME,
            |s| {
                s.call(&queue_declare("b.tag").exclusive());
                s.call(&basic_consume("b.tag", "a"));
                s.send(&basic_consume("b.tag", "a"));
            },
        ),
        in_use(
            "basic.consume exclusive beside another consumer",
            "b.ex1",
            basic_consume("b.ex1", "a"),
            basic_consume("b.ex1", "b").exclusive(),
        ),
        in_use(
            "basic.consume beside an exclusive consumer",
            "b.ex2",
            basic_consume("b.ex2", "a").exclusive(),
            basic_consume("b.ex2", "b"),
        ),
    ]
}

fn settling() -> Vec<Row> {
    let unknown = |tag: u64, method: Method| {
        let (id, text) = (method.id, format!("unknown delivery tag {tag}"));
        let case = format!("settling {tag} by {id:?} when nothing is outstanding");
        channel_error(&case, 406, &text, id, move |s| s.send(&method))
    };
    let got = |case, queue: &'static str, gets: Method, settles: Vec<Method>| {
        let id = settles.last().unwrap().id;
        channel_error(case, 406, "unknown delivery tag 1", id, move |s| {
            s.call(&queue_declare(queue).exclusive());
            s.publish(&basic_publish("", queue), &content(b""));
            s.call(&gets);
            s.peer.expect_frame();
            for settle in &settles {
                s.send(settle);
            }
        })
    };
    vec![
        unknown(1, basic_ack(1)),
        unknown(1, basic_ack(1).multiple()),
        unknown(0, basic_ack(0)),
        unknown(1, basic_nack(1)),
        unknown(7, basic_nack(7).multiple().requeue()),
        unknown(0, basic_nack(0)),
        unknown(1, basic_reject(1)),
        unknown(0, basic_reject(0).requeue()),
        got("settling twice", "b.twice", basic_get("b.twice"), vec![basic_ack(1), basic_ack(1)]),
        got(
            "rejecting what was acknowledged",
            "b.reject",
            basic_get("b.reject"),
            vec![basic_ack(1), basic_reject(1)],
        ),
        got(
            "settling what needs no ack",
            "b.noack",
            basic_get("b.noack").no_ack(),
            vec![basic_ack(1)],
        ),
    ]
}

fn settling_others() -> Vec<Row> {
    vec![
        channel_error(
            "settling up to a tag that is not outstanding, with a smaller one that is",
            406,
            "unknown delivery tag 2",
            BASIC_ACK,
            |s| {
                s.call(&queue_declare("b.upto").exclusive());
                s.publish(&basic_publish("", "b.upto"), &content(b""));
                s.call(&basic_get("b.upto"));
                s.peer.expect_frame();
                s.send(&basic_ack(2).multiple());
            },
        ),
        channel_error(
            "settling another channel's delivery",
            406,
            "unknown delivery tag 1",
            BASIC_NACK,
            |s| {
                let other = s.number + 1000;
                s.call(&queue_declare("b.other").exclusive());
                s.publish(&basic_publish("", "b.other"), &content(b""));
                s.call(&queue_declare("b.other").passive());
                s.peer.open(other).call(&basic_get("b.other"));
                s.peer.expect_frame();
                s.send(&basic_nack(1));
            },
        ),
        connection_error(
            "basic.recover without requeue",
            540,
            "requeue=false",
            BASIC_RECOVER,
            |s| {
                s.send(&basic_recover());
            },
        ),
        connection_error(
            "basic.recover-async without requeue",
            540,
            "requeue=false",
            BASIC_RECOVER_ASYNC,
            |s| s.send(&basic_recover_async()),
        ),
    ]
}

fn publishing() -> Vec<Row> {
    vec![
        channel_error(
            "basic.publish to no exchange",
            404,
            "no exchange 'nosuch' in vhost '/'",
            BASIC_PUBLISH,
            |s| s.publish(&basic_publish("nosuch", "k"), &content(b"hi")),
        ),
        channel_error(
            "basic.publish to an internal exchange",
            403,
            "cannot publish to internal exchange 'b.internal' in vhost '/'",
            BASIC_PUBLISH,
            |s| {
                s.call(&exchange_declare("b.internal", "fanout").internal());
                s.publish(&basic_publish("b.internal", "k"), &content(b"hi"));
            },
        ),
        connection_error("basic.publish immediate", 540, "immediate=true", BASIC_PUBLISH, |s| {
            s.publish(&basic_publish("", "nosuch").immediate(), &content(b"hi"));
        }),
        channel_error(
            "basic.publish in a transaction to no exchange",
            404,
            "no exchange 'nosuch' in vhost '/'",
            BASIC_PUBLISH,
            |s| {
                s.call(&tx_select());
                s.publish(&basic_publish("nosuch", "k"), &content(b"hi"));
            },
        ),
    ]
}

fn contents() -> Vec<Row> {
    let row = |case: &str, text: &str, message: Content| {
        channel_error(case, 406, text, BASIC_PUBLISH, move |s| {
            s.publish(&basic_publish("", "nosuch"), &message);
        })
    };
    let expiration = |value: &'static str, why: &str| {
        let text = format!("invalid expiration '{value}': {why}");
        row(&format!("expiration {value:?}"), &text, content(b"").expiration(value))
    };
    vec![
        row(
            "user-id of somebody else",
            "user_id property set to 'bob' but authenticated user was 'guest'",
            content(b"").user_id("bob"),
        ),
        expiration("abc", "no_integer"),
        expiration("10x", "{leftover_string,\"x\"}"),
        expiration("-1", "{value_negative,-1}"),
        expiration("", "no_integer"),
        expiration(" 5", "no_integer"),
        expiration("315360000001", "{value_too_large,315360000001}"),
        row(
            "CC that is no array",
            "invalid message: {unacceptable_type_in_header,\"CC\",longstr}",
            content(b"").headers(&[("CC", Field::Str("x"))]),
        ),
        row(
            "BCC that is no array",
            "invalid message: {unacceptable_type_in_header,\"BCC\",signedint}",
            content(b"").headers(&[("BCC", Field::Int(1))]),
        ),
    ]
}

fn sizes() -> Vec<Row> {
    let text = format!(
        "message size {} is larger than configured max size {MESSAGE_MAX}",
        MESSAGE_MAX + 1
    );
    vec![channel_error("message of 128 MiB and an octet", 406, &text, BASIC_PUBLISH, |s| {
        s.send(&basic_publish("", "nosuch"));
        s.frame(HEADER, &header(60, MESSAGE_MAX as u64 + 1));
        let part = vec![0; 64 * 1024];
        for _ in 0..MESSAGE_MAX / part.len() {
            s.frame(BODY, &part);
        }
        s.frame(BODY, &[0]);
    })]
}
