//! Dead letters and the end of the broker.

use std::collections::BTreeSet;

use super::end::{ENDS, End, Restarted, keep, kept};
use crate::raw::method::{
    Method, basic_consume, basic_get, basic_nack, basic_publish, exchange_declare, queue_bind,
    queue_declare,
};
use crate::raw::peer::Peer;
use crate::raw::wire::Field::{Int, Str};

const COUNT: usize = 5000;

/// A durable queue whose letters go to the queue `dead`.
fn dying(queue: &str) -> Method {
    let arguments =
        [("x-dead-letter-exchange", Str("")), ("x-dead-letter-routing-key", Str("dead"))];
    queue_declare(queue).durable().arguments(&arguments)
}

/// Publishes numbers to a queue, which has them durably then.
#[track_caller]
fn fill(peer: &mut Peer, queue: &str) {
    for number in 0..COUNT {
        peer.channel(1).publish(&basic_publish("", queue), &kept(&number.to_string()));
    }
    peer.expect_all_acked(1, 1, COUNT as u64);
}

#[test]
fn a_dead_letter_comes_back_with_its_history_and_dies_on() {
    for end in ENDS {
        let mut broker = Restarted::start();
        let mut peer = broker.connect_confirming();
        peer.channel(1).call(&queue_declare("dead").durable());
        peer.channel(1).call(&dying("q"));
        peer.channel(1).call(&exchange_declare("x", "fanout").durable());
        peer.channel(1).call(&queue_bind("dead", "x", ""));
        let arguments = [("x-dead-letter-exchange", Str("x")), ("x-message-ttl", Int(0))];
        peer.channel(1).call(&queue_declare("first").durable().arguments(&arguments));
        let arguments = [
            ("x-dead-letter-exchange", Str("")),
            ("x-dead-letter-routing-key", Str("q")),
            ("x-message-ttl", Int(0)),
        ];
        peer.channel(1).call(&queue_declare("again").durable().arguments(&arguments));
        // It arrives in q as a letter, and q holds it over the restart.
        keep(&mut peer, "again", 1, &["hi"]);
        peer.open(2).call(&basic_consume("q", "c"));
        assert_eq!(peer.expect_delivery(2).text(), "hi");

        broker.again(end, [peer]);

        let mut peer = broker.connect();
        // A crash may have doubled it.
        let got = peer.channel(1).get(&basic_get("q"));
        peer.channel(1).send(&basic_nack(got.tag));
        peer.open(2).call(&basic_consume("dead", "dead"));
        let letter = peer.expect_delivery(2);
        assert_eq!(letter.text(), "hi");
        let told = crate::dead_letter::briefly(&letter);
        let expected = [("q", "rejected", 1), ("again", "expired", 1)]
            .map(|(queue, reason, count)| (queue.to_owned(), reason.to_owned(), count));
        assert_eq!(told, expected, "{end:?}");
    }
}

#[test]
fn letters_on_their_way_are_in_one_queue_or_the_other_after_a_kill() {
    let mut broker = Restarted::start();
    let mut peer = broker.connect_confirming();
    peer.channel(1).call(&queue_declare("dead").durable());
    peer.channel(1).call(&dying("q"));
    fill(&mut peer, "q");
    peer.channel(1).call(&basic_consume("q", "c"));
    let last = peer.expect_deliveries(1, COUNT).last().unwrap().tag;
    peer.open(2).call(&basic_consume("dead", "dead"));

    peer.channel(1).send(&basic_nack(last).multiple());
    // Some have arrived, and hardly all.
    peer.expect_delivery(2);
    broker.again(End::Kill, [peer]);

    let mut peer = broker.connect();
    let all = [peer.channel(1).drain("q"), peer.channel(1).drain("dead")].concat();
    let found: BTreeSet<_> = all.iter().map(|text| text.parse::<usize>().unwrap()).collect();
    assert_eq!(found.len(), COUNT, "of {} messages", all.len());
}

#[test]
fn letters_of_messages_that_have_left_memory_arrive() {
    let mut broker = Restarted::start_with(&[("STORE_MEMORY", "256KiB")]);
    let mut peer = broker.connect_confirming();
    peer.channel(1).call(&queue_declare("dead").durable());
    let arguments = [
        ("x-dead-letter-exchange", Str("")),
        ("x-dead-letter-routing-key", Str("dead")),
        ("x-message-ttl", Int(1500)),
    ];
    peer.channel(1).call(&queue_declare("q").durable().arguments(&arguments));
    for number in 0..COUNT {
        let text = format!("{number:02048}");
        peer.channel(1).publish(&basic_publish("", "q"), &kept(&text));
    }
    peer.expect_all_acked(1, 1, COUNT as u64);

    broker.again(End::Kill, [peer]);

    let mut peer = broker.connect();
    peer.channel(1).call(&basic_consume("dead", "dead").no_ack());
    let mut found = BTreeSet::new();
    while found.len() < COUNT {
        found.insert(peer.expect_delivery(1).text().parse::<usize>().unwrap());
    }
    assert_eq!(peer.channel(1).counts("q"), (0, 0));
}
