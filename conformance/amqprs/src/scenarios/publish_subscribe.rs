//! Tutorial 3: a fanout exchange copies to each exclusive queue.

use amqprs::channel::ExchangeDeleteArguments;
use amqprs::connection::Connection;
use amqprs::error::Error;

use crate::support::{Outcome, Session, connect, name};

struct Subscriber {
    connection: Connection,
    session: Session,
    queue: String,
}

async fn subscribe(exchange: &str) -> Result<Subscriber, Error> {
    let connection = connect().await?;
    let session = Session::open(&connection).await?;
    session.exchange(exchange, "fanout").await?;
    let queue = session.exclusive().await?;
    assert!(queue.starts_with("amq.gen-"), "{queue}");
    session.bind(&queue, exchange, "").await?;
    Ok(Subscriber { connection, session, queue })
}

async fn refused(connection: &Connection, queue: &str, code: u16) -> Outcome {
    let session = Session::open(connection).await?;
    let result = session.ready(queue).await;
    session.refused(result, code).await;
    Ok(())
}

pub async fn run() -> Outcome {
    let exchange = name("logs");
    let publisher = connect().await?;
    let session = Session::open(&publisher).await?;
    session.exchange(&exchange, "fanout").await?;
    session.publish(&exchange, "", "nobody listens").await?;

    let subscribers = [subscribe(&exchange).await?, subscribe(&exchange).await?];
    session.publish(&exchange, "ignored", "info: one").await?;
    session.publish(&exchange, "ignored", "info: two").await?;
    for Subscriber { session, queue, .. } in &subscribers {
        assert_eq!(session.bodies(queue, 2).await?, ["info: one", "info: two"]);
    }

    let queue = subscribers[0].queue.clone();
    refused(&publisher, &queue, 405).await?;
    for subscriber in subscribers {
        subscriber.connection.close().await?;
    }
    refused(&publisher, &queue, 404).await?;
    session.channel.exchange_delete(ExchangeDeleteArguments::new(&exchange)).await?;
    publisher.close().await
}
