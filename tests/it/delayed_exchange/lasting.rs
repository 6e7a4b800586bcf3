//! Messages that wait at an exchange outlive the broker, go to the disk, and can be listed,
//! cancelled and given another time.

use std::collections::BTreeSet;

use leveret::amqp::id::Timestamp;
use leveret::broker::delays::WaitsIn::Exchange;

use super::{LONG, delayed_exchange, lasting, publish};
use crate::delayed::{Own, now};
use crate::expiry::await_ready;
use crate::process::Process;
use crate::raw::content::content;
use crate::raw::method::{
    basic_cancel, basic_consume, basic_publish, confirm_select, exchange_declare, exchange_delete,
    queue_bind, queue_declare,
};
use crate::raw::peer::Peer;
use crate::raw::wire::{Field, fields, long_str};

/// Declares the exchange and a durable queue that is bound to it.
fn declare(peer: &mut Peer) {
    delayed_exchange(peer, "dx", "fanout");
    peer.channel(1).call(&queue_declare("q").durable());
    peer.channel(1).call(&queue_bind("q", "dx", ""));
    peer.channel(1).call(&confirm_select());
}

/// Publishes messages that wait for a time of their own, and waits for the confirms. Every third
/// waits for long.
fn fill(peer: &mut Peer, count: u32, size: usize) {
    for number in 0..count {
        let delay = if number % 3 == 1 { LONG } else { 2000 + i32::try_from(number % 7).unwrap() };
        let body = format!("{number:>size$}");
        let headers = long_str(&fields(&[("x-delay", Field::Int(delay))]));
        let message = content(body.as_bytes()).properties(0x3000, &[&headers[..], &[2]].concat());
        publish(peer, "dx", "", &message);
    }
    peer.channel(1).expect_all_acked(1, count.into());
}

/// Takes what comes until each of those with a short time has come, and nothing else. A kill while
/// some are on their way may double these.
fn check(peer: &mut Peer, count: u32) {
    let short: BTreeSet<u32> = (0..count).filter(|number| number % 3 != 1).collect();
    peer.channel(1).call(&basic_consume("q", "c").no_ack());
    let mut got = BTreeSet::new();
    while got.len() < short.len() {
        let number = peer.expect_delivery(1).text().trim().parse().unwrap();
        assert!(short.contains(&number), "{number} came before its time");
        got.insert(number);
    }
    peer.channel(1).call(&basic_cancel("c"));
}

#[test]
fn what_waits_on_the_disk_is_routed_at_its_time() {
    let broker = Process::start(&[("STORE_MEMORY", "1MiB")]);
    let mut peer = broker.connect();
    peer.open(1);
    declare(&mut peer);

    fill(&mut peer, 300, 40_000);

    check(&mut peer, 300);
}

#[test]
fn after_a_kill_messages_still_wait_and_what_was_routed_is_in_its_queue() {
    let data = tempfile::tempdir().unwrap();
    let broker = Process::start_on(data.path(), &[]);
    let mut peer = broker.connect();
    peer.open(1);
    declare(&mut peer);
    fill(&mut peer, 300, 100);
    broker.kill();

    let broker = Process::start_on(data.path(), &[]);
    let mut peer = broker.connect();
    peer.open(1);
    check(&mut peer, 300);
    peer.channel(1).call(&confirm_select());
    publish(&mut peer, "dx", "", &lasting("last", 1));
    peer.channel(1).expect_all_acked(1, 1);
    await_ready(&mut peer.channel(1), "q", 1);
    broker.kill();

    let broker = Process::start_on(data.path(), &[]);
    let mut peer = broker.connect();
    peer.open(1);
    peer.channel(1).call(&basic_consume("q", "c").no_ack());
    // What was taken before the kill may come once more.
    while peer.expect_delivery(1).text() != "last" {}
}

