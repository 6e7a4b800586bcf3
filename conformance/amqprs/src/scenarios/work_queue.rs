//! Tutorial 2: acknowledged tasks, fair dispatch, redelivery after a dropped worker.

use amqprs::BasicProperties;
use amqprs::channel::{BasicQosArguments, QueueDeclareArguments};
use amqprs::connection::Connection;
use amqprs::error::Error;

use crate::support::{Consumer, Outcome, Session, connect, name};

/// Consumes with prefetch 1 and acknowledges only when told to.
struct Worker {
    connection: Connection,
    session: Session,
    tasks: Consumer,
}

impl Worker {
    async fn start(queue: &str) -> Result<Worker, Error> {
        let connection = connect().await?;
        let session = Session::open(&connection).await?;
        session.channel.basic_qos(BasicQosArguments::new(0, 1, false)).await?;
        let tasks = session.consume(queue).await?;
        Ok(Worker { connection, session, tasks })
    }
}

pub async fn run() -> Outcome {
    let queue = name("task_queue");
    let connection = connect().await?;
    let boss = Session::open(&connection).await?;
    boss.declare(&mut QueueDeclareArguments::durable_client_named(&queue)).await?;
    let persistent = BasicProperties::default().with_delivery_mode(2).finish();

    let mut dropped = Worker::start(&queue).await?;
    let mut survivor = Worker::start(&queue).await?;
    boss.publish_with("", &queue, "dangerous", persistent.clone()).await?;
    let lost = dropped.tasks.next().await;
    assert_eq!((lost.text(), lost.redelivered), ("dangerous", false));
    dropped.connection.close().await?;
    let held = survivor.tasks.next().await;
    assert_eq!((held.text(), held.redelivered), ("dangerous", true));

    let mut other = Worker::start(&queue).await?;
    for number in 0..4 {
        boss.publish_with("", &queue, &format!("quick {number}"), persistent.clone()).await?;
    }
    for number in 0..4 {
        let task = other.tasks.next().await;
        assert_eq!(task.text(), format!("quick {number}"));
        other.session.ack(task.tag, false).await?;
    }

    survivor.session.ack(held.tag, false).await?;
    survivor.connection.close().await?;
    other.connection.close().await?;
    assert_eq!(boss.delete(&queue).await?, 0);
    connection.close().await
}
