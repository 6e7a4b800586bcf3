//! Nack and reject put messages back in order as redelivered, or drop them.

use amqprs::channel::{BasicNackArguments, BasicRejectArguments};

use crate::support::{Outcome, Session, connect};

pub async fn run() -> Outcome {
    let connection = connect().await?;
    let session = Session::open(&connection).await?;
    let queue = session.exclusive().await?;
    for number in 0..5 {
        session.publish("", &queue, &number.to_string()).await?;
    }

    let mut tags = Vec::new();
    for number in 0..5 {
        tags.push(session.get(&queue, &number.to_string()).await?.delivery_tag());
    }
    session.channel.basic_nack(BasicNackArguments::new(tags[3], false, true)).await?;
    session.channel.basic_reject(BasicRejectArguments::new(tags[1], true)).await?;
    session.channel.basic_reject(BasicRejectArguments::new(tags[4], false)).await?;
    assert!(session.get(&queue, "1").await?.redelivered());
    assert!(session.get(&queue, "3").await?.redelivered());

    session.channel.basic_nack(BasicNackArguments::new(0, true, true)).await?;
    let mut consumer = session.consume(&queue).await?;
    let came = consumer.take(4).await;
    assert!(came.iter().map(|message| message.text()).eq(["0", "1", "2", "3"]));
    assert!(came.iter().all(|message| message.redelivered));
    session.cancel(&consumer).await?;
    session.channel.basic_nack(BasicNackArguments::new(came[3].tag, true, false)).await?;
    assert!(session.poll(&queue).await?.is_none());
    connection.close().await
}
