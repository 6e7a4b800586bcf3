//! Clients that go without a word.

use crate::broker::TestBroker;
use crate::raw::close::Close;
use crate::raw::content::header;
use crate::raw::message::texts;
use crate::raw::method::{
    basic_ack, basic_consume, basic_get, basic_publish, exchange_declare, queue_bind,
    queue_declare, queue_delete, tx_select,
};
use crate::raw::peer::{PATIENCE, Peer};

/// Asks until the queue does not exist.
#[track_caller]
fn await_missing(peer: &mut Peer, queue: &str) {
    let begun = std::time::Instant::now();
    loop {
        peer.channel(1).send(&queue_declare(queue).passive());
        let answer = peer.expect_frame();
        if let Some(close) = Close::read(&answer) {
            peer.channel(1).send(&crate::raw::method::channel_close_ok());
            peer.open(1);
            if close.code == 404 {
                return;
            }
        }
        assert!(begun.elapsed() < PATIENCE, "{queue} is still there");
    }
}

#[test]
fn unacked_messages_go_to_the_next_consumer_in_order() {
    let broker = TestBroker::start();
    let (mut gone, mut next) = (broker.connect(), broker.connect());
    let queue = gone.open(1).shared_queue("lost.unacked");
    gone.channel(1).call(&basic_consume(&queue, "gone"));
    gone.channel(1).put_all(&queue, &["1", "2", "3", "4"]);
    gone.expect_deliveries(1, 4);
    gone.channel(1).send(&basic_ack(2)).counts(&queue);
    next.open(1).call(&basic_consume(&queue, "next"));

    drop(gone);

    let again = next.expect_deliveries(1, 3);
    assert_eq!(texts(&again), ["1", "3", "4"]);
    assert!(again.iter().all(|delivery| delivery.redelivered));
    next.channel(1).call(&queue_delete(&queue));
}

#[test]
fn messages_of_several_channels_come_back_in_the_order_of_the_queue() {
    let broker = TestBroker::start();
    let (mut gone, mut next) = (broker.connect(), broker.connect());
    let queue = gone.open(1).shared_queue("lost.channels");
    gone.channel(1).put_all(&queue, &["1", "2", "3", "4", "5", "6"]);
    for channel in 2..=4 {
        gone.open(channel);
    }
    for channel in [4, 2, 3, 2, 4] {
        gone.channel(channel).get(&basic_get(&queue));
    }

    drop(gone);

    next.open(1);
    let begun = std::time::Instant::now();
    while next.channel(1).counts(&queue) != (6, 0) {
        assert!(begun.elapsed() < PATIENCE);
    }
    assert_eq!(next.channel(1).drain(&queue), ["1", "2", "3", "4", "5", "6"]);
    next.channel(1).call(&queue_delete(&queue));
}

#[test]
fn a_lost_transaction_is_rolled_back() {
    let broker = TestBroker::start();
    let (mut gone, mut next) = (broker.connect(), broker.connect());
    let queue = gone.open(1).shared_queue("lost.transaction");
    gone.channel(1).put_all(&queue, &["1", "2"]).call(&tx_select());
    gone.channel(1).get(&basic_get(&queue));
    gone.channel(1).get(&basic_get(&queue));
    gone.channel(1).put(&queue, "never").send(&basic_ack(1)).counts(&queue);
    next.open(1).call(&basic_consume(&queue, "next"));

    drop(gone);

    assert_eq!(texts(&next.expect_deliveries(1, 2)), ["1", "2"]);
    assert_eq!(next.channel(1).counts(&queue), (0, 1));
    next.channel(1).call(&queue_delete(&queue));
}

#[test]
fn half_a_message_is_no_message() {
    let broker = TestBroker::start();
    let (mut gone, mut next) = (broker.connect(), broker.connect());
    let queue = gone.open(1).shared_queue("lost.half");
    next.open(1);
    gone.channel(1).put(&queue, "whole").get(&basic_get(&queue));
    gone.channel(1)
        .send(&basic_publish("", &queue))
        .frame(2, &header(60, 1000))
        .frame(3, &[7; 500]);
    next.channel(1).call(&basic_consume(&queue, "next"));

    drop(gone);

    assert_eq!(next.expect_delivery(1).text(), "whole");
    assert_eq!(next.channel(1).counts(&queue), (0, 1));
    next.channel(1).call(&queue_delete(&queue));
}

#[test]
fn exclusive_and_auto_delete_queues_go_with_their_client() {
    let broker = TestBroker::start();
    let (mut gone, mut next) = (broker.connect(), broker.connect());
    gone.open(1).call(&queue_declare("lost.exclusive").exclusive());
    gone.channel(1).call(&queue_declare("lost.auto").auto_delete());
    gone.channel(1).call(&exchange_declare("lost.exchange", "fanout").auto_delete());
    gone.channel(1).call(&queue_bind("lost.auto", "lost.exchange", ""));
    gone.channel(1).call(&basic_consume("lost.auto", "c"));
    gone.channel(1).put("lost.auto", "with it").put("lost.exclusive", "with it");
    gone.expect_delivery(1);
    next.open(1);

    drop(gone);

    await_missing(&mut next, "lost.exclusive");
    await_missing(&mut next, "lost.auto");
    let exchange = exchange_declare("lost.exchange", "fanout");
    crate::lifetime::expect_missing(&mut next, 1, &exchange, "exchange 'lost.exchange'");
}

#[test]
fn a_client_that_goes_in_the_middle_of_many_deliveries_loses_none() {
    let broker = TestBroker::start();
    let (mut publisher, mut gone) = (broker.connect(), broker.connect());
    let queue = publisher.open(1).shared_queue("lost.busy");
    gone.open(1).call(&basic_consume(&queue, "gone"));
    for number in 0..1000 {
        publisher.channel(1).put(&queue, &number.to_string());
    }
    gone.expect_deliveries(1, 10);

    drop(gone);

    publisher.channel(1).call(&basic_consume(&queue, "next"));
    let mut numbers: Vec<u32> = publisher
        .expect_deliveries(1, 1000)
        .iter()
        .map(|delivery| delivery.text().parse().unwrap())
        .collect();
    numbers.sort_unstable();
    assert!(numbers.into_iter().eq(0..1000));
    publisher.channel(1).call(&queue_delete(&queue));
}
