//! basic.consume and basic.cancel.

use std::thread;

use crate::broker::TestBroker;
use crate::raw::login::Login;
use crate::raw::message::{Delivery, texts};
use crate::raw::method::{
    BASIC_CANCEL, BASIC_CANCEL_OK, BASIC_CONSUME, BASIC_CONSUME_OK, Method, QUEUE_DELETE,
    basic_ack, basic_cancel, basic_consume, basic_nack, basic_qos, channel_close_ok, queue_declare,
    queue_delete,
};

#[test]
fn consume_ok_comes_before_the_first_delivery() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let queue = peer.open(1).own_queue();
    peer.channel(1).put_all(&queue, &["m1", "m2"]).counts(&queue);

    peer.channel(1).send(&basic_consume(&queue, "c"));

    peer.expect_method(1, BASIC_CONSUME_OK);
    assert_eq!(texts(&peer.expect_deliveries(1, 2)), ["m1", "m2"]);
}

#[test]
fn a_delivery_says_whence_it_came() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let queue = peer.open(7).own_queue();
    peer.channel(7).call(&basic_consume(&queue, "who"));

    peer.channel(7).put_all(&queue, &["m1", "m2"]);

    let [Delivery { consumer, tag: 1, redelivered: false, exchange, key, .. }, second] =
        &peer.expect_deliveries(7, 2)[..]
    else {
        panic!("the first delivery has tag 1 and is new")
    };
    assert_eq!((consumer.as_str(), exchange.as_str(), key), ("who", "", &queue));
    assert_eq!(second.tag, 2);
}

#[test]
fn no_wait_starts_a_consumer_without_a_word() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let queue = peer.open(1).own_queue();
    peer.channel(1).put(&queue, "m1");

    peer.channel(1).send(&basic_consume(&queue, "quiet").no_wait());

    assert_eq!(peer.expect_delivery(1).brief(), ("quiet", "m1"));
}

#[test]
fn an_empty_tag_is_made_up_by_the_broker() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let queue = peer.open(1).own_queue();

    let consume_ok = peer.channel(1).call(&basic_consume(&queue, ""));
    let tag = consume_ok.arguments().short_str();
    peer.channel(1).put(&queue, "m1");

    assert!(tag.starts_with("amq.ctag-") && tag.len() == 31, "{tag}");
    assert_eq!(peer.expect_delivery(1).consumer, tag);
}

#[test]
fn consumers_take_turns_in_the_order_of_consuming() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let queue = peer.open(1).own_queue();
    for tag in ["a", "b", "c"] {
        peer.channel(1).call(&basic_consume(&queue, tag));
    }

    peer.channel(1).put_all(&queue, &["1", "2", "3", "4", "5", "6"]);

    let deliveries = peer.expect_deliveries(1, 6);
    let turns: Vec<_> = deliveries.iter().map(Delivery::brief).collect();
    assert_eq!(turns, [("a", "1"), ("b", "2"), ("c", "3"), ("a", "4"), ("b", "5"), ("c", "6")]);
}

#[test]
fn a_consumer_without_credit_is_passed_over() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let queue = peer.open(1).own_queue();
    peer.channel(1).call(&basic_qos(0, 1));
    peer.channel(1).call(&basic_consume(&queue, "one"));
    peer.channel(1).call(&basic_qos(0, 0));
    peer.channel(1).call(&basic_consume(&queue, "all"));

    peer.channel(1).put_all(&queue, &["1", "2", "3", "4"]);
    let before = peer.expect_deliveries(1, 4);
    peer.channel(1).send(&basic_ack(before[0].tag)).counts(&queue);
    peer.channel(1).put_all(&queue, &["5", "6"]);
    let after = peer.expect_deliveries(1, 2);

    let turns: Vec<_> = before.iter().map(Delivery::brief).collect();
    assert_eq!(turns, [("one", "1"), ("all", "2"), ("all", "3"), ("all", "4")]);
    let mut takers: Vec<_> = after.iter().map(|delivery| delivery.consumer.as_str()).collect();
    takers.sort_unstable();
    assert_eq!(takers, ["all", "one"]);
}

