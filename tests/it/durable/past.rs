//! Exchanges that remember messages, over a restart.

use super::end::{ENDS, Restarted};
use super::expect_no_answer;
use super::transaction::{Unwritten, await_ready};
use crate::raw::content::{Content, content};
use crate::raw::method::{
    TX_COMMIT_OK, basic_publish, exchange_declare, queue_bind, queue_declare, tx_commit,
};
use crate::raw::wire::{Field, fields, long_str};

/// A persistent message that is its own value for deduplication.
fn persistent(text: &'static str) -> Content {
    let headers = fields(&[("x-deduplication-header", Field::Str(text))]);
    let properties = [long_str(&headers), vec![2]].concat();
    content(text.as_bytes()).properties(1 << 13 | 1 << 12, &properties)
}

#[test]
fn values_are_forgotten_by_a_restart_and_what_was_confirmed_is_there() {
    for end in ENDS {
        let mut broker = Restarted::start();
        let mut peer = broker.connect_confirming();
        let mut channel = peer.channel(1);
        let declare = exchange_declare("x", "x-message-deduplication").durable();
        channel.call(&declare.arguments(&[("x-cache-size", Field::Int(10))]));
        channel.call(&queue_declare("q").durable());
        channel.call(&queue_bind("q", "x", ""));
        for text in ["a", "a", "b", "a"] {
            channel.publish(&basic_publish("x", ""), &persistent(text));
        }
        channel.expect_all_acked(1, 4);

        broker.again(end, [peer]);

        let mut peer = broker.connect();
        for _ in 0..2 {
            peer.channel(1).publish(&basic_publish("x", ""), &persistent("a"));
        }
        assert_eq!(peer.channel(1).drain("q"), ["a", "b", "a"], "{end:?}");
    }
}

#[test]
fn a_history_is_empty_after_a_restart_and_what_it_sent_to_a_queue_is_there() {
    for end in ENDS {
        let mut broker = Restarted::start();
        let mut peer = broker.connect_confirming();
        let mut channel = peer.channel(1);
        channel.call(&exchange_declare("x", "x-recent-history").durable());
        for text in ["1", "2", "3"] {
            channel.publish(&basic_publish("x", ""), &persistent(text));
        }
        channel.expect_all_acked(1, 3);
        channel.call(&queue_declare("q").durable());
        channel.call(&queue_bind("q", "x", ""));
        channel.publish(&basic_publish("x", ""), &persistent("4"));
        channel.expect_all_acked(4, 4);

        broker.again(end, [peer]);

        let mut peer = broker.connect();
        let mut channel = peer.channel(1);
        let late = channel.own_queue();
        channel.call(&queue_bind(&late, "x", ""));
        channel.publish(&basic_publish("x", ""), &persistent("5"));
        assert_eq!(channel.drain("q"), ["1", "2", "3", "4", "5"], "{end:?}");
        assert_eq!(channel.drain(&late), ["5"], "{end:?}");
    }
}

#[test]
fn a_persistent_duplicate_is_answered_when_the_first_is_in_the_log() {
    let mut broker = Unwritten::start();
    let (mut peer, mut bystander) = (broker.transacting(), broker.bystander());
    let declare = exchange_declare("x", "x-message-deduplication");
    peer.channel(2).call(&declare.arguments(&[("x-cache-size", Field::Int(10))]));
    peer.channel(2).call(&queue_bind("q", "x", ""));

    bystander.channel(1).publish(&basic_publish("x", ""), &persistent("a"));
    await_ready(&mut bystander, "q", 1);
    peer.channel(2).publish(&basic_publish("x", ""), &persistent("a")).send(&tx_commit());
    expect_no_answer(&mut peer, &mut bystander, "probe");
    broker.write();

    peer.expect_method(2, TX_COMMIT_OK);
    assert_eq!(bystander.channel(1).counts("q").0, 1);
}

/// The same of a queue that drops duplicates itself.
#[test]
fn a_duplicate_in_a_queue_is_answered_when_the_first_is_in_the_log() {
    let mut broker = Unwritten::start();
    let (mut peer, mut bystander) = (broker.transacting(), broker.bystander());
    let arguments = [("x-message-deduplication", Field::Bool(true))];
    peer.channel(2).call(&queue_declare("unique").durable().arguments(&arguments));

    bystander.channel(1).publish(&basic_publish("", "unique"), &persistent("a"));
    await_ready(&mut bystander, "unique", 1);
    peer.channel(2).publish(&basic_publish("", "unique"), &persistent("a")).send(&tx_commit());
    expect_no_answer(&mut peer, &mut bystander, "probe");
    broker.write();

    peer.expect_method(2, TX_COMMIT_OK);
    assert_eq!(bystander.channel(1).counts("unique").0, 1);
}
