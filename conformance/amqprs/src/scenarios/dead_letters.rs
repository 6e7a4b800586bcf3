//! Rejected and expired messages come from the dead letter exchange and tell how they died; a work
//! queue and a wait queue count the attempts.

use amqprs::channel::{BasicRejectArguments, ExchangeDeclareArguments};
use amqprs::{BasicProperties, FieldTable, FieldValue};

use crate::support::{Message, Outcome, Session, connect, name, spelled, table, text};

async fn reject(session: &Session, message: &Message) -> Outcome {
    session.channel.basic_reject(BasicRejectArguments::new(message.tag, false)).await
}

/// Queue, reason and count of each death.
fn told(message: &Message) -> Vec<String> {
    let told = |death: &FieldTable| {
        ["queue", "reason", "count"].map(|key| spelled(death, key).expect(key)).join(" ")
    };
    message.deaths().iter().map(told).collect()
}

async fn letters(session: &Session) -> Outcome {
    let (exchange, dead, dying) = (name("dlx"), name("dead"), name("dying"));
    let mut arguments = ExchangeDeclareArguments::new(&exchange, "topic");
    session.channel.exchange_declare(arguments.auto_delete(true).finish()).await?;
    session.declare_with(&dead, FieldTable::new()).await?;
    session.bind(&dead, &exchange, "#").await?;
    session.declare_with(&dying, table([("x-dead-letter-exchange", text(&exchange))])).await?;

    let properties =
        BasicProperties::default().with_expiration("50").with_delivery_mode(2).finish();
    session.publish_with("", &dying, "expires", properties).await?;
    let expired = session.receive(&dead, 1).await?.remove(0);
    assert_eq!((&expired.exchange, &expired.key), (&exchange, &dying));
    assert_eq!(expired.properties.expiration(), None);
    assert_eq!(expired.properties.delivery_mode(), Some(2));
    assert_eq!(told(&expired), [format!("{dying} expired 1")]);
    session.publish("", &dying, "rejected").await?;
    reject(session, &session.consume(&dying).await?.next().await).await?;
    let rejected = session.receive(&dead, 1).await?.remove(0);
    assert_eq!(told(&rejected), [format!("{dying} rejected 1")]);
    Ok(())
}

async fn attempts(session: &Session) -> Outcome {
    let (work, wait) = (name("work"), name("wait"));
    let (exchange, key) = ("x-dead-letter-exchange", "x-dead-letter-routing-key");
    session.declare_with(&work, table([(exchange, text("")), (key, text(&wait))])).await?;
    let ttl = ("x-message-ttl", FieldValue::I(50));
    session.declare_with(&wait, table([(exchange, text("")), (key, text(&work)), ttl])).await?;
    session.publish("", &work, "job").await?;
    let mut jobs = session.consume(&work).await?;
    for attempt in 0..4 {
        let job = jobs.next().await;
        let waited = format!("{wait} expired {attempt}");
        let expected = [waited, format!("{work} rejected {attempt}")];
        assert_eq!(told(&job), if attempt == 0 { &[][..] } else { &expected });
        reject(session, &job).await?;
    }
    Ok(())
}

pub async fn run() -> Outcome {
    let connection = connect().await?;
    let session = Session::open(&connection).await?;
    letters(&session).await?;
    attempts(&session).await?;
    connection.close().await
}
