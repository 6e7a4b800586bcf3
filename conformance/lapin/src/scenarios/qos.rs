//! Prefetch bounds unacknowledged deliveries, per consumer and for the channel.

use futures_lite::StreamExt;
use lapin::options::{BasicAckOptions, BasicQosOptions, ConfirmSelectOptions};
use lapin::types::ShortString;
use lapin::{Channel, Connection};
use tokio::time::timeout;

use crate::support::{Outcome, QUIET, consume, exclusive, publish, take};

async fn filled(connection: &Connection) -> lapin::Result<(Channel, ShortString)> {
    let channel = connection.create_channel().await?;
    let queue = exclusive(&channel).await?;
    channel.confirm_select(ConfirmSelectOptions::default()).await?;
    for number in 0..10 {
        publish(&channel, &"".into(), &queue, &number.to_string()).await?;
    }
    channel.wait_for_confirms().await?;
    Ok((channel, queue))
}

async fn per_consumer(connection: &Connection) -> Outcome {
    let (channel, queue) = filled(connection).await?;
    channel.basic_qos(2, BasicQosOptions::default()).await?;
    let mut first = consume(&channel, &queue).await?;
    let taken = take(&mut first, 2).await?;
    taken[0].ack(BasicAckOptions::default()).await?;
    let taken = take(&mut first, 1).await?;
    taken[0].ack(BasicAckOptions { multiple: true }).await?;
    take(&mut first, 2).await?;
    let mut second = consume(&channel, &queue).await?;
    take(&mut second, 2).await?;
    take(&mut first, 0).await?;
    channel.close(200, "".into()).await
}

async fn whole_channel(connection: &Connection) -> Outcome {
    let (channel, queue) = filled(connection).await?;
    channel.basic_qos(3, BasicQosOptions { global: true }).await?;
    let mut first = consume(&channel, &queue).await?;
    let taken = take(&mut first, 3).await?;
    let mut second = consume(&channel, &queue).await?;
    take(&mut second, 0).await?;
    taken[2].ack(BasicAckOptions { multiple: true }).await?;
    let mut both = first.or(second);
    let mut came = 0;
    while let Ok(Some(delivery)) = timeout(QUIET, both.next()).await {
        delivery?;
        came += 1;
    }
    assert_eq!(came, 3);
    Ok(())
}

pub async fn run(connection: Connection) -> Outcome {
    per_consumer(&connection).await?;
    whole_channel(&connection).await?;
    connection.close(200, "".into()).await
}