#[test]
fn what_waited_at_a_deleted_exchange_does_not_come_back() {
    let data = tempfile::tempdir().unwrap();
    let broker = Process::start_on(data.path(), &[]);
    let mut peer = broker.connect();
    peer.open(1);
    declare(&mut peer);
    publish(&mut peer, "dx", "", &lasting("before", 1000));
    peer.channel(1).expect_all_acked(1, 1);
    peer.channel(1).call(&exchange_delete("dx"));
    delayed_exchange(&mut peer, "dx", "fanout");
    peer.channel(1).call(&queue_bind("q", "dx", ""));
    publish(&mut peer, "dx", "", &lasting("after", 1001));
    peer.channel(1).expect_all_acked(2, 2);
    broker.kill();

    let broker = Process::start_on(data.path(), &[]);
    let mut peer = broker.connect();
    peer.open(1);
    await_ready(&mut peer.channel(1), "q", 1);
    assert_eq!(peer.channel(1).drain("q"), ["after"]);
}

#[test]
fn an_exchange_that_does_not_outlive_the_broker_takes_what_waits_with_it() {
    let data = tempfile::tempdir().unwrap();
    let broker = Process::start_on(data.path(), &[]);
    let mut peer = broker.connect();
    peer.open(1);
    let arguments = [("x-delayed-type", Field::Str("fanout"))];
    let transient = exchange_declare("dx.transient", "x-delayed-message").arguments(&arguments);
    peer.channel(1).call(&transient);
    declare(&mut peer);
    publish(&mut peer, "dx.transient", "", &lasting("gone", 1000));
    publish(&mut peer, "dx", "", &lasting("there", 1001));
    peer.channel(1).expect_all_acked(1, 2);
    broker.kill();

    let broker = Process::start_on(data.path(), &[]);
    let mut peer = broker.connect();
    peer.open(1);
    peer.channel(1).call(&transient);
    peer.channel(1).call(&queue_bind("q", "dx.transient", ""));
    await_ready(&mut peer.channel(1), "q", 1);
    assert_eq!(peer.channel(1).drain("q"), ["there"]);
}

fn ids(own: &Own) -> Vec<(String, u64)> {
    let listed = own.runtime.block_on(own.broker().list_delayed("/", Exchange("dx"), None));
    let listed = listed.unwrap();
    let id = |id: Option<Vec<u8>>| String::from_utf8(id.unwrap_or_default()).unwrap();
    listed.into_iter().map(|it| (id(it.message_id.clone()), it.due().0)).collect()
}

#[test]
fn what_waits_is_listed_cancelled_and_given_another_time_for_good() {
    let mut own = Own::start();
    let mut peer = own.connect();
    declare(&mut peer);
    for (name, delay) in [("b", 2), ("c", 3), ("a", 1), ("d", 4)] {
        publish(&mut peer, "dx", "", &lasting(name, delay * LONG));
    }
    peer.channel(1).expect_all_acked(1, 4);
    let names = |listed: Vec<(String, u64)>| listed.into_iter().map(|it| it.0).collect::<String>();
    assert_eq!(names(ids(&own)), "abcd");

    let later = Timestamp(now() + 100_000_000);
    let cancel = |own: &Own, id: &[u8]| {
        own.runtime.block_on(own.broker().cancel_delayed("/", Exchange("dx"), id)).unwrap()
    };
    let retime = |own: &Own, id: &[u8], due| {
        own.runtime.block_on(own.broker().retime_delayed("/", Exchange("dx"), id, due)).unwrap()
    };
    assert_eq!((cancel(&own, b"c"), cancel(&own, b"c"), cancel(&own, b"x")), (1, 0, 0));
    assert_eq!((retime(&own, b"a", later), retime(&own, b"c", later)), (1, 0));
    assert_eq!(names(ids(&own)), "bda");
    drop(peer);
    own.restart();

    let listed = own.await_listed_by(3, ids);
    assert_eq!(listed[2], ("a".to_owned(), later.0));
    assert_eq!(retime(&own, b"d", Timestamp(0)), 1);
    let mut peer = own.connect();
    await_ready(&mut peer.channel(1), "q", 1);
    assert_eq!(peer.channel(1).drain("q"), ["d"]);
    peer.channel(1).publish(&basic_publish("", "q"), &content(b"x"));
}

#[test]
fn there_is_nothing_to_list_at_an_exchange_of_another_type() {
    let own = Own::start();

    let asked = own.broker().list_delayed("/", Exchange("amq.fanout"), None);
    let error = own.runtime.block_on(asked).unwrap_err();

    let text = "Exchange 'amq.fanout' of type x-delayed-message does not exist";
    assert_eq!(error.to_string(), text);
}
