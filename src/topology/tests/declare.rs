//! Declaring exchanges and queues, and binding them.

use super::*;
use crate::amqp::testing::table;
use ReplyCode::{AccessRefused, NotFound, PreconditionFailed, ResourceLocked};

#[track_caller]
fn assert_differs(result: Result<Outcome, Error>, text: &str) {
    assert_refused(result, PreconditionFailed, &format!("inequivalent arg {text}"));
}

#[test]
fn a_new_virtual_host_has_the_predeclared_exchanges() {
    let topology = vhost();

    let exchanges: Vec<_> = topology
        .exchanges()
        .map(|x| x.definition())
        .map(|x| (x.name.as_str(), x.kind.name(), x.durable, x.internal))
        .collect();

    assert_eq!(
        exchanges,
        [
            ("", "direct", true, false),
            ("amq.direct", "direct", true, false),
            ("amq.fanout", "fanout", true, false),
            ("amq.headers", "headers", true, false),
            ("amq.match", "headers", true, false),
            ("amq.rabbitmq.trace", "topic", true, true),
            ("amq.topic", "topic", true, false),
        ]
    );
}

#[test]
fn declaring_an_exchange_again_changes_nothing() {
    let mut topology = vhost();

    let first = topology.declare_x(exchange("x", ExchangeKind::Topic)).unwrap();
    let revision = topology.revision();
    let second = topology.declare_x(exchange("x", ExchangeKind::Topic)).unwrap();

    assert_eq!(log(&first), ["+x x durable"]);
    assert!(second.is_empty());
    assert_eq!(topology.revision(), revision);
    assert!(topology.declare_x(exchange("amq.direct", ExchangeKind::Direct)).unwrap().is_empty());
}

#[test]
fn an_exchange_with_other_attributes_is_told_the_first_that_differs() {
    let mut topology = vhost();
    topology.declare_x(exchange("p.x", ExchangeKind::Direct)).unwrap();
    let mut other = exchange("p.x", ExchangeKind::Direct);

    other.internal = true;
    assert_differs(
        topology.declare_x(other.clone()),
        "'internal' for exchange 'p.x' in vhost '/': received 'true' but current is 'false'",
    );
    other.auto_delete = true;
    assert_differs(
        topology.declare_x(other.clone()),
        "'auto_delete' for exchange 'p.x' in vhost '/': received 'true' but current is 'false'",
    );
    other.durable = false;
    assert_differs(
        topology.declare_x(other.clone()),
        "'durable' for exchange 'p.x' in vhost '/': received 'false' but current is 'true'",
    );
    other.kind = ExchangeKind::Fanout;
    assert_differs(
        topology.declare_x(other),
        "'type' for exchange 'p.x' in vhost '/': received 'fanout' but current is 'direct'",
    );
    assert_differs(
        topology.declare_x(exchange("amq.topic", ExchangeKind::Direct)),
        "'type' for exchange 'amq.topic' in vhost '/': received 'direct' but current is 'topic'",
    );
}

