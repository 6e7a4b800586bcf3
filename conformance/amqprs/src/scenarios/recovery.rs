//! After kill -9 and a start: amqprs does not recover by itself, who uses it connects and declares
//! again; nothing durable that was confirmed is lost.

use amqprs::BasicProperties;
use amqprs::channel::{ExchangeDeclareArguments, ExchangeDeleteArguments, QueueDeclareArguments};

use crate::support::{Outcome, Session, connect, control, eventually, name};

async fn declare(session: &Session, exchange: &str, queue: &str) -> Outcome {
    let mut arguments = ExchangeDeclareArguments::new(exchange, "direct");
    session.channel.exchange_declare(arguments.durable(true).finish()).await?;
    session.declare(&mut QueueDeclareArguments::durable_client_named(queue)).await?;
    session.bind(queue, exchange, "key").await
}

pub async fn run() -> Outcome {
    let (queue, exchange) = (name("durable"), name("exchange"));
    let connection = connect().await?;
    let mut session = Session::confirming(&connection).await?;
    declare(&session, &exchange, &queue).await?;
    let persistent = BasicProperties::default().with_delivery_mode(2).finish();
    session.publish_with(&exchange, "key", "1", persistent.clone()).await?;
    session.publish_with(&exchange, "key", "2", persistent.clone()).await?;
    session.publish(&exchange, "key", "transient").await?;
    session.confirmed(1, 3).await;

    control("/broker/kill").await;
    eventually(async || Ok(!connection.is_open())).await?;
    control("/broker/start").await;

    let connection = connect().await?;
    let mut session = Session::confirming(&connection).await?;
    let mut passive = ExchangeDeclareArguments::new(&exchange, "direct");
    session.channel.exchange_declare(passive.passive(true).finish()).await?;
    session.publish_with(&exchange, "key", "3", persistent).await?;
    session.confirmed(1, 1).await;
    declare(&session, &exchange, &queue).await?;
    assert_eq!(session.bodies(&queue, 3).await?, ["1", "2", "3"]);
    session.delete(&queue).await?;
    session.channel.exchange_delete(ExchangeDeleteArguments::new(&exchange)).await?;
    connection.close().await
}
