//! Lawful talk through a client library: lapin, as its users write it.

use std::time::Duration;

use lapin::message::DeliveryResult;
use lapin::options::{
    BasicAckOptions, BasicConsumeOptions, BasicGetOptions, BasicPublishOptions,
    ConfirmSelectOptions, ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions,
};
use lapin::types::FieldTable;
use lapin::{
    BasicProperties, Channel, Confirmation, Connection, ConnectionProperties, ExchangeKind,
};
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::broker::TestBroker;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);

async fn own_queue(channel: &Channel) -> String {
    let options = QueueDeclareOptions { exclusive: true, ..QueueDeclareOptions::default() };
    let queue = channel.queue_declare("".into(), options, FieldTable::default()).await.unwrap();
    queue.name().to_string()
}

async fn publish(channel: &Channel, exchange: &str, key: &str, body: &[u8]) -> Confirmation {
    let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
    let properties = BasicProperties::default();
    channel
        .basic_publish(exchange.into(), key.into(), options, body, properties)
        .await
        .unwrap()
        .await
        .unwrap()
}

/// Runs a test's client part on a connection of its own.
fn with_client<F: Future<Output = ()>>(client: impl FnOnce(Connection) -> F) {
    let broker = TestBroker::start();
    let uri = format!("amqp://guest:guest@{}/%2f", broker.address);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let connecting = Connection::connect(&uri, ConnectionProperties::default());
        let connection = timeout(PATIENCE, connecting).await.unwrap().unwrap();
        timeout(PATIENCE, client(connection)).await.unwrap();
    });
}

#[test]
fn a_confirmed_message_is_consumed_and_acknowledged() {
    with_client(|connection| async move {
        let channel = connection.create_channel().await.unwrap();
        channel.confirm_select(ConfirmSelectOptions::default()).await.unwrap();
        let queue = own_queue(&channel).await;
        let (sender, mut received) = mpsc::channel(1);
        let consumer = channel
            .basic_consume(
                queue.as_str().into(),
                "c".into(),
                BasicConsumeOptions::default(),
                FieldTable::default(),
            )
            .await
            .unwrap();
        consumer.set_delegate(move |delivery: DeliveryResult| {
            let sender = sender.clone();
            async move {
                if let Ok(Some(delivery)) = delivery {
                    delivery.ack(BasicAckOptions::default()).await.unwrap();
                    sender.send(delivery.data).await.unwrap();
                }
            }
        });

        let confirmation = publish(&channel, "", &queue, b"hello").await;

        assert_eq!(confirmation, Confirmation::Ack(None));
        assert_eq!(received.recv().await, Some(b"hello".to_vec()));
        let options = BasicGetOptions::default();
        let left = channel.basic_get(queue.as_str().into(), options).await.unwrap();
        assert!(left.is_none());
        connection.close(200, "bye".into()).await.unwrap();
    });
}

#[test]
fn a_topic_exchange_routes_and_returns_what_matches_nothing() {
    with_client(|connection| async move {
        let channel = connection.create_channel().await.unwrap();
        channel.confirm_select(ConfirmSelectOptions::default()).await.unwrap();
        let queue = own_queue(&channel).await;
        let options = ExchangeDeclareOptions { auto_delete: true, ..Default::default() };
        let exchange = "library.topic";
        channel
            .exchange_declare(exchange.into(), ExchangeKind::Topic, options, FieldTable::default())
            .await
            .unwrap();
        channel
            .queue_bind(
                queue.as_str().into(),
                exchange.into(),
                "*.warn.#".into(),
                QueueBindOptions::default(),
                FieldTable::default(),
            )
            .await
            .unwrap();

        let routed = publish(&channel, exchange, "kern.warn", b"hot").await;
        let returned = publish(&channel, exchange, "kern.info", b"cold").await;

        assert_eq!(routed, Confirmation::Ack(None));
        let Confirmation::Ack(Some(message)) = returned else { panic!("{returned:?}") };
        assert_eq!((message.reply_code, &message.delivery.data[..]), (312, &b"cold"[..]));
        let options = BasicGetOptions { no_ack: true };
        let got = channel.basic_get(queue.as_str().into(), options).await.unwrap().unwrap();
        assert_eq!(got.data, b"hot");
    });
}

#[test]
fn an_error_closes_the_channel_and_the_connection_goes_on() {
    with_client(|connection| async move {
        let channel = connection.create_channel().await.unwrap();
        let passive = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::default() };

        let error = channel
            .queue_declare("library.nosuch".into(), passive, FieldTable::default())
            .await
            .unwrap_err();

        assert!(error.to_string().contains("no queue 'library.nosuch' in vhost '/'"), "{error}");
        let other = connection.create_channel().await.unwrap();
        own_queue(&other).await;
    });
}
