//! queue.* (channel-and-basic.md 4).

use super::row::{Row, channel_error};
use crate::raw::close::Scope;
use crate::raw::content::content;
use crate::raw::method::{
    BASIC_ACK, BASIC_DELIVER, Method, QUEUE_BIND, QUEUE_DECLARE, QUEUE_DELETE, QUEUE_UNBIND,
    basic_consume, basic_get, basic_publish, basic_qos, confirm_select, queue_bind, queue_declare,
    queue_delete, queue_purge, queue_unbind,
};
use crate::raw::wire::Field;

const DEFAULT: &str = "operation not permitted on the default exchange";

pub fn rows() -> Vec<Row> {
    let declared = [missing(), undeclared(), equivalence(), dead_letters(), single_active()];
    let used = [exclusive(), conditions(), keys()];
    declared.into_iter().chain(used).flatten().collect()
}

fn row(case: &str, code: u16, text: &str, method: Method) -> Row {
    let id = method.id;
    channel_error(case, code, text, id, move |s| s.send(&method))
}

fn missing() -> Vec<Row> {
    let none = "no queue 'nosuch' in vhost '/'";
    let no_exchange = channel_error(
        "queue.bind to no exchange",
        404,
        "no exchange 'nosuch' in vhost '/'",
        QUEUE_BIND,
        |s| {
            s.call(&queue_declare("q.bind").exclusive());
            s.send(&queue_bind("q.bind", "nosuch", ""));
        },
    );
    vec![
        row("queue.declare passive of none", 404, none, queue_declare("nosuch").passive()),
        row(
            "queue.declare with no-wait, passive of none",
            404,
            none,
            queue_declare("nosuch").passive().no_wait(),
        ),
        row(
            "queue.declare passive of a name with CR and LF in it",
            404,
            none,
            queue_declare("no\r\nsuch").passive(),
        ),
        row(
            "queue.declare passive without a name",
            404,
            "no queue '' in vhost '/'",
            queue_declare("").passive(),
        ),
        row(
            "queue.declare of a reserved name",
            403,
            "queue name 'amq.foo' contains reserved prefix 'amq.*'",
            queue_declare("amq.foo"),
        ),
        row(
            "queue.declare passive of a reserved name that nothing has",
            404,
            "no queue 'amq.nosuch' in vhost '/'",
            queue_declare("amq.nosuch").passive(),
        ),
        row("queue.bind of none", 404, none, queue_bind("nosuch", "amq.direct", "")),
        row("queue.purge of none", 404, none, queue_purge("nosuch")),
        row("basic.get from none", 404, none, basic_get("nosuch")),
        row("basic.consume from none", 404, none, basic_consume("nosuch", "")),
        no_exchange,
    ]
}

/// The empty name stands for the queue last declared on the channel, and there is none.
fn undeclared() -> Vec<Row> {
    let text = "no previously declared queue";
    vec![
        row("queue.bind of the last queue", 404, text, queue_bind("", "amq.direct", "k")),
        row("queue.unbind of the last queue", 404, text, queue_unbind("", "amq.direct", "k")),
        row("queue.purge of the last queue", 404, text, queue_purge("")),
        row("queue.delete of the last queue", 404, text, queue_delete("")),
        row("basic.get from the last queue", 404, text, basic_get("")),
        row("basic.consume from the last queue", 404, text, basic_consume("", "")),
    ]
}

fn locked(queue: &str) -> String {
    format!(
        "cannot obtain exclusive access to locked queue '{queue}' in vhost '/'. It could be \
         originally declared on another connection or the exclusive property value does not match \
         that of the original declaration."
    )
}

/// The second declaration, after the first, is refused.
fn differs(case: &str, first: Method, second: Method, code: u16, text: &str) -> Row {
    channel_error(case, code, text, QUEUE_DECLARE, move |s| {
        s.call(&first);
        s.send(&second);
    })
}

fn single_active() -> Vec<Row> {
    let single = |queue, value| {
        let arguments = [("x-single-active-consumer", Field::Bool(value))];
        queue_declare(queue).exclusive().arguments(&arguments)
    };
    vec![
        differs(
            "queue.declare with a single active consumer, of one without",
            queue_declare("q.all").exclusive(),
            single("q.all", true),
            406,
            "inequivalent arg 'x-single-active-consumer' for queue 'q.all' in vhost '/': \
             received the value 'true' of type 'bool' but current is none",
        ),
        differs(
            "queue.declare without a single active consumer, of one with",
            single("q.single", true),
            single("q.single", false),
            406,
            "inequivalent arg 'x-single-active-consumer' for queue 'q.single' in vhost '/': \
             received 'false' but current is 'true'",
        ),
    ]
}