#[test]
fn of_an_exchanges_arguments_only_the_alternate_exchange_is_compared() {
    let mut topology = vhost();
    let with = |name, fields: &[(&str, Value<'_>)]| ExchangeDefinition {
        arguments: table(fields),
        ..exchange(name, ExchangeKind::Direct)
    };
    topology.declare_x(with("plain", &[("x-a", text("1"))])).unwrap();
    topology.declare_x(with("ae", &[("alternate-exchange", text("nosuch"))])).unwrap();

    assert!(topology.declare_x(with("plain", &[("x-b", Value::Void)])).unwrap().is_empty());
    assert_differs(
        topology.declare_x(with("plain", &[("alternate-exchange", text("ae"))])),
        "'alternate-exchange' for exchange 'plain' in vhost '/': received the value 'ae' of type \
         'longstr' but current is none",
    );
    assert_differs(
        topology.declare_x(with("ae", &[])),
        "'alternate-exchange' for exchange 'ae' in vhost '/': received none but current is the \
         value 'nosuch' of type 'longstr'",
    );
    assert_differs(
        topology.declare_x(with("ae", &[("alternate-exchange", text("nosuch2"))])),
        "'alternate-exchange' for exchange 'ae' in vhost '/': received 'nosuch2' but current is \
         'nosuch'",
    );
}

#[test]
fn an_alternate_exchange_is_named_by_a_string() {
    let mut topology = vhost();
    let arguments = table(&[("alternate-exchange", Value::Int(b'I', 5))]);

    assert_refused(
        topology
            .declare_x(ExchangeDefinition { arguments, ..exchange("p.xae", ExchangeKind::Direct) }),
        PreconditionFailed,
        "invalid type 'signedint' for arg 'alternate-exchange' in exchange 'p.xae' in vhost '/'",
    );
}

#[test]
fn names_that_begin_with_amq_are_the_servers() {
    let mut topology = vhost();

    assert_refused(
        topology.declare_x(exchange("amq.foo", ExchangeKind::Direct)),
        AccessRefused,
        "exchange name 'amq.foo' contains reserved prefix 'amq.*'",
    );
    assert_refused(
        topology.declare_q(queue("amq.foo")),
        AccessRefused,
        "queue name 'amq.foo' contains reserved prefix 'amq.*'",
    );
    let definition = queue("amq.gen-1");
    topology.apply(Command::DeclareQueue { definition, naming: Naming::Server }).unwrap();
    assert_refused(
        topology.declare_q(queue("amq.gen-1")),
        AccessRefused,
        "queue name 'amq.gen-1' contains reserved prefix 'amq.*'",
    );
    let predeclared = exchange("amq.direct", ExchangeKind::Direct);
    assert!(topology.declare_x(predeclared).unwrap().is_empty(), "it exists already");
}

#[test]
fn the_default_exchange_is_neither_declared_deleted_nor_bound() {
    let mut topology = vhost();
    topology.declare_q(queue("q")).unwrap();
    let text = "operation not permitted on the default exchange";

    let attempts = [
        topology.declare_x(exchange("", ExchangeKind::Direct)),
        topology.delete_x("", DeleteCondition::Always),
        topology.bind_to("", &to_queue("q"), "k"),
        topology.bind_to("nosuch", &to_exchange(""), "k"),
        topology.unbind_from("", &to_queue("q"), "q"),
        topology.unbind_from("amq.direct", &to_exchange(""), ""),
    ];

    for attempt in attempts {
        assert_refused(attempt, AccessRefused, text);
    }
}

#[test]
fn what_is_missing_is_named() {
    let mut topology = vhost();
    topology.declare_q(queue("q")).unwrap();
    let no_exchange = "no exchange 'nosuch' in vhost '/'";
    let no_queue = "no queue 'nosuch' in vhost '/'";

    assert_refused(topology.exchange(&exchange_name("nosuch")), NotFound, no_exchange);
    assert_refused(topology.queue(&queue_name("nosuch")), NotFound, no_queue);
    assert_refused(topology.queue_for(&queue_name("nosuch"), ME), NotFound, no_queue);
    assert_refused(topology.bind_to("nosuch", &to_queue("q"), ""), NotFound, no_exchange);
    assert_refused(topology.bind_to("amq.topic", &to_queue("nosuch"), ""), NotFound, no_queue);
    assert_refused(
        topology.bind_to("amq.topic", &to_exchange("nosuch"), ""),
        NotFound,
        no_exchange,
    );
    assert_refused(topology.bind_to("nosuch", &to_exchange("gone"), ""), NotFound, no_exchange);
}

#[test]
fn a_binding_that_the_exchange_does_not_take_is_refused() {
    let mut topology = vhost();
    topology.declare_q(queue("q")).unwrap();

    assert_refused(
        topology.bind_to("amq.topic", &to_queue("q"), "#.#.#"),
        PreconditionFailed,
        "Topic binding key '#.#.#' uses 3 '#' wildcards, at most 2 are allowed",
    );
}

#[test]
fn a_queue_with_other_attributes_is_told_the_first_that_differs() {
    let mut topology = vhost();
    topology.declare_q(queue("p.dur")).unwrap();
    let mut other = queue("p.dur");

    other.auto_delete = true;
    assert_differs(
        topology.declare_q(other.clone()),
        "'auto_delete' for queue 'p.dur' in vhost '/': received 'true' but current is 'false'",
    );
    other.durable = false;
    assert_differs(
        topology.declare_q(other.clone()),
        "'durable' for queue 'p.dur' in vhost '/': received 'false' but current is 'true'",
    );
    other.exclusive_owner = Some(ME);
    assert_refused(
        topology.declare_q(other),
        ResourceLocked,
        "cannot obtain exclusive access to locked queue 'p.dur' in vhost '/'. It could be \
         originally declared on another connection or the exclusive property value does not match \
         that of the original declaration.",
    );
    assert!(topology.declare_q(queue("p.dur")).unwrap().is_empty());
}

#[test]
fn a_queues_known_arguments_are_compared_even_if_they_could_not_be_had() {
    let mut topology = vhost();
    let with = |fields: &[(&str, Value<'_>)]| QueueDefinition {
        arguments: table(fields),
        ..queue("p.dur")
    };
    topology.declare_q(with(&[("x-queue-version", Value::Int(b'I', 2))])).unwrap();

    assert_differs(
        topology.declare_q(with(&[
            ("x-message-ttl", Value::Int(b'I', 5)),
            ("x-queue-version", Value::Int(b'I', 2)),
        ])),
        "'x-message-ttl' for queue 'p.dur' in vhost '/': received the value '5' of type \
         'signedint' but current is none",
    );
    assert_differs(
        topology.declare_q(with(&[])),
        "'x-queue-version' for queue 'p.dur' in vhost '/': received none but current is the value \
         '2' of type 'signedint'",
    );
    assert_differs(
        topology.declare_q(with(&[("x-queue-version", Value::Int(b'I', 1))])),
        "'x-queue-version' for queue 'p.dur' in vhost '/': received '1' but current is '2'",
    );
}

#[test]
fn integers_of_any_width_are_the_same_argument_and_other_types_are_not() {
    let mut topology = vhost();
    let with =
        |value| QueueDefinition { arguments: table(&[("x-queue-version", value)]), ..queue("q") };
    topology.declare_q(with(Value::Int(b'I', 2))).unwrap();

    for letter in *b"bBsuIilL" {
        assert!(topology.declare_q(with(Value::Int(letter, 2))).unwrap().is_empty());
    }
    assert_differs(
        topology.declare_q(with(text("2"))),
        "'x-queue-version' for queue 'q' in vhost '/': received '2' but current is '2'",
    );
    assert_differs(
        topology.declare_q(with(Value::Double(2.0))),
        "'x-queue-version' for queue 'q' in vhost '/': received '2.0' but current is '2'",
    );
}

#[test]
fn a_queue_without_a_type_is_classic() {
    let mut topology = vhost();
    let with = |name, value| QueueDefinition {
        arguments: table(&[("x-queue-type", text(value))]),
        ..queue(name)
    };
    topology.declare_q(queue("plain")).unwrap();
    topology.declare_q(with("typed", "classic")).unwrap();

    assert!(topology.declare_q(with("plain", "classic")).unwrap().is_empty());
    assert!(topology.declare_q(queue("typed")).unwrap().is_empty());
    assert_differs(
        topology.declare_q(with("plain", "quorum")),
        "'x-queue-type' for queue 'plain' in vhost '/': received 'quorum' but current is 'classic'",
    );
}

#[test]
fn a_quorum_queue_is_durable_shared_and_stays() {
    let quorum = QueueDefinition {
        arguments: table(&[("x-queue-type", text("quorum"))]),
        durable: false,
        exclusive_owner: Some(ME),
        auto_delete: true,
        ..queue("q")
    };
    let shared = QueueDefinition { exclusive_owner: None, ..quorum.clone() };
    let vhost = VhostName::parse("/").unwrap();

    for (definition, property) in [
        (quorum.clone(), "auto-delete"),
        (QueueDefinition { auto_delete: false, ..quorum }, "exclusive-owner"),
        (QueueDefinition { auto_delete: false, ..shared.clone() }, "non-durable"),
    ] {
        let exception = Exception::from(definition.check_properties(&vhost).unwrap_err());
        let text = format!("invalid property '{property}' for queue 'q' in vhost '/'");
        assert_eq!((exception.code, &*exception.text), (PreconditionFailed, &*text));
    }
    let stays = QueueDefinition { durable: true, auto_delete: false, ..shared };
    assert_eq!(stays.check_properties(&vhost), Ok(()));
    assert_eq!(queue("q").check_properties(&vhost), Ok(()));
}

#[test]
fn arguments_that_mean_nothing_are_kept_and_not_compared() {
    let mut topology = vhost();
    let arguments = table(&[("x-ha-policy", text("all")), ("a", Value::Void)]);
    let definition = QueueDefinition { arguments: arguments.clone(), ..queue("q") };

    topology.declare_q(definition).unwrap();

    assert_eq!(topology.queue(&queue_name("q")).unwrap().arguments, arguments);
    assert!(topology.declare_q(queue("q")).unwrap().is_empty());
}

#[test]
fn an_exclusive_queue_is_its_connections_and_not_durable() {
    let mut topology = vhost();
    let owned = |owner| QueueDefinition { exclusive_owner: Some(owner), ..queue("q") };
    let locked = "cannot obtain exclusive access to locked queue 'q' in vhost '/'. It could be \
                  originally declared on another connection or the exclusive property value does \
                  not match that of the original declaration.";

    let created = topology.declare_q(owned(ME)).unwrap();

    assert_eq!(log(&created), ["+q q"]);
    assert!(topology.declare_q(owned(ME)).unwrap().is_empty());
    assert!(
        topology.declare_q(QueueDefinition { durable: false, ..owned(ME) }).unwrap().is_empty()
    );
    assert_refused(topology.declare_q(owned(OTHER)), ResourceLocked, locked);
    assert_refused(topology.declare_q(queue("q")), ResourceLocked, locked);
    assert!(topology.queue_for(&queue_name("q"), ME).is_ok());
    assert_refused(topology.queue_for(&queue_name("q"), OTHER), ResourceLocked, locked);
    assert_eq!(topology.exclusive_queues(ME), [queue_name("q")]);
    assert!(topology.exclusive_queues(OTHER).is_empty());
}

#[test]
fn another_connections_exclusive_queue_is_neither_bound_nor_unbound() {
    let mut topology = vhost();
    topology.declare_q(QueueDefinition { exclusive_owner: Some(ME), ..queue("q") }).unwrap();
    let by_other =
        |key| BindCommand { connection: OTHER, ..bind_command("amq.direct", &to_queue("q"), key) };
    topology.bind_to("amq.direct", &to_queue("q"), "k").unwrap();

    for command in [Command::Bind(by_other("x")), Command::Unbind(by_other("k"))] {
        let exception = Exception::from(topology.apply(command).unwrap_err());
        assert_eq!(exception.code, ResourceLocked);
    }
    assert!(topology.apply(Command::Unbind(by_other("nosuch"))).unwrap().is_empty());
}

#[test]
fn a_binding_is_durable_when_both_its_ends_are() {
    let mut topology = vhost();
    let transient = |name| QueueDefinition { durable: false, ..queue(name) };
    topology.declare_q(queue("d")).unwrap();
    topology.declare_q(transient("t")).unwrap();

    let durable = topology.bind_to("amq.direct", &to_queue("d"), "k").unwrap();
    let again = topology.bind_to("amq.direct", &to_queue("d"), "k").unwrap();
    let transient = topology.bind_to("amq.direct", &to_queue("t"), "k").unwrap();
    let exchanges = topology.bind_to("amq.direct", &to_exchange("amq.topic"), "k").unwrap();

    assert_eq!(log(&durable), ["+b amq.direct durable"]);
    assert!(again.is_empty());
    assert_eq!(log(&transient), ["+b amq.direct"]);
    assert_eq!(log(&exchanges), ["+b amq.direct durable"]);
    let to_d: Vec<_> = topology.bindings_to(&to_queue("d")).map(|(source, _)| source).collect();
    assert_eq!(to_d, [&exchange_name("amq.direct")]);
}
