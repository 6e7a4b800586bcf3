//! Each publish is confirmed, awaited one by one and in a batch.

use lapin::options::{
    BasicPublishOptions, ConfirmSelectOptions, QueueDeclareOptions, QueueDeleteOptions,
};
use lapin::types::{FieldTable, ShortString};
use lapin::{BasicProperties, Channel, Confirmation, Connection, PublisherConfirm};

use crate::support::{Outcome, name, ready};

async fn publish(channel: &Channel, key: &ShortString) -> lapin::Result<PublisherConfirm> {
    let persistent = BasicProperties::default().with_delivery_mode(2);
    let options = BasicPublishOptions::default();
    channel.basic_publish("".into(), key.clone(), options, b"confirm me", persistent).await
}

pub async fn run(connection: Connection) -> Outcome {
    let queue = name("confirms");
    let channel = connection.create_channel().await?;
    let durable = QueueDeclareOptions::durable();
    channel.queue_declare(queue.clone(), durable, FieldTable::default()).await?;
    channel.confirm_select(ConfirmSelectOptions::default()).await?;

    for _ in 0..20 {
        assert_eq!(publish(&channel, &queue).await?.await?, Confirmation::Ack(None));
    }
    assert_eq!(ready(&channel, &queue).await?, 20);

    let mut batch = Vec::new();
    for _ in 0..500 {
        batch.push(publish(&channel, &queue).await?);
    }
    for confirm in batch {
        assert_eq!(confirm.await?, Confirmation::Ack(None));
    }
    assert_eq!(ready(&channel, &queue).await?, 520);

    assert_eq!(publish(&channel, &name("nowhere")).await?.await?, Confirmation::Ack(None));
    assert_eq!(channel.queue_delete(queue, QueueDeleteOptions::default()).await?, 520);
    connection.close(200, "".into()).await
}