fn equivalence() -> Vec<Row> {
    vec![
        differs(
            "queue.declare that does not last, of one that does",
            queue_declare("q.durable").durable(),
            queue_declare("q.durable").auto_delete(),
            406,
            "inequivalent arg 'durable' for queue 'q.durable' in vhost '/': \
             received 'false' but current is 'true'",
        ),
        differs(
            "queue.declare with another auto-delete",
            queue_declare("q.auto").durable(),
            queue_declare("q.auto").durable().auto_delete(),
            406,
            "inequivalent arg 'auto_delete' for queue 'q.auto' in vhost '/': \
             received 'true' but current is 'false'",
        ),
        differs(
            "queue.declare quorum of a classic queue",
            queue_declare("q.type").durable(),
            queue_declare("q.type").durable().arguments(&[("x-queue-type", Field::Str("quorum"))]),
            406,
            "inequivalent arg 'x-queue-type' for queue 'q.type' in vhost '/': \
             received 'quorum' but current is 'classic'",
        )
        .rabbitmq_3_10_closes(
            Scope::Channel,
            406,
            "inequivalent arg 'x-queue-type' for queue 'q.type' in vhost '/': \
             received the value 'quorum' of type 'longstr' but current is none",
        ),
        differs(
            "queue.declare exclusive of a shared queue",
            queue_declare("q.shared").durable(),
            queue_declare("q.shared").exclusive(),
            405,
            &locked("q.shared"),
        ),
        differs(
            "queue.declare shared of the connection's exclusive queue",
            queue_declare("q.own").exclusive(),
            queue_declare("q.own"),
            405,
            &locked("q.own"),
        ),
        differs(
            "queue.declare with an argument that the queue does not have",
            queue_declare("q.args").durable(),
            queue_declare("q.args").durable().arguments(&[("x-message-ttl", Field::Int(5))]),
            406,
            "inequivalent arg 'x-message-ttl' for queue 'q.args' in vhost '/': \
             received the value '5' of type 'signedint' but current is none",
        ),
        differs(
            "queue.declare with an invalid argument, of a queue that exists",
            queue_declare("q.args").durable(),
            queue_declare("q.args").durable().arguments(&[("x-max-length", Field::Int(-1))]),
            406,
            "inequivalent arg 'x-max-length' for queue 'q.args' in vhost '/': \
             received the value '-1' of type 'signedint' but current is none",
        ),
    ]
}

fn dead_letters() -> Vec<Row> {
    vec![channel_error(
        "queue.declare with another dead letter exchange",
        406,
        "inequivalent arg 'x-dead-letter-exchange' for queue 'w.dlx' in vhost '/': \
         received 'b' but current is 'a'",
        QUEUE_DECLARE,
        |s| {
            let to = |exchange| [("x-dead-letter-exchange", Field::Str(exchange))];
            s.call(&queue_declare("w.dlx").exclusive().arguments(&to("a")));
            s.send(&queue_declare("w.dlx").exclusive().arguments(&to("b")));
        },
    )]
}

fn exclusive() -> Vec<Row> {
    let locks = |queue: &'static str, method: Method| {
        let case = format!("{:?} on another connection's exclusive queue", method.id);
        let id = method.id;
        channel_error(&case, 405, &locked(queue), id, move |s| {
            s.another().channel(1).call(&queue_declare(queue).exclusive());
            s.send(&method);
        })
    };
    vec![
        locks("q.ex1", queue_declare("q.ex1")),
        locks("q.ex2", queue_declare("q.ex2").exclusive()),
        locks("q.ex3", queue_declare("q.ex3").passive()),
        locks("q.ex4", queue_bind("q.ex4", "amq.direct", "k")),
        locks("q.ex5", queue_purge("q.ex5")),
        locks("q.ex6", queue_delete("q.ex6")),
        locks("q.ex7", basic_get("q.ex7")),
        locks("q.ex8", basic_consume("q.ex8", "")),
    ]
}

fn conditions() -> Vec<Row> {
    vec![
        channel_error(
            "queue.delete if unused, with a consumer",
            406,
            "queue 'q.used' in vhost '/' in use",
            QUEUE_DELETE,
            |s| {
                s.call(&queue_declare("q.used").exclusive());
                s.call(&basic_consume("q.used", "waiting"));
                s.send(&queue_delete("q.used").if_unused());
            },
        ),
        channel_error(
            "queue.delete if empty, with a message",
            406,
            "queue 'q.full' in vhost '/' not empty",
            QUEUE_DELETE,
            |s| {
                s.call(&queue_declare("q.full").exclusive());
                s.publish(&basic_publish("", "q.full"), &content(b"hi"));
                s.send(&queue_delete("q.full").if_empty());
            },
        ),
        channel_error(
            "queue.delete if empty and unused, with a message and a consumer",
            406,
            "queue 'q.both' in vhost '/' not empty",
            QUEUE_DELETE,
            |s| {
                s.call(&queue_declare("q.both").exclusive());
                s.call(&basic_qos(0, 1));
                s.call(&basic_consume("q.both", "full"));
                s.publish(&basic_publish("", "q.both"), &content(b""));
                s.peer.expect_method(s.number, BASIC_DELIVER);
                s.peer.expect_frame();
                s.call(&confirm_select());
                s.publish(&basic_publish("", "q.both"), &content(b""));
                s.peer.expect_method(s.number, BASIC_ACK);
                s.send(&queue_delete("q.both").if_unused().if_empty());
            },
        ),
    ]
}

fn keys() -> Vec<Row> {
    vec![
        channel_error("queue.bind to the default exchange", 403, DEFAULT, QUEUE_BIND, |s| {
            s.call(&queue_declare("q.default").exclusive());
            s.send(&queue_bind("q.default", "", "k"));
        }),
        channel_error("queue.unbind from the default exchange", 403, DEFAULT, QUEUE_UNBIND, |s| {
            s.call(&queue_declare("q.default2").exclusive());
            s.send(&queue_unbind("q.default2", "", "q.default2"));
        }),
        channel_error(
            "queue.bind to a topic exchange with three #",
            406,
            "Topic binding key '#.#.#' uses 3 '#' wildcards, at most 2 are allowed",
            QUEUE_BIND,
            |s| {
                s.call(&queue_declare("q.topic").exclusive());
                s.send(&queue_bind("q.topic", "amq.topic", "#.#.#"));
            },
        )
        .rabbitmq_3_10_accepts(),
    ]
}
