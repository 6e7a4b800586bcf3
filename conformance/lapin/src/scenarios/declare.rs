//! Declaring again is no error, with other properties it is 406; passive finds, or is 404.

use lapin::options::{
    ExchangeDeclareOptions, ExchangeDeleteOptions, QueueDeclareOptions, QueueDeleteOptions,
};
use lapin::types::{FieldTable, ShortString};
use lapin::{BasicProperties, Channel, Connection, ExchangeKind, Queue};

use crate::control::{confirming, publish_confirmed};
use crate::support::{Outcome, exclusive, name, ready, refused};

async fn queue(
    channel: &Channel,
    name: &ShortString,
    options: QueueDeclareOptions,
    arguments: FieldTable,
) -> lapin::Result<Queue> {
    channel.queue_declare(name.clone(), options, arguments).await
}

async fn exchange(channel: &Channel, name: &ShortString, kind: ExchangeKind) -> Outcome {
    let options = ExchangeDeclareOptions { durable: true, ..ExchangeDeclareOptions::default() };
    channel.exchange_declare(name.clone(), kind, options, FieldTable::default()).await
}

async fn find_exchange(channel: &Channel, name: &ShortString) -> Outcome {
    let options = ExchangeDeclareOptions { passive: true, ..ExchangeDeclareOptions::default() };
    let none = FieldTable::default();
    channel.exchange_declare(name.clone(), ExchangeKind::Topic, options, none).await
}

async fn queues(connection: &Connection) -> Outcome {
    let channel = confirming(connection).await?;
    let (kept, durable) = (name("queue"), QueueDeclareOptions::durable());
    let new = queue(&channel, &kept, durable, FieldTable::default()).await?;
    assert_eq!(new.message_count(), 0);
    publish_confirmed(&channel, &"".into(), &kept, "kept", &BasicProperties::default()).await?;
    let again = queue(&channel, &kept, durable, FieldTable::default()).await?;
    assert_eq!((again.name(), again.message_count(), again.consumer_count()), (&kept, 1, 0));
    assert_eq!(ready(&channel, &kept).await?, 1);

    let inequivalent = |argument| {
        let start = format!("PRECONDITION_FAILED - inequivalent arg '{argument}'");
        format!("{start} for queue '{kept}' in vhost '/'")
    };
    let transient = QueueDeclareOptions::default();
    let other = connection.create_channel().await?;
    let text = refused(queue(&other, &kept, transient, FieldTable::default()).await, 406);
    assert!(text.starts_with(&inequivalent("durable")), "{text}");
    let mut limited = FieldTable::default();
    limited.insert("x-max-length".into(), 5.into());
    let other = connection.create_channel().await?;
    let text = refused(queue(&other, &kept, durable, limited).await, 406);
    assert!(text.starts_with(&inequivalent("x-max-length")), "{text}");

    let (first, second) = (exclusive(&channel).await?, exclusive(&channel).await?);
    assert!(first.as_str().starts_with("amq.gen-") && first != second, "{first} {second}");

    let delete = QueueDeleteOptions::default();
    assert_eq!(channel.queue_delete(kept.clone(), delete).await?, 1);
    let other = connection.create_channel().await?;
    let text = refused(ready(&other, &kept).await, 404);
    assert_eq!(text, format!("NOT_FOUND - no queue '{kept}' in vhost '/'"));
    assert_eq!(channel.queue_delete(kept, delete).await?, 0);
    channel.close(200, "".into()).await
}

async fn exchanges(connection: &Connection) -> Outcome {
    let channel = connection.create_channel().await?;
    let topic = name("exchange");
    exchange(&channel, &topic, ExchangeKind::Topic).await?;
    exchange(&channel, &topic, ExchangeKind::Topic).await?;
    find_exchange(&channel, &topic).await?;

    let other = connection.create_channel().await?;
    let text = refused(exchange(&other, &topic, ExchangeKind::Fanout).await, 406);
    let start = format!(
        "PRECONDITION_FAILED - inequivalent arg 'type' for exchange '{topic}' in vhost '/'"
    );
    assert!(text.starts_with(&start), "{text}");
    let other = connection.create_channel().await?;
    let text = refused(exchange(&other, &"amq.mine".into(), ExchangeKind::Fanout).await, 403);
    let start = "ACCESS_REFUSED - exchange name 'amq.mine' contains reserved prefix 'amq.*'";
    assert!(text.starts_with(start), "{text}");

    channel.exchange_delete(topic.clone(), ExchangeDeleteOptions::default()).await?;
    let other = connection.create_channel().await?;
    let text = refused(find_exchange(&other, &topic).await, 404);
    assert_eq!(text, format!("NOT_FOUND - no exchange '{topic}' in vhost '/'"));
    channel.close(200, "".into()).await
}

pub async fn run(connection: Connection) -> Outcome {
    queues(&connection).await?;
    exchanges(&connection).await?;
    connection.close(200, "".into()).await
}
