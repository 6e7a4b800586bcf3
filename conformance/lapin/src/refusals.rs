//! What the broker refuses, seen on a channel of its own, which that closes.

use lapin::options::{BasicPublishOptions, QueueDeclareOptions};
use lapin::types::{AMQPValue, ShortString};
use lapin::{BasicProperties, Channel, Connection};

use crate::control::confirming;
use crate::support::{Outcome, name, ready, refused};
use crate::tables::table;

/// Sees that a queue is refused for the value of an argument, with this reason.
pub async fn refused_argument(
    connection: &Connection,
    argument: &str,
    value: AMQPValue,
    reason: &str,
) -> Outcome {
    let queue = name("refused");
    let channel = connection.create_channel().await?;
    let arguments = table([(argument, value)]);
    let options = QueueDeclareOptions::default();
    let text = refused(channel.queue_declare(queue.clone(), options, arguments).await, 406);
    let start = format!("PRECONDITION_FAILED - invalid arg '{argument}' for queue '{queue}'");
    assert!(text.starts_with(&format!("{start} in vhost '/': {reason}")), "{text}");
    Ok(())
}

/// Sees that a message to a queue is refused for its properties, with a text that starts so.
pub async fn refused_message(
    connection: &Connection,
    queue: &ShortString,
    properties: BasicProperties,
    start: &str,
) -> Outcome {
    let channel = confirming(connection).await?;
    let options = BasicPublishOptions::default();
    let confirm = channel.basic_publish("".into(), queue.clone(), options, b"x", properties);
    let text = refused(confirm.await?.await, 406);
    assert!(text.starts_with(&format!("PRECONDITION_FAILED - {start}")), "{text}");
    Ok(())
}

/// Whether a passive declaration found what it names; without it the channel is closed by 404.
pub async fn found<T>(channel: Channel, result: lapin::Result<T>) -> lapin::Result<bool> {
    if result.is_err() {
        refused(result, 404);
        return Ok(false);
    }
    channel.close(200, "".into()).await?;
    Ok(true)
}

/// Whether there is a queue of this name.
pub async fn queue_is_there(connection: &Connection, queue: &ShortString) -> lapin::Result<bool> {
    let channel = connection.create_channel().await?;
    let result = ready(&channel, queue).await;
    found(channel, result).await
}
