//! Routing through several exchanges, and noticing when a route has become another.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::amqp::name::PolicyName;
use crate::amqp::testing::table;
use crate::exchange::hash::mix;
use crate::exchange::message::Message;
use crate::policy::checked::{Issuer, Policy, Source};
use crate::policy::draft::Draft;
use crate::topology::generation::Generation;
use crate::topology::routing::Passing;
use ReplyCode::{AccessRefused, NotFound};

fn routed(topology: &Topology, exchange: &str, key: &str) -> (Vec<String>, Routed) {
    let mut found = Routes::default();
    let routing = topology.routing();
    let message = Message { key: key.as_bytes(), ..Message::default() };
    let routed = routing.route(exchange.as_bytes(), message, &mut found).unwrap();
    (found.queues().iter().map(ToString::to_string).collect(), routed)
}

fn queues(topology: &Topology, exchange: &str, key: &str) -> Vec<String> {
    routed(topology, exchange, key).0
}

fn generation(topology: &Topology, exchange: &str) -> Generation {
    topology.exchange(&exchange_name(exchange)).unwrap().generation().clone()
}

fn with_alternate(name: &str, alternate: &str) -> ExchangeDefinition {
    ExchangeDefinition {
        arguments: table(&[("alternate-exchange", text(alternate))]),
        ..exchange(name, ExchangeKind::Direct)
    }
}

/// A virtual host with queues `q1` and `q2`.
fn with_queues() -> Topology {
    let mut topology = vhost();
    for name in ["q1", "q2"] {
        topology.declare_q(queue(name)).unwrap();
    }
    topology
}

#[test]
fn publishing_needs_an_exchange_that_is_not_internal() {
    let mut topology = vhost();
    let internal = ExchangeDefinition { internal: true, ..exchange("p.xi", ExchangeKind::Fanout) };
    topology.declare_x(internal).unwrap();
    let routing = topology.routing();
    let route = |name: &[u8]| routing.route(name, Message::default(), &mut Routes::default());

    assert_refused(route(b"nosuch"), NotFound, "no exchange 'nosuch' in vhost '/'");
    assert_refused(route(b"\xff"), NotFound, "no exchange '\u{fffd}' in vhost '/'");
    assert_refused(
        route(b"p.xi"),
        AccessRefused,
        "cannot publish to internal exchange 'p.xi' in vhost '/'",
    );
}

#[test]
fn the_default_exchange_is_left_to_the_caller() {
    let topology = with_queues();

    let (found, routed) = routed(&topology, "", "q1");

    assert!(found.is_empty() && matches!(routed, Routed::Default));
}

#[test]
fn each_queue_gets_one_copy_whatever_the_bindings() {
    let mut topology = with_queues();
    topology.bind_to("amq.topic", &to_queue("q1"), "#").unwrap();
    topology.bind_to("amq.topic", &to_queue("q1"), "a.*").unwrap();
    topology.bind_to("amq.topic", &to_queue("q2"), "a.b").unwrap();
    topology.bind_to("amq.topic", &to_exchange("amq.fanout"), "a.b").unwrap();
    topology.bind_to("amq.fanout", &to_queue("q1"), "").unwrap();

    assert_eq!(queues(&topology, "amq.topic", "a.b"), ["q1", "q2"]);
}

#[test]
fn cycles_of_exchanges_are_walked_once() {
    let mut topology = with_queues();
    topology.bind_to("amq.fanout", &to_exchange("amq.topic"), "").unwrap();
    topology.bind_to("amq.topic", &to_exchange("amq.fanout"), "#").unwrap();
    topology.bind_to("amq.topic", &to_exchange("amq.topic"), "#").unwrap();
    topology.bind_to("amq.topic", &to_queue("q1"), "#").unwrap();

    assert_eq!(queues(&topology, "amq.fanout", "k"), ["q1"]);
    assert_eq!(queues(&topology, "amq.topic", "k"), ["q1"]);
}

