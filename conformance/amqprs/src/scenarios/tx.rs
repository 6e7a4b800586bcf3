//! Publishes and acks wait for commit; rollback undoes them.

use amqprs::channel::QueueDeclareArguments;
use amqprs::connection::Connection;
use amqprs::error::Error;

use crate::support::{Outcome, Session, connect, name};

async fn transactional(connection: &Connection) -> Result<Session, Error> {
    let session = Session::open(connection).await?;
    session.channel.tx_select().await?;
    Ok(session)
}

async fn take(session: &Session, queue: &str) -> Outcome {
    let done = session.get(queue, "done").await?;
    session.ack(done.delivery_tag(), false).await
}

pub async fn run() -> Outcome {
    let queue = name("tx");
    let connection = connect().await?;
    let watcher = Session::open(&connection).await?;
    watcher.declare(&mut QueueDeclareArguments::new(&queue)).await?;
    let session = transactional(&connection).await?;
    session.publish("", &queue, "undone").await?;
    session.channel.tx_rollback().await?;
    assert_eq!(watcher.ready(&queue).await?, 0);

    session.publish("", &queue, "done").await?;
    assert_eq!(watcher.ready(&queue).await?, 0);
    session.channel.tx_commit().await?;
    assert_eq!(watcher.ready(&queue).await?, 1);

    take(&session, &queue).await?;
    session.channel.tx_rollback().await?;
    session.channel.close().await?;
    assert_eq!(watcher.ready(&queue).await?, 1);

    let session = transactional(&connection).await?;
    take(&session, &queue).await?;
    session.channel.tx_commit().await?;
    session.channel.close().await?;
    assert_eq!(watcher.delete(&queue).await?, 0);
    connection.close().await
}
