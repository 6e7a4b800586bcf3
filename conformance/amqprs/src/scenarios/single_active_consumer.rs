//! The next takes over when the active consumer is cancelled or its channel closed; what the former
//! holds stays its own.

use amqprs::FieldValue;
use amqprs::channel::{BasicQosArguments, BasicRejectArguments, QueueDeclareArguments};

use crate::support::{Outcome, Session, connect, name, refuse_argument, table, text, texts};

pub async fn run() -> Outcome {
    let queue = name("single");
    let (connection, other) = (connect().await?, connect().await?);
    let session = Session::open(&connection).await?;
    let single = table([("x-single-active-consumer", FieldValue::t(true))]);
    let mut arguments = QueueDeclareArguments::new(&queue);
    session.declare(arguments.auto_delete(true).arguments(single)).await?;
    let (active, next) = (Session::open(&connection).await?, Session::open(&connection).await?);
    let last = Session::open(&other).await?;
    active.channel.basic_qos(BasicQosArguments::new(0, 2, false)).await?;
    let mut at_active = active.consume(&queue).await?;
    let mut at_next = next.consume(&queue).await?;
    let mut at_last = last.consume(&queue).await?;
    session.publish("", &queue, "1").await?;
    session.publish("", &queue, "2").await?;
    let held = at_active.take(2).await;
    assert_eq!(texts(&held), ["1", "2"]);
    at_next.take(0).await;

    active.cancel(&at_active).await?;
    session.publish("", &queue, "3").await?;
    assert_eq!(texts(&at_next.take(1).await), ["3"]);
    active.channel.basic_reject(BasicRejectArguments::new(held[1].tag, true)).await?;
    let again = at_next.next().await;
    assert_eq!((again.text(), again.redelivered), ("2", true));
    active.ack(held[0].tag, false).await?;

    at_last.take(0).await;
    next.channel.close().await?;
    let again = at_last.take(2).await;
    assert_eq!(texts(&again), ["2", "3"]);
    assert!(again.iter().all(|message| message.redelivered));
    last.ack(again[1].tag, true).await?;
    session.publish("", &queue, "4").await?;
    assert_eq!(texts(&at_last.take(1).await), ["4"]);

    let cases = [(text("true"), "{unacceptable_type,longstr}")];
    refuse_argument(&connection, "x-single-active-consumer", cases).await?;
    connection.close().await?;
    other.close().await
}
