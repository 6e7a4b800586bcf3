//! A consumer is told when its queue is deleted, and the channel goes on.

use amqprs::channel::QueueDeclareArguments;
use tokio::time::timeout;

use crate::support::{Notice, Outcome, PATIENCE, Session, connect, name};

pub async fn run() -> Outcome {
    let queue = name("doomed");
    let connection = connect().await?;
    let mut session = Session::open(&connection).await?;
    session.declare(&mut QueueDeclareArguments::new(&queue)).await?;
    let mut consumer = session.consume(&queue).await?;
    session.publish("", &queue, "before").await?;
    assert_eq!(consumer.next().await.text(), "before");

    let other = Session::open(&connection).await?;
    other.delete(&queue).await?;

    let Notice::Cancelled(tag) = session.notice().await else { panic!("expected a cancel") };
    assert_eq!(tag, consumer.tag);
    let end = timeout(PATIENCE, consumer.deliveries.recv()).await.expect("the deliveries end");
    assert!(end.is_none());
    let queue = session.exclusive().await?;
    session.publish("", &queue, "after").await?;
    assert_eq!(session.bodies(&queue, 1).await?, ["after"]);
    connection.close().await
}