#[test]
fn an_internal_exchange_takes_what_other_exchanges_hand_it() {
    let mut topology = with_queues();
    let internal = ExchangeDefinition { internal: true, ..exchange("xi", ExchangeKind::Fanout) };
    topology.declare_x(internal).unwrap();
    topology.bind_to("amq.direct", &to_exchange("xi"), "k").unwrap();
    topology.bind_to("xi", &to_queue("q1"), "").unwrap();

    assert_eq!(queues(&topology, "amq.direct", "k"), ["q1"]);
}

#[test]
fn an_alternate_exchange_is_used_when_no_destination_is_found() {
    let mut topology = with_queues();
    topology.declare_x(with_alternate("x", "amq.fanout")).unwrap();
    topology.bind_to("x", &to_queue("q1"), "k").unwrap();
    topology.bind_to("amq.fanout", &to_queue("q2"), "").unwrap();

    assert_eq!(queues(&topology, "x", "k"), ["q1"]);
    assert_eq!(queues(&topology, "x", "other"), ["q2"]);
}

#[test]
fn several_keys_share_an_alternate_exchange_and_each_queue_gets_one_copy() {
    let mut topology = with_queues();
    topology.declare_x(with_alternate("x", "amq.fanout")).unwrap();
    topology.bind_to("x", &to_queue("q1"), "k").unwrap();
    topology.bind_to("x", &to_queue("q1"), "l").unwrap();
    topology.bind_to("amq.fanout", &to_queue("q2"), "").unwrap();
    let routing = topology.routing();
    let queues = |keys: &[&[u8]]| {
        let mut found = Routes::default();
        routing.route_all(b"x", keys, Message::default(), &mut found).unwrap();
        found.queues().iter().map(ToString::to_string).collect::<Vec<_>>()
    };

    assert_eq!(queues(&[b"nothing", b"k"]), ["q1"]);
    assert_eq!(queues(&[b"k", b"l", b"nothing"]), ["q1"]);
    assert_eq!(queues(&[b"nothing", b"neither"]), ["q2"]);
}

#[test]
fn many_keys_to_the_same_queues_take_no_room_of_their_own() {
    let mut topology = with_queues();
    for name in ["q1", "q2"] {
        topology.bind_to("amq.topic", &to_queue(name), "#").unwrap();
    }
    let keys: Vec<_> = (0..10_000).map(|number| number.to_string().into_bytes()).collect();
    let keys: Vec<_> = keys.iter().map(Vec::as_slice).collect();
    let mut found = Routes::default();

    topology.routing().route_all(b"amq.topic", &keys, Message::default(), &mut found).unwrap();

    assert_eq!(found.queues().len(), 2);
    assert!(found.capacity() < 4096, "{}", found.capacity());
}

#[test]
fn an_exchange_that_finds_nothing_is_a_destination_all_the_same() {
    let mut topology = with_queues();
    topology.declare_x(with_alternate("x", "amq.fanout")).unwrap();
    topology.bind_to("x", &to_exchange("amq.direct"), "k").unwrap();
    topology.bind_to("amq.fanout", &to_queue("q2"), "").unwrap();

    assert!(queues(&topology, "x", "k").is_empty());
}

#[test]
fn alternate_exchanges_chain_and_each_is_asked_once() {
    let mut topology = with_queues();
    topology.declare_x(with_alternate("a", "b")).unwrap();
    topology.declare_x(with_alternate("b", "c")).unwrap();
    assert!(queues(&topology, "a", "k").is_empty(), "the last one is missing");

    topology.declare_x(with_alternate("c", "a")).unwrap();
    assert!(queues(&topology, "a", "k").is_empty(), "they form a ring");

    topology.bind_to("c", &to_queue("q1"), "k").unwrap();
    assert_eq!(queues(&topology, "a", "k"), ["q1"]);
}

