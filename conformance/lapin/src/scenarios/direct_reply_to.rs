//! Replies reach an address that is there as long as the requester.

use lapin::options::{BasicPublishOptions, QueueDeclareOptions, QueueDeleteOptions};
use lapin::types::{FieldTable, ShortString};
use lapin::{BasicProperties, Channel, Connection};

use crate::control::consume_unacknowledged;
use crate::refusals::refused_message;
use crate::support::{
    Outcome, connect, consume, declare, name, next, poll, ready, receive, refused, text,
};

const REPLY_TO: &str = "amq.rabbitmq.reply-to";

async fn publish(
    channel: &Channel,
    key: &ShortString,
    text: &str,
    properties: BasicProperties,
) -> Outcome {
    let options = BasicPublishOptions::default();
    channel
        .basic_publish("".into(), key.clone(), options, text.as_bytes(), properties)
        .await?;
    Ok(())
}

async fn misuses(connection: &Connection, requests: &ShortString) -> Outcome {
    let channel = connection.create_channel().await?;
    let text = refused(consume(&channel, &REPLY_TO.into()).await, 406);
    assert_eq!(text, "PRECONDITION_FAILED - reply consumer cannot acknowledge");

    let asking = BasicProperties::default().with_reply_to(REPLY_TO.into());
    let text = "fast reply consumer does not exist";
    refused_message(connection, requests, asking, text).await?;

    let channel = connection.create_channel().await?;
    let _first = consume_unacknowledged(&channel, &REPLY_TO.into()).await?;
    let second = consume_unacknowledged(&channel, &REPLY_TO.into()).await;
    assert_eq!(refused(second, 406), "PRECONDITION_FAILED - reply consumer already set");
    Ok(())
}

pub async fn run(connection: Connection) -> Outcome {
    let server = connect().await?;
    let channel = connection.create_channel().await?;
    let serving = server.create_channel().await?;
    let requests = name("requests");
    declare(&serving, &requests).await?;

    let mut replies = consume_unacknowledged(&channel, &REPLY_TO.into()).await?;
    let asking = BasicProperties::default()
        .with_reply_to(REPLY_TO.into())
        .with_correlation_id("7".into());
    publish(&channel, &requests, "question", asking).await?;
    let request = receive(&serving, &requests, 1).await?.remove(0);
    assert_eq!(text(&request), "question");
    let address = request.properties.reply_to().clone().expect("an address");
    assert!(address.as_str().starts_with(&format!("{REPLY_TO}.")), "{address}");
    let passive = QueueDeclareOptions::default().passive();
    let found = serving.queue_declare(address.clone(), passive, FieldTable::default()).await?;
    assert_eq!((found.name(), found.message_count(), found.consumer_count()), (&address, 0, 1));

    let id = request.properties.correlation_id().clone().expect("an id");
    let answer = BasicProperties::default().with_correlation_id(id);
    publish(&serving, &address, "answer", answer.clone()).await?;
    let reply = next(&mut replies).await?;
    assert_eq!(text(&reply), "answer");
    assert_eq!(reply.properties.correlation_id(), &Some("7".into()));
    assert_eq!((reply.exchange.as_str(), &reply.routing_key), ("", &address));
    assert!(!reply.redelivered);

    misuses(&connection, &requests).await?;
    channel.close(200, "".into()).await?;
    let late = server.create_channel().await?;
    let text = refused(ready(&late, &address).await, 404);
    assert!(text.starts_with(&format!("NOT_FOUND - no queue '{address}'")), "{text}");
    assert!(poll(&serving, &requests).await?.is_none());
    serving.queue_delete(requests, QueueDeleteOptions::default()).await?;
    server.close(200, "".into()).await?;
    connection.close(200, "".into()).await
}
