//! A broker that falls silent is noticed by the missing heartbeats.

use std::time::Duration;

use lapin::{Connection, ErrorKind, Event};
use tokio::time::sleep;

use crate::control::{connect_with_heartbeat, control, event};
use crate::support::{Outcome, connect};

pub async fn run(connection: Connection) -> Outcome {
    connection.close(200, "".into()).await?;
    let connection = connect_with_heartbeat().await?;
    let mut events = connection.events_listener();
    sleep(Duration::from_millis(1500)).await;
    assert!(connection.status().connected());

    control("/broker/freeze").await;
    event(&mut events, |event| match event {
        Event::Error(error) => {
            matches!(error.kind(), ErrorKind::MissingHeartbeatError).then_some(())
        }
        _ => None,
    })
    .await;
    assert!(!connection.status().connected());
    control("/broker/thaw").await;

    let connection = connect().await?;
    connection.create_channel().await?.close(200, "".into()).await?;
    connection.close(200, "".into()).await
}
