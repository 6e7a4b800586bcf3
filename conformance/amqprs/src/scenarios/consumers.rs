//! The highest priority is served until it is full; a single active consumer has a successor.

use amqprs::FieldValue;
use amqprs::channel::{BasicConsumeArguments, BasicQosArguments, QueueDeclareArguments};
use amqprs::connection::Connection;
use amqprs::error::Error;

use crate::support::{Consumer, Outcome, Session, connect, name, table};

async fn ranked(session: &Session, queue: &str, priority: i32) -> Result<Consumer, Error> {
    let arguments = table([("x-priority", FieldValue::I(priority))]);
    session.consume_with(BasicConsumeArguments::new(queue, "").arguments(arguments)).await
}

async fn priorities(connection: &Connection) -> Outcome {
    let session = Session::open(connection).await?;
    let queue = session.exclusive().await?;
    session.channel.basic_qos(BasicQosArguments::new(0, 1, false)).await?;
    let mut low = ranked(&session, &queue, -1).await?;
    let mut high = ranked(&session, &queue, 10).await?;
    for number in ["1", "2", "3"] {
        session.publish("", &queue, number).await?;
    }
    assert_eq!(low.take(1).await[0].text(), "2");
    let taken = high.take(1).await;
    assert_eq!(taken[0].text(), "1");
    session.ack(taken[0].tag, false).await?;
    assert_eq!(high.take(1).await[0].text(), "3");
    low.take(0).await;
    session.channel.close().await
}

async fn single_active(connection: &Connection) -> Outcome {
    let (first, second) = (Session::open(connection).await?, Session::open(connection).await?);
    let queue = name("single");
    let single = table([("x-single-active-consumer", FieldValue::t(true))]);
    let mut arguments = QueueDeclareArguments::new(&queue);
    first.declare(arguments.exclusive(true).arguments(single)).await?;
    let mut active = first.consume(&queue).await?;
    let mut waiting = second.consume(&queue).await?;
    first.publish("", &queue, "1").await?;
    first.publish("", &queue, "2").await?;
    active.take(2).await;
    waiting.take(0).await;
    first.channel.close().await?;
    let again = waiting.take(2).await;
    assert!(again.iter().all(|message| message.redelivered));
    assert!(again.iter().map(|message| message.text()).eq(["1", "2"]));
    let third = Session::open(connection).await?;
    let result = third.consume_with(BasicConsumeArguments::new(&queue, "").exclusive(true)).await;
    third.refused(result, 403).await;
    second.channel.close().await
}

pub async fn run() -> Outcome {
    let connection = connect().await?;
    priorities(&connection).await?;
    single_active(&connection).await?;
    connection.close().await
}
