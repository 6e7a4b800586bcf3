//! A transaction is answered when what it published is in the log, and holds up nobody else.

use std::sync::Arc;
use std::time::Instant;

use leveret::amqp::confirm::Confirm;
use leveret::store::disk::Disk;
use leveret::store::disk::real::RealDisk;
use leveret::store::meta::MemoryMeta;
use leveret::store::recovery::open::{Opened, open};
use leveret::store::shared::Store;
use leveret::store::writer::Writer;
use leveret::vhost::queue::Queue;

use super::end::{ENDS, Restarted, kept};
use super::{Entries, Served, expect_no_answer, listen, node_on};
use crate::raw::content::content;
use crate::raw::method::{
    BASIC_GET_EMPTY, TX_COMMIT_OK, basic_ack, basic_get, basic_publish, confirm_select,
    queue_declare, tx_commit, tx_rollback, tx_select,
};
use crate::raw::peer::{PATIENCE, Peer};

/// A broker whose messages are written when the test says so.
pub(super) struct Unwritten {
    pub(super) served: Served,
    writer: Writer,
    _data: tempfile::TempDir,
}

impl Unwritten {
    pub(super) fn start() -> Self {
        Self::start_with(usize::MAX)
    }

    /// One that keeps about so many octets of messages in memory once they are written.
    pub(super) fn start_with(memory: usize) -> Self {
        let data = tempfile::tempdir().unwrap();
        let disk: Arc<dyn Disk> = Arc::new(RealDisk::open(data.path()).unwrap());
        let Opened { log, writer, .. } = open(&disk).unwrap();
        let meta = Arc::new(MemoryMeta::default());
        let store = Store { meta, ..Store::new(log, memory, Confirm::Synced) };
        let served = Served::serve(node_on(store, &Entries::new()).unwrap());
        Self { served, writer, _data: data }
    }

    /// Writes what is there to be written.
    pub(super) fn write(&mut self) {
        assert!(self.writer.turn(false).unwrap());
    }

    pub(super) fn queue(&self, name: &str) -> Arc<Queue> {
        self.served.node.admit("/").unwrap().find_queue(name.as_bytes()).unwrap()
    }

    /// A peer that hears on channel 1 what goes to its probe, and has a transaction on channel 2.
    #[track_caller]
    pub(super) fn transacting(&self) -> Peer {
        let mut peer = self.served.connect();
        listen(&mut peer, "probe");
        peer.open(2).call(&queue_declare("q").durable());
        peer.channel(2).call(&queue_declare("p").durable());
        peer.channel(2).call(&tx_select());
        peer
    }

    /// A peer in confirm mode on channel 1, and a queue for it.
    #[track_caller]
    pub(super) fn confirming(&self) -> Peer {
        let mut peer = self.bystander();
        peer.channel(1).call(&queue_declare("q").durable());
        peer.channel(1).call(&confirm_select());
        peer
    }

    pub(super) fn bystander(&self) -> Peer {
        let mut bystander = self.served.connect();
        bystander.open(1);
        bystander
    }
}

/// Waits until the queue has so many messages: until somebody's commit is carried out.
#[track_caller]
pub(super) fn await_ready(peer: &mut Peer, queue: &str, ready: u32) {
    let begun = Instant::now();
    while peer.channel(1).counts(queue).0 != ready {
        assert!(begun.elapsed() < PATIENCE, "{queue} never has {ready} messages");
    }
}

#[test]
fn a_commit_is_answered_when_its_persistent_messages_are_in_the_log() {
    let mut broker = Unwritten::start();
    let (mut peer, mut bystander) = (broker.transacting(), broker.bystander());

    for queue in ["q", "p", "q"] {
        peer.channel(2).publish(&basic_publish("", queue), &kept("1"));
    }
    peer.channel(2).put("q", "2").send(&tx_commit());
    await_ready(&mut bystander, "q", 3);
    await_ready(&mut bystander, "p", 1);
    expect_no_answer(&mut peer, &mut bystander, "probe");
    broker.write();

    peer.expect_method(2, TX_COMMIT_OK);
    // And not an ack, of which the next commit would hear first.
    peer.channel(2).publish(&basic_publish("", "q"), &kept("3")).send(&tx_commit());
    await_ready(&mut bystander, "q", 4);
    expect_no_answer(&mut peer, &mut bystander, "probe");
    broker.write();
    peer.expect_method(2, TX_COMMIT_OK);
}

