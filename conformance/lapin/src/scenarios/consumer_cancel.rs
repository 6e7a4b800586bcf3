//! A consumer is told when its queue is deleted, and the channel goes on.

use futures_lite::StreamExt;
use lapin::Connection;
use lapin::options::QueueDeleteOptions;
use tokio::time::timeout;

use crate::control::consume_unacknowledged;
use crate::support::{Outcome, PATIENCE, bodies, declare, exclusive, name, next, publish, text};

pub async fn run(connection: Connection) -> Outcome {
    let queue = name("doomed");
    let channel = connection.create_channel().await?;
    declare(&channel, &queue).await?;
    let mut consumer = consume_unacknowledged(&channel, &queue).await?;
    publish(&channel, &"".into(), &queue, "before").await?;
    assert_eq!(text(&next(&mut consumer).await?), "before");

    let other = connection.create_channel().await?;
    other.queue_delete(queue, QueueDeleteOptions::default()).await?;

    let end = timeout(PATIENCE, consumer.next()).await.expect("the consumer is told");
    assert!(end.is_none(), "{end:?}");
    assert!(channel.status().connected());
    let queue = exclusive(&channel).await?;
    publish(&channel, &"".into(), &queue, "after").await?;
    assert_eq!(bodies(&channel, &queue, 1).await?, ["after"]);
    connection.close(200, "".into()).await
}
