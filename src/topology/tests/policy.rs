//! What policies change for queues and exchanges, together with arguments.

use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::super::arguments::values::Values;
use super::*;
use crate::amqp::argument::{DeadLetterStrategy, DelayedRetry, Overflow};
use crate::amqp::name::PolicyName;
use crate::amqp::testing::table;
use crate::policy::checked::{Issuer, Policy, Source};
use crate::policy::draft::Draft;

const fn int(value: i64) -> Value<'static> {
    Value::Int(b'l', value)
}

impl Topology {
    fn set(&mut self, issuer: Issuer, draft: &Draft) -> Vec<String> {
        let policy = Policy::new(issuer, Source::Stored, draft).unwrap();
        log(&self.apply(Command::SetPolicy(Arc::new(policy))).unwrap())
    }

    fn clear(&mut self, name: &str) -> Result<Vec<String>, Error> {
        let command = Command::ClearPolicy(Issuer::User, PolicyName::parse(name).unwrap());
        self.apply(command).map(|outcome| log(&outcome))
    }

    fn effective_of(&self, name: &str) -> Values {
        self.effective(self.queue(&queue_name(name)).unwrap())
    }

    fn alternate_of(&self, name: &str) -> Option<String> {
        self.exchange(&exchange_name(name)).unwrap().alternate().map(ToString::to_string)
    }
}

fn all(definition: Json) -> Draft {
    Draft::new("p", "", definition)
}

