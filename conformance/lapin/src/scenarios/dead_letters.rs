//! Rejected and expired messages come from the dead letter exchange and tell how they died; a work
//! queue and a wait queue count the attempts.

use lapin::options::{
    BasicPublishOptions, BasicRejectOptions, ExchangeDeclareOptions, QueueBindOptions,
    QueueDeclareOptions,
};
use lapin::types::{AMQPValue, FieldTable, ShortString};
use lapin::{BasicProperties, Channel, Connection, ExchangeKind};

use crate::support::{Outcome, consume, name, next, publish, receive};
use crate::tables::{dead_letters_to, long, table, told};

pub async fn run(connection: Connection) -> Outcome {
    let channel = connection.create_channel().await?;
    letters(&channel).await?;
    attempts(&channel).await?;
    connection.close(200, "".into()).await
}

async fn letters(channel: &Channel) -> Outcome {
    let (exchange, dead, dying) = (name("dlx"), name("dead"), name("dying"));
    let options = ExchangeDeclareOptions { auto_delete: true, ..ExchangeDeclareOptions::default() };
    let none = FieldTable::default;
    channel.exchange_declare(exchange.clone(), ExchangeKind::Topic, options, none()).await?;
    declare(channel, &dead, none()).await?;
    let options = QueueBindOptions::default();
    channel.queue_bind(dead.clone(), exchange.clone(), "#".into(), options, none()).await?;
    let to = table([("x-dead-letter-exchange", long(exchange.as_str()))]);
    declare(channel, &dying, to).await?;

    let properties = BasicProperties::default().with_expiration("50".into()).with_delivery_mode(2);
    let options = BasicPublishOptions::default();
    channel.basic_publish("".into(), dying.clone(), options, b"expires", properties).await?;
    let expired = receive(channel, &dead, 1).await?.remove(0);
    assert_eq!((&expired.exchange, &expired.routing_key), (&exchange, &dying));
    assert_eq!(expired.properties.expiration(), &None);
    assert_eq!(expired.properties.delivery_mode(), &Some(2));
    assert_eq!(told(&expired), [format!("{dying} expired 1")]);
    publish(channel, &"".into(), &dying, "rejected").await?;
    let mut consumer = consume(channel, &dying).await?;
    next(&mut consumer).await?.reject(BasicRejectOptions { requeue: false }).await?;
    let rejected = receive(channel, &dead, 1).await?.remove(0);
    assert_eq!(told(&rejected), [format!("{dying} rejected 1")]);
    Ok(())
}

async fn attempts(channel: &Channel) -> Outcome {
    let (work, wait) = (name("work"), name("wait"));
    declare(channel, &work, dead_letters_to(&wait)).await?;
    let mut back = dead_letters_to(&work);
    back.insert("x-message-ttl".into(), AMQPValue::LongInt(50));
    declare(channel, &wait, back).await?;
    publish(channel, &"".into(), &work, "job").await?;
    let mut jobs = consume(channel, &work).await?;
    for attempt in 0..4 {
        let job = next(&mut jobs).await?;
        let waited = format!("{wait} expired {attempt}");
        let expected = [waited, format!("{work} rejected {attempt}")];
        assert_eq!(told(&job), if attempt == 0 { &[][..] } else { &expected });
        job.reject(BasicRejectOptions { requeue: false }).await?;
    }
    Ok(())
}

async fn declare(channel: &Channel, queue: &ShortString, arguments: FieldTable) -> Outcome {
    let options = QueueDeclareOptions::exclusive();
    channel.queue_declare(queue.clone(), options, arguments).await?;
    Ok(())
}
