//! What waits for features of classic queues, exchanges and consumers.

use crate::errors::row::{Row, channel_error, connection_error};
use crate::raw::content::content;
use crate::raw::method::{
    BASIC_GET, QUEUE_DELETE, basic_get, basic_publish, queue_declare, queue_delete, tx_commit,
    tx_select,
};

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

pub fn protected_queues() -> Vec<Row> {
    vec![
        channel_error(
            "queue.delete of a protected queue",
            405,
            "Cannot delete protected queue 'w.protected' in vhost '/'.",
            QUEUE_DELETE,
            |s| s.send(&queue_delete("w.protected")),
        )
        .rabbitmq_3_10_unchecked(),
    ]
}