#[test]
fn an_exchange_leads_on_when_it_or_an_alternate_exchange_of_it_does() {
    let mut topology = with_queues();
    for (name, alternate) in [("a", "b"), ("b", "c"), ("c", "a"), ("lost", "nowhere")] {
        topology.declare_x(with_alternate(name, alternate)).unwrap();
    }
    let leads_on = |topology: &Topology| {
        ["a", "b", "c"].map(|name| topology.routing().leads_on(name.as_bytes()))
    };

    assert_eq!(leads_on(&topology), [false; 3]);
    assert!(!topology.routing().leads_on(b"lost"));
    assert!(!topology.routing().leads_on(b"missing"));
    topology.bind_to("c", &to_queue("q1"), "k").unwrap();
    assert_eq!(leads_on(&topology), [true; 3]);
    topology.declare_x(exchange("kept", ExchangeKind::RecentHistory)).unwrap();
    topology.declare_x(with_alternate("to kept", "kept")).unwrap();
    assert!(topology.routing().leads_on(b"to kept"));
}

#[test]
fn the_default_exchange_is_nobodys_alternate_exchange() {
    let mut topology = with_queues();
    topology.declare_x(with_alternate("x", "")).unwrap();

    assert!(queues(&topology, "x", "q1").is_empty());
}

#[test]
fn a_route_through_a_headers_exchange_is_known_to_depend_on_headers() {
    let mut topology = with_queues();
    topology.bind_to("amq.fanout", &to_exchange("amq.headers"), "").unwrap();
    topology.bind_to("amq.headers", &to_queue("q1"), "").unwrap();

    for exchange in ["amq.fanout", "amq.headers"] {
        let (found, routed) = routed(&topology, exchange, "k");
        assert_eq!(found, ["q1"]);
        assert!(matches!(routed, Routed::ByMessage));
    }
    assert!(matches!(routed(&topology, "amq.direct", "k").1, Routed::ByKey(_)));
}

#[test]
fn routes_that_depend_on_more_than_the_key_are_known_to() {
    let mut topology = with_queues();
    let by_header = ExchangeDefinition {
        arguments: table(&[("hash-header", text("h"))]),
        ..exchange("by header", ExchangeKind::ConsistentHash)
    };
    topology.declare_x(by_header).unwrap();
    for (name, kind, key) in [
        ("random", ExchangeKind::Random, ""),
        ("local", ExchangeKind::LocalRandom, ""),
        ("modulus", ExchangeKind::ModulusHash, ""),
        ("by key", ExchangeKind::ConsistentHash, "1"),
    ] {
        topology.declare_x(exchange(name, kind)).unwrap();
        topology.bind_to(name, &to_queue("q1"), key).unwrap();
    }
    topology.bind_to("by header", &to_queue("q1"), "1").unwrap();
    topology.bind_to("amq.direct", &to_exchange("random"), "k").unwrap();

    for (name, by_key) in [
        ("random", false),
        ("local", false),
        ("by header", false),
        ("amq.direct", false),
        ("modulus", true),
        ("by key", true),
    ] {
        let (found, routed) = routed(&topology, name, "k");
        assert_eq!(found, ["q1"], "{name}");
        assert_eq!(matches!(routed, Routed::ByKey(_)), by_key, "{name}");
    }
}

#[test]
fn a_look_through_an_exchange_with_a_past_finds_no_route_and_leaves_no_trace() {
    let mut topology = with_queues();
    let deduplication = ExchangeDefinition {
        arguments: table(&[("x-cache-size", Value::Int(b'I', 10))]),
        ..exchange("dedup", ExchangeKind::MessageDeduplication)
    };
    topology.declare_x(deduplication).unwrap();
    topology.declare_x(exchange("history", ExchangeKind::RecentHistory)).unwrap();
    topology.bind_to("dedup", &to_exchange("history"), "").unwrap();
    topology.bind_to("history", &to_queue("q1"), "").unwrap();
    topology.bind_to("amq.direct", &to_exchange("dedup"), "k").unwrap();
    let headers = table(&[("x-deduplication-header", text("a"))]);
    let message = Message { key: b"k", headers: Some(headers.as_ref()), ..Message::default() };
    let (routing, mut routes) = (topology.routing(), Routes::default());

    for name in ["dedup", "history", "amq.direct"] {
        let looked = routing.route(name.as_bytes(), message, &mut routes).unwrap();
        assert!(matches!(looked, Routed::ByPast), "{name}");
        assert!(routes.keepers().is_empty() && !routes.is_duplicate());
    }
    let by_key = routing.route(b"amq.direct", Message { key: b"l", ..message }, &mut routes);
    assert!(matches!(by_key.unwrap(), Routed::ByKey(_)));
    let passing = Passing { message, keys: &[b"k"], now: Duration::ZERO };
    let mut pass = |name: &[u8]| {
        routing.pass(name, &passing, &mut routes).unwrap();
        // Nobody forgets what it was seen with.
        routes.take_noted().for_each(drop);
        let found: Vec<_> = routes.queues().iter().map(ToString::to_string).collect();
        (found, routes.is_duplicate(), routes.keepers().len())
    };
    assert_eq!(pass(b"amq.direct"), (vec!["q1".to_owned()], false, 1));
    assert_eq!(pass(b"dedup"), (vec![], true, 0));
    assert_eq!(pass(b"history"), (vec!["q1".to_owned()], false, 1));
}

