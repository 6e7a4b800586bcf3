//! The lower of a queue's TTL and a message's expiration holds; `x-death` tells of the expiration;
//! bad values are refused.

use amqprs::error::Error;
use amqprs::{BasicProperties, FieldTable, FieldValue};

use crate::support::{
    Outcome, Session, connect, name, refuse_argument, spelled, table, text, texts,
};

fn expiring(expiration: &str) -> BasicProperties {
    BasicProperties::default().with_expiration(expiration).finish()
}

/// The expiration that a message's death tells of, which lived for the lower of both times.
async fn died_after(
    session: &Session,
    ttl: Option<i32>,
    properties: BasicProperties,
) -> Result<Option<String>, Error> {
    let dead = name("dead");
    let mut arguments = table([
        ("x-dead-letter-exchange", text("")),
        ("x-dead-letter-routing-key", text(&dead)),
    ]);
    if let Some(ttl) = ttl {
        arguments.insert("x-message-ttl".try_into().expect("a short key"), FieldValue::I(ttl));
    }
    let queue = name(&format!("{ttl:?}.{:?}", properties.expiration()));
    session.declare_with(&queue, arguments).await?;
    session.publish_with("", &queue, "mortal", properties).await?;
    let letter = session.receive(&dead, 1).await?.remove(0);
    assert_eq!((letter.text(), letter.properties.expiration()), ("mortal", None));
    let deaths = letter.deaths();
    let told = ["queue", "reason", "count"].map(|key| spelled(&deaths[0], key).expect(key));
    assert_eq!((told, deaths.len()), ([queue.clone(), "expired".into(), "1".into()], 1));
    assert!(session.drain(&queue).await?.is_empty());
    Ok(spelled(&deaths[0], "original-expiration"))
}

pub async fn run() -> Outcome {
    let connection = connect().await?;
    let session = Session::open(&connection).await?;
    session.declare_with(&name("dead"), FieldTable::new()).await?;
    let endless = BasicProperties::default;
    assert_eq!(died_after(&session, Some(150), endless()).await?, None);
    assert_eq!(died_after(&session, None, expiring("150")).await?, Some("150".into()));
    assert_eq!(died_after(&session, Some(600_000), expiring("150")).await?, Some("150".into()));
    assert_eq!(died_after(&session, Some(150), expiring("600000")).await?, Some("600000".into()));
    assert_eq!(died_after(&session, Some(0), endless()).await?, None);
    assert_eq!(died_after(&session, None, expiring("0")).await?, Some("0".into()));

    let (kept, instant) = (name("kept"), name("instant"));
    session.declare_with(&kept, table([("x-message-ttl", FieldValue::I(600_000))])).await?;
    session.publish("", &kept, "by queue").await?;
    session.publish_with("", &kept, "by both", expiring("500000")).await?;
    let messages = session.drain(&kept).await?;
    assert_eq!(texts(&messages), ["by queue", "by both"]);
    assert_eq!(messages[0].properties.expiration(), None);
    assert_eq!(messages[1].properties.expiration().map(String::as_str), Some("500000"));

    session.declare_with(&instant, table([("x-message-ttl", FieldValue::I(0))])).await?;
    let mut consumer = session.consume(&instant).await?;
    session.publish("", &instant, "in time").await?;
    assert_eq!(consumer.next().await.text(), "in time");

    let cases = [
        (FieldValue::I(-1), "{value_negative,-1}"),
        (FieldValue::l(315_360_000_001), "{value_too_large,315360000001}"),
        (text("150"), "\"expected integer, got longstr\""),
    ];
    refuse_argument(&connection, "x-message-ttl", cases).await?;
    for (expiration, why) in [("soon", "no_integer"), ("-1", "{value_negative,-1}")] {
        let other = Session::open(&connection).await?;
        other.publish_with("", &kept, "refused", expiring(expiration)).await?;
        let refusal = format!("PRECONDITION_FAILED - invalid expiration '{expiration}': {why}");
        let text = other.closed(406).await;
        assert!(text.starts_with(&refusal), "{text}");
    }
    connection.close().await
}
