//! Quorum queues on one node: what differs from classic ones.

use crate::broker::TestBroker;
use crate::delivery_limit::quorum;
use crate::raw::method::{
    QUEUE_DECLARE, basic_ack, basic_consume, basic_get, basic_qos, confirm_select, queue_declare,
    queue_delete, queue_purge,
};
use crate::raw::wire::Field;

#[test]
fn a_quorum_queue_takes_messages_in_order_and_is_declared_again_with_its_type_alone() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    peer.open(1);
    quorum(&mut peer, "quorum.plain", &[("x-quorum-initial-group-size", Field::Int(3))]);
    peer.channel(1).put_all("quorum.plain", &["1", "2", "3"]);

    quorum(&mut peer, "quorum.plain", &[("x-quorum-initial-group-size", Field::Int(3))]);

    assert_eq!(peer.channel(1).pop("quorum.plain"), "1");
    peer.channel(1).call(&queue_purge("quorum.plain"));
    peer.channel(1).expect_empty("quorum.plain");
    peer.channel(1).send(&queue_declare("quorum.plain").durable());
    let text = "PRECONDITION_FAILED - inequivalent arg 'x-queue-type' for queue 'quorum.plain' in vhost '/': \
                received 'classic' but current is 'quorum'";
    if broker.is_rabbitmq_3_10 {
        // It does not store the type of a queue that does not say.
        return;
    }
    peer.expect_channel_close(1, 406, text, QUEUE_DECLARE);
    peer.open(2).call(&queue_delete("quorum.plain"));
}

#[test]
fn the_limit_of_deliveries_is_part_of_what_is_declared() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    peer.open(1);
    quorum(&mut peer, "quorum.differs", &[("x-delivery-limit", Field::Int(2))]);

    let other = [("x-queue-type", Field::Str("quorum")), ("x-delivery-limit", Field::Int(3))];
    peer.channel(1).send(&queue_declare("quorum.differs").durable().arguments(&other));

    let text = "PRECONDITION_FAILED - inequivalent arg 'x-delivery-limit' for queue 'quorum.differs' in vhost '/': \
                received '3' but current is '2'";
    peer.expect_channel_close(1, 406, text, QUEUE_DECLARE);
    peer.open(2).call(&queue_delete("quorum.differs"));
}

#[test]
fn exclusive_consumers_share_a_quorum_queue() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    peer.open(1);
    quorum(&mut peer, "quorum.shared", &[]);
    peer.channel(1).call(&basic_consume("quorum.shared", "a").exclusive());
    peer.channel(1).call(&basic_consume("quorum.shared", "b").exclusive());

    peer.channel(1).put_all("quorum.shared", &["1", "2"]);

    let mut briefs: Vec<_> = peer
        .expect_deliveries(1, 2)
        .into_iter()
        .map(|it| (it.consumer.clone(), it.text().to_owned()))
        .collect();
    briefs.sort();
    assert_eq!(briefs, [("a".to_owned(), "1".to_owned()), ("b".to_owned(), "2".to_owned())]);
    peer.channel(1).send(&queue_delete("quorum.shared"));
}

#[test]
fn a_limit_over_the_whole_channel_holds_for_quorum_queues_too() {
    let broker = TestBroker::start();
    if broker.is_rabbitmq_3_10 {
        // It refuses the consumer.
        return;
    }
    let mut peer = broker.connect();
    peer.open(1);
    quorum(&mut peer, "quorum.limited", &[]);
    peer.channel(1).put_all("quorum.limited", &["1", "2", "3"]);
    peer.channel(1).call(&basic_qos(0, 2).global());

    for tag in ["a", "b"] {
        peer.channel(1).send(&basic_consume("quorum.limited", tag).no_wait());
    }
    let held = peer.expect_deliveries(1, 2);
    assert_eq!(peer.channel(1).counts("quorum.limited"), (1, 2));
    peer.channel(1).send(&basic_ack(held[0].tag));

    assert_eq!(peer.expect_delivery(1).text(), "3");
    peer.channel(1).send(&queue_delete("quorum.limited"));
}

#[test]
fn one_consumer_at_a_time_is_served_where_the_queue_says_so() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    peer.open(1);
    quorum(&mut peer, "quorum.single", &[("x-single-active-consumer", Field::Bool(true))]);
    peer.channel(1).call(&basic_consume("quorum.single", "a"));
    peer.channel(1).call(&basic_consume("quorum.single", "b"));

    peer.channel(1).put_all("quorum.single", &["1", "2"]);

    assert_eq!(peer.expect_delivery(1).brief(), ("a", "1"));
    assert_eq!(peer.expect_delivery(1).brief(), ("a", "2"));
    peer.channel(1).send(&queue_delete("quorum.single"));
}

#[test]
fn messages_without_a_delivery_mode_are_confirmed_and_got() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    peer.open(1);
    quorum(&mut peer, "quorum.confirm", &[]);
    peer.channel(1).call(&confirm_select());

    peer.channel(1).put_all("quorum.confirm", &["1", "2"]);

    peer.expect_all_acked(1, 1, 2);
    assert_eq!(peer.channel(1).get(&basic_get("quorum.confirm")).content.text(), "1");
    peer.channel(1).call(&queue_delete("quorum.confirm"));
}
