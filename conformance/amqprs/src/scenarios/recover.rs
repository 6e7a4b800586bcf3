//! `basic.recover` with requeue brings what is unacked again, as redelivered and in order.

use crate::support::{Outcome, Session, connect};

pub async fn run() -> Outcome {
    let connection = connect().await?;
    let session = Session::open(&connection).await?;
    let queue = session.exclusive().await?;
    for number in ["1", "2", "3"] {
        session.publish("", &queue, number).await?;
    }
    let mut consumer = session.consume(&queue).await?;
    let first = consumer.take(3).await;
    assert!(first.iter().all(|message| !message.redelivered));
    session.ack(first[1].tag, false).await?;

    session.channel.basic_recover(true).await?;

    let again = consumer.take(2).await;
    assert!(again.iter().map(|message| message.text()).eq(["1", "3"]));
    assert!(again.iter().all(|message| message.redelivered));
    session.ack(again[1].tag, true).await?;
    session.channel.close().await?;
    let session = Session::open(&connection).await?;
    assert_eq!(session.ready(&queue).await?, 0);
    connection.close().await
}
