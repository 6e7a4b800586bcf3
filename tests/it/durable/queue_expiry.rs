//! Queues that go when nobody uses them, after a restart.

use super::end::{End, Restarted, kept};
use crate::queue_expiry::await_end;
use crate::raw::method::{basic_publish, queue_declare};
use crate::raw::wire::Field;

#[test]
fn a_queue_that_nobody_uses_goes_after_a_restart_too_and_stays_gone() {
    let mut broker = Restarted::start();
    let mut peer = broker.connect_confirming();
    let expires = [("x-expires", Field::Int(1500))];
    peer.channel(1).call(&queue_declare("unused").durable().arguments(&expires));
    peer.channel(1).publish(&basic_publish("", "unused"), &kept("1"));
    assert!(peer.expect_confirm(1).acked);

    broker.again(End::Kill, [peer]);
    let mut peer = broker.connect_confirming();
    await_end(&mut peer, "unused");
    peer.channel(1).call(&queue_declare("after").durable());

    broker.again(End::Kill, [peer]);
    let mut peer = broker.connect();
    peer.channel(1).call(&queue_declare("unused").durable());
    assert_eq!(peer.channel(1).counts("unused"), (0, 0));
}
