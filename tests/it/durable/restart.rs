//! A node that starts with the entries of another is as that one was.

use std::sync::Arc;
use std::thread;

use leveret::amqp::id::ConnectionId;
use leveret::amqp::name::QueueName;
use leveret::amqp::table::Table;
use leveret::auth::password::PasswordHash;
use leveret::auth::user::Origin;
use leveret::broker::node::Node;
use leveret::policy::checked::{Issuer, Policy, Source};
use leveret::policy::draft::Draft;
use leveret::store::meta::MemoryMeta;
use leveret::vhost::host::Vhost;
use leveret::vhost::queue::DeleteConditions;
use serde_json::json;

use super::{Entries, Served, durable_queue, node};
use crate::raw::content::content;
use crate::raw::method::{
    QUEUE_DECLARE, basic_consume, basic_publish, exchange_bind, exchange_declare, queue_bind,
    queue_declare, queue_delete, queue_unbind,
};
use crate::raw::wire::Field;

const ME: ConnectionId = ConnectionId(1);

fn declare(vhost: &Vhost, name: &str) -> u64 {
    let (queue, commit) =
        vhost.declare_queue(durable_queue(name, Table::default()), "guest").unwrap();
    assert!(commit.is_done());
    queue.id.0
}

fn delete(vhost: &Vhost, name: &str) {
    let name = QueueName::parse(name).unwrap();
    let (_, commit) = vhost.delete_queue(&name, ME, DeleteConditions::default(), "guest").unwrap();
    assert!(commit.is_done());
}

fn can_log_in(node: &Node, user: &str, password: &str) -> bool {
    let response = format!("\0{user}\0{password}");
    node.login("PLAIN", response.as_bytes(), Origin::Loopback).is_ok()
}

#[test]
fn what_clients_declared_is_there_after_a_restart_and_routes() {
    let log = Arc::new(MemoryMeta::default());
    let before = Served::start(Arc::clone(&log) as _, &Entries::new());
    let mut peer = before.connect();
    let mut channel = peer.open(1);
    channel.call(&exchange_declare("x/1", "headers").durable().auto_delete());
    channel.call(&exchange_declare("inner", "direct").durable().internal());
    channel.call(&queue_declare("q/1").durable().auto_delete());
    channel.call(&queue_declare("transient"));
    channel.call(&queue_declare("deleted").durable());
    let arguments = [("x-match", Field::Str("any")), ("größe", Field::Str("%"))];
    channel.call(&exchange_bind("inner", "x/1", "").arguments(&arguments));
    channel.call(&queue_bind("q/1", "inner", "key"));
    channel.call(&queue_bind("q/1", "amq.direct", "unbound"));
    channel.call(&queue_bind("transient", "amq.direct", "key"));
    channel.call(&queue_unbind("q/1", "amq.direct", "unbound"));
    channel.call(&queue_delete("deleted"));

    let again = Arc::new(MemoryMeta::default());
    let after = Served::start(Arc::clone(&again) as _, &log.entries());
    let mut peer = after.connect();
    let mut channel = peer.open(1);
    channel.call(&queue_declare("q/1").durable().auto_delete());
    channel.call(&exchange_declare("x/1", "headers").durable().auto_delete());
    channel.call(&exchange_declare("inner", "direct").durable().internal());
    assert_eq!(again.entries(), Entries::new(), "nothing of it is new");
    let message = content(b"x").headers(&[("größe", Field::Str("%"))]);
    channel.publish(&basic_publish("x/1", "key"), &message);
    channel.publish(&basic_publish("amq.direct", "unbound"), &message);
    assert_eq!(channel.counts("q/1").0, 1);
    for gone in ["transient", "deleted"] {
        channel.send(&queue_declare(gone).passive());
        let text = format!("NOT_FOUND - no queue '{gone}' in vhost '/'");
        channel.peer().expect_channel_close(1, 404, &text, QUEUE_DECLARE);
        channel = peer.open(1);
    }
}

