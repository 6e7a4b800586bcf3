//! The highest priority is served until it is full; a single active consumer has a successor.

use lapin::options::{BasicAckOptions, BasicConsumeOptions, BasicQosOptions};
use lapin::types::{FieldTable, ShortString};
use lapin::{Channel, Connection, Consumer};

use crate::support::{
    Outcome, consume, exclusive, exclusive_with, publish, refused, take, text,
};
use crate::tables::table;

async fn ranked(channel: &Channel, queue: &ShortString, priority: i32) -> lapin::Result<Consumer> {
    let arguments = table([("x-priority", priority.into())]);
    let options = BasicConsumeOptions::default();
    channel.basic_consume(queue.clone(), "".into(), options, arguments).await
}

async fn priorities(connection: &Connection) -> Outcome {
    let channel = connection.create_channel().await?;
    let queue = exclusive(&channel).await?;
    channel.basic_qos(1, BasicQosOptions::default()).await?;
    let mut low = ranked(&channel, &queue, -1).await?;
    let mut high = ranked(&channel, &queue, 10).await?;
    for number in ["1", "2", "3"] {
        publish(&channel, &"".into(), &queue, number).await?;
    }
    assert_eq!(text(&take(&mut low, 1).await?[0]), "2");
    let taken = take(&mut high, 1).await?;
    assert_eq!(text(&taken[0]), "1");
    taken[0].ack(BasicAckOptions::default()).await?;
    assert_eq!(text(&take(&mut high, 1).await?[0]), "3");
    take(&mut low, 0).await?;
    Ok(())
}

async fn single_active(connection: &Connection) -> Outcome {
    let first = connection.create_channel().await?;
    let second = connection.create_channel().await?;
    let single = table([("x-single-active-consumer", true.into())]);
    let queue = exclusive_with(&first, single).await?;
    let mut active = consume(&first, &queue).await?;
    let mut waiting = consume(&second, &queue).await?;
    for number in ["1", "2"] {
        publish(&first, &"".into(), &queue, number).await?;
    }
    take(&mut active, 2).await?;
    take(&mut waiting, 0).await?;
    first.close(200, "".into()).await?;
    let again = take(&mut waiting, 2).await?;
    assert!(again.iter().all(|delivery| delivery.redelivered));
    assert!(again.iter().map(text).eq(["1", "2"]));
    let third = connection.create_channel().await?;
    let alone = BasicConsumeOptions { exclusive: true, ..BasicConsumeOptions::default() };
    let result = third.basic_consume(queue, "".into(), alone, FieldTable::default()).await;
    refused(result, 403);
    Ok(())
}

pub async fn run(connection: Connection) -> Outcome {
    priorities(&connection).await?;
    // The channels are being closed, as they were dropped; lapin's close of the connection may meet
    // one in the middle of that, and fails then. It is closed when it is dropped, too.
    single_active(&connection).await
}
