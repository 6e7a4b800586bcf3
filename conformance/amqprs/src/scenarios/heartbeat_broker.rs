//! A broker that falls silent is noticed by the missing heartbeats.

use std::time::Duration;

use tokio::time::{sleep, timeout};

use crate::support::{Outcome, PATIENCE, Session, connect, connect_with_heartbeat, control};

pub async fn run() -> Outcome {
    let connection = connect_with_heartbeat().await?;
    let watched = connection.clone();
    let lost = tokio::spawn(async move { watched.listen_network_io_failure().await });
    sleep(Duration::from_millis(1500)).await;
    assert!(connection.is_open());

    control("/broker/freeze").await;
    let lost = timeout(2 * PATIENCE, lost).await.expect("the silence is noticed");
    assert!(lost.expect("the task ends"));
    assert!(!connection.is_open());
    control("/broker/thaw").await;

    let connection = connect().await?;
    Session::open(&connection).await?.channel.close().await?;
    connection.close().await
}
