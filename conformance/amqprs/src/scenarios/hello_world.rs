//! Tutorial 1: a message through the default exchange reaches a consumer.

use amqprs::channel::QueueDeclareArguments;

use crate::support::{Outcome, Session, connect, name};

pub async fn run() -> Outcome {
    let queue = name("hello");
    let connection = connect().await?;
    let sender = Session::open(&connection).await?;
    sender.declare(&mut QueueDeclareArguments::new(&queue)).await?;
    sender.publish("", &queue, "Hello World!").await?;
    sender.channel.close().await?;
    connection.close().await?;

    let connection = connect().await?;
    let receiver = Session::open(&connection).await?;
    receiver.declare(&mut QueueDeclareArguments::new(&queue)).await?;
    assert_eq!(receiver.bodies(&queue, 1).await?, ["Hello World!"]);
    receiver.delete(&queue).await?;
    connection.close().await
}
