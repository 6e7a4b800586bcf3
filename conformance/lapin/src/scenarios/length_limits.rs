//! A full queue drops its oldest message, or has a new one nacked.

use lapin::options::BasicPublishOptions;
use lapin::types::ShortString;
use lapin::{BasicProperties, Channel, Confirmation, Connection};

use crate::control::confirming;
use crate::support::{Outcome, drain, exclusive_with, texts};
use crate::tables::{long, table};

async fn publish(channel: &Channel, queue: &ShortString, text: &str) -> lapin::Result<Confirmation> {
    let (options, properties) = (BasicPublishOptions::default(), BasicProperties::default());
    channel
        .basic_publish("".into(), queue.clone(), options, text.as_bytes(), properties)
        .await?
        .await
}

pub async fn run(connection: Connection) -> Outcome {
    let channel = confirming(&connection).await?;
    let ring = exclusive_with(&channel, table([("x-max-length", 3.into())])).await?;
    for number in 0..10 {
        let confirmation = publish(&channel, &ring, &number.to_string()).await?;
        assert_eq!(confirmation, Confirmation::Ack(None));
    }
    assert_eq!(texts(&drain(&channel, &ring).await?), ["7", "8", "9"]);

    let limits = table([("x-max-length", 2.into()), ("x-overflow", long("reject-publish"))]);
    let full = exclusive_with(&channel, limits).await?;
    for number in 0..5 {
        let confirmation = publish(&channel, &full, &number.to_string()).await?;
        let room = number < 2;
        let ack = if room { Confirmation::Ack(None) } else { Confirmation::Nack(None) };
        assert_eq!(confirmation, ack, "{number}");
    }
    assert_eq!(texts(&drain(&channel, &full).await?), ["0", "1"]);
    let confirmation = publish(&channel, &full, "there is room again").await?;
    assert_eq!(confirmation, Confirmation::Ack(None));
    connection.close(200, "".into()).await
}
