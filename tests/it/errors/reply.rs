//! Direct reply-to (queue-and-exchange-arguments.md 7).

use super::row::{Row, channel_error};
use crate::raw::close::Scope;
use crate::raw::content::content;
use crate::raw::method::{
    BASIC_CONSUME, BASIC_PUBLISH, Method, basic_consume, basic_get, basic_publish, queue_bind,
    queue_declare, queue_unbind,
};

/// What clients consume replies from.
const REPLY_TO: &str = "amq.rabbitmq.reply-to";

/// A name as the broker makes them, which it never made.
const DEAD: &str = "amq.rabbitmq.reply-to.AAAAAAAAAAAAAAAAAAAAAA";

pub fn rows() -> Vec<Row> {
    let consume = || basic_consume(REPLY_TO, "").no_ack();
    let row = |case, code, text: &str, method: Method| {
        let id = method.id;
        channel_error(case, code, text, id, move |s| s.send(&method))
    };
    let malformed = format!("no queue '{REPLY_TO}.foo' in vhost '/'");
    let bound = "cannot bind or unbind to a volatile (direct reply-to) queue";
    let missing = format!("no queue '{REPLY_TO}' in vhost '/'");
    let dead = format!("no queue '{DEAD}' in vhost '/'");
    vec![
        channel_error(
            "basic.publish that wants a reply nobody waits for",
            406,
            "fast reply consumer does not exist",
            BASIC_PUBLISH,
            |s| {
                let message = content(b"").reply_to(REPLY_TO);
                s.publish(&basic_publish("", "nosuch"), &message);
            },
        ),
        row(
            "basic.consume of replies with acks",
            406,
            "reply consumer cannot acknowledge",
            basic_consume(REPLY_TO, ""),
        ),
        channel_error(
            "basic.consume of replies twice",
            406,
            "reply consumer already set",
            BASIC_CONSUME,
            move |s| {
                s.call(&consume());
                s.send(&consume());
            },
        ),
        row(
            "queue.declare of a malformed name for replies",
            404,
            &malformed,
            queue_declare(&format!("{REPLY_TO}.foo")),
        ),
        row(
            "queue.bind of the queue of replies",
            404,
            &missing,
            queue_bind(REPLY_TO, "amq.direct", "k"),
        ),
        row("queue.bind of a name for replies", 403, bound, queue_bind(DEAD, "amq.direct", "k"))
            .rabbitmq_3_10_closes(Scope::Channel, 404, &dead),
        row(
            "queue.unbind of a name for replies",
            403,
            bound,
            queue_unbind(DEAD, "amq.direct", "k"),
        )
        .rabbitmq_3_10_unchecked(),
        row("basic.get of replies", 404, &missing, basic_get(REPLY_TO)),
        row("basic.consume of a dead name for replies", 404, &dead, basic_consume(DEAD, "")),
        row("queue.declare of a dead name for replies", 404, &dead, queue_declare(DEAD)),
        row(
            "queue.declare of a dead name for replies, passive",
            404,
            &dead,
            queue_declare(DEAD).passive(),
        ),
        row("basic.get of a dead name for replies", 404, &dead, basic_get(DEAD)),
    ]
}