#[test]
fn frames_behind_a_commit_wait_for_it() {
    let mut broker = Unwritten::start();
    let (mut peer, mut bystander) = (broker.transacting(), broker.bystander());

    peer.channel(2).publish(&basic_publish("", "q"), &kept("1")).send(&tx_commit());
    peer.channel(1).publish(&basic_publish("", "p"), &content(b"behind"));
    peer.channel(2).send(&basic_get("later"));
    await_ready(&mut bystander, "q", 1);
    expect_no_answer(&mut peer, &mut bystander, "probe");
    assert_eq!(bystander.channel(1).counts("p"), (0, 0));
    bystander.channel(1).call(&queue_declare("later"));
    broker.write();

    peer.expect_method(2, TX_COMMIT_OK);
    peer.expect_method(2, BASIC_GET_EMPTY);
    assert_eq!(bystander.channel(1).counts("p"), (1, 0));
}

#[test]
fn what_need_not_survive_is_committed_at_once() {
    let broker = Unwritten::start();
    let mut peer = broker.transacting();
    let transient = peer.open(3).own_queue();

    peer.channel(2).call(&tx_commit());
    peer.channel(2).put("q", "transient").call(&tx_commit());
    peer.channel(2).publish(&basic_publish("", &transient), &kept("1")).call(&tx_commit());
    peer.channel(2).publish(&basic_publish("", "nowhere"), &kept("1")).call(&tx_commit());
    peer.channel(2).publish(&basic_publish("", "q"), &kept("undone")).call(&tx_rollback());
    let got = peer.channel(2).get(&basic_get("q"));
    peer.channel(2).send(&basic_ack(got.tag)).call(&tx_commit());

    assert_eq!(peer.channel(3).drain(&transient), ["1"]);
}

#[test]
fn others_confirm_and_commit_beside_a_commit_that_waits() {
    let mut broker = Unwritten::start();
    let (mut peer, mut bystander) = (broker.transacting(), broker.bystander());
    let mut second = broker.served.connect();
    second.open(2).call(&tx_select());
    bystander.channel(1).call(&confirm_select());

    peer.channel(2).publish(&basic_publish("", "q"), &kept("1")).send(&tx_commit());
    second.channel(2).publish(&basic_publish("", "p"), &kept("2")).send(&tx_commit());
    bystander.channel(1).put("q", "transient");
    bystander.expect_all_acked(1, 1, 1);
    bystander.channel(1).publish(&basic_publish("", "q"), &kept("3"));
    await_ready(&mut bystander, "p", 1);
    await_ready(&mut bystander, "q", 3);
    broker.write();

    peer.expect_method(2, TX_COMMIT_OK);
    second.expect_method(2, TX_COMMIT_OK);
    bystander.expect_all_acked(1, 2, 2);
}

#[test]
fn a_client_that_goes_while_its_commit_waits_leaves_what_it_committed() {
    let mut broker = Unwritten::start();
    let (mut peer, mut bystander) = (broker.transacting(), broker.bystander());
    peer.channel(2).publish(&basic_publish("", "q"), &kept("1")).send(&tx_commit());
    await_ready(&mut bystander, "q", 1);

    drop(peer);
    drop(bystander);
    broker.write();
    broker.served.expect_drained();

    assert_eq!(broker.bystander().channel(1).drain("q"), ["1"]);
}

#[test]
fn what_was_committed_survives_and_what_was_not_does_not() {
    for end in ENDS {
        let mut broker = Restarted::start();
        let mut peer = broker.connect();
        peer.channel(1).call(&queue_declare("q").durable());
        peer.channel(1).call(&tx_select());
        peer.channel(1).publish(&basic_publish("", "q"), &kept("committed")).call(&tx_commit());
        peer.channel(1).publish(&basic_publish("", "q"), &kept("not")).counts("q");

        broker.again(end, [peer]);

        assert_eq!(broker.connect().channel(1).drain("q"), ["committed"], "{end:?}");
    }
}
