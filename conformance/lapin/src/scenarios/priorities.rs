//! The higher priority first, in order within one.

use lapin::options::BasicNackOptions;
use lapin::{BasicProperties, Connection};

use crate::control::{confirming, publish_confirmed};
use crate::refusals::refused_argument;
use crate::support::{Outcome, drain, exclusive_with, get, texts};
use crate::tables::{long, table};

pub async fn run(connection: Connection) -> Outcome {
    let channel = confirming(&connection).await?;
    let queue = exclusive_with(&channel, table([("x-max-priority", 5.into())])).await?;
    let publish = async |text: &str, priority: Option<u8>| {
        let none = BasicProperties::default();
        let properties = priority.map_or(none.clone(), |priority| none.with_priority(priority));
        publish_confirmed(&channel, &"".into(), &queue, text, &properties).await
    };
    publish("none", None).await?;
    for (text, priority) in [("1", 1), ("3", 3), ("5", 5), ("9", 9), ("0", 0), ("3 again", 3)] {
        publish(text, Some(priority)).await?;
    }
    let messages = drain(&channel, &queue).await?;
    assert_eq!(texts(&messages), ["5", "9", "3", "3 again", "1", "none", "0"]);
    let priorities = messages.iter().map(|message| *message.properties.priority());
    assert!(priorities.eq([Some(5), Some(9), Some(3), Some(3), Some(1), None, Some(0)]));

    for (text, priority) in [("low", 1), ("high", 4), ("higher", 4)] {
        publish(text, Some(priority)).await?;
    }
    get(&channel, &queue, "high").await?;
    get(&channel, &queue, "higher").await?;
    let low = get(&channel, &queue, "low").await?;
    low.nack(BasicNackOptions { multiple: true, requeue: true }).await?;
    let again = drain(&channel, &queue).await?;
    assert_eq!(texts(&again), ["high", "higher", "low"]);
    assert!(again.iter().all(|message| message.redelivered));

    let reason = "{max_value_exceeded,256}";
    refused_argument(&connection, "x-max-priority", 256.into(), reason).await?;
    let reason = "\"expected integer, got longstr\"";
    refused_argument(&connection, "x-max-priority", long("5"), reason).await?;
    connection.close(200, "".into()).await
}
