//! Methods that are lawful, but not now or not here (connection.md 8, method-state errors;
//! channel-and-basic.md 2, 11, 12).

use super::row::{Row, Stage, channel_error, connection_error};
use crate::raw::content::content;
use crate::raw::login::{Login, tune_ok};
use crate::raw::method::{
    BASIC_DELIVER, CHANNEL_FLOW, CHANNEL_OPEN, CONFIRM_SELECT, CONNECTION_BLOCKED, Method, NONE,
    QUEUE_DECLARE_OK, TX_COMMIT, TX_ROLLBACK, TX_SELECT, basic_qos, channel_close,
    channel_close_ok, channel_flow, channel_open, confirm_select, connection_close,
    connection_close_ok, connection_open, queue_declare, tx_commit, tx_rollback, tx_select,
};
use crate::raw::wire::{BODY, short_str};

const RUNNING: &str = "unexpected method in connection state running";
const UNIMPLEMENTED: &str = "unimplemented method";

pub fn rows() -> Vec<Row> {
    [on_channel_0(), on_a_channel(), channels(), modes()].into_iter().flatten().collect()
}

fn on_channel_0() -> Vec<Row> {
    let row = |case, method: Method| {
        let id = method.id;
        connection_error(case, 504, RUNNING, id, move |s| s.peer.send(&method)).on(Stage::Open)
    };
    let blocked = Method::raw(CONNECTION_BLOCKED, short_str(b"why"));
    vec![
        row("channel.open on channel 0", channel_open()),
        row("queue.declare on channel 0", queue_declare("state")),
        row("start-ok again", Login::default().start_ok()),
        row("tune-ok again", tune_ok(2047, 131_072, 0)),
        row("connection.open again", connection_open("/")),
        row("connection.close-ok unasked", connection_close_ok()),
        row("connection.blocked from a client", blocked),
    ]
}

fn on_a_channel() -> Vec<Row> {
    let row = |case, method: Method| {
        let id = method.id;
        connection_error(case, 503, UNIMPLEMENTED, id, move |s| s.send(&method))
    };
    let declare_ok = [&short_str(b"q")[..], &[0; 8]].concat();
    let delivery = [&short_str(b"tag")[..], &[0; 8], &[0], &short_str(b""), &short_str(b"q")];
    let deliver = Method::raw(BASIC_DELIVER, delivery.concat());
    vec![
        row("connection.open on a channel", connection_open("/")),
        row("connection.close on a channel", connection_close()),
        row("channel.close-ok unasked", channel_close_ok()),
        row("queue.declare-ok from a client", Method::raw(QUEUE_DECLARE_OK, declare_ok)),
        connection_error(
            "basic.deliver from a client",
            503,
            UNIMPLEMENTED,
            BASIC_DELIVER,
            move |s| {
                s.publish(&deliver, &content(b"hi"));
            },
        ),
    ]
}

fn channels() -> Vec<Row> {
    let first = |case, method: Method| {
        let (id, text) = (method.id, "expected 'channel.open'");
        connection_error(case, 504, text, id, move |s| {
            s.peer.channel(9).send(&method);
        })
        .on(Stage::Open)
    };
    vec![
        first("queue.declare on a channel that is not open", queue_declare("state")),
        first("basic.qos on a channel that is not open", basic_qos(0, 1)),
        first("channel.close on a channel that is not open", channel_close()),
        connection_error(
            "body on a channel that is not open",
            505,
            "expected method frame, got non method frame instead",
            NONE,
            |s| s.peer.frame(BODY, 9, b"hi"),
        )
        .on(Stage::Open),
        connection_error(
            "channel.open beyond the number agreed on",
            530,
            "number of channels opened (2) has reached the negotiated channel_max (2)",
            NONE,
            |s| {
                s.peer.tune(&Login { channel_max: Some(2), ..Login::default() });
                s.peer.channel(0).call(&connection_open("/"));
                s.peer.open(1);
                s.peer.open(2);
                s.peer.channel(3).send(&channel_open());
            },
        )
        .on(Stage::Started),
        connection_error(
            "second channel.open",
            504,
            "second 'channel.open' seen",
            CHANNEL_OPEN,
            |s| s.send(&channel_open()),
        ),
        connection_error(
            "channel.flow that stops the flow",
            540,
            "active=false",
            CHANNEL_FLOW,
            |s| {
                s.send(&channel_flow());
            },
        ),
    ]
}

fn modes() -> Vec<Row> {
    vec![
        channel_error(
            "confirm.select on a tx channel",
            406,
            "cannot switch from tx to confirm mode",
            CONFIRM_SELECT,
            |s| {
                s.call(&tx_select());
                s.send(&confirm_select());
            },
        ),
        channel_error(
            "confirm.select with no-wait on a tx channel",
            406,
            "cannot switch from tx to confirm mode",
            CONFIRM_SELECT,
            |s| {
                s.call(&tx_select());
                s.send(&confirm_select().no_wait());
            },
        ),
        channel_error(
            "tx.select on a confirming channel",
            406,
            "cannot switch from confirm to tx mode",
            TX_SELECT,
            |s| {
                s.call(&confirm_select());
                s.send(&tx_select());
            },
        ),
        channel_error(
            "tx.commit without tx.select",
            406,
            "channel is not transactional",
            TX_COMMIT,
            |s| s.send(&tx_commit()),
        ),
        channel_error(
            "tx.rollback without tx.select",
            406,
            "channel is not transactional",
            TX_ROLLBACK,
            |s| s.send(&tx_rollback()),
        ),
    ]
}
