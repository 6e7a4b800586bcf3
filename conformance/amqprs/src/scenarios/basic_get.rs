//! Get-empty, the count of messages left, and return to the queue on close.

use amqprs::channel::QueueDeclareArguments;

use crate::support::{Outcome, Session, connect, name};

pub async fn run() -> Outcome {
    let queue = name("polled");
    let connection = connect().await?;
    let session = Session::open(&connection).await?;
    session.declare(&mut QueueDeclareArguments::new(&queue)).await?;
    assert!(session.poll(&queue).await?.is_none());

    for text in ["one", "two", "three"] {
        session.publish("", &queue, text).await?;
    }
    let one = session.get(&queue, "one").await?;
    assert_eq!((one.message_count(), one.redelivered()), (2, false));
    assert_eq!((one.exchange().as_str(), one.routing_key()), ("", &queue));
    session.ack(one.delivery_tag(), false).await?;
    let two = session.get(&queue, "two").await?;
    assert_eq!((two.message_count(), two.delivery_tag()), (1, 2));
    session.ack(two.delivery_tag(), false).await?;
    session.get(&queue, "three").await?;
    assert!(session.poll(&queue).await?.is_none());
    session.channel.close().await?;

    let session = Session::open(&connection).await?;
    let three = session.get(&queue, "three").await?;
    assert!(three.redelivered());
    session.delete(&queue).await?;
    connection.close().await
}
