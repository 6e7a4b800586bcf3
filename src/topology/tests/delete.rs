//! Deleting and unbinding, and what goes along.

use super::*;
use ReplyCode::{AccessRefused, PreconditionFailed};

fn auto_delete(name: &str) -> ExchangeDefinition {
    ExchangeDefinition { auto_delete: true, durable: false, ..exchange(name, ExchangeKind::Fanout) }
}

#[test]
fn deleting_what_does_not_exist_changes_nothing() {
    let mut topology = vhost();
    let revision = topology.revision();

    assert!(topology.delete_x("nosuch", DeleteCondition::IfUnused).unwrap().is_empty());
    assert!(topology.delete_q("nosuch").is_empty());
    assert!(topology.unbind_from("nosuch", &to_queue("q"), "k").unwrap().is_empty());
    assert!(topology.unbind_from("amq.direct", &to_queue("nosuch"), "k").unwrap().is_empty());
    assert_eq!(topology.revision(), revision);
}

#[test]
fn system_exchanges_are_not_deleted_be_they_there_or_not() {
    let mut topology = vhost();

    for name in ["amq.direct", "amq.nosuch"] {
        assert_refused(
            topology.delete_x(name, DeleteCondition::Always),
            AccessRefused,
            &format!("deletion of system exchange '{name}' in vhost '/' not allowed"),
        );
    }
}

#[test]
fn an_exchange_is_in_use_while_bindings_lead_from_it() {
    let mut topology = vhost();
    topology.declare_x(exchange("p.x", ExchangeKind::Direct)).unwrap();
    topology.bind_to("amq.topic", &to_exchange("p.x"), "#").unwrap();
    topology.bind_to("p.x", &to_exchange("amq.fanout"), "k").unwrap();

    assert_refused(
        topology.delete_x("p.x", DeleteCondition::IfUnused),
        PreconditionFailed,
        "exchange 'p.x' in vhost '/' in use",
    );
    topology.unbind_from("p.x", &to_exchange("amq.fanout"), "k").unwrap();
    let outcome = topology.delete_x("p.x", DeleteCondition::IfUnused).unwrap();

    assert_eq!(log(&outcome), ["-b amq.topic durable", "-x p.x durable"]);
    assert!(!topology.has_exchange("p.x"));
}

#[test]
fn a_deleted_queue_takes_its_bindings_along() {
    let mut topology = vhost();
    topology.declare_q(queue("q")).unwrap();
    for (source, key) in [("amq.direct", "a"), ("amq.direct", "b"), ("amq.topic", "#")] {
        topology.bind_to(source, &to_queue("q"), key).unwrap();
    }

    let outcome = topology.delete_q("q");

    let expected =
        ["-b amq.direct durable", "-b amq.direct durable", "-b amq.topic durable", "-q q durable"];
    assert_eq!(log(&outcome), expected);
    assert!(topology.exchanges().all(|x| x.router().is_empty()));
    assert_eq!(topology.bindings_to(&to_queue("q")).count(), 0);
}

#[test]
fn a_deleted_exclusive_queue_is_no_longer_its_connections() {
    let mut topology = vhost();
    topology.declare_q(QueueDefinition { exclusive_owner: Some(ME), ..queue("q") }).unwrap();

    topology.delete_q("q");

    assert!(topology.exclusive_queues(ME).is_empty());
}

#[test]
fn an_auto_delete_exchange_goes_with_its_last_binding() {
    let mut topology = vhost();
    topology.declare_x(auto_delete("x")).unwrap();
    topology.declare_q(queue("q")).unwrap();
    topology.bind_to("x", &to_queue("q"), "a").unwrap();
    topology.bind_to("x", &to_queue("q"), "b").unwrap();

    let first = topology.unbind_from("x", &to_queue("q"), "a").unwrap();
    let second = topology.unbind_from("x", &to_queue("q"), "b").unwrap();

    assert_eq!(log(&first), ["-b x"]);
    assert_eq!(log(&second), ["-b x", "-x x"]);
}

#[test]
fn an_auto_delete_exchange_that_was_never_bound_stays() {
    let mut topology = vhost();
    topology.declare_x(auto_delete("x")).unwrap();
    topology.bind_to("amq.fanout", &to_exchange("x"), "").unwrap();

    topology.unbind_from("amq.fanout", &to_exchange("x"), "").unwrap();
    topology.unbind_from("x", &to_queue("q"), "").unwrap();

    assert!(topology.has_exchange("x"));
}

#[test]
fn a_deletion_runs_back_through_auto_delete_exchanges() {
    let mut topology = vhost();
    for name in ["a", "b", "c"] {
        topology.declare_x(auto_delete(name)).unwrap();
    }
    topology.declare_q(queue("q")).unwrap();
    topology.bind_to("a", &to_exchange("b"), "").unwrap();
    topology.bind_to("b", &to_exchange("c"), "").unwrap();
    topology.bind_to("c", &to_queue("q"), "").unwrap();

    let outcome = topology.delete_q("q");

    assert_eq!(log(&outcome), ["-b c", "-q q durable", "-b b", "-x c", "-b a", "-x b", "-x a"]);
}

#[test]
fn a_long_chain_of_auto_delete_exchanges_goes_without_recursion() {
    let mut topology = vhost();
    let name = |n: usize| format!("x{n}");
    topology.declare_q(queue("q")).unwrap();
    topology.declare_x(auto_delete("x0")).unwrap();
    topology.bind_to("x0", &to_queue("q"), "").unwrap();
    for n in 1..3_000 {
        topology.declare_x(auto_delete(&name(n))).unwrap();
        topology.bind_to(&name(n), &to_exchange(&name(n - 1)), "").unwrap();
    }

    topology.delete_q("q");

    assert_eq!(topology.exchanges().count(), 7);
}

#[test]
fn an_exchange_bound_to_itself_can_be_deleted() {
    let mut topology = vhost();
    topology.declare_x(auto_delete("x")).unwrap();
    topology.bind_to("x", &to_exchange("x"), "k").unwrap();

    let outcome = topology.delete_x("x", DeleteCondition::Always).unwrap();

    assert_eq!(log(&outcome), ["-b x", "-x x"]);
}

#[test]
fn deleting_a_destination_leaves_the_bindings_of_others() {
    let mut topology = vhost();
    topology.declare_q(queue("q")).unwrap();
    topology.declare_q(queue("q2")).unwrap();
    for name in ["q", "q2"] {
        topology.bind_to("amq.fanout", &to_queue(name), "").unwrap();
    }

    topology.delete_q("q");

    assert_eq!(topology.exchange(&exchange_name("amq.fanout")).unwrap().router().len(), 1);
    assert_eq!(topology.bindings_to(&to_queue("q2")).count(), 1);
}
