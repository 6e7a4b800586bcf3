//! Declaring again is no error, with other properties it is 406; passive finds, or is 404.

use amqprs::FieldValue;
use amqprs::channel::{ExchangeDeclareArguments, ExchangeDeleteArguments, QueueDeclareArguments};
use amqprs::connection::Connection;

use crate::support::{Outcome, Session, connect, name, table};

async fn queues(connection: &Connection) -> Outcome {
    let mut session = Session::confirming(connection).await?;
    let queue = name("queue");
    let mut durable = QueueDeclareArguments::durable_client_named(&queue);
    assert_eq!(session.declare(&mut durable).await?, (queue.clone(), 0, 0));
    session.publish("", &queue, "kept").await?;
    session.confirmed(1, 1).await;
    assert_eq!(session.declare(&mut durable).await?, (queue.clone(), 1, 0));
    assert_eq!(session.ready(&queue).await?, 1);

    let other = Session::open(connection).await?;
    let result = other.declare(&mut QueueDeclareArguments::new(&queue)).await;
    let text = other.refused(result, 406).await;
    let start = "PRECONDITION_FAILED - inequivalent arg 'durable'";
    assert!(text.starts_with(&format!("{start} for queue '{queue}' in vhost '/'")), "{text}");
    let other = Session::open(connection).await?;
    let limit = table([("x-max-length", FieldValue::I(5))]);
    let result = other.declare(durable.clone().arguments(limit)).await;
    let text = other.refused(result, 406).await;
    let start = "PRECONDITION_FAILED - inequivalent arg 'x-max-length'";
    assert!(text.starts_with(&format!("{start} for queue '{queue}' in vhost '/'")), "{text}");

    let (first, second) = (session.exclusive().await?, session.exclusive().await?);
    assert!(first.starts_with("amq.gen-") && first != second, "{first} {second}");

    assert_eq!(session.delete(&queue).await?, 1);
    let other = Session::open(connection).await?;
    let result = other.ready(&queue).await;
    let text = other.refused(result, 404).await;
    assert_eq!(text, format!("NOT_FOUND - no queue '{queue}' in vhost '/'"));
    assert_eq!(session.delete(&queue).await?, 0);
    session.channel.close().await
}

async fn exchanges(connection: &Connection) -> Outcome {
    let session = Session::open(connection).await?;
    let exchange = name("exchange");
    let durable =
        |name: &str, kind| ExchangeDeclareArguments::new(name, kind).durable(true).finish();
    let passive = ExchangeDeclareArguments::new(&exchange, "topic").passive(true).finish();
    session.channel.exchange_declare(durable(&exchange, "topic")).await?;
    session.channel.exchange_declare(durable(&exchange, "topic")).await?;
    session.channel.exchange_declare(passive.clone()).await?;

    let other = Session::open(connection).await?;
    let result = other.channel.exchange_declare(durable(&exchange, "fanout")).await;
    let text = other.refused(result, 406).await;
    let start = "PRECONDITION_FAILED - inequivalent arg 'type'";
    assert!(text.starts_with(&format!("{start} for exchange '{exchange}' in vhost '/'")), "{text}");
    let other = Session::open(connection).await?;
    let result = other.channel.exchange_declare(durable("amq.mine", "fanout")).await;
    let text = other.refused(result, 403).await;
    let start = "ACCESS_REFUSED - exchange name 'amq.mine' contains reserved prefix 'amq.*'";
    assert!(text.starts_with(start), "{text}");

    session.channel.exchange_delete(ExchangeDeleteArguments::new(&exchange)).await?;
    let other = Session::open(connection).await?;
    let result = other.channel.exchange_declare(passive).await;
    let text = other.refused(result, 404).await;
    assert_eq!(text, format!("NOT_FOUND - no exchange '{exchange}' in vhost '/'"));
    session.channel.close().await
}

pub async fn run() -> Outcome {
    let connection = connect().await?;
    queues(&connection).await?;
    exchanges(&connection).await?;
    connection.close().await
}