/// Binds four queues, or finds them bound, and says where a hundred messages went.
fn places(served: &Served, exchange: &str, kind: &str, keys: [&str; 4]) -> Vec<Option<usize>> {
    let mut peer = served.connect();
    let mut channel = peer.open(1);
    let header = [("hash-header", Field::Str("h"))];
    channel.call(&exchange_declare(exchange, kind).durable().arguments(&header));
    let queues = [0, 1, 2, 3].map(|number| format!("{exchange} {number}"));
    for (queue, key) in queues.iter().zip(keys) {
        channel.call(&queue_declare(queue).durable());
        channel.call(&queue_bind(queue, exchange, key));
    }
    let mut places = Vec::new();
    for number in 0..100 {
        let message = content(b"x").headers(&[("h", Field::Int(number))]);
        channel.publish(&basic_publish(exchange, &number.to_string()), &message);
        places.push(queues.iter().position(|queue| channel.drain(queue).len() == 1));
    }
    places
}

#[test]
fn a_hash_finds_the_same_queues_after_a_restart() {
    let log = Arc::new(MemoryMeta::default());
    let before = Served::start(Arc::clone(&log) as _, &Entries::new());
    let kinds = [
        ("hash", "x-consistent-hash", ["1", "2", "3", "4"]),
        ("modulus", "x-modulus-hash", ["", "a", "b", "c"]),
    ];
    let first = kinds.map(|(name, kind, keys)| places(&before, name, kind, keys));
    for (name, kind) in [("random", "x-random"), ("local", "x-local-random")] {
        before.connect().open(1).call(&exchange_declare(name, kind).durable());
    }

    let again = Arc::new(MemoryMeta::default());
    let after = Served::start(Arc::clone(&again) as _, &log.entries());
    let second = kinds.map(|(name, kind, keys)| places(&after, name, kind, keys));
    for (name, kind) in [("random", "x-random"), ("local", "x-local-random")] {
        after.connect().open(1).call(&exchange_declare(name, kind).durable());
    }

    assert_eq!(again.entries(), Entries::new(), "nothing of it is new");
    assert_eq!(first, second);
    for places in &first {
        assert!((0..4).all(|place| places.contains(&Some(place))), "{places:?}");
    }
}

/// The key of the later binding comes first in the log.
#[test]
fn the_oldest_binding_of_a_queue_gives_its_weight_after_a_restart_too() {
    let log = Arc::new(MemoryMeta::default());
    let before = Served::start(Arc::clone(&log) as _, &Entries::new());
    let keys = ["5", "1", "1", "1"];
    places(&before, "hash", "x-consistent-hash", keys);
    let mut peer = before.connect();
    peer.open(1).call(&queue_bind("hash 0", "hash", "1"));
    let first = places(&before, "hash", "x-consistent-hash", keys);

    let after = Served::start(Arc::new(MemoryMeta::default()), &log.entries());

    assert_eq!(places(&after, "hash", "x-consistent-hash", keys), first);
    assert!(first.iter().filter(|place| **place == Some(0)).count() > 45, "{first:?}");
}

#[test]
fn a_queue_with_a_single_active_consumer_is_one_after_a_restart() {
    let log = Arc::new(MemoryMeta::default());
    let before = Served::start(Arc::clone(&log) as _, &Entries::new());
    let single = [("x-single-active-consumer", Field::Bool(true))];
    before.connect().open(1).call(&queue_declare("single").durable().arguments(&single));

    let after = Served::start(Arc::new(MemoryMeta::default()), &log.entries());
    let mut peer = after.connect();
    peer.open(1).call(&basic_consume("single", "active"));
    peer.channel(1).call(&basic_consume("single", "waiting"));
    peer.channel(1).put_all("single", &["1", "2"]);

    let takers = peer.expect_deliveries(1, 2).into_iter().map(|it| it.consumer);
    assert!(takers.eq(["active", "active"]));
}

#[test]
fn only_an_empty_node_is_bootstrapped() {
    let log = Arc::new(MemoryMeta::default());
    let first = node(Arc::clone(&log) as _, &Entries::new()).unwrap();
    let entries = log.entries();
    assert_eq!(
        entries.keys().map(|key| &key[..]).collect::<Vec<_>>(),
        [&b"user/guest"[..], b"vhost/%2F"]
    );

    let mut second = node(Arc::new(MemoryMeta::default()), &entries).unwrap();
    let password = PasswordHash::new(b"other", [0; 4]);
    let done = second.bootstrap("other", password, "other").unwrap();

    assert!(done.is_done());
    for node in [&first, &second] {
        assert!(can_log_in(node, "guest", "guest"));
        assert!(!can_log_in(node, "other", "other"));
        assert!(node.admit("/").is_ok());
        assert!(node.admit("other").is_err());
    }
}

