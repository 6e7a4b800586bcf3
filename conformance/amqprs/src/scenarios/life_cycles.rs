//! An exclusive queue is locked to others and goes with its connection; what is auto-delete goes
//! with its last consumer or binding.

use amqprs::channel::{ExchangeDeclareArguments, QueueDeclareArguments, QueueUnbindArguments};
use amqprs::connection::Connection;
use amqprs::error::Error;

use crate::support::{Outcome, Session, connect, eventually, name};

/// Whether a passive declaration found what it names; without it the channel is closed by 404.
async fn found<T>(session: Session, result: Result<T, Error>) -> Result<bool, Error> {
    if result.is_err() {
        session.refused(result, 404).await;
        return Ok(false);
    }
    session.channel.close().await?;
    Ok(true)
}

async fn queue_is_there(connection: &Connection, queue: &str) -> Result<bool, Error> {
    let session = Session::open(connection).await?;
    let result = session.ready(queue).await;
    found(session, result).await
}

async fn exchange_is_there(connection: &Connection, exchange: &str) -> Result<bool, Error> {
    let session = Session::open(connection).await?;
    let passive = ExchangeDeclareArguments::new(exchange, "fanout").passive(true).finish();
    let result = session.channel.exchange_declare(passive).await;
    found(session, result).await
}

async fn exclusive_queue(other: &Connection) -> Outcome {
    let owner = connect().await?;
    let queue = name("exclusive");
    let session = Session::open(&owner).await?;
    session.declare(QueueDeclareArguments::new(&queue).exclusive(true)).await?;

    let text = format!(
        "RESOURCE_LOCKED - cannot obtain exclusive access to locked queue '{queue}' in vhost '/'"
    );
    let session = Session::open(other).await?;
    let result = session.ready(&queue).await;
    assert!(session.refused(result, 405).await.starts_with(&text));
    let session = Session::open(other).await?;
    let result = session.consume(&queue).await;
    assert!(session.refused(result, 405).await.starts_with(&text));
    let session = Session::open(other).await?;
    let result = session.delete(&queue).await;
    assert!(session.refused(result, 405).await.starts_with(&text));

    owner.close().await?;
    eventually(async || Ok(!queue_is_there(other, &queue).await?)).await
}

async fn auto_delete_queue(connection: &Connection) -> Outcome {
    let queue = name("auto-delete");
    let session = Session::open(connection).await?;
    session.declare(QueueDeclareArguments::new(&queue).auto_delete(true)).await?;
    let (first, second) = (session.consume(&queue).await?, session.consume(&queue).await?);
    session.cancel(&first).await?;
    assert!(queue_is_there(connection, &queue).await?);
    session.cancel(&second).await?;
    assert!(!queue_is_there(connection, &queue).await?);

    session.declare(QueueDeclareArguments::new(&queue).auto_delete(true)).await?;
    let _third = session.consume(&queue).await?;
    session.channel.close().await?;
    eventually(async || Ok(!queue_is_there(connection, &queue).await?)).await
}

async fn auto_delete_exchange(connection: &Connection) -> Outcome {
    let exchange = name("exchange");
    let session = Session::open(connection).await?;
    let mut arguments = ExchangeDeclareArguments::new(&exchange, "fanout");
    session.channel.exchange_declare(arguments.auto_delete(true).finish()).await?;
    let (first, second) = (session.exclusive().await?, session.exclusive().await?);
    session.bind(&first, &exchange, "").await?;
    session.bind(&second, &exchange, "").await?;
    session.channel.queue_unbind(QueueUnbindArguments::new(&first, &exchange, "")).await?;
    assert!(exchange_is_there(connection, &exchange).await?);
    session.delete(&second).await?;
    assert!(!exchange_is_there(connection, &exchange).await?);
    session.channel.close().await
}

pub async fn run() -> Outcome {
    let connection = connect().await?;
    exclusive_queue(&connection).await?;
    auto_delete_queue(&connection).await?;
    auto_delete_exchange(&connection).await?;
    connection.close().await
}
