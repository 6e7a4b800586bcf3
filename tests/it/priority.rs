//! Queues that deliver what is more urgent first (`x-max-priority`).

use std::cmp::Reverse;
use std::thread;
use std::time::{Duration, Instant};

use crate::broker::TestBroker;
use crate::process::Process;
use crate::raw::content::{Content, content};
use crate::raw::method::{
    Method, basic_ack, basic_consume, basic_get, basic_nack, basic_publish, basic_qos,
    confirm_select, queue_bind, queue_declare, queue_purge,
};
use crate::raw::peer::Peer;
use crate::raw::wire::Field;

fn levels(queue: &str, highest: i32) -> Method {
    queue_declare(queue).arguments(&[("x-max-priority", Field::Int(highest))])
}

/// Declares such a queue of the connection's own.
#[track_caller]
fn own(peer: &mut Peer, highest: i32) -> String {
    peer.open(1).call(&levels("", highest).exclusive()).arguments().short_str()
}

fn put(peer: &mut Peer, queue: &str, priority: u8, text: &str) {
    let message = content(text.as_bytes()).priority(priority);
    peer.channel(1).publish(&basic_publish("", queue), &message);
}

#[test]
fn what_is_more_urgent_comes_first_and_equals_in_the_order_they_came() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let queue = own(&mut peer, 9);

    for (number, priority) in [3, 0, 9, 3, 7, 9, 0, 7].into_iter().enumerate() {
        put(&mut peer, &queue, priority, &format!("{priority} {number}"));
    }

    let order = ["9 2", "9 5", "7 4", "7 7", "3 0", "3 3", "0 1", "0 6"];
    assert_eq!(peer.channel(1).counts(&queue), (8, 0));
    assert_eq!(peer.channel(1).drain(&queue), order);
}

#[test]
fn a_message_without_priority_has_0_and_one_above_the_highest_counts_as_the_highest() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let queue = own(&mut peer, 5);

    peer.channel(1).put(&queue, "none");
    put(&mut peer, &queue, 0, "0");
    put(&mut peer, &queue, 255, "255");
    put(&mut peer, &queue, 5, "5");
    put(&mut peer, &queue, 6, "6");
    put(&mut peer, &queue, 1, "1");
    peer.channel(1).put(&queue, "none again");

    let order = ["255", "5", "6", "1", "none", "0", "none again"];
    assert_eq!(peer.channel(1).drain(&queue), order);
}

#[test]
fn a_queue_may_have_256_levels_or_one() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let all = own(&mut peer, 255);
    let one = peer.channel(1).call(&levels("", 0).exclusive()).arguments().short_str();

    for priority in 0..=255_u8 {
        put(&mut peer, &all, priority.reverse_bits(), &priority.reverse_bits().to_string());
        put(&mut peer, &one, priority, &priority.to_string());
    }

    let numbers: Vec<String> = (0..=255).map(|priority: u8| priority.to_string()).collect();
    assert!(peer.channel(1).drain(&all).iter().eq(numbers.iter().rev()));
    assert_eq!(peer.channel(1).drain(&one), numbers);
}

/// Of one publish the queues share the octets, whatever order each has.
#[test]
fn queues_with_other_levels_get_the_same_messages_each_in_its_order() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let mut channel = peer.open(1);
    let queues = [("one", 0), ("three", 2), ("ten", 9), ("logged", 9)];
    for (queue, highest) in queues {
        let declare = levels(queue, highest.into());
        channel.call(&if queue == "logged" { declare.durable() } else { declare.exclusive() });
        channel.call(&queue_bind(queue, "amq.fanout", ""));
    }
    let published: Vec<(u8, u8)> = (0..200).map(|number| (number % 11 * 7 % 11, number)).collect();

    for (priority, number) in &published {
        let persistent = 1 + number % 2;
        let message = content(number.to_string().as_bytes());
        let message = message.properties(1 << 12 | 1 << 11, &[persistent, *priority]);
        channel.publish(&basic_publish("amq.fanout", ""), &message);
    }

    for (queue, highest) in queues {
        let mut order = published.clone();
        order.sort_by_key(|(priority, _)| Reverse(*priority.min(&highest)));
        let order: Vec<String> = order.iter().map(|(_, number)| number.to_string()).collect();
        assert_eq!(channel.drain(queue), order, "{queue}");
    }
}

#[test]
fn a_requeued_message_returns_to_its_place_in_its_level() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let queue = own(&mut peer, 3);
    for (priority, text) in [(1, "a"), (2, "b"), (1, "c"), (2, "d")] {
        put(&mut peer, &queue, priority, text);
    }

    let got: Vec<_> = (0..3).map(|_| peer.channel(1).get(&basic_get(&queue))).collect();
    assert!(got.iter().map(|got| got.content.text()).eq(["b", "d", "a"]));
    put(&mut peer, &queue, 3, "e");
    put(&mut peer, &queue, 2, "f");
    for back in [2, 0, 1] {
        peer.channel(1).send(&basic_nack(got[back].tag).requeue());
    }

    assert_eq!(peer.channel(1).drain(&queue), ["e", "b", "d", "f", "a", "c"]);
}

#[test]
fn a_consumer_with_room_for_one_is_sent_the_most_urgent_of_those_there() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let queue = own(&mut peer, 9);
    peer.channel(1).call(&basic_qos(0, 1));
    peer.channel(1).call(&basic_consume(&queue, "c"));
    put(&mut peer, &queue, 0, "first");
    let first = peer.expect_delivery(1);

    for priority in [2, 9, 4] {
        put(&mut peer, &queue, priority, &priority.to_string());
    }
    assert_eq!(peer.channel(1).counts(&queue), (3, 1));
    peer.channel(1).send(&basic_ack(first.tag));

    for text in ["9", "4", "2"] {
        let delivery = peer.expect_delivery(1);
        assert_eq!(delivery.text(), text);
        peer.channel(1).send(&basic_ack(delivery.tag));
    }
}

