//! Tutorial 3: a fanout exchange copies to each exclusive queue.

use lapin::options::{ExchangeDeclareOptions, ExchangeDeleteOptions, QueueBindOptions};
use lapin::types::{FieldTable, ShortString};
use lapin::{Channel, Connection, ExchangeKind};

use crate::support::{Outcome, bodies, connect, exclusive, name, publish, ready, refused};

struct Subscriber {
    connection: Connection,
    channel: Channel,
    queue: ShortString,
}

async fn declare(channel: &Channel, exchange: &ShortString) -> Outcome {
    let options = ExchangeDeclareOptions::default();
    let arguments = FieldTable::default();
    channel.exchange_declare(exchange.clone(), ExchangeKind::Fanout, options, arguments).await
}

async fn subscribe(exchange: &ShortString) -> lapin::Result<Subscriber> {
    let connection = connect().await?;
    let channel = connection.create_channel().await?;
    declare(&channel, exchange).await?;
    let queue = exclusive(&channel).await?;
    assert!(queue.as_str().starts_with("amq.gen-"), "{queue}");
    let options = QueueBindOptions::default();
    let arguments = FieldTable::default();
    channel.queue_bind(queue.clone(), exchange.clone(), "".into(), options, arguments).await?;
    Ok(Subscriber { connection, channel, queue })
}

pub async fn run(publisher: Connection) -> Outcome {
    let exchange = name("logs");
    let channel = publisher.create_channel().await?;
    declare(&channel, &exchange).await?;
    publish(&channel, &exchange, &"".into(), "nobody listens").await?;

    let subscribers = [subscribe(&exchange).await?, subscribe(&exchange).await?];
    publish(&channel, &exchange, &"ignored".into(), "info: one").await?;
    publish(&channel, &exchange, &"ignored".into(), "info: two").await?;
    for Subscriber { channel, queue, .. } in &subscribers {
        assert_eq!(bodies(channel, queue, 2).await?, ["info: one", "info: two"]);
    }

    let queue = subscribers[0].queue.clone();
    refused(ready(&publisher.create_channel().await?, &queue).await, 405);
    for subscriber in subscribers {
        subscriber.connection.close(200, "".into()).await?;
    }
    refused(ready(&publisher.create_channel().await?, &queue).await, 404);
    channel.exchange_delete(exchange, ExchangeDeleteOptions::default()).await?;
    publisher.close(200, "".into()).await
}
