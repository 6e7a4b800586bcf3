//! A client that falls silent is given up: another consumer gets what it held, and it notices.

use lapin::options::{BasicRecoverOptions, QueueDeleteOptions};
use lapin::{Connection, Event};

use crate::control::{connect_with_heartbeat, control, event};
use crate::support::{Outcome, consume, declare, get, name, next, publish, text};

pub async fn run(other: Connection) -> Outcome {
    let connection = connect_with_heartbeat().await?;
    let mut events = connection.events_listener();
    let lost = connection.create_channel().await?;
    let queue = name("held");
    declare(&lost, &queue).await?;
    publish(&lost, &"".into(), &queue, "held").await?;
    let mut consumer = consume(&lost, &queue).await?;
    assert_eq!(text(&next(&mut consumer).await?), "held");

    control("/client/freeze?seconds=5").await;

    let channel = other.create_channel().await?;
    assert!(get(&channel, &queue, "held").await?.redelivered);
    event(&mut events, |event| matches!(event, Event::Error(_)).then_some(())).await;
    assert!(lost.basic_recover(BasicRecoverOptions { requeue: true }).await.is_err());
    channel.queue_delete(queue, QueueDeleteOptions::default()).await?;
    other.close(200, "".into()).await
}