#[test]
fn a_purge_empties_every_level() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let queue = own(&mut peer, 9);
    (0..10).for_each(|priority| put(&mut peer, &queue, priority, "x"));

    let purged = peer.channel(1).call(&queue_purge(&queue));

    assert_eq!(purged.arguments().long(), 10);
    peer.channel(1).expect_empty(&queue);
    put(&mut peer, &queue, 4, "after");
    assert_eq!(peer.channel(1).drain(&queue), ["after"]);
}

#[test]
fn messages_of_every_level_expire() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    if broker.is_rabbitmq_3_10 {
        return;
    }
    let queue = own(&mut peer, 9);

    // Flags of priority and expiration.
    let dying =
        |priority| content(b"dies").properties(0x0900, &[&[priority][..], b"\x0250"].concat());
    for priority in [0, 5, 9] {
        put(&mut peer, &queue, priority, &priority.to_string());
        peer.channel(1).publish(&basic_publish("", &queue), &dying(priority));
        put(&mut peer, &queue, priority, &priority.to_string());
    }

    let start = Instant::now();
    while peer.channel(1).counts(&queue) != (6, 0) {
        assert!(start.elapsed() < Duration::from_secs(20));
        thread::yield_now();
    }
    assert_eq!(peer.channel(1).drain(&queue), ["9", "9", "5", "5", "0", "0"]);
}

const MESSAGES: u64 = 2000;

/// The priority of a message, with long and short stretches of one.
const fn priority_of(number: u64) -> u8 {
    let stretch = if number < MESSAGES / 2 { number / 100 } else { number * 7 };
    (stretch % 5) as u8
}

/// Every seventh expires, not soon.
fn lasting(number: u64, size: usize) -> Content {
    let body = format!("{number:>size$}");
    let priority = priority_of(number);
    let (flags, octets) = match number % 7 {
        3 => (0x1900, [&[2, priority, 8][..], b"60000000"].concat()),
        _ => (0x1800, vec![2, priority]),
    };
    content(body.as_bytes()).properties(flags, &octets)
}

fn in_order() -> Vec<u64> {
    let mut order: Vec<u64> = (0..MESSAGES).collect();
    order.sort_by_key(|number| u8::MAX - priority_of(*number));
    order
}

#[track_caller]
fn fill(peer: &mut Peer, queue: &str, size: usize) {
    peer.open(1).call(&levels(queue, 4).durable());
    peer.channel(1).call(&confirm_select());
    for number in 0..MESSAGES {
        peer.channel(1).publish(&basic_publish("", queue), &lasting(number, size));
    }
    peer.channel(1).expect_all_acked(1, MESSAGES);
}

/// Consumes so many, which are these, and settles them.
#[track_caller]
fn expect_numbers(peer: &mut Peer, channel: u16, numbers: &[u64]) {
    for number in numbers {
        let delivery = peer.expect_delivery(channel);
        assert_eq!(delivery.text().trim(), number.to_string());
        peer.channel(channel).send(&basic_ack(delivery.tag));
    }
}

#[test]
fn the_most_urgent_is_the_first_after_a_restart_too() {
    let data = tempfile::tempdir().unwrap();
    let settings = [("STORE_MEMORY", "1MiB")];
    let broker = Process::start_on(data.path(), &settings);
    let mut peer = broker.connect();
    fill(&mut peer, "restarted", 100);
    let order = in_order();
    let taken = peer.channel(1).get(&basic_get("restarted"));
    assert_eq!(taken.content.text().trim(), order[0].to_string());
    broker.kill();

    let broker = Process::start_on(data.path(), &settings);
    let mut peer = broker.connect();
    peer.open(1).call(&levels("restarted", 4).durable());
    // More urgent than all but those of its level.
    put(&mut peer, "restarted", 200, "late");
    for number in &order[..3] {
        let got = peer.channel(1).get(&basic_get("restarted"));
        assert_eq!(got.content.text().trim(), number.to_string());
        peer.channel(1).send(&basic_ack(got.tag));
    }
    peer.open(2).call(&basic_qos(0, 50));
    peer.channel(2).call(&basic_consume("restarted", "c"));

    let urgent = order.iter().take_while(|number| priority_of(**number) == 4).count();
    expect_numbers(&mut peer, 2, &order[3..urgent]);
    let late = peer.expect_delivery(2);
    assert_eq!(late.text(), "late");
    peer.channel(2).send(&basic_ack(late.tag));
    expect_numbers(&mut peer, 2, &order[urgent..]);
    assert_eq!(peer.channel(2).counts("restarted"), (0, 1));
}

#[test]
fn the_order_is_the_same_where_most_of_a_queue_is_on_the_disk() {
    let broker = Process::start(&[("STORE_MEMORY", "1MiB")]);
    let mut peer = broker.connect();
    fill(&mut peer, "large", 4 << 10);
    let order = in_order();
    let taken: Vec<_> = (0..10).map(|_| peer.channel(1).get(&basic_get("large"))).collect();
    for got in &taken {
        peer.channel(1).send(&basic_nack(got.tag).requeue());
    }

    peer.open(2).call(&basic_qos(0, 20));
    peer.channel(2).call(&basic_consume("large", "c"));

    expect_numbers(&mut peer, 2, &order);
    assert_eq!(peer.channel(2).counts("large"), (0, 1));
}
