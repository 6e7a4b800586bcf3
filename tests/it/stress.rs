//! Many, slow and greedy clients: memory stays bounded, and nobody else notices.

use std::collections::BTreeSet;
use std::thread;

use crate::broker::TestBroker;
use crate::process::Process;
use crate::raw::content::content;
use crate::raw::message::Delivery;
use crate::raw::method::{
    BASIC_CONSUME_OK, CHANNEL_OPEN_OK, basic_ack, basic_consume, basic_get, basic_publish,
    basic_qos, channel_open, confirm_select, queue_delete,
};

/// What the kernel may hold of a socket that nobody reads, both ends together, in octets.
const KERNEL_MAX: u64 = 12 << 20;

#[test]
fn a_consumer_that_never_reads_gets_no_more_than_its_socket_holds() {
    let broker = TestBroker::start();
    if broker.is_rabbitmq_3_10 {
        // Its connections take in all that comes.
        return;
    }
    let (mut publisher, mut stuck) = (broker.connect(), broker.connect());
    let queue = publisher.open(1).shared_queue("stress.stuck");
    stuck.open(1).call(&basic_consume(&queue, "stuck").no_ack());
    publisher.channel(1).call(&confirm_select());
    let message = content(&vec![0; 256 << 10]);

    for _ in 0..100 {
        publisher.channel(1).publish(&basic_publish("", &queue), &message);
    }
    publisher.expect_all_acked(1, 1, 100);

    let taken = 100 - u64::from(publisher.channel(1).counts(&queue).0);
    assert!(taken * (256 << 10) < KERNEL_MAX + (4 << 20), "{taken} messages are on their way");
    let own = publisher.channel(1).own_queue();
    publisher.channel(1).put(&own, "unmoved").expect_all_acked(101, 101);
    assert_eq!(publisher.channel(1).pop(&own), "unmoved");
    for _ in 0..100 {
        stuck.expect_delivery(1);
    }
    publisher.channel(1).call(&queue_delete(&queue));
}

#[test]
fn a_client_that_asks_for_much_and_reads_nothing_costs_little() {
    let broker = Process::start(&[]);
    let (mut greedy, mut other) = (broker.connect(), broker.connect());
    let queue = other.open(1).shared_queue("stress.greedy");
    other.channel(1).call(&confirm_select());
    let message = content(&vec![0; 64 << 10]);
    for _ in 0..500 {
        other.channel(1).publish(&basic_publish("", &queue), &message);
    }
    other.expect_all_acked(1, 1, 500);
    let before = broker.resident();

    greedy.open(1);
    let gets: Vec<u8> = (0..500).flat_map(|_| basic_get(&queue).frame(1)).collect();
    greedy.octets(&gets);
    greedy.channel(1).peer().await_frame();
    let left = other.channel(1).counts(&queue).0;

    let taken = u64::from(500 - left) * (64 << 10);
    let more = broker.resident().saturating_sub(before);
    assert!(taken < KERNEL_MAX + (4 << 20), "{taken} octets were taken, {more} of memory");
    for tag in 1..=500 {
        assert_eq!(greedy.expect_got(1).tag, tag);
    }
}

#[test]
fn a_slow_consumer_gets_everything_in_order() {
    let broker = TestBroker::start();
    let (mut publisher, mut slow) = (broker.connect(), broker.connect());
    let queue = publisher.open(1).shared_queue("stress.slow");
    publisher.channel(1).call(&confirm_select());
    slow.open(1).call(&basic_qos(0, 1));
    slow.channel(1).call(&basic_consume(&queue, "slow"));

    for number in 0..3000 {
        publisher.channel(1).put(&queue, &number.to_string());
    }
    publisher.expect_all_acked(1, 1, 3000);

    for number in 0..1000 {
        let Delivery { tag, content, .. } = slow.expect_delivery(1);
        assert_eq!(content.text(), number.to_string());
        slow.channel(1).send(&basic_ack(tag));
    }
    publisher.channel(1).call(&queue_delete(&queue));
}

#[test]
fn two_thousand_channels_of_one_connection_all_work() {
    let broker = TestBroker::start();
    if broker.is_rabbitmq_3_10 {
        // It opens channels in any order.
        return;
    }
    let mut peer = broker.connect();
    let channels = 1..=2000;

    for channel in channels.clone() {
        peer.channel(channel).send(&channel_open());
        peer.channel(channel);
    }
    for channel in channels.clone() {
        peer.expect_method(channel, CHANNEL_OPEN_OK);
    }
    let queue = peer.channel(1).own_queue();
    for channel in channels.clone() {
        peer.channel(channel).send(&basic_consume(&queue, "c"));
    }
    let started: BTreeSet<_> = channels
        .clone()
        .map(|_| {
            let frame = peer.expect_frame();
            assert_eq!(frame.method_id(), Some(BASIC_CONSUME_OK));
            frame.channel
        })
        .collect();
    assert_eq!(started.len(), 2000);

    for channel in channels.clone() {
        peer.channel(channel).put(&queue, "m");
    }

    let mut served = BTreeSet::new();
    for _ in channels {
        let frame = peer.expect_frame();
        assert_eq!(peer.read_delivery(&frame).tag, 1);
        served.insert(frame.channel);
    }
    assert_eq!(served.len(), 2000, "each channel's consumer has had its turn");
    peer.close();
}

#[test]
fn hundreds_of_connections_share_a_queue() {
    let broker = TestBroker::start();
    let mut publisher = broker.connect();
    let queue = publisher.open(1).shared_queue("stress.shared");
    let mut consumers: Vec<_> = (0..300).map(|_| broker.connect()).collect();
    for consumer in &mut consumers {
        consumer.open(1).call(&basic_consume(&queue, "c"));
    }

    for number in 0..300 {
        publisher.channel(1).put(&queue, &number.to_string());
    }

    for (number, consumer) in consumers.iter_mut().enumerate() {
        assert_eq!(consumer.expect_delivery(1).text(), number.to_string());
        consumer.channel(1).send(&basic_ack(1));
    }
    for consumer in consumers {
        consumer.close();
    }
    assert_eq!(publisher.channel(1).counts(&queue), (0, 0));
    publisher.channel(1).call(&queue_delete(&queue));
}

#[test]
fn channels_and_connections_come_and_go_without_end() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();

    for _ in 0..500 {
        peer.open(1).close();
    }

    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..20 {
                    let mut peer = broker.connect();
                    let queue = peer.open(1).own_queue();
                    peer.channel(1).put(&queue, "m").call(&basic_consume(&queue, "c"));
                    peer.close();
                }
            });
        }
    });
    peer.open(1).close();
}