#[test]
fn exchanges_that_choose_at_random_one_behind_the_other_do_not_choose_alike() {
    let mut topology = with_queues();
    topology.declare_q(queue("q3")).unwrap();
    for name in ["first", "second"] {
        topology.declare_x(exchange(name, ExchangeKind::Random)).unwrap();
    }
    topology.bind_to("first", &to_exchange("second"), "").unwrap();
    topology.bind_to("first", &to_queue("q1"), "").unwrap();
    topology.bind_to("second", &to_queue("q2"), "").unwrap();
    topology.bind_to("second", &to_queue("q3"), "").unwrap();
    let (routing, mut routes) = (topology.routing(), Routes::default());

    let mut counts = BTreeMap::new();
    for number in 0..4000 {
        let message = Message { chance: mix(number), ..Message::default() };
        routing.route(b"first", message, &mut routes).unwrap();
        let [queue] = routes.queues() else { panic!("{:?}", routes.queues()) };
        *counts.entry(queue.to_string()).or_insert(0) += 1;
    }

    assert!((1900..2100).contains(&counts["q1"]), "{counts:?}");
    assert!((900..1100).contains(&counts["q2"]), "{counts:?}");
}

#[test]
fn a_snapshot_routes_as_it_did_when_it_was_taken() {
    let mut topology = with_queues();
    let before = topology.routing();
    let mut routes = Routes::default();

    topology.bind_to("amq.fanout", &to_queue("q1"), "").unwrap();
    before.route(b"amq.fanout", Message::default(), &mut routes).unwrap();

    assert!(routes.queues().is_empty());
    assert_eq!(queues(&topology, "amq.fanout", ""), ["q1"]);
}

#[test]
fn a_generation_ends_with_changes_that_can_be_reached_from_the_exchange_only() {
    let mut topology = with_queues();
    topology.declare_x(with_alternate("x", "y")).unwrap();
    topology.bind_to("amq.fanout", &to_exchange("x"), "").unwrap();
    let names = ["amq.fanout", "x", "amq.direct"];
    let current =
        |generations: &[Generation; 3]| generations.each_ref().map(Generation::is_current);

    let start = names.map(|name| generation(&topology, name));
    topology.declare_x(exchange("y", ExchangeKind::Fanout)).unwrap();
    assert_eq!(current(&start), [false, false, true], "the alternate exchange exists now");

    let declared = names.map(|name| generation(&topology, name));
    topology.bind_to("y", &to_queue("q1"), "").unwrap();
    assert_eq!(current(&declared), [false, false, true]);

    let bound = names.map(|name| generation(&topology, name));
    topology.bind_to("amq.topic", &to_queue("q1"), "").unwrap();
    topology.declare_q(queue("q3")).unwrap();
    topology.bind_to("y", &to_queue("q1"), "").unwrap();
    assert_eq!(current(&bound), [true, true, true], "none of it concerns them");

    topology.delete_q("q1");
    assert_eq!(current(&bound), [false, false, true]);
    topology.delete_x("x", DeleteCondition::Always).unwrap();
    topology.declare_x(with_alternate("x", "y")).unwrap();
    assert!(!bound[1].is_current(), "the new exchange of that name is another");
}

