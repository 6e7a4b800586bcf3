//! What a channel has published it sees when it asks, whoever else publishes.

use std::thread;

use crate::broker::TestBroker;
use crate::raw::method::{basic_get, queue_delete};

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
