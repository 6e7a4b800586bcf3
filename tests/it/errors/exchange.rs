//! exchange.* (channel-and-basic.md 3).

use super::row::{Row, channel_error};
use crate::raw::close::Scope;
use crate::raw::method::{
    EXCHANGE_BIND, EXCHANGE_DECLARE, EXCHANGE_DELETE, EXCHANGE_UNBIND, Method, exchange_bind,
    exchange_declare, exchange_delete, exchange_unbind, queue_bind, queue_declare,
};
use crate::raw::wire::Field;

const DEFAULT: &str = "operation not permitted on the default exchange";

pub fn rows() -> Vec<Row> {
    [equivalence(), declarations(), deletions(), bindings()].into_iter().flatten().collect()
}

/// The second declaration asks for something else than the first, which wins.
fn differs(field: &str, first: Method, second: Method, tail: &str) -> Row {
    let case = format!("exchange.declare with another {field}");
    let text = format!("inequivalent arg '{field}' for exchange 'x.{field}' in vhost '/': {tail}");
    channel_error(&case, 406, &text, EXCHANGE_DECLARE, move |s| {
        s.call(&first);
        s.send(&second);
    })
}

fn with_alternate(exchange: &str, alternate: &'static str) -> Method {
    exchange_declare(exchange, "direct").arguments(&[("alternate-exchange", Field::Str(alternate))])
}

fn equivalence() -> Vec<Row> {
    vec![
        differs(
            "type",
            exchange_declare("x.type", "direct"),
            exchange_declare("x.type", "fanout").durable(),
            "received 'fanout' but current is 'direct'",
        ),
        differs(
            "durable",
            exchange_declare("x.durable", "direct"),
            exchange_declare("x.durable", "direct").durable().auto_delete(),
            "received 'true' but current is 'false'",
        ),
        differs(
            "auto_delete",
            exchange_declare("x.auto_delete", "direct").auto_delete(),
            exchange_declare("x.auto_delete", "direct").internal(),
            "received 'false' but current is 'true'",
        ),
        differs(
            "internal",
            exchange_declare("x.internal", "direct"),
            exchange_declare("x.internal", "direct").internal(),
            "received 'true' but current is 'false'",
        ),
        differs(
            "alternate-exchange",
            exchange_declare("x.alternate-exchange", "direct"),
            with_alternate("x.alternate-exchange", "ae"),
            "received the value 'ae' of type 'longstr' but current is none",
        ),
        channel_error(
            "exchange.declare without the alternate exchange it has",
            406,
            "inequivalent arg 'alternate-exchange' for exchange 'x.ae1' in vhost '/': \
             received none but current is the value 'nosuch' of type 'longstr'",
            EXCHANGE_DECLARE,
            |s| {
                s.call(&with_alternate("x.ae1", "nosuch"));
                s.send(&exchange_declare("x.ae1", "direct"));
            },
        ),
        channel_error(
            "exchange.declare with another alternate exchange",
            406,
            "inequivalent arg 'alternate-exchange' for exchange 'x.ae2' in vhost '/': \
             received 'nosuch2' but current is 'nosuch'",
            EXCHANGE_DECLARE,
            |s| {
                s.call(&with_alternate("x.ae2", "nosuch"));
                s.send(&with_alternate("x.ae2", "nosuch2"));
            },
        ),
        channel_error(
            "exchange.declare of a predeclared exchange with another type",
            406,
            "inequivalent arg 'type' for exchange 'amq.direct' in vhost '/': \
             received 'topic' but current is 'direct'",
            EXCHANGE_DECLARE,
            |s| s.send(&exchange_declare("amq.direct", "topic").durable()),
        ),
        channel_error(
            "exchange.declare of a predeclared exchange that does not last",
            406,
            "inequivalent arg 'durable' for exchange 'amq.direct' in vhost '/': \
             received 'false' but current is 'true'",
            EXCHANGE_DECLARE,
            |s| s.send(&exchange_declare("amq.direct", "direct")),
        ),
    ]
}

