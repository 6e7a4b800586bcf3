//! An orderly stop is told to clients with 320; what is durable is there after the next start.

use amqprs::BasicProperties;
use amqprs::channel::QueueDeclareArguments;
use tokio::time::timeout;

use crate::support::{Notice, Outcome, PATIENCE, Session, connect, control, name, notices};

pub async fn run() -> Outcome {
    let queue = name("durable");
    let connection = connect().await?;
    let mut told = notices(&connection).await?;
    let mut session = Session::confirming(&connection).await?;
    session.declare(&mut QueueDeclareArguments::durable_client_named(&queue)).await?;
    let persistent = BasicProperties::default().with_delivery_mode(2).finish();
    session.publish_with("", &queue, "1", persistent.clone()).await?;
    session.publish_with("", &queue, "2", persistent).await?;
    session.confirmed(1, 2).await;

    control("/broker/stop").await;
    let notice = timeout(PATIENCE, told.recv()).await.expect("the stop is told");
    let Some(Notice::Closed(code, text)) = notice else { panic!("expected a close: {notice:?}") };
    assert_eq!(code, 320);
    assert!(text.starts_with("CONNECTION_FORCED"), "{text}");
    control("/broker/start").await;

    let connection = connect().await?;
    let session = Session::open(&connection).await?;
    assert_eq!(session.bodies(&queue, 2).await?, ["1", "2"]);
    session.delete(&queue).await?;
    connection.close().await
}
