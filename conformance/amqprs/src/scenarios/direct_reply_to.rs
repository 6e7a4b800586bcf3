//! Replies reach `amq.rabbitmq.reply-to` at an address that is there as long as the requester;
//! misuse is refused.

use amqprs::BasicProperties;
use amqprs::channel::{BasicConsumeArguments, QueueDeclareArguments};

use crate::support::{Outcome, Session, connect, name};

const REPLY_TO: &str = "amq.rabbitmq.reply-to";

pub async fn run() -> Outcome {
    let requests = name("requests");
    let (connection, server) = (connect().await?, connect().await?);
    let (session, serving) = (Session::open(&connection).await?, Session::open(&server).await?);
    serving.declare(&mut QueueDeclareArguments::new(&requests)).await?;
    let replying = || BasicProperties::default().with_reply_to(REPLY_TO).finish();
    let unacked = BasicConsumeArguments::new(REPLY_TO, "").manual_ack(false).finish();

    let mut replies = session.consume_with(&mut unacked.clone()).await?;
    let question = replying().with_correlation_id("7").finish();
    session.publish_with("", &requests, "question", question).await?;
    let request = serving.receive(&requests, 1).await?.remove(0);
    let address = request.properties.reply_to().expect("an address");
    assert_eq!(request.text(), "question");
    assert!(address.starts_with(&format!("{REPLY_TO}.")), "{address}");
    let mut find = QueueDeclareArguments::new(address).passive(true).finish();
    assert_eq!(serving.declare(&mut find).await?, (address.clone(), 0, 1));

    let id = request.properties.correlation_id().expect("a correlation id");
    let properties = BasicProperties::default().with_correlation_id(id).finish();
    serving.publish_with("", address, "answer", properties).await?;
    let reply = replies.next().await;
    assert_eq!((reply.text(), reply.redelivered), ("answer", false));
    assert_eq!(reply.properties.correlation_id().map(String::as_str), Some("7"));
    assert_eq!((reply.exchange.as_str(), &reply.key), ("", address));

    let acking = Session::open(&connection).await?;
    let result = acking.consume(REPLY_TO).await;
    let text = acking.refused(result, 406).await;
    assert_eq!(text, "PRECONDITION_FAILED - reply consumer cannot acknowledge");
    let second = Session::open(&connection).await?;
    second.consume_with(&mut unacked.clone()).await?;
    let result = second.consume_with(&mut unacked.clone()).await;
    let text = second.refused(result, 406).await;
    assert_eq!(text, "PRECONDITION_FAILED - reply consumer already set");
    let stranger = Session::open(&connection).await?;
    stranger.publish_with("", &requests, "lost", replying()).await?;
    let text = stranger.closed(406).await;
    assert_eq!(text, "PRECONDITION_FAILED - fast reply consumer does not exist");

    session.channel.close().await?;
    let late = Session::open(&server).await?;
    let result = late.declare(&mut find).await;
    let text = late.refused(result, 404).await;
    assert_eq!(text, format!("NOT_FOUND - no queue '{address}' in vhost '/'"));
    assert!(serving.drain(&requests).await?.is_empty());
    serving.delete(&requests).await?;
    connection.close().await?;
    server.close().await
}
