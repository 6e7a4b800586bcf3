//! Publishes and acks wait for commit; rollback undoes them.

use lapin::options::{BasicAckOptions, QueueDeleteOptions};
use lapin::{Channel, Connection};

use crate::support::{Outcome, declare, get, name, publish, ready};

async fn transactional(connection: &Connection) -> lapin::Result<Channel> {
    let channel = connection.create_channel().await?;
    channel.tx_select().await?;
    Ok(channel)
}

pub async fn run(connection: Connection) -> Outcome {
    let queue = name("tx");
    let watcher = connection.create_channel().await?;
    declare(&watcher, &queue).await?;
    let channel = transactional(&connection).await?;
    publish(&channel, &"".into(), &queue, "undone").await?;
    channel.tx_rollback().await?;
    assert_eq!(ready(&watcher, &queue).await?, 0);

    publish(&channel, &"".into(), &queue, "done").await?;
    assert_eq!(ready(&watcher, &queue).await?, 0);
    channel.tx_commit().await?;
    assert_eq!(ready(&watcher, &queue).await?, 1);

    get(&channel, &queue, "done").await?.ack(BasicAckOptions::default()).await?;
    channel.tx_rollback().await?;
    channel.close(200, "".into()).await?;
    assert_eq!(ready(&watcher, &queue).await?, 1);

    let channel = transactional(&connection).await?;
    get(&channel, &queue, "done").await?.ack(BasicAckOptions::default()).await?;
    channel.tx_commit().await?;
    channel.close(200, "".into()).await?;
    assert_eq!(ready(&watcher, &queue).await?, 0);
    watcher.queue_delete(queue, QueueDeleteOptions::default()).await?;
    connection.close(200, "".into()).await
}
