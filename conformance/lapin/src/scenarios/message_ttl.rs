//! The lower of a queue's TTL and a message's expiration holds.

use lapin::types::ShortString;
use lapin::{BasicProperties, Channel, Connection};

use crate::control::{confirming, consume_unacknowledged, publish_confirmed};
use crate::refusals::{refused_argument, refused_message};
use crate::support::{
    Outcome, drain, exclusive, exclusive_with, next, poll, publish, receive, text, texts,
};
use crate::tables::{dead_letters_to, deaths, long, table, told};

fn expiring(expiration: &str) -> BasicProperties {
    BasicProperties::default().with_expiration(expiration.into())
}

/// Sees how the one message tells of its death that lives for the lower of both times.
async fn dies_after(
    channel: &Channel,
    dead: &ShortString,
    ttl: Option<i32>,
    expiration: Option<&str>,
) -> Outcome {
    let mut arguments = dead_letters_to(dead);
    if let Some(ttl) = ttl {
        arguments.insert("x-message-ttl".into(), ttl.into());
    }
    let queue = exclusive_with(channel, arguments).await?;
    let properties = expiration.map(expiring).unwrap_or_default();
    publish_confirmed(channel, &"".into(), &queue, "mortal", &properties).await?;
    let message = receive(channel, dead, 1).await?.remove(0);
    assert_eq!((text(&message).as_str(), message.properties.expiration()), ("mortal", &None));
    assert_eq!(told(&message), [format!("{queue} expired 1")]);
    let original = deaths(&message)[0].inner().get("original-expiration");
    assert_eq!(original, expiration.map(long).as_ref());
    assert!(poll(channel, &queue).await?.is_none());
    Ok(())
}

pub async fn run(connection: Connection) -> Outcome {
    let channel = confirming(&connection).await?;
    let dead = exclusive(&channel).await?;
    dies_after(&channel, &dead, Some(150), None).await?;
    dies_after(&channel, &dead, None, Some("150")).await?;
    dies_after(&channel, &dead, Some(600_000), Some("150")).await?;
    dies_after(&channel, &dead, Some(150), Some("600000")).await?;
    dies_after(&channel, &dead, Some(0), None).await?;
    dies_after(&channel, &dead, None, Some("0")).await?;

    let kept = exclusive_with(&channel, table([("x-message-ttl", 600_000.into())])).await?;
    let none = BasicProperties::default();
    publish_confirmed(&channel, &"".into(), &kept, "by queue", &none).await?;
    publish_confirmed(&channel, &"".into(), &kept, "by both", &expiring("500000")).await?;
    let messages = drain(&channel, &kept).await?;
    assert_eq!(texts(&messages), ["by queue", "by both"]);
    let expirations = messages.iter().map(|message| message.properties.expiration());
    assert!(expirations.eq([&None, &Some("500000".into())]), "{messages:?}");

    let instant = exclusive_with(&channel, table([("x-message-ttl", 0.into())])).await?;
    let mut consumer = consume_unacknowledged(&channel, &instant).await?;
    publish(&channel, &"".into(), &instant, "in time").await?;
    assert_eq!(text(&next(&mut consumer).await?), "in time");

    let negative = "{value_negative,-1}";
    refused_argument(&connection, "x-message-ttl", (-1).into(), negative).await?;
    let reason = "\"expected integer, got longstr\"";
    refused_argument(&connection, "x-message-ttl", long("150"), reason).await?;
    for (expiration, reason) in [("soon", "no_integer"), ("-1", negative)] {
        let text = format!("invalid expiration '{expiration}': {reason}");
        refused_message(&connection, &kept, expiring(expiration), &text).await?;
    }
    connection.close(200, "".into()).await
}
