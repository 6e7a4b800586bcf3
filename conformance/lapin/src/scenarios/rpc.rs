//! Tutorial 6: replies come back by `reply_to`, matched by `correlation_id`.

use std::collections::HashMap;

use lapin::message::Delivery;
use lapin::options::{BasicAckOptions, BasicPublishOptions, BasicQosOptions, QueueDeleteOptions};
use lapin::types::ShortString;
use lapin::{BasicProperties, Connection};

use crate::support::{Outcome, connect, consume, declare, exclusive, name, next, receive, text};

const CALLS: u64 = 5;

fn fib(n: u64) -> u64 {
    if n < 2 { n } else { fib(n - 1) + fib(n - 2) }
}

fn number(message: &Delivery) -> u64 {
    text(message).parse().expect("the body is a number")
}

async fn serve(queue: ShortString) -> Outcome {
    let connection = connect().await?;
    let channel = connection.create_channel().await?;
    declare(&channel, &queue).await?;
    channel.basic_qos(1, BasicQosOptions::default()).await?;
    let mut requests = consume(&channel, &queue).await?;
    for _ in 0..CALLS {
        let request = next(&mut requests).await?;
        let reply_to = request.properties.reply_to().clone().expect("an address to reply to");
        let id = request.properties.correlation_id().clone().expect("a correlation id");
        let properties = BasicProperties::default().with_correlation_id(id);
        let result = fib(number(&request)).to_string();
        let options = BasicPublishOptions::default();
        channel
            .basic_publish("".into(), reply_to, options, result.as_bytes(), properties)
            .await?;
        request.ack(BasicAckOptions::default()).await?;
    }
    connection.close(200, "".into()).await
}

pub async fn run(client: Connection) -> Outcome {
    let queue = name("rpc_queue");
    let channel = client.create_channel().await?;
    declare(&channel, &queue).await?;
    let server = tokio::spawn(serve(queue.clone()));
    let callback = exclusive(&channel).await?;
    let mut calls = HashMap::new();
    for n in 10..10 + CALLS {
        let id = format!("call-{n}");
        let properties = BasicProperties::default()
            .with_correlation_id(id.as_str().into())
            .with_reply_to(callback.clone());
        let options = BasicPublishOptions::default();
        let body = n.to_string();
        channel
            .basic_publish("".into(), queue.clone(), options, body.as_bytes(), properties)
            .await?;
        calls.insert(id, n);
    }

    for reply in receive(&channel, &callback, calls.len()).await? {
        let id = reply.properties.correlation_id().clone().expect("a correlation id");
        let n = calls.remove(id.as_str()).expect("a call is open under this id");
        assert_eq!(number(&reply), fib(n));
    }
    server.await.expect("the server ends")?;
    channel.queue_delete(queue, QueueDeleteOptions::default()).await?;
    client.close(200, "".into()).await
}
