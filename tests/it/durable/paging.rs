//! Queues that are larger than the memory for them.

use std::sync::mpsc;
use std::thread;

use super::transaction::Unwritten;
use crate::raw::content::content;
use crate::raw::method::{basic_consume, basic_publish, basic_qos, confirm_select, queue_declare};
use crate::raw::peer::PATIENCE;

/// As many large messages as go far beyond what stays in memory of a queue in any case.
const LARGE: u16 = 120;

/// Small ones behind them, which take less on average.
const SMALL: u32 = 40_000;

#[test]
fn what_is_loaded_stays_loaded_while_large_messages_are_unsettled() {
    let mut broker = Unwritten::start_with(1000);
    let mut peer = broker.served.connect();
    peer.open(1).call(&queue_declare("q").durable());
    peer.channel(1).call(&confirm_select());
    let large = content(&vec![0; 64 << 10]).delivery_mode(2);
    for _ in 0..LARGE {
        peer.channel(1).publish(&basic_publish("", "q"), &large);
    }
    let small = content(b"small").delivery_mode(2);
    for _ in 0..SMALL {
        peer.channel(1).publish(&basic_publish("", "q"), &small);
    }
    peer.channel(1).counts("q");
    broker.write();
    peer.expect_all_acked(1, 1, u64::from(LARGE) + u64::from(SMALL));
    peer.open(2).call(&basic_qos(0, LARGE));
    peer.channel(2).call(&basic_consume("q", "c"));
    peer.expect_deliveries(2, LARGE.into());

    // Whoever looks at the queue from a thread that serves nobody loads what is wanted itself.
    let queue = broker.queue("q");
    let (sender, looked) = mpsc::channel();
    thread::spawn(move || sender.send(queue.image().is_some()));

    if looked.recv_timeout(PATIENCE) != Ok(true) {
        // It will never end; nor could whoever waited for it.
        std::mem::forget(broker);
        panic!("it loads for ever");
    }
    assert_eq!(peer.channel(2).counts("q"), (SMALL, 1));
}
