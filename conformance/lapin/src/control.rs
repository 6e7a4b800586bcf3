//! What the harness can do to the broker and to this process, and waiting for what follows.

use std::env;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::pin::pin;
use std::time::{Duration, Instant};

use futures_lite::{Stream, StreamExt};
use lapin::options::{BasicConsumeOptions, BasicPublishOptions, ConfirmSelectOptions};
use lapin::types::{FieldTable, ShortString};
use lapin::{
    BasicProperties, Channel, Confirmation, Connection, ConnectionProperties, Consumer, Event,
};
use tokio::task::spawn_blocking;
use tokio::time::{sleep, timeout};

use crate::support::{Outcome, PATIENCE, ready, uri};

/// Has the harness do something to the broker, or to this process (harness/control.py).
pub async fn control(path: &str) {
    let address = env::var("CONFORMANCE_CONTROL").expect("CONFORMANCE_CONTROL is set");
    let request = format!("GET {path} HTTP/1.0\r\n\r\n");
    let ask = move || {
        let host = address.strip_prefix("http://").expect("an address of HTTP");
        let mut peer = TcpStream::connect(host)?;
        peer.write_all(request.as_bytes())?;
        let mut answer = String::new();
        peer.read_to_string(&mut answer)?;
        std::io::Result::Ok(answer)
    };
    let answer = spawn_blocking(ask).await.expect("asked").expect("answered");
    assert_eq!(answer.split(' ').nth(1), Some("200"), "{answer}");
}

/// Opens a connection with a heartbeat each second.
pub async fn connect_with_heartbeat() -> lapin::Result<Connection> {
    let uri = format!("{}?heartbeat=1", uri());
    Connection::connect(&uri, ConnectionProperties::default()).await
}

/// Opens a connection that the library recovers, trying often.
pub async fn recovering() -> lapin::Result<Connection> {
    let properties =
        ConnectionProperties::default().enable_auto_recover().configure_backoff(|it| {
            let pause = Duration::from_millis(200);
            it.with_min_delay(pause).with_max_delay(pause).with_max_times(300)
        });
    Connection::connect(&uri(), properties).await
}

/// Uses a channel until that ends in no error, after waiting for the library's recovery.
pub async fn recovered(channel: &Channel, queue: &ShortString) -> Outcome {
    while let Err(error) = ready(channel, queue).await {
        channel.wait_for_recovery(error).await?;
    }
    Ok(())
}

/// Waits for the next event of a connection that is wanted.
pub async fn event<T>(
    events: &mut (impl Stream<Item = Event> + Unpin),
    wanted: impl Fn(Event) -> Option<T>,
) -> T {
    let mut wanted = pin!(events.filter_map(wanted));
    timeout(2 * PATIENCE, wanted.next()).await.expect("an event in time").expect("an event")
}

/// Waits until a check holds.
pub async fn eventually(mut check: impl AsyncFnMut() -> lapin::Result<bool>) -> Outcome {
    let began = Instant::now();
    while !check().await? {
        assert!(began.elapsed() < PATIENCE, "what was waited for did not happen");
        sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}

/// Opens a channel whose publishes are confirmed.
pub async fn confirming(connection: &Connection) -> lapin::Result<Channel> {
    let channel = connection.create_channel().await?;
    channel.confirm_select(ConfirmSelectOptions::default()).await?;
    Ok(channel)
}

/// Publishes a text and waits until it is confirmed.
pub async fn publish_confirmed(
    channel: &Channel,
    exchange: &ShortString,
    key: &ShortString,
    text: &str,
    properties: &BasicProperties,
) -> Outcome {
    let options = BasicPublishOptions::default();
    let (exchange, key, properties) = (exchange.clone(), key.clone(), properties.clone());
    let confirm =
        channel.basic_publish(exchange, key, options, text.as_bytes(), properties).await?;
    assert_eq!(confirm.await?, Confirmation::Ack(None));
    Ok(())
}

/// Consumes a queue without acknowledgements.
pub async fn consume_unacknowledged(
    channel: &Channel,
    queue: &ShortString,
) -> lapin::Result<Consumer> {
    let options = BasicConsumeOptions { no_ack: true, ..BasicConsumeOptions::default() };
    channel.basic_consume(queue.clone(), "".into(), options, FieldTable::default()).await
}
