//! Tutorial 6: replies come back by `reply_to`, matched by `correlation_id`.

use std::collections::HashMap;

use amqprs::BasicProperties;
use amqprs::channel::{BasicQosArguments, QueueDeclareArguments};

use crate::support::{Message, Outcome, Session, connect, name};

const CALLS: u64 = 5;

fn fib(n: u64) -> u64 {
    if n < 2 { n } else { fib(n - 1) + fib(n - 2) }
}

fn number(message: &Message) -> u64 {
    message.text().parse().expect("the body is a number")
}

async fn serve(queue: String) -> Outcome {
    let connection = connect().await?;
    let session = Session::open(&connection).await?;
    session.channel.basic_qos(BasicQosArguments::new(0, 1, false)).await?;
    let mut requests = session.consume(&queue).await?;
    for _ in 0..CALLS {
        let request = requests.next().await;
        let reply_to = request.properties.reply_to().expect("an address to reply to");
        let id = request.properties.correlation_id().expect("a correlation id");
        let properties = BasicProperties::default().with_correlation_id(id).finish();
        let result = fib(number(&request)).to_string();
        session.publish_with("", reply_to, &result, properties).await?;
        session.ack(request.tag, false).await?;
    }
    connection.close().await
}

pub async fn run() -> Outcome {
    let queue = name("rpc_queue");
    let connection = connect().await?;
    let session = Session::open(&connection).await?;
    session.declare(&mut QueueDeclareArguments::new(&queue)).await?;
    let server = tokio::spawn(serve(queue.clone()));
    let callback = session.exclusive().await?;
    let mut calls = HashMap::new();
    for n in 10..10 + CALLS {
        let id = format!("call-{n}");
        let properties = BasicProperties::default()
            .with_correlation_id(&id)
            .with_reply_to(&callback)
            .finish();
        session.publish_with("", &queue, &n.to_string(), properties).await?;
        calls.insert(id, n);
    }

    for reply in session.receive(&callback, calls.len()).await? {
        let id = reply.properties.correlation_id().expect("a correlation id");
        let n = calls.remove(id).expect("a call is open under this id");
        assert_eq!(number(&reply), fib(n));
    }
    server.await.expect("the server ends")?;
    session.delete(&queue).await?;
    connection.close().await
}
