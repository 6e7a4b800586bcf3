//! An orderly stop is told to clients with 320; what is durable is there after the next start.

use lapin::options::{QueueDeclareOptions, QueueDeleteOptions};
use lapin::types::FieldTable;
use lapin::{BasicProperties, Connection, Event};

use crate::control::{confirming, control, event, publish_confirmed, recovered, recovering};
use crate::support::{Outcome, bodies, name, refused};

pub async fn run(other: Connection) -> Outcome {
    let mut events = other.events_listener();
    let connection = recovering().await?;
    let channel = confirming(&connection).await?;
    let queue = name("durable");
    let durable = QueueDeclareOptions::durable();
    channel.queue_declare(queue.clone(), durable, FieldTable::default()).await?;
    let persistent = BasicProperties::default().with_delivery_mode(2);
    for text in ["1", "2"] {
        publish_confirmed(&channel, &"".into(), &queue, text, &persistent).await?;
    }

    control("/broker/stop").await;
    let told = event(&mut events, |event| match event {
        Event::Error(error) => Some(error),
        _ => None,
    });
    let told = told.await;
    // Where the broker hangs up at once, as RabbitMQ does, lapin tells of that instead.
    if !told.is_io_error() {
        let text = refused::<()>(Err(told), 320);
        assert!(text.starts_with("CONNECTION_FORCED"), "{text}");
    }

    control("/broker/start").await;
    recovered(&channel, &queue).await?;
    assert_eq!(bodies(&channel, &queue, 2).await?, ["1", "2"]);
    channel.queue_delete(queue, QueueDeleteOptions::default()).await?;
    connection.close(200, "".into()).await
}