#[test]
fn nothing_is_delivered_after_cancel_ok_and_unacked_deliveries_stay() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let queue = peer.open(1).own_queue();
    peer.channel(1).call(&basic_consume(&queue, "c"));
    peer.channel(1).put(&queue, "held");
    let held = peer.expect_delivery(1);

    peer.channel(1).call(&basic_cancel("c"));
    peer.channel(1).put(&queue, "left");

    assert_eq!(peer.channel(1).counts(&queue), (1, 0));
    peer.channel(1).send(&basic_nack(held.tag).requeue());
    assert_eq!(peer.channel(1).drain(&queue), ["held", "left"]);
}

#[test]
fn cancelling_what_does_not_consume_is_answered_and_no_wait_is_not() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let queue = peer.open(1).own_queue();
    peer.channel(1).call(&basic_consume(&queue, "c"));

    let cancel_ok = peer.channel(1).call(&basic_cancel("nobody"));
    peer.channel(1).send(&basic_cancel("c").no_wait());

    assert_eq!(cancel_ok.method_id(), Some(BASIC_CANCEL_OK));
    assert_eq!(cancel_ok.arguments().short_str(), "nobody");
    assert_eq!(peer.channel(1).counts(&queue), (0, 0));
}

#[test]
fn a_tag_is_free_again_after_its_cancel() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let queue = peer.open(1).own_queue();

    for _ in 0..3 {
        peer.channel(1).call(&basic_consume(&queue, "c"));
        peer.channel(1).call(&basic_cancel("c"));
    }

    assert_eq!(peer.channel(1).counts(&queue), (0, 0));
}

#[test]
fn the_deleter_of_a_queue_hears_delete_ok_and_then_of_its_consumers() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let queue = peer.open(1).own_queue();
    peer.channel(1).call(&basic_consume(&queue, "c"));

    peer.channel(1).call(&queue_delete(&queue));

    let cancel = peer.expect_method(1, BASIC_CANCEL);
    let mut arguments = cancel.arguments();
    assert_eq!((arguments.short_str().as_str(), arguments.octet()), ("c", 1), "tag, no-wait");
}

#[test]
fn consumers_elsewhere_hear_of_the_deletion_only_if_they_said_they_can() {
    let broker = TestBroker::start();
    let (mut deleter, mut told) = (broker.connect(), broker.connect());
    let deaf = Login { capabilities: &["basic.nack"], ..Login::default() };
    let mut untold = broker.connect_with(&deaf);
    let queue = deleter.open(1).shared_queue("consume.deleted");
    told.open(1).call(&basic_consume(&queue, "told"));
    untold.open(1).call(&basic_consume(&queue, "untold"));

    deleter.channel(1).call(&queue_delete(&queue));

    assert_eq!(told.expect_method(1, BASIC_CANCEL).arguments().short_str(), "told");
    let own = untold.channel(1).own_queue();
    untold.channel(1).call(&basic_consume(&own, "still here"));
    untold.channel(1).put(&own, "fine");
    assert_eq!(untold.expect_delivery(1).brief(), ("still here", "fine"));
}

#[test]
fn the_tag_of_a_consumer_that_went_with_its_queue_is_free() {
    let broker = TestBroker::start();
    let (mut deleter, mut consumer) = (broker.connect(), broker.connect());
    let queue = deleter.open(1).shared_queue("consume.tag_freed");
    consumer.open(1).call(&basic_consume(&queue, "c"));
    deleter.channel(1).call(&queue_delete(&queue));
    consumer.expect_method(1, BASIC_CANCEL);
    let own = consumer.channel(1).own_queue();

    consumer.channel(1).call(&basic_consume(&own, "c"));

    assert_eq!(consumer.channel(1).counts(&own), (0, 1));
}

#[test]
fn settling_deliveries_of_a_deleted_queue_is_no_error() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let queue = peer.open(1).own_queue();
    peer.channel(1).call(&basic_consume(&queue, "c"));
    peer.channel(1).put_all(&queue, &["m1", "m2"]);
    let held = peer.expect_deliveries(1, 2);
    peer.channel(1).call(&queue_delete(&queue));
    peer.expect_method(1, BASIC_CANCEL);

    peer.channel(1).send(&basic_ack(held[0].tag)).send(&basic_nack(held[1].tag).requeue());

    assert_eq!(peer.channel(1).call(&queue_delete(&queue)).method_id(), Some(delete_ok()));
}

