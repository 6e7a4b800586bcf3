//! A client that falls silent is given up: another consumer gets what it held, and it notices.

use amqprs::channel::QueueDeclareArguments;

use crate::support::{
    Outcome, Session, connect, connect_with_heartbeat, control, eventually, name,
};

pub async fn run() -> Outcome {
    let queue = name("held");
    let connection = connect_with_heartbeat().await?;
    let session = Session::open(&connection).await?;
    session.declare(&mut QueueDeclareArguments::new(&queue)).await?;
    session.publish("", &queue, "held").await?;
    let mut consumer = session.consume(&queue).await?;
    assert_eq!(consumer.next().await.text(), "held");

    control("/client/freeze?seconds=5").await;

    let other = connect().await?;
    let heir = Session::open(&other).await?;
    assert!(heir.get(&queue, "held").await?.redelivered());
    eventually(async || Ok(!connection.is_open())).await?;
    assert!(session.ready(&queue).await.is_err());
    heir.delete(&queue).await?;
    other.close().await
}