/// What holds for a queue of that type with these arguments under that policy.
fn effective(kind: &str, arguments: &[(&str, Value<'_>)], definition: Option<Json>) -> Values {
    let mut topology = vhost();
    if let Some(definition) = definition {
        topology.set(Issuer::User, &all(definition));
    }
    let of_type = [("x-queue-type", text(kind))];
    let arguments = table(&[&of_type[..], arguments].concat());
    topology.effective(&QueueDefinition { arguments, ..queue("q") })
}

#[test]
fn without_arguments_and_policies_nothing_is_set() {
    assert_eq!(effective("classic", &[], None), Values::default());
    assert_eq!(effective("quorum", &[], None), Values::default());
}

#[test]
fn of_two_numbers_the_least_holds() {
    type Get = fn(&Values) -> Option<u64>;
    let settings: [(&str, &str, Get); 5] = [
        ("classic", "message-ttl", |it| it.message_ttl),
        ("classic", "expires", |it| it.expires),
        ("classic", "max-length", |it| it.max_length),
        ("quorum", "max-length-bytes", |it| it.max_length_bytes),
        ("quorum", "consumer-timeout", |it| it.consumer_timeout),
    ];
    for (kind, key, get) in settings {
        let argument = format!("x-{key}");
        for (argument_value, policy_value, expected) in
            [(Some(5), Some(3), 3), (Some(3), Some(5), 3), (Some(7), None, 7), (None, Some(7), 7)]
        {
            let arguments: Vec<_> =
                argument_value.map(|value| (argument.as_str(), int(value))).into_iter().collect();
            let definition = policy_value.map(|value| json!({key: value}));

            let effective = effective(kind, &arguments, definition);

            assert_eq!(get(&effective), Some(expected), "{key}");
        }
    }
}

#[test]
fn times_are_cut_to_what_a_timer_can_wait() {
    let definition = json!({"message-ttl": u64::MAX, "expires": u64::MAX, "max-length": u64::MAX});

    let effective = effective("classic", &[], Some(definition));

    let ten_years = Some(315_360_000_000);
    assert_eq!((effective.message_ttl, effective.expires), (ten_years, ten_years));
    assert_eq!(effective.max_length, Some(i64::MAX.unsigned_abs()));
}

#[test]
fn overflow_and_dead_letters_go_by_the_argument_first() {
    let arguments = [
        ("x-overflow", text("drop-head")),
        ("x-dead-letter-exchange", text("mine")),
        ("x-dead-letter-routing-key", text("k")),
    ];
    let policy = || {
        Some(json!({"overflow": "reject-publish-dlx", "dead-letter-exchange": "theirs",
            "dead-letter-routing-key": "t"}))
    };
    let dead_letters = |it: &Values| {
        let key = it.dead_letter_routing_key.as_ref();
        let exchange = it.dead_letter_exchange.as_ref().map(ToString::to_string);
        (exchange, key.map(|key| String::from_utf8_lossy(key).into_owned()))
    };
    let to = |exchange: &str, key: &str| (Some(exchange.to_owned()), Some(key.to_owned()));

    let both = effective("classic", &arguments, policy());
    let by_policy = effective("classic", &[], policy());
    let mixed = effective("classic", &arguments[1..2], policy());

    assert_eq!((both.overflow, dead_letters(&both)), (Some(Overflow::DropHead), to("mine", "k")));
    let expected = (Some(Overflow::RejectPublishDlx), to("theirs", "t"));
    assert_eq!((by_policy.overflow, dead_letters(&by_policy)), expected);
    assert_eq!(dead_letters(&mixed), to("mine", "t"));
}

#[test]
fn a_quorum_queue_takes_overflow_from_the_policy_first_and_has_two_ways_of_it() {
    let reject = [("x-overflow", text("reject-publish"))];

    let both = effective("quorum", &reject, Some(json!({"overflow": "drop-head"})));
    let argument = effective("quorum", &reject, None);
    let dlx = effective("quorum", &[], Some(json!({"overflow": "reject-publish-dlx"})));

    assert_eq!(both.overflow, Some(Overflow::DropHead));
    assert_eq!(argument.overflow, Some(Overflow::RejectPublish));
    assert_eq!(dlx.overflow, Some(Overflow::DropHead));
}

#[test]
fn a_quorum_queue_has_a_delivery_limit_and_a_dead_letter_strategy() {
    for (argument, policy, expected) in [
        (Some(5), Some(3), 3),
        (Some(3), Some(5), 3),
        (Some(-1), Some(3), 3),
        (Some(3), Some(-1), 3),
        (Some(-1), None, -1),
        (None, Some(0), 0),
    ] {
        let arguments: Vec<_> =
            argument.map(|value| ("x-delivery-limit", int(value))).into_iter().collect();
        let definition = policy.map(|value| json!({"delivery-limit": value}));
        let effective = effective("quorum", &arguments, definition);
        assert_eq!(effective.delivery_limit, Some(expected), "{argument:?} {policy:?}");
    }
    let strategy = json!({"dead-letter-strategy": "at-least-once"});
    let argument = [("x-dead-letter-strategy", text("at-most-once"))];

    let by_policy = effective("quorum", &[], Some(strategy.clone())).dead_letter_strategy;
    let by_argument = effective("quorum", &argument, Some(strategy)).dead_letter_strategy;

    assert_eq!(by_policy, Some(DeadLetterStrategy::AtLeastOnce));
    assert_eq!(by_argument, Some(DeadLetterStrategy::AtMostOnce));
}

#[test]
fn which_messages_are_retried_later_goes_by_the_policy_first() {
    let policy = json!({"delayed-retry-type": "failed", "delayed-retry-min": 10});
    let returned = ("x-delayed-retry-type", text("returned"));
    let (min, max) = (("x-delayed-retry-min", int(5)), ("x-delayed-retry-max", int(8)));

    for (arguments, definition, expected) in [
        (vec![], None, (None, None, None)),
        (vec![returned, min, max], None, (Some(DelayedRetry::Returned), Some(5), Some(8))),
        (vec![], Some(policy.clone()), (Some(DelayedRetry::Failed), Some(10), None)),
        (vec![returned, min, max], Some(policy), (Some(DelayedRetry::Failed), Some(5), Some(8))),
    ] {
        for kind in ["quorum", "classic"] {
            let found = effective(kind, &arguments, definition.clone());
            let found = (found.delayed_retry, found.delayed_retry_min, found.delayed_retry_max);
            assert_eq!(found, expected, "{arguments:?}");
        }
    }
}

#[test]
fn setting_and_clearing_a_policy_names_what_is_otherwise_now() {
    let mut topology = vhost();
    for name in ["orders", "orders.tiny", "other"] {
        topology.declare_q(queue(name)).unwrap();
    }
    let tiny = table(&[("x-max-length", int(1))]);
    topology.delete_q("orders.tiny");
    let lengthy = QueueDefinition { arguments: tiny, ..queue("orders.tiny") };
    Edit::new(&mut topology).create_queue(lengthy);
    topology.declare_x(exchange("orders.x", ExchangeKind::Fanout)).unwrap();
    let policy = |length: u32| Draft::new("p", "^orders", json!({"max-length": length}));

    assert_eq!(topology.set(Issuer::User, &policy(9)), ["+p p durable", "~q orders"]);
    assert_eq!(topology.effective_of("orders").max_length, Some(9));
    assert_eq!(topology.effective_of("orders.tiny").max_length, Some(1));
    assert_eq!(topology.effective_of("other").max_length, None);
    assert_eq!(topology.set(Issuer::User, &policy(9)), [""; 0]);
    let operator = topology.set(Issuer::Operator, &policy(0));
    assert_eq!(operator, ["+p p durable", "~q orders", "~q orders.tiny"]);
    assert_eq!(topology.set(Issuer::User, &policy(8)), ["+p p durable"]);
    assert_eq!(topology.clear("p").unwrap(), ["-p p durable"]);
    assert_refused(topology.clear("p"), ReplyCode::NotFound, "Parameter does not exist");
    assert_eq!(topology.effective_of("orders").max_length, Some(0));
}

#[test]
fn a_policy_that_moves_away_from_a_queue_gives_it_back() {
    let mut topology = vhost();
    topology.declare_q(queue("a")).unwrap();
    topology.declare_q(queue("b")).unwrap();
    let policy = |pattern: &str| Draft::new("p", pattern, json!({"expires": 5}));

    topology.set(Issuer::User, &policy("a"));
    let moved = topology.set(Issuer::User, &policy("b"));

    assert_eq!(moved, ["+p p durable", "~q a", "~q b"]);
    assert_eq!(topology.effective_of("a").expires, None);
    assert_eq!(topology.effective_of("b").expires, Some(5));
}

#[test]
fn an_alternate_exchange_comes_from_the_policy_unless_the_argument_names_one() {
    let mut topology = vhost();
    let arguments = table(&[("alternate-exchange", text("mine"))]);
    topology.declare_x(exchange("x.plain", ExchangeKind::Direct)).unwrap();
    topology
        .declare_x(ExchangeDefinition { arguments, ..exchange("x.own", ExchangeKind::Direct) })
        .unwrap();
    let policy = |name: &str| {
        Draft::new("p", "^x|^$|amq.direct", json!({"alternate-exchange": name}))
            .apply_to("exchanges")
    };

    let set = topology.set(Issuer::User, &policy("theirs"));
    topology.declare_x(exchange("x.late", ExchangeKind::Direct)).unwrap();

    assert_eq!(set, ["+p p durable", "~x amq.direct", "~x x.plain"]);
    assert_eq!(topology.alternate_of("x.plain").as_deref(), Some("theirs"));
    assert_eq!(topology.alternate_of("x.late").as_deref(), Some("theirs"));
    assert_eq!(topology.alternate_of("x.own").as_deref(), Some("mine"));
    assert_eq!(topology.alternate_of(""), None, "the default exchange never has one");
    topology.set(Issuer::User, &policy("others"));
    assert_eq!(topology.alternate_of("x.late").as_deref(), Some("others"));
    topology.clear("p").unwrap();
    assert_eq!(topology.alternate_of("x.late"), None);
}

#[test]
fn an_exchange_under_a_policy_is_declared_again_as_it_was() {
    let mut topology = vhost();
    topology.set(Issuer::User, &all(json!({"alternate-exchange": "a", "max-length": 3})));
    topology.declare_x(exchange("x", ExchangeKind::Direct)).unwrap();
    topology.declare_q(queue("q")).unwrap();

    assert!(topology.declare_x(exchange("x", ExchangeKind::Direct)).unwrap().is_empty());
    assert!(topology.declare_q(queue("q")).unwrap().is_empty());
}
