//! Queues with limits of length.

use super::row::{Row, channel_error};
use crate::raw::content::content;
use crate::raw::method::{
    QUEUE_DECLARE, TX_COMMIT, basic_publish, queue_declare, queue_delete, tx_commit, tx_select,
};
use crate::raw::wire::Field::{self, Int, Long, Str};

pub fn rows() -> Vec<Row> {
    let differs = |case, second: Option<Field>, tail: &str| {
        let text =
            format!("inequivalent arg 'x-max-length' for queue 'w.len' in vhost '/': {tail}");
        channel_error(case, 406, &text, QUEUE_DECLARE, move |s| {
            let first = [("x-max-length", Int(1000))];
            s.call(&queue_declare("w.len").exclusive().arguments(&first));
            let second: Vec<_> = second.iter().map(|it| ("x-max-length", it.clone())).collect();
            s.send(&queue_declare("w.len").exclusive().arguments(&second));
            s.send(&queue_delete("w.len"));
        })
    };
    let none = "received none but current is the value '1000' of type 'signedint'";
    vec![
        differs(
            "queue.declare with another length",
            Some(Long(1001)),
            "received '1001' but current is '1000'",
        ),
        differs("queue.declare without the length it has", None, none),
        channel_error(
            "tx.commit to a queue that refuses",
            406,
            "partial tx completion",
            TX_COMMIT,
            |s| {
                let full = [("x-max-length", Int(0)), ("x-overflow", Str("reject-publish"))];
                s.call(&queue_declare("w.refuses").exclusive().arguments(&full));
                s.call(&tx_select());
                s.publish(&basic_publish("", "w.refuses"), &content(b"hi"));
                s.publish(&basic_publish("", "w.refuses"), &content(b"hi"));
                s.send(&tx_commit());
                s.peer.await_frame();
            },
        ),
    ]
}
