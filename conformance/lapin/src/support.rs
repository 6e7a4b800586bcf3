//! What every scenario needs: the broker's address, names of its own, and deliveries.

use std::env;
use std::time::Duration;

use futures_lite::StreamExt;
use lapin::message::{BasicGetMessage, Delivery};
use lapin::options::{
    BasicCancelOptions, BasicConsumeOptions, BasicGetOptions, BasicPublishOptions,
    ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions,
};
use lapin::types::{FieldTable, ShortString};
use lapin::{
    BasicProperties, Channel, Connection, ConnectionProperties, Consumer, ErrorKind, ExchangeKind,
};
use tokio::time::timeout;

/// What a scenario ends in.
pub type Outcome = lapin::Result<()>;

/// How long something that should have come is waited for.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// The silence after which nothing more is expected.
pub const QUIET: Duration = Duration::from_millis(300);

/// Opens a connection of its own.
pub async fn connect() -> lapin::Result<Connection> {
    Connection::connect(&uri(), ConnectionProperties::default()).await
}

/// The broker's address.
pub fn uri() -> String {
    env::var("AMQP_URI").expect("AMQP_URI is set")
}

/// A queue or exchange name that no other scenario uses.
pub fn name(suffix: &str) -> ShortString {
    let prefix = env::var("CONFORMANCE_PREFIX").expect("CONFORMANCE_PREFIX is set");
    format!("{prefix}.{suffix}").into()
}

/// Declares a transient queue under a name.
pub async fn declare(channel: &Channel, queue: &ShortString) -> Outcome {
    let options = QueueDeclareOptions::default();
    channel.queue_declare(queue.clone(), options, FieldTable::default()).await?;
    Ok(())
}

/// Declares a server-named exclusive queue.
pub async fn exclusive(channel: &Channel) -> lapin::Result<ShortString> {
    exclusive_with(channel, FieldTable::default()).await
}

/// Declares a server-named exclusive queue with arguments.
pub async fn exclusive_with(
    channel: &Channel,
    arguments: FieldTable,
) -> lapin::Result<ShortString> {
    let options = QueueDeclareOptions::exclusive();
    let queue = channel.queue_declare("".into(), options, arguments).await?;
    Ok(queue.name().clone())
}

/// Declares an exchange that goes with its last binding.
pub async fn declare_exchange(
    channel: &Channel,
    exchange: &ShortString,
    kind: ExchangeKind,
    arguments: FieldTable,
) -> Outcome {
    let options = ExchangeDeclareOptions { auto_delete: true, ..ExchangeDeclareOptions::default() };
    channel.exchange_declare(exchange.clone(), kind, options, arguments).await
}

/// Binds a queue to an exchange.
pub async fn bind(
    channel: &Channel,
    queue: &ShortString,
    exchange: &ShortString,
    key: &str,
) -> Outcome {
    let (queue, exchange, options) = (queue.clone(), exchange.clone(), QueueBindOptions::default());
    channel.queue_bind(queue, exchange, key.into(), options, FieldTable::default()).await
}

/// The number of messages that wait in a queue.
pub async fn ready(channel: &Channel, queue: &ShortString) -> lapin::Result<u32> {
    let options = QueueDeclareOptions::default().passive();
    let queue = channel.queue_declare(queue.clone(), options, FieldTable::default()).await?;
    Ok(queue.message_count())
}

/// Sends a text through an exchange.
pub async fn publish(
    channel: &Channel,
    exchange: &ShortString,
    key: &ShortString,
    text: &str,
) -> Outcome {
    let options = BasicPublishOptions::default();
    let properties = BasicProperties::default();
    channel
        .basic_publish(exchange.clone(), key.clone(), options, text.as_bytes(), properties)
        .await?;
    Ok(())
}

/// Consumes a queue; the server names the consumer.
pub async fn consume(channel: &Channel, queue: &ShortString) -> lapin::Result<Consumer> {
    let options = BasicConsumeOptions::default();
    channel.basic_consume(queue.clone(), "".into(), options, FieldTable::default()).await
}

/// Awaits one delivery.
pub async fn next(consumer: &mut Consumer) -> lapin::Result<Delivery> {
    let delivery = timeout(PATIENCE, consumer.next()).await.expect("a delivery comes");
    delivery.expect("the consumer is open")
}

/// Awaits some deliveries and sees that no more follow.
pub async fn take(consumer: &mut Consumer, count: usize) -> lapin::Result<Vec<Delivery>> {
    let mut taken = Vec::new();
    while taken.len() < count {
        taken.push(next(consumer).await?);
    }
    let extra = timeout(QUIET, consumer.next()).await;
    assert!(extra.is_err(), "a delivery too many: {extra:?}");
    Ok(taken)
}

/// The next messages of a queue, acknowledged automatically.
pub async fn receive(
    channel: &Channel,
    queue: &ShortString,
    count: usize,
) -> lapin::Result<Vec<Delivery>> {
    let options = BasicConsumeOptions { no_ack: true, ..BasicConsumeOptions::default() };
    let mut consumer =
        channel.basic_consume(queue.clone(), "".into(), options, FieldTable::default()).await?;
    let mut messages = Vec::new();
    while messages.len() < count {
        messages.push(next(&mut consumer).await?);
    }
    channel.basic_cancel(consumer.tag(), BasicCancelOptions::default()).await?;
    Ok(messages)
}

/// The next messages of a queue as texts.
pub async fn bodies(
    channel: &Channel,
    queue: &ShortString,
    count: usize,
) -> lapin::Result<Vec<String>> {
    Ok(texts(&receive(channel, queue, count).await?))
}

/// Takes all that is ready in a queue, by `basic.get`.
pub async fn drain(channel: &Channel, queue: &ShortString) -> lapin::Result<Vec<Delivery>> {
    let mut messages = Vec::new();
    let options = BasicGetOptions { no_ack: true };
    while let Some(message) = channel.basic_get(queue.clone(), options).await? {
        messages.push(message.delivery);
    }
    Ok(messages)
}

/// The bodies of deliveries as texts.
pub fn texts(deliveries: &[Delivery]) -> Vec<String> {
    deliveries.iter().map(text).collect()
}

/// A delivery's body as text.
pub fn text(delivery: &Delivery) -> String {
    String::from_utf8(delivery.data.clone()).expect("the body is text")
}

/// Polls one message, unacknowledged.
pub async fn poll(
    channel: &Channel,
    queue: &ShortString,
) -> lapin::Result<Option<BasicGetMessage>> {
    channel.basic_get(queue.clone(), BasicGetOptions::default()).await
}

/// Polls one message that must be there with this body.
pub async fn get(
    channel: &Channel,
    queue: &ShortString,
    expected: &str,
) -> lapin::Result<BasicGetMessage> {
    let message = poll(channel, queue).await?.expect("a message is there");
    assert_eq!(text(&message), expected);
    Ok(message)
}

/// The text of the broker's exception with this code, that a call ended in.
pub fn refused<T>(result: lapin::Result<T>, code: u16) -> String {
    let Err(error) = result else { panic!("expected code {code}") };
    let ErrorKind::ProtocolError(exception) = error.kind() else {
        panic!("expected code {code}, got {error:?}")
    };
    assert_eq!(exception.get_id(), code);
    exception.get_message().to_string()
}
