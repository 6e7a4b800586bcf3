//! Tutorial 2: acknowledged tasks, fair dispatch, redelivery after a dropped worker.

use lapin::options::{
    BasicAckOptions, BasicPublishOptions, BasicQosOptions, QueueDeclareOptions, QueueDeleteOptions,
};
use lapin::types::{FieldTable, ShortString};
use lapin::{BasicProperties, Channel, Connection, Consumer};

use crate::support::{Outcome, connect, consume, name, next, ready, text};

/// Consumes with prefetch 1 and acknowledges only when told to.
struct Worker {
    connection: Connection,
    tasks: Consumer,
}

impl Worker {
    async fn start(queue: &ShortString) -> lapin::Result<Worker> {
        let connection = connect().await?;
        let channel = connection.create_channel().await?;
        channel.basic_qos(1, BasicQosOptions::default()).await?;
        let tasks = consume(&channel, queue).await?;
        Ok(Worker { connection, tasks })
    }
}

async fn publish(channel: &Channel, queue: &ShortString, task: &str) -> Outcome {
    let persistent = BasicProperties::default().with_delivery_mode(2);
    let options = BasicPublishOptions::default();
    channel.basic_publish("".into(), queue.clone(), options, task.as_bytes(), persistent).await?;
    Ok(())
}

pub async fn run(boss: Connection) -> Outcome {
    let queue = name("task_queue");
    let channel = boss.create_channel().await?;
    let durable = QueueDeclareOptions::durable();
    channel.queue_declare(queue.clone(), durable, FieldTable::default()).await?;

    let mut dropped = Worker::start(&queue).await?;
    let mut survivor = Worker::start(&queue).await?;
    publish(&channel, &queue, "dangerous").await?;
    let lost = next(&mut dropped.tasks).await?;
    assert_eq!((text(&lost).as_str(), lost.redelivered), ("dangerous", false));
    dropped.connection.close(200, "".into()).await?;
    let held = next(&mut survivor.tasks).await?;
    assert_eq!((text(&held).as_str(), held.redelivered), ("dangerous", true));

    let mut other = Worker::start(&queue).await?;
    for number in 0..4 {
        publish(&channel, &queue, &format!("quick {number}")).await?;
    }
    for number in 0..4 {
        let task = next(&mut other.tasks).await?;
        assert_eq!(text(&task), format!("quick {number}"));
        task.ack(BasicAckOptions::default()).await?;
    }

    held.ack(BasicAckOptions::default()).await?;
    survivor.connection.close(200, "".into()).await?;
    other.connection.close(200, "".into()).await?;
    assert_eq!(ready(&channel, &queue).await?, 0);
    channel.queue_delete(queue, QueueDeleteOptions::default()).await?;
    boss.close(200, "".into()).await
}