#[test]
fn added_virtual_hosts_come_back_with_their_own() {
    let log = Arc::new(MemoryMeta::default());
    let mut first = node(Arc::clone(&log) as _, &Entries::new()).unwrap();
    assert!(first.add_vhost("%2F").unwrap().is_done());
    let id = declare(&first.admit("%2F").unwrap(), "q");

    let second = node(Arc::new(MemoryMeta::default()), &log.entries()).unwrap();

    assert_eq!((second.vhost_count(), second.queue_count()), (2, 1));
    assert_eq!(second.admit("%2F").unwrap().find_queue(b"q").unwrap().id.0, id);
}

#[test]
fn incarnations_go_on_above_those_that_are_there() {
    let log = Arc::new(MemoryMeta::default());
    let first = node(Arc::clone(&log) as _, &Entries::new()).unwrap();
    let vhost = first.admit("/").unwrap();
    let ids = ["a", "b", "c"].map(|name| declare(&vhost, name));

    let second = node(Arc::new(MemoryMeta::default()), &log.entries()).unwrap();
    let vhost = second.admit("/").unwrap();

    assert_eq!(["a", "b", "c"].map(|name| declare(&vhost, name)), ids);
    assert!(declare(&vhost, "d") > ids[2]);
}

#[test]
fn the_log_has_the_changes_in_the_order_in_which_they_were_made() {
    const NAMES: [&str; 3] = ["a", "b", "c"];
    let log = Arc::new(MemoryMeta::default());
    let first = node(Arc::clone(&log) as _, &Entries::new()).unwrap();
    let vhost = first.admit("/").unwrap();

    thread::scope(|scope| {
        for worker in 0..4 {
            let vhost = &vhost;
            scope.spawn(move || {
                for turn in 0..300 {
                    let name = NAMES[(worker + turn) % 3];
                    if (worker * turn) % 2 == 0 {
                        declare(vhost, name);
                    } else {
                        delete(vhost, name);
                    }
                }
            });
        }
    });

    let second = node(Arc::new(MemoryMeta::default()), &log.entries()).unwrap();
    let ids = |node: &Node| {
        let vhost = node.admit("/").unwrap();
        NAMES.map(|name| vhost.find_queue(name.as_bytes()).map(|queue| queue.id))
    };
    assert_eq!(ids(&second), ids(&first));
}

#[test]
fn entries_that_make_no_sense_stop_the_start_by_their_key() {
    for (key, why) in [
        ("user/guest", "missing field `password_hash`"),
        ("queue/%2F/q", "missing field `id`"),
        ("future/x", "nothing that this version knows"),
    ] {
        let mut entries = Entries::from([(b"vhost/%2F".to_vec(), br#"{"version":1}"#.to_vec())]);
        entries.insert(key.into(), br#"{"version":1}"#.to_vec());

        let error = node(Arc::new(MemoryMeta::default()), &entries).unwrap_err().to_string();

        assert_eq!(error, format!("durable entry '{key}': {why}"));
    }
}

#[test]
fn policies_reach_queues_that_are_there_and_those_that_come_back() {
    let length = |name: &str, length: u64| {
        let draft = Draft::new(name, "^limited", json!({"max-length": length}));
        Arc::new(Policy::new(Issuer::User, Source::Stored, &draft).unwrap())
    };
    let max_length = |node: &Node, queue: &str| {
        let vhost = node.admit("/").unwrap();
        vhost.find_queue(queue.as_bytes()).unwrap().values().max_length
    };
    let log = Arc::new(MemoryMeta::default());
    let before = node(Arc::clone(&log) as _, &Entries::new()).unwrap();
    let vhost = before.admit("/").unwrap();
    declare(&vhost, "limited.early");
    declare(&vhost, "other");
    assert_eq!(max_length(&before, "limited.early"), None);

    assert!(before.set_policy("/", length("p", 5)).unwrap().is_done());
    declare(&vhost, "limited.late");

    for queue in ["limited.early", "limited.late"] {
        assert_eq!(max_length(&before, queue), Some(5));
    }
    assert_eq!(max_length(&before, "other"), None);
    let after = node(Arc::clone(&log) as _, &log.entries()).unwrap();
    assert_eq!(max_length(&after, "limited.early"), Some(5));
    assert!(after.clear_policy("/", Issuer::User, "p").unwrap().is_done());
    assert_eq!(max_length(&after, "limited.early"), None);
}
