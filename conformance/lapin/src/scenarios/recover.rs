//! `basic.recover` with requeue brings what is unacked again, as redelivered and in order.

use lapin::Connection;
use lapin::options::{BasicAckOptions, BasicRecoverOptions};

use crate::support::{Outcome, consume, exclusive, publish, ready, take, text};

pub async fn run(connection: Connection) -> Outcome {
    let channel = connection.create_channel().await?;
    let queue = exclusive(&channel).await?;
    for number in ["1", "2", "3"] {
        publish(&channel, &"".into(), &queue, number).await?;
    }
    let mut consumer = consume(&channel, &queue).await?;
    let first = take(&mut consumer, 3).await?;
    assert!(first.iter().all(|delivery| !delivery.redelivered));
    first[1].ack(BasicAckOptions::default()).await?;

    channel.basic_recover(BasicRecoverOptions { requeue: true }).await?;

    let again = take(&mut consumer, 2).await?;
    assert!(again.iter().map(text).eq(["1", "3"]));
    assert!(again.iter().all(|delivery| delivery.redelivered));
    again[1].ack(BasicAckOptions { multiple: true }).await?;
    channel.close(200, "".into()).await?;
    let channel = connection.create_channel().await?;
    assert_eq!(ready(&channel, &queue).await?, 0);
    channel.close(200, "".into()).await?;
    connection.close(200, "".into()).await
}
