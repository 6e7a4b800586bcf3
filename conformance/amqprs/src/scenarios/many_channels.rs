//! A thousand channels of one connection are open at once and each works.

use std::collections::HashSet;

use crate::support::{Outcome, Session, connect};

const CHANNELS: usize = 1000;

pub async fn run() -> Outcome {
    let connection = connect().await?;
    let mut sessions = Vec::new();
    while sessions.len() < CHANNELS {
        sessions.push(Session::open(&connection).await?);
    }
    let ids: HashSet<_> = sessions.iter().map(|session| session.channel.channel_id()).collect();
    assert_eq!(ids.len(), CHANNELS);
    let queue = sessions[0].exclusive().await?;
    for (number, session) in sessions.iter().enumerate() {
        let body = number.to_string();
        session.publish("", &queue, &body).await?;
        let got = session.get(&queue, &body).await?;
        session.ack(got.delivery_tag(), false).await?;
    }
    for session in sessions {
        session.channel.close().await?;
    }
    Session::open(&connection).await?.channel.close().await?;
    connection.close().await
}
