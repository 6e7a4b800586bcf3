//! Tutorial 5: `*` and `#` match words, one copy per queue.

use lapin::options::{ExchangeDeclareOptions, ExchangeDeleteOptions, QueueBindOptions};
use lapin::types::FieldTable;
use lapin::{Connection, ExchangeKind};

use crate::support::{Outcome, bodies, exclusive, name, publish, ready};

const KEYS: &[&str] = &[
    "quick.orange.rabbit",
    "lazy.orange.elephant",
    "quick.orange.fox",
    "lazy.brown.fox",
    "lazy.pink.rabbit",
    "quick.brown.fox",
    "orange",
    "quick.orange.new.rabbit",
    "lazy.orange.new.rabbit",
    "lazy",
];

/// Binding keys, and the routing keys that they let through.
const SUBSCRIPTIONS: &[(&[&str], &[&str])] = &[
    (&["*.orange.*"], &["quick.orange.rabbit", "lazy.orange.elephant", "quick.orange.fox"]),
    (
        &["*.*.rabbit", "lazy.#"],
        &[
            "quick.orange.rabbit",
            "lazy.orange.elephant",
            "lazy.brown.fox",
            "lazy.pink.rabbit",
            "lazy.orange.new.rabbit",
            "lazy",
        ],
    ),
    (&["#"], KEYS),
];

pub async fn run(connection: Connection) -> Outcome {
    let exchange = name("topic_logs");
    let channel = connection.create_channel().await?;
    let options = ExchangeDeclareOptions::default();
    let arguments = FieldTable::default();
    channel.exchange_declare(exchange.clone(), ExchangeKind::Topic, options, arguments).await?;
    let mut queues = Vec::new();
    for (bindings, expected) in SUBSCRIPTIONS {
        let queue = exclusive(&channel).await?;
        for &key in *bindings {
            let options = QueueBindOptions::default();
            let arguments = FieldTable::default();
            let (queue, exchange) = (queue.clone(), exchange.clone());
            channel.queue_bind(queue, exchange, key.into(), options, arguments).await?;
        }
        queues.push((queue, *expected));
    }

    for &key in KEYS {
        publish(&channel, &exchange, &key.into(), key).await?;
    }

    for (queue, expected) in queues {
        assert_eq!(bodies(&channel, &queue, expected.len()).await?, expected);
        assert_eq!(ready(&channel, &queue).await?, 0);
    }
    channel.exchange_delete(exchange, ExchangeDeleteOptions::default()).await?;
    connection.close(200, "".into()).await
}
