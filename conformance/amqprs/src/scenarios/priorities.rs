//! The higher priority first, in order within one; what is above the maximum counts as it; bad
//! maxima are refused.

use amqprs::channel::BasicNackArguments;
use amqprs::{BasicProperties, FieldValue};

use crate::support::{Outcome, Session, connect, name, refuse_argument, table, texts};

pub async fn run() -> Outcome {
    let queue = name("priorities");
    let connection = connect().await?;
    let session = Session::open(&connection).await?;
    session.declare_with(&queue, table([("x-max-priority", FieldValue::I(5))])).await?;
    let ranked = |priority| BasicProperties::default().with_priority(priority).finish();

    session.publish("", &queue, "none").await?;
    for (text, priority) in [("1", 1), ("3", 3), ("5", 5), ("0", 0), ("9", 9), ("3 again", 3)] {
        session.publish_with("", &queue, text, ranked(priority)).await?;
    }
    let messages = session.drain(&queue).await?;
    assert_eq!(texts(&messages), ["5", "9", "3", "3 again", "1", "none", "0"]);
    let priorities = messages.iter().map(|message| message.properties.priority());
    assert!(priorities.eq([Some(5), Some(9), Some(3), Some(3), Some(1), None, Some(0)]));

    for (text, priority) in [("low", 1), ("high", 4), ("higher", 4)] {
        session.publish_with("", &queue, text, ranked(priority)).await?;
    }
    session.get(&queue, "high").await?;
    session.get(&queue, "higher").await?;
    let last = session.get(&queue, "low").await?.delivery_tag();
    session.channel.basic_nack(BasicNackArguments::new(last, true, true)).await?;
    let again = session.drain(&queue).await?;
    assert_eq!(texts(&again), ["high", "higher", "low"]);
    assert!(again.iter().all(|message| message.redelivered));

    let cases = [
        (FieldValue::I(256), "{max_value_exceeded,256}"),
        (FieldValue::I(-1), "{value_negative,-1}"),
    ];
    refuse_argument(&connection, "x-max-priority", cases).await?;
    connection.close().await
}
