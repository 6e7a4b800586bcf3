//! A thousand channels of one connection are open at once and each works.

use std::collections::HashSet;

use lapin::Connection;
use lapin::options::BasicAckOptions;

use crate::support::{Outcome, exclusive, get, publish};

const CHANNELS: usize = 1000;

pub async fn run(connection: Connection) -> Outcome {
    let mut channels = Vec::new();
    while channels.len() < CHANNELS {
        channels.push(connection.create_channel().await?);
    }
    let ids: HashSet<_> = channels.iter().map(|channel| channel.id()).collect();
    assert_eq!(ids.len(), CHANNELS);
    let queue = exclusive(&channels[0]).await?;
    for (number, channel) in channels.iter().enumerate() {
        let body = number.to_string();
        publish(channel, &"".into(), &queue, &body).await?;
        get(channel, &queue, &body).await?.ack(BasicAckOptions::default()).await?;
    }
    for channel in channels {
        channel.close(200, "".into()).await?;
    }
    connection.create_channel().await?.close(200, "".into()).await?;
    connection.close(200, "".into()).await
}