fn declarations() -> Vec<Row> {
    let row = |case, code, text: &str, method: Method| {
        channel_error(case, code, text, EXCHANGE_DECLARE, move |s| s.send(&method))
    };
    let odd =
        exchange_declare("x.odd", "direct").arguments(&[("alternate-exchange", Field::Int(1))]);
    let unknown = |kind| {
        let text = format!("unknown exchange type '{kind}'");
        row("exchange.declare of an unknown type", 406, &text, exchange_declare("x.kind", kind))
    };
    vec![
        row(
            "exchange.declare passive of none",
            404,
            "no exchange 'nosuch' in vhost '/'",
            exchange_declare("nosuch", "direct").passive(),
        ),
        row(
            "exchange.declare with no-wait, passive of none",
            404,
            "no exchange 'nosuch' in vhost '/'",
            exchange_declare("nosuch", "direct").passive().no_wait(),
        ),
        row(
            "exchange.declare passive of a name with CR and LF in it",
            404,
            "no exchange 'nosuch' in vhost '/'",
            exchange_declare("no\r\nsuch", "direct").passive(),
        ),
        row("exchange.declare of the default one", 403, DEFAULT, exchange_declare("", "direct")),
        row(
            "exchange.declare passive of the default one",
            403,
            DEFAULT,
            exchange_declare("", "direct").passive(),
        ),
        row(
            "exchange.declare of a reserved name",
            403,
            "exchange name 'amq.foo' contains reserved prefix 'amq.*'",
            exchange_declare("amq.foo", "direct"),
        ),
        unknown("foo").rabbitmq_3_10_unchecked(),
        unknown("x-jms-topic").rabbitmq_3_10_closes(
            Scope::Connection,
            503,
            "unknown exchange type 'x-jms-topic'",
        ),
        row(
            "exchange.declare with an alternate exchange that is no string",
            406,
            "invalid type 'signedint' for arg 'alternate-exchange' in exchange 'x.odd' in vhost '/'",
            odd,
        ),
    ]
}

fn deletions() -> Vec<Row> {
    let row = |case, text, method: Method| {
        channel_error(case, 403, text, EXCHANGE_DELETE, move |s| s.send(&method))
    };
    vec![
        row("exchange.delete of the default one", DEFAULT, exchange_delete("")),
        row(
            "exchange.delete of a predeclared exchange",
            "deletion of system exchange 'amq.direct' in vhost '/' not allowed",
            exchange_delete("amq.direct"),
        ),
        row(
            "exchange.delete of a reserved name that nothing has",
            "deletion of system exchange 'amq.nosuch' in vhost '/' not allowed",
            exchange_delete("amq.nosuch"),
        ),
        channel_error(
            "exchange.delete if unused, with a binding",
            406,
            "exchange 'x.used' in vhost '/' in use",
            EXCHANGE_DELETE,
            |s| {
                s.call(&exchange_declare("x.used", "direct"));
                s.call(&queue_declare("x.used").exclusive());
                s.call(&queue_bind("x.used", "x.used", "k"));
                s.send(&exchange_delete("x.used").if_unused());
            },
        ),
    ]
}

fn bindings() -> Vec<Row> {
    let row = |case, code, text, method: Method| {
        let id = method.id;
        assert!([EXCHANGE_BIND, EXCHANGE_UNBIND].contains(&id));
        channel_error(case, code, text, id, move |s| s.send(&method))
    };
    let none = "no exchange 'nosuch' in vhost '/'";
    vec![
        row("exchange.bind from none", 404, none, exchange_bind("amq.fanout", "nosuch", "")),
        row("exchange.bind to none", 404, none, exchange_bind("nosuch", "amq.fanout", "")),
        row(
            "exchange.bind from the default one",
            403,
            DEFAULT,
            exchange_bind("amq.fanout", "", ""),
        ),
        row("exchange.bind to the default one", 403, DEFAULT, exchange_bind("", "amq.fanout", "")),
        row(
            "exchange.unbind from the default one",
            403,
            DEFAULT,
            exchange_unbind("amq.fanout", "", ""),
        ),
        row(
            "exchange.unbind to the default one",
            403,
            DEFAULT,
            exchange_unbind("", "amq.fanout", ""),
        ),
    ]
}
