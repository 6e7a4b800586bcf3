//! Nack and reject put messages back in order as redelivered, or drop them.

use lapin::Connection;
use lapin::options::{BasicCancelOptions, BasicNackOptions, BasicRejectOptions};

use crate::support::{Outcome, consume, exclusive, get, poll, publish, take, text};

pub async fn run(connection: Connection) -> Outcome {
    let channel = connection.create_channel().await?;
    let queue = exclusive(&channel).await?;
    for number in 0..5 {
        publish(&channel, &"".into(), &queue, &number.to_string()).await?;
    }

    let mut messages = Vec::new();
    for number in 0..5 {
        messages.push(get(&channel, &queue, &number.to_string()).await?);
    }
    messages[3].nack(BasicNackOptions { requeue: true, multiple: false }).await?;
    messages[1].reject(BasicRejectOptions { requeue: true }).await?;
    messages[4].reject(BasicRejectOptions { requeue: false }).await?;
    assert!(get(&channel, &queue, "1").await?.redelivered);
    assert!(get(&channel, &queue, "3").await?.redelivered);

    channel.basic_nack(0, BasicNackOptions { requeue: true, multiple: true }).await?;
    let mut consumer = consume(&channel, &queue).await?;
    let came = take(&mut consumer, 4).await?;
    assert_eq!(came.iter().map(text).collect::<Vec<_>>(), ["0", "1", "2", "3"]);
    assert!(came.iter().all(|delivery| delivery.redelivered));
    channel.basic_cancel(consumer.tag(), BasicCancelOptions::default()).await?;
    came[3].nack(BasicNackOptions { requeue: false, multiple: true }).await?;
    assert!(poll(&channel, &queue).await?.is_none());
    connection.close(200, "".into()).await
}
