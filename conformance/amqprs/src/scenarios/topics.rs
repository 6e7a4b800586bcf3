//! Tutorial 5: `*` and `#` match words, one copy per queue.

use amqprs::channel::ExchangeDeleteArguments;

use crate::support::{Outcome, Session, connect, name};

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

pub async fn run() -> Outcome {
    let exchange = name("topic_logs");
    let connection = connect().await?;
    let session = Session::open(&connection).await?;
    session.exchange(&exchange, "topic").await?;
    let mut queues = Vec::new();
    for (bindings, expected) in SUBSCRIPTIONS {
        let queue = session.exclusive().await?;
        for key in *bindings {
            session.bind(&queue, &exchange, key).await?;
        }
        queues.push((queue, *expected));
    }

    for key in KEYS {
        session.publish(&exchange, key, key).await?;
    }

    for (queue, expected) in queues {
        assert_eq!(session.bodies(&queue, expected.len()).await?, expected);
        assert_eq!(session.ready(&queue).await?, 0);
    }
    session.channel.exchange_delete(ExchangeDeleteArguments::new(&exchange)).await?;
    connection.close().await
}
