//! Get-empty, the count of messages left, and return to the queue on close.

use lapin::Connection;
use lapin::options::{BasicAckOptions, QueueDeleteOptions};

use crate::support::{Outcome, declare, get, name, poll, publish};

pub async fn run(connection: Connection) -> Outcome {
    let queue = name("polled");
    let channel = connection.create_channel().await?;
    declare(&channel, &queue).await?;
    assert!(poll(&channel, &queue).await?.is_none());

    for text in ["one", "two", "three"] {
        publish(&channel, &"".into(), &queue, text).await?;
    }
    let one = get(&channel, &queue, "one").await?;
    assert_eq!((one.message_count, one.redelivered), (2, false));
    assert_eq!((one.exchange.as_str(), &one.routing_key), ("", &queue));
    one.ack(BasicAckOptions::default()).await?;
    let two = get(&channel, &queue, "two").await?;
    assert_eq!((two.message_count, two.delivery_tag), (1, 2));
    two.ack(BasicAckOptions::default()).await?;
    get(&channel, &queue, "three").await?;
    assert!(poll(&channel, &queue).await?.is_none());
    channel.close(200, "".into()).await?;

    let channel = connection.create_channel().await?;
    let three = get(&channel, &queue, "three").await?;
    assert!(three.redelivered);
    three.ack(BasicAckOptions::default()).await?;
    channel.queue_delete(queue, QueueDeleteOptions::default()).await?;
    connection.close(200, "".into()).await
}
