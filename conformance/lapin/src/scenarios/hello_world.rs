//! Tutorial 1: a message through the default exchange reaches a consumer.

use lapin::Connection;
use lapin::options::QueueDeleteOptions;

use crate::support::{Outcome, bodies, connect, declare, name, publish};

pub async fn run(receiver: Connection) -> Outcome {
    let queue = name("hello");
    let sender = connect().await?;
    let channel = sender.create_channel().await?;
    declare(&channel, &queue).await?;
    publish(&channel, &"".into(), &queue, "Hello World!").await?;
    sender.close(200, "".into()).await?;

    let channel = receiver.create_channel().await?;
    declare(&channel, &queue).await?;
    assert_eq!(bodies(&channel, &queue, 1).await?, ["Hello World!"]);
    channel.queue_delete(queue, QueueDeleteOptions::default()).await?;
    receiver.close(200, "".into()).await
}
