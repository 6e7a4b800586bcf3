//! Letters that nobody takes, and what queues may ask for.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Weak};

use bytes::Bytes;

use super::clerk::Clerk;
use super::letter::{DeadLetters, Letter};
use super::post::Post;
use crate::amqp::argument::DeadLetterStrategy::{self, AtLeastOnce, AtMostOnce};
use crate::amqp::argument::Overflow;
use crate::amqp::id::{ChannelId, MessageIndex, PublishTag, Timestamp};
use crate::amqp::message::MessageRef;
use crate::amqp::name::{ExchangeName, QueueName, VhostName};
use crate::amqp::table::Table;
use crate::codec::death::DeathReason;
use crate::store::meta::MemoryMeta;
use crate::store::shared::Store;
use crate::topology::arguments::values::Values;
use crate::topology::command::Naming;
use crate::vhost::Commit;
use crate::vhost::host::{DeclareQueue, Vhost};
use crate::vhost::queue::{DeleteConditions, Queue};
use crate::vhost::session::Session;

/// A content header without properties, for a body of two octets.
const HEADER: [u8; 14] = [0, 60, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0];

const SOON: Timestamp = Timestamp(1_000_000);

fn vhost() -> Arc<Vhost> {
    let name = VhostName::parse("/").unwrap();
    let store = Store::in_memory(Arc::new(MemoryMeta::default()));
    Vhost::new(name, Arc::default(), store, Commit::done())
}

fn declare(vhost: &Vhost, name: &str) -> Arc<Queue> {
    let declare = DeclareQueue {
        name: QueueName::parse(name).unwrap(),
        naming: Naming::Client,
        durable: true,
        owner: None,
        auto_delete: false,
        arguments: Table::default(),
    };
    vhost.declare_queue(declare, "guest").unwrap().0
}

/// A letter from `source` to the queue `dead`.
fn letter(source: &Arc<Queue>, strategy: DeadLetterStrategy) -> Letter {
    let terms = DeadLetters {
        queue: source.name.clone(),
        source: Arc::downgrade(source),
        exchange: ExchangeName::parse("").unwrap(),
        routing_key: Some(Arc::from(&b"dead"[..])),
        strategy,
        warned: AtomicBool::new(false),
    };
    Letter {
        terms: Arc::new(terms),
        index: MessageIndex(0),
        octets: MessageRef::new(b"\0\x01q", &HEADER, b"hi").to_bytes(),
        reason: Some(DeathReason::Rejected),
        at: SOON,
        purges: 0,
    }
}

/// Turns until nothing is left to do at that time; returns when something is.
fn turn(post: &Arc<Post>, vhost: &Vhost, now: Timestamp) -> Option<Timestamp> {
    let mut clerk = Clerk::default();
    loop {
        match post.turn(vhost, now, &mut clerk) {
            Some(next) if next <= now => {}
            later => return later,
        }
    }
}

#[test]
fn at_least_once_a_letter_without_a_queue_is_tried_again_until_there_is_one() {
    let (vhost, post) = (vhost(), Arc::new(Post::default()));
    let source = declare(&vhost, "q");
    post.send(vec![letter(&source, AtLeastOnce)]);

    let again = turn(&post, &vhost, SOON).unwrap();
    assert_eq!(turn(&post, &vhost, Timestamp(again.0 - 1)), Some(again));
    let dead = declare(&vhost, "dead");

    assert_eq!(turn(&post, &vhost, again), None);
    assert_eq!(dead.counts().ready, 1);
}

#[test]
fn at_most_once_a_letter_without_a_queue_is_gone() {
    let (vhost, post) = (vhost(), Arc::new(Post::default()));
    post.send(vec![letter(&declare(&vhost, "q"), AtMostOnce)]);

    assert_eq!(turn(&post, &vhost, SOON), None);
}

#[test]
fn a_letter_that_is_kept_goes_with_the_queue_that_it_comes_from() {
    let (vhost, post) = (vhost(), Arc::new(Post::default()));
    let source = declare(&vhost, "q");
    post.send(vec![letter(&source, AtLeastOnce)]);
    let again = turn(&post, &vhost, SOON).unwrap();

    source.delete(DeleteConditions::default()).unwrap();
    let dead = declare(&vhost, "dead");

    assert_eq!(turn(&post, &vhost, again), None);
    assert_eq!(dead.counts().ready, 0);
}

#[test]
fn a_letter_that_is_kept_goes_when_its_queue_is_purged_of_it() {
    let (vhost, post) = (vhost(), Arc::new(Post::default()));
    let source = declare(&vhost, "q");
    post.send(vec![letter(&source, AtLeastOnce)]);
    let again = turn(&post, &vhost, SOON).unwrap();

    source.purge_letters();
    post.send(vec![Letter { purges: source.letter_purges(), ..letter(&source, AtLeastOnce) }]);
    post.send(vec![letter(&source, AtMostOnce)]);
    let dead = declare(&vhost, "dead");

    assert_eq!(turn(&post, &vhost, again), None);
    assert_eq!(dead.counts().ready, 2);
}

#[test]
fn an_answer_to_an_unknown_letter_means_nothing() {
    let (vhost, post) = (vhost(), Arc::new(Post::default()));

    post.accepted(ChannelId(1), &[PublishTag(7)]);

    assert_eq!(turn(&post, &vhost, SOON), None);
}

#[test]
fn octets_that_are_no_message_are_given_up() {
    let (vhost, post) = (vhost(), Arc::new(Post::default()));
    let whole = letter(&declare(&vhost, "q"), AtLeastOnce);

    post.send(vec![Letter { octets: Bytes::from_static(b"damaged"), ..whole }]);

    assert_eq!(turn(&post, &vhost, SOON), None);
}

#[test]
fn at_least_once_needs_a_queue_that_refuses_what_it_has_no_room_for() {
    let strategy = |strategy, overflow| {
        let values = Values {
            dead_letter_exchange: ExchangeName::parse("x").ok(),
            dead_letter_strategy: strategy,
            overflow,
            ..Values::default()
        };
        let queue = QueueName::parse("q").unwrap();
        DeadLetters::of(&queue, &Weak::new(), &values).unwrap().strategy
    };

    assert_eq!(strategy(None, None), AtMostOnce);
    assert_eq!(strategy(None, Some(Overflow::RejectPublish)), AtMostOnce);
    for overflow in [None, Some(Overflow::DropHead), Some(Overflow::RejectPublishDlx)] {
        assert_eq!(strategy(Some(AtLeastOnce), overflow), AtMostOnce);
    }
    assert_eq!(strategy(Some(AtLeastOnce), Some(Overflow::RejectPublish)), AtLeastOnce);
}
