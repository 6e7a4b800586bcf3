//! What a channel has published it sees when it asks, whoever else publishes.

use std::thread;

use crate::broker::TestBroker;
use crate::raw::content::content;
use crate::raw::method::{
    basic_get, basic_nack, basic_publish, confirm_select, queue_declare, queue_delete,
};
use crate::raw::wire::Field;

const OTHERS: usize = 8;
const ROUNDS: u32 = 150;

#[test]
fn a_passive_declare_counts_what_the_channel_published_before() {
    let broker = TestBroker::start();
    if broker.is_rabbitmq_3_10 {
        // It promises no such thing.
        return;
    }
    let mut peer = broker.connect();
    let queue = &peer.open(1).shared_queue("writes.counted");

    thread::scope(|scope| {
        for _ in 0..OTHERS {
            scope.spawn(|| {
                let mut other = broker.connect();
                other.open(1);
                for _ in 0..ROUNDS * 10 {
                    other.channel(1).put(queue, "theirs");
                }
                other.channel(1).counts(queue);
            });
        }
        let mut others_then = 0;
        for own in 1..=ROUNDS {
            let (ready, _) = peer.channel(1).put(queue, "ours").counts(queue);
            let others = ready.checked_sub(own).expect("all of ours are there");
            assert!(others >= others_then, "nothing that was counted is uncounted");
            others_then = others;
        }
    });

    let all = ROUNDS + ROUNDS * 10 * u32::try_from(OTHERS).unwrap();
    assert_eq!(peer.channel(1).counts(queue).0, all);
    peer.channel(1).call(&queue_delete(queue));
}

/// Everybody takes one message for each that he has put, so there is always one to take.
#[test]
fn a_get_never_misses_what_the_channel_published_before() {
    let broker = TestBroker::start();
    if broker.is_rabbitmq_3_10 {
        // It promises no such thing.
        return;
    }
    let mut peer = broker.connect();
    let queue = &peer.open(1).shared_queue("writes.got");

    thread::scope(|scope| {
        for _ in 0..=OTHERS {
            scope.spawn(|| {
                let mut other = broker.connect();
                other.open(1);
                for round in 0..ROUNDS {
                    other.channel(1).put(queue, "m");
                    if round % 2 == 0 {
                        assert!(other.channel(1).counts(queue).0 > 0);
                    }
                    other.channel(1).get(&basic_get(queue).no_ack());
                }
            });
        }
    });

    assert_eq!(peer.channel(1).counts(queue), (0, 0));
    peer.channel(1).call(&queue_delete(queue));
}

#[test]
fn a_publish_finds_no_room_where_a_message_was_put_back_before_it() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    peer.open(1);
    let full = [("x-max-length", Field::Int(1)), ("x-overflow", Field::Str("reject-publish"))];
    peer.channel(1).call(&queue_declare("writes.full").exclusive().arguments(&full));
    peer.channel(1).call(&confirm_select());
    peer.channel(1).put("writes.full", "back");
    assert!(peer.expect_confirm(1).acked);
    let got = peer.channel(1).get(&basic_get("writes.full"));

    // In one write, so that the broker reads them together.
    let put_back = basic_nack(got.tag).requeue().frame(1);
    let publish = basic_publish("", "writes.full").frame(1);
    peer.octets(&[put_back, publish, content(b"no room").frames(1, 4096)].concat());

    assert!(!peer.expect_confirm(1).acked);
    assert_eq!(peer.channel(1).get(&basic_get("writes.full")).content.body, b"back");
}