const NAMES: [&str; 6] = ["amq.fanout", "amq.direct", "amq.topic", "x", "y", "z"];
const QUEUES: [&str; 3] = ["a", "b", "c"];
const KEYS: [&str; 3] = ["a", "b", "#"];

#[derive(Clone, Debug)]
enum Step {
    Declare(usize, Option<usize>),
    Delete(usize),
    DeclareQueue(usize),
    DeleteQueue(usize),
    Bind(usize, usize, usize),
    Unbind(usize, usize, usize),
    SetPolicy(usize, usize, i64),
    ClearPolicy(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let (x, q, k) = (0..NAMES.len(), 0..QUEUES.len(), 0..KEYS.len());
    // A destination is an exchange, or a queue behind the exchanges.
    let to = 0..NAMES.len() + QUEUES.len();
    prop_oneof![
        2 => (3..NAMES.len(), prop::option::of(0..=NAMES.len())).prop_map(|(x, a)| Step::Declare(x, a)),
        1 => (3..NAMES.len()).prop_map(Step::Delete),
        2 => q.clone().prop_map(Step::DeclareQueue),
        1 => q.prop_map(Step::DeleteQueue),
        6 => (x.clone(), to.clone(), k.clone()).prop_map(|(x, to, k)| Step::Bind(x, to, k)),
        2 => (x.clone(), to, k).prop_map(|(x, to, k)| Step::Unbind(x, to, k)),
        2 => (x.clone(), 0..=NAMES.len(), 0..3_i64).prop_map(|(x, a, priority)| {
            Step::SetPolicy(x, a, priority)
        }),
        1 => x.prop_map(Step::ClearPolicy),
    ]
}

fn destination(index: usize) -> Destination {
    match QUEUES.get(index.wrapping_sub(NAMES.len())) {
        Some(queue) => to_queue(queue),
        None => to_exchange(NAMES[index]),
    }
}

/// A policy of that exchange's name: for it, and for the next one.
fn policy(x: usize, alternate: usize, priority: i64) -> Arc<Policy> {
    let next = NAMES.get(x + 1).unwrap_or(&"x");
    let settings = json!({"alternate-exchange": NAMES.get(alternate).unwrap_or(&"")});
    let draft = Draft::new(NAMES[x], format!("^({}|{next})$", NAMES[x]), settings);
    Arc::new(Policy::new(Issuer::User, Source::Stored, &draft.priority(priority)).unwrap())
}

/// The alternate exchange: by the argument, else by the highest policy, the first by name. It may
/// be the default one, which leads nowhere.
fn alternate(topology: &Topology, name: &ExchangeName) -> Option<ExchangeName> {
    let definition = topology.exchange(name).ok()?.definition();
    if let Some(Value::LongStr(name)) = definition.arguments.as_ref().get("alternate-exchange") {
        return Some(ExchangeName::parse(name).unwrap());
    }
    let mut policies: Vec<_> = topology
        .policies()
        .of(Issuer::User)
        .filter(|it| it.pattern()[2..it.pattern().len() - 2].split('|').any(|x| x == name.as_str()))
        .collect();
    policies.sort_by_key(|policy| (-policy.priority(), policy.name().clone()));
    Some(exchange_name(policies.first()?.definition().text("alternate-exchange")?))
}

/// Applies a step; what is refused changes nothing.
fn take(topology: &mut Topology, step: &Step) {
    let _ = match *step {
        Step::Declare(x, None) => topology.declare_x(exchange(NAMES[x], ExchangeKind::Topic)),
        Step::Declare(x, Some(alternate)) => {
            topology.declare_x(with_alternate(NAMES[x], NAMES.get(alternate).unwrap_or(&"")))
        }
        Step::Delete(x) => topology.delete_x(NAMES[x], DeleteCondition::Always),
        Step::DeclareQueue(q) => topology.declare_q(queue(QUEUES[q])),
        Step::DeleteQueue(q) => Ok(topology.delete_q(QUEUES[q])),
        Step::Bind(x, to, k) => topology.bind_to(NAMES[x], &destination(to), KEYS[k]),
        Step::Unbind(x, to, k) => topology.unbind_from(NAMES[x], &destination(to), KEYS[k]),
        Step::SetPolicy(x, alternate, priority) => {
            topology.apply(Command::SetPolicy(policy(x, alternate, priority)))
        }
        Step::ClearPolicy(x) => {
            let name = PolicyName::parse(NAMES[x]).unwrap();
            topology.apply(Command::ClearPolicy(Issuer::User, name))
        }
    };
}

/// Breadth-first over a plain list of all bindings.
fn naive(topology: &Topology, exchange: &str, key: &str) -> Vec<String> {
    let bindings: Vec<_> = topology
        .exchanges()
        .flat_map(|x| x.router().bindings().map(|b| (x.definition().clone(), b.clone())))
        .collect();
    let takes = |kind, bound: &str| match kind {
        ExchangeKind::Fanout => true,
        ExchangeKind::Topic => bound == "#" || bound == key,
        ExchangeKind::Direct => bound == key,
        other => panic!("no exchange is of type {other}"),
    };
    let mut found = BTreeSet::new();
    let mut seen = vec![exchange_name(exchange)];
    let mut next = 0;
    while let Some(name) = seen.get(next).cloned() {
        next += 1;
        let mut destinations: Vec<_> = bindings
            .iter()
            .filter(|(x, b)| x.name == name && takes(x.kind, b.key().as_str()))
            .map(|(_, b)| b.destination().clone())
            .collect();
        if destinations.is_empty() {
            destinations.extend(alternate(topology, &name).map(Destination::Exchange));
        }
        for destination in destinations {
            match destination {
                Destination::Queue(name) => drop(found.insert(name.to_string())),
                Destination::Exchange(name) if !seen.contains(&name) => seen.push(name),
                Destination::Exchange(_) => {}
            }
        }
    }
    found.into_iter().collect()
}

proptest! {
    #[test]
    fn routing_agrees_with_a_naive_walk_and_kept_routes_with_both(
        steps in prop::collection::vec(step(), 1..40),
    ) {
        let mut topology = vhost();
        let mut kept = BTreeMap::new();
        for step in &steps {
            take(&mut topology, step);
            for name in NAMES.iter().filter(|name| topology.has_exchange(name)) {
                for key in ["a", "b", "z"] {
                    let (found, routed) = routed(&topology, name, key);
                    prop_assert_eq!(&found, &naive(&topology, name, key), "{} {}", name, key);
                    let Routed::ByKey(generation) = routed else { panic!("no headers exchange") };
                    let before: Option<(Generation, Vec<String>)> =
                        kept.insert((name, key), (generation, found.clone()));
                    if let Some((_, before)) = before.filter(|(g, _)| g.is_current()) {
                        prop_assert_eq!(before, found, "{} {}", name, key);
                    }
                }
            }
        }
    }
}

#[test]
fn a_message_that_has_to_wait_is_routed_no_further_than_where_it_waits() {
    let mut topology = with_queues();
    let delayed = ExchangeDefinition {
        arguments: table(&[("x-delayed-type", text("direct"))]),
        waits_in: Some(QueueId(7)),
        ..exchange("delayed", ExchangeKind::Delayed)
    };
    topology.declare_x(delayed).unwrap();
    topology.bind_to("delayed", &to_queue("q1"), "k").unwrap();
    topology.bind_to("amq.fanout", &to_exchange("delayed"), "").unwrap();
    topology.bind_to("amq.fanout", &to_queue("q2"), "").unwrap();
    let finds = |delay: i64| {
        let headers = table(&[("x-delay", Value::Int(b'l', delay))]);
        let message = Message { key: b"k", headers: Some(headers.as_ref()), ..Message::default() };
        let mut found = Routes::default();
        let routed = topology.routing().route(b"amq.fanout", message, &mut found).unwrap();
        assert!(matches!(routed, Routed::ByMessage));
        let queues: Vec<_> = found.queues().iter().map(ToString::to_string).collect();
        (queues, found.waits_at().to_vec())
    };

    let both = vec!["q1".to_owned(), "q2".to_owned()];
    assert_eq!(finds(-5), (both, vec![]));
    assert_eq!(finds(5), (vec!["q2".to_owned()], vec![exchange_name("delayed")]));
}
