//! What waits for features of classic queues, exchanges and consumers.

use crate::errors::row::{Row, channel_error, connection_error};
use crate::raw::content::content;
use crate::raw::method::{
    BASIC_GET, QUEUE_DECLARE, QUEUE_DELETE, basic_get, basic_publish, queue_declare, queue_delete,
    tx_commit, tx_select,
};
use crate::raw::wire::Field::Str;

/// The commit has to be waiting for the disk when the next method comes.
pub fn durable() -> Vec<Row> {
    vec![
        connection_error(
            "method before tx.commit-ok",
            504,
            "unexpected command while processing 'tx.commit'",
            BASIC_GET,
            |s| {
                s.call(&queue_declare("w.commit").durable());
                s.call(&tx_select());
                let lasting = content(b"hi").delivery_mode(2);
                s.publish(&basic_publish("", "w.commit"), &lasting);
                s.send(&tx_commit());
                s.send(&basic_get("w.commit"));
            },
        )
        .rabbitmq_3_10_unchecked(),
    ]
}

pub fn later_queues() -> Vec<Row> {
    let prefix = "p".repeat(65).leak();
    let text = format!("Queue name prefix '{prefix}' exceeds the 64-byte limit");
    let prefix = Str(prefix);
    vec![
        channel_error(
            "queue.delete of a protected queue",
            405,
            "Cannot delete protected queue 'w.protected' in vhost '/'.",
            QUEUE_DELETE,
            |s| s.send(&queue_delete("w.protected")),
        )
        .rabbitmq_3_10_unchecked(),
        channel_error("queue.declare with a long prefix", 406, &text, QUEUE_DECLARE, move |s| {
            let arguments = [("x-name-prefix", prefix.clone())];
            s.send(&queue_declare("").exclusive().arguments(&arguments));
        })
        .rabbitmq_3_10_unchecked(),
    ]
}
