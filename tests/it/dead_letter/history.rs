//! Letters that die again: how often is counted, and circles end.

use super::{briefly, death, deaths, dying, dying_to, header, ttl, watch};
use crate::broker::TestBroker;
use crate::raw::method::{basic_consume, basic_reject, exchange_declare, queue_bind};
use crate::raw::wire::Field::Str;

#[test]
fn a_work_queue_and_a_wait_queue_try_a_message_again_and_count_how_often() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let back = ("x-dead-letter-routing-key", Str("dl.work"));
    peer.open(1).call(&dying_to("dl.work", "dl.wait"));
    peer.channel(1).call(&dying("dl.wait", "", &[ttl(20), back]));
    peer.channel(1).call(&basic_consume("dl.work", "worker"));

    peer.channel(1).put("dl.work", "job");

    for attempt in 0..4 {
        let job = peer.expect_delivery(1);
        assert_eq!((job.text(), &*job.exchange, &*job.key), ("job", "", "dl.work"));
        let told = briefly(&job);
        if attempt == 0 {
            assert_eq!(told, []);
        } else {
            let waited = death("dl.wait", "expired", attempt);
            assert_eq!(told, [waited, death("dl.work", "rejected", attempt)]);
            let first = header(&job.content, "x-first-death-reason");
            assert_eq!(first.as_deref(), Some("rejected"));
        }
        peer.channel(1).send(&basic_reject(job.tag));
    }
}

#[test]
fn a_chain_of_queues_is_told_the_latest_first() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let to = |queue| ("x-dead-letter-routing-key", Str(queue));
    peer.open(1).call(&dying("dl.1", "", &[ttl(0), to("dl.2")]));
    peer.channel(1).call(&dying("dl.2", "", &[ttl(0), to("dl.3")]));
    peer.channel(1).call(&dying("dl.3", "", &[ttl(0), to("dl.dead")]));
    watch(&mut peer, "dl.dead");

    peer.channel(1).put("dl.1", "far");

    let letter = peer.expect_delivery(2);
    let queues = ["dl.3", "dl.2", "dl.1"];
    assert_eq!(briefly(&letter), queues.map(|queue| death(queue, "expired", 1)));
    let keys: Vec<_> = deaths(&letter.content).into_iter().map(|it| it.keys).collect();
    assert_eq!(keys, [["dl.3"], ["dl.2"], ["dl.1"]]);
    assert_eq!(header(&letter.content, "x-first-death-queue").as_deref(), Some("dl.1"));
}

#[test]
fn a_queue_may_have_its_own_rejections_again() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    peer.open(1).call(&dying("dl.self", "", &[]));
    peer.channel(1).call(&basic_consume("dl.self", "c"));

    peer.channel(1).put("dl.self", "again");

    for attempt in 0..5 {
        let delivery = peer.expect_delivery(1);
        let told: Vec<_> = deaths(&delivery.content).iter().map(|it| it.count).collect();
        assert_eq!(told, if attempt == 0 { vec![] } else { vec![attempt] });
        assert!(!delivery.redelivered);
        peer.channel(1).send(&basic_reject(delivery.tag));
    }
}

#[test]
fn a_circle_without_a_rejection_ends_where_it_began() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    peer.open(1).call(&exchange_declare("dl.x", "fanout").auto_delete());
    peer.channel(1).call(&dying("dl.self", "dl.x", &[ttl(0)]));
    watch(&mut peer, "dl.seen");
    for queue in ["dl.self", "dl.seen"] {
        peer.channel(1).call(&queue_bind(queue, "dl.x", ""));
    }

    // Had the first gone round, it would be seen once more, before the second.
    for text in ["1", "2"] {
        peer.channel(1).put("dl.self", text);
        let letter = peer.expect_delivery(2);
        assert_eq!(letter.text(), text);
        assert_eq!(briefly(&letter), [death("dl.self", "expired", 1)]);
    }
}

#[test]
fn a_circle_of_two_queues_ends_too() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    peer.open(1).call(&exchange_declare("dl.x", "fanout").auto_delete());
    let to = |queue| ("x-dead-letter-routing-key", Str(queue));
    peer.channel(1).call(&dying("dl.1", "dl.x", &[ttl(0)]));
    peer.channel(1).call(&dying("dl.2", "", &[ttl(0), to("dl.1")]));
    watch(&mut peer, "dl.seen");
    for queue in ["dl.2", "dl.seen"] {
        peer.channel(1).call(&queue_bind(queue, "dl.x", ""));
    }

    // Had the first gone round, it would be seen once more, before the second.
    for text in ["1", "2"] {
        peer.channel(1).put("dl.1", text);
        assert_eq!(peer.expect_delivery(2).text(), text);
    }
}
