//! Each publish is confirmed, awaited one by one and in a batch; the queue then holds them all.

use amqprs::BasicProperties;
use amqprs::channel::QueueDeclareArguments;

use crate::support::{Outcome, Session, connect, name};

pub async fn run() -> Outcome {
    let queue = name("confirms");
    let connection = connect().await?;
    let mut session = Session::confirming(&connection).await?;
    session.declare(&mut QueueDeclareArguments::durable_client_named(&queue)).await?;
    let persistent = BasicProperties::default().with_delivery_mode(2).finish();

    for number in 1..=20 {
        session.publish_with("", &queue, "one by one", persistent.clone()).await?;
        session.confirmed(number, number).await;
    }
    assert_eq!(session.ready(&queue).await?, 20);

    for _ in 0..500 {
        session.publish_with("", &queue, "in a batch", persistent.clone()).await?;
    }
    session.confirmed(21, 520).await;
    assert_eq!(session.ready(&queue).await?, 520);

    session.publish("", &name("nowhere"), "dropped").await?;
    session.confirmed(521, 521).await;
    assert_eq!(session.delete(&queue).await?, 520);
    connection.close().await
}
