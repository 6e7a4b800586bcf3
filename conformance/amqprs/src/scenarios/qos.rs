//! Prefetch bounds unacknowledged deliveries, per consumer and for the channel.

use amqprs::channel::BasicQosArguments;
use amqprs::connection::Connection;
use amqprs::error::Error;

use crate::support::{Outcome, Session, connect};

async fn filled(connection: &Connection) -> Result<(Session, String), Error> {
    let mut session = Session::confirming(connection).await?;
    let queue = session.exclusive().await?;
    for number in 0..10 {
        session.publish("", &queue, &number.to_string()).await?;
    }
    session.confirmed(1, 10).await;
    Ok((session, queue))
}

async fn per_consumer(connection: &Connection) -> Outcome {
    let (session, queue) = filled(connection).await?;
    session.channel.basic_qos(BasicQosArguments::new(0, 2, false)).await?;
    let mut first = session.consume(&queue).await?;
    let taken = first.take(2).await;
    session.ack(taken[0].tag, false).await?;
    let taken = first.take(1).await;
    session.ack(taken[0].tag, true).await?;
    first.take(2).await;
    let mut second = session.consume(&queue).await?;
    second.take(2).await;
    first.take(0).await;
    session.channel.close().await
}

async fn whole_channel(connection: &Connection) -> Outcome {
    let (session, queue) = filled(connection).await?;
    session.channel.basic_qos(BasicQosArguments::new(0, 3, true)).await?;
    let mut first = session.consume(&queue).await?;
    let taken = first.take(3).await;
    let mut second = session.consume(&queue).await?;
    second.take(0).await;
    session.ack(taken[2].tag, true).await?;
    for _ in 0..3 {
        tokio::select! { _ = first.next() => {}, _ = second.next() => {} }
    }
    first.take(0).await;
    second.take(0).await;
    session.channel.close().await
}

pub async fn run() -> Outcome {
    let connection = connect().await?;
    per_consumer(&connection).await?;
    whole_channel(&connection).await?;
    connection.close().await
}