const fn delete_ok() -> (u16, u16) {
    (QUEUE_DELETE.0, QUEUE_DELETE.1 + 1)
}

#[track_caller]
fn refused(broker: &TestBroker, queue: &str, consume: &Method) {
    let mut peer = broker.connect();
    peer.open(1).send(consume);
    let text = format!("ACCESS_REFUSED - queue '{queue}' in vhost '/' in exclusive use");
    peer.expect_channel_close(1, 403, &text, BASIC_CONSUME);
}

#[test]
fn an_exclusive_consumer_is_alone_until_it_goes() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let queue = peer.open(1).shared_queue("consume.alone");
    peer.channel(1).call(&basic_consume(&queue, "alone").exclusive());

    refused(&broker, &queue, &basic_consume(&queue, "other"));
    refused(&broker, &queue, &basic_consume(&queue, "other").exclusive());
    peer.channel(1).call(&basic_cancel("alone"));
    let mut other = broker.connect();
    other.open(1).call(&basic_consume(&queue, "other"));

    refused(&broker, &queue, &basic_consume(&queue, "late").exclusive());
    other.channel(1).call(&queue_delete(&queue));
}

#[test]
fn an_exclusive_consumer_leaves_with_its_connection() {
    let broker = TestBroker::start();
    let (mut first, mut second) = (broker.connect(), broker.connect());
    let queue = first.open(1).shared_queue("consume.alone.lost");
    first.channel(1).call(&basic_consume(&queue, "alone").exclusive());

    first.close();

    second.open(1).call(&basic_consume(&queue, "next").exclusive());
    second.channel(1).call(&queue_delete(&queue));
}

#[test]
fn without_acks_deliveries_are_gone_when_they_are_sent() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let queue = peer.open(1).own_queue();
    peer.open(2).call(&basic_consume(&queue, "c").no_ack());
    peer.channel(1).put_all(&queue, &["m1", "m2"]);
    assert_eq!(texts(&peer.expect_deliveries(2, 2)), ["m1", "m2"]);

    peer.channel(2).close();

    assert_eq!(peer.channel(1).counts(&queue), (0, 0));
}

#[test]
fn a_queue_serves_consumers_on_many_connections_in_turn() {
    let broker = TestBroker::start();
    let mut publisher = broker.connect();
    let queue = publisher.open(1).shared_queue("consume.spread");
    let mut consumers: Vec<_> = (0..3).map(|_| broker.connect()).collect();
    for consumer in &mut consumers {
        consumer.open(1).call(&basic_consume(&queue, "c"));
    }

    for number in 0..9 {
        publisher.channel(1).put(&queue, &number.to_string());
    }

    for (first, consumer) in consumers.iter_mut().enumerate() {
        let expected: Vec<_> = (0..3).map(|turn| (first + 3 * turn).to_string()).collect();
        assert_eq!(texts(&consumer.expect_deliveries(1, 3)), expected);
    }
    publisher.channel(1).call(&queue_delete(&queue));
}

#[test]
fn a_consumer_that_starts_while_its_queue_goes_hears_of_it_one_way_or_the_other() {
    let broker = TestBroker::start();
    let (mut deleter, mut consumer) = (broker.connect(), broker.connect());
    let queue = "consume.flickering";
    deleter.open(1);

    thread::scope(|scope| {
        let deletions = scope.spawn(|| {
            for _ in 0..500 {
                deleter.channel(1).call(&queue_declare(queue));
                deleter.channel(1).call(&queue_delete(queue));
            }
        });
        consumer.open(1);
        while !deletions.is_finished() {
            consumer.channel(1).send(&basic_consume(queue, "c"));
            if consumer.expect_frame().method_id() == Some(BASIC_CONSUME_OK) {
                consumer.expect_method(1, BASIC_CANCEL);
                consumer.channel(1).call(&basic_cancel("c"));
            } else {
                consumer.channel(1).send(&channel_close_ok());
                consumer.open(1);
            }
        }
    });
}
