//! What waits for users, permissions, limits and operators.

use crate::errors::row::{Row, Scene, Stage, channel_error, connection_error};
use crate::raw::content::content;
use crate::raw::login::Login;
use crate::raw::method::{
    BASIC_CONSUME, CONNECTION_OPEN, EXCHANGE_DECLARE, Method, NONE, QUEUE_DECLARE, basic_consume,
    basic_get, basic_publish, channel_open, connection_open, exchange_declare, queue_bind,
    queue_declare, queue_delete, queue_purge, update_secret,
};

pub fn permissions() -> Vec<Row> {
    let queue = "queue 'q'";
    vec![
        refused("configure", queue, queue_declare("q")),
        refused("configure", queue, queue_delete("q")),
        refused("configure", "exchange 'x'", exchange_declare("x", "direct")),
        refused("write", queue, queue_bind("q", "amq.direct", "k")),
        refused("read", queue, queue_purge("q")),
        refused("read", queue, basic_get("q")),
        refused("read", queue, basic_consume("q", "")),
        refused("write", "exchange 'amq.direct'", basic_publish("amq.direct", "k")),
        refused("write", "exchange 'amq.default'", basic_publish("", "q")),
        refused(
            "write",
            "topic 'zz.x' in exchange 'amq.topic'",
            basic_publish("amq.topic", "zz.x"),
        ),
        connection_error(
            "connection.open of a vhost that the user may not enter",
            530,
            "access to vhost '/' refused for user 'stranger'",
            CONNECTION_OPEN,
            |s| {
                restricted(s, "\0stranger\0stranger");
                s.peer.send(&connection_open("/"));
            },
        )
        .on(Stage::Started)
        .rabbitmq_3_10_unchecked(),
    ]
}

/// Tries `method` as a user `restricted`, who may enter the vhost and nothing else.
fn refused(access: &str, resource: &str, method: Method) -> Row {
    let text = format!("{access} access to {resource} in vhost '/' refused for user 'restricted'");
    let id = method.id;
    channel_error(&format!("{access} access refused for {id:?}"), 403, &text, id, move |s| {
        restricted(s, "\0restricted\0restricted");
        s.peer.send(&connection_open("/"));
        s.peer.channel(1).send(&channel_open()).publish(&method, &content(b""));
    })
    .on(Stage::Started)
    .rabbitmq_3_10_unchecked()
}

fn restricted(s: &mut Scene, response: &str) {
    s.peer.send(&Login::response("PLAIN", response.as_bytes()).start_ok());
    s.peer.send(&Login::default().tune_ok(2047, 131_072));
}

pub fn limits() -> Vec<Row> {
    let opens = |case, text, user: &'static str, vhost: &'static str| {
        connection_error(case, 530, text, CONNECTION_OPEN, move |s| {
            restricted(s, user);
            s.peer.send(&connection_open(vhost));
        })
        .on(Stage::Started)
        .rabbitmq_3_10_unchecked()
    };
    let channels = |case, text| {
        connection_error(case, 530, text, NONE, |s| {
            restricted(s, "\0limited\0limited");
            s.peer.send(&connection_open("/"));
            for number in 1..4 {
                s.peer.channel(number).send(&channel_open());
            }
        })
        .on(Stage::Started)
        .rabbitmq_3_10_unchecked()
    };
    vec![
        opens(
            "connections to a vhost",
            "access to vhost 'limited' refused for user 'guest': connection limit (0) is reached",
            "\0guest\0guest",
            "limited",
        ),
        opens(
            "connections of a user",
            "connection refused for user 'limited': user connection limit (0) is reached",
            "\0limited\0limited",
            "/",
        ),
        opens(
            "connections to a node",
            "connection refused: node connection limit (0) is reached",
            "\0guest\0guest",
            "/",
        ),
        channels(
            "channels of a user",
            "number of channels opened for user 'limited' has reached the maximum allowed user \
             limit of 2",
        ),
        channels(
            "channels of a node",
            "number of channels opened on node 'leveret' has reached the maximum allowed limit of 2",
        ),
    ]
}

pub fn numbers() -> Vec<Row> {
    vec![
        connection_error(
            "consumers of a channel",
            530,
            "reached maximum (2) of consumers per channel",
            BASIC_CONSUME,
            |s| {
                s.call(&queue_declare("w.consumers").exclusive());
                for _ in 0..3 {
                    s.send(&basic_consume("w.consumers", ""));
                }
            },
        )
        .rabbitmq_3_10_unchecked(),
        channel_error(
            "queues in a vhost",
            406,
            "cannot declare queue 'w.q3': queue limit in vhost '/' (2) is reached",
            QUEUE_DECLARE,
            |s| {
                for queue in ["w.q1", "w.q2", "w.q3"] {
                    s.send(&queue_declare(queue).exclusive());
                }
            },
        )
        .rabbitmq_3_10_unchecked(),
        channel_error(
            "exchanges in a cluster",
            406,
            "cannot declare exchange 'w.x' in vhost '/': exchange limit of 2 is reached",
            EXCHANGE_DECLARE,
            |s| s.send(&exchange_declare("w.x", "direct").auto_delete()),
        )
        .rabbitmq_3_10_unchecked(),
    ]
}

pub fn tokens() -> Vec<Row> {
    vec![
        connection_error(
            "connection.update-secret that is refused",
            530,
            "New secret was refused by one of the backends",
            (10, 70),
            |s| s.peer.send(&update_secret("expired")),
        )
        .on(Stage::Open)
        .rabbitmq_3_10_unchecked(),
    ]
}

/// The operator acts in place of the script.
pub fn commands() -> Vec<Row> {
    let forced = |case, text: &str| {
        connection_error(case, 320, text, NONE, |_| ()).on(Stage::Open).rabbitmq_3_10_unchecked()
    };
    vec![
        forced("connection closed by the operator", "R"),
        forced("connection closed by the management API", "Closed via management plugin"),
        forced("user deleted", "user 'guest' is deleted"),
        forced("vhost deleted", "vhost '/' is deleted"),
        forced("node drained", "Node was put into maintenance mode"),
        forced("credentials expired", "credential expired"),
    ]
}
