//! After kill -9 and a start the library brings connection, channel, topology and consumers back;
//! nothing durable that was confirmed is lost.

use lapin::options::{
    ExchangeDeclareOptions, ExchangeDeleteOptions, QueueBindOptions, QueueDeclareOptions,
    QueueDeleteOptions,
};
use lapin::types::{FieldTable, ShortString};
use lapin::{BasicProperties, Channel, Connection, ExchangeKind};

use crate::control::{
    confirming, consume_unacknowledged, control, eventually, publish_confirmed, recovered,
    recovering,
};
use crate::support::{Outcome, bodies, connect, name, next, refused, text};

async fn declare(
    channel: &Channel,
    exchange: &ShortString,
    queue: &ShortString,
    options: QueueDeclareOptions,
) -> Outcome {
    let none = FieldTable::default;
    channel.queue_declare(queue.clone(), options, none()).await?;
    let bind = QueueBindOptions::default();
    channel.queue_bind(queue.clone(), exchange.clone(), queue.clone(), bind, none()).await
}

/// How many consume a queue; none does if it is not there.
async fn consumers(connection: &Connection, queue: &ShortString) -> lapin::Result<u32> {
    let channel = connection.create_channel().await?;
    let passive = QueueDeclareOptions::default().passive();
    match channel.queue_declare(queue.clone(), passive, FieldTable::default()).await {
        Ok(queue) => {
            channel.close(200, "".into()).await?;
            Ok(queue.consumer_count())
        }
        missing => {
            refused(missing, 404);
            Ok(0)
        }
    }
}

pub async fn run(connection: Connection) -> Outcome {
    connection.close(200, "".into()).await?;
    let connection = recovering().await?;
    let channel = confirming(&connection).await?;
    let (exchange, durable, transient) = (name("exchange"), name("durable"), name("transient"));
    let options = ExchangeDeclareOptions { durable: true, ..ExchangeDeclareOptions::default() };
    let none = FieldTable::default();
    channel.exchange_declare(exchange.clone(), ExchangeKind::Direct, options, none).await?;
    declare(&channel, &exchange, &durable, QueueDeclareOptions::durable()).await?;
    let auto_delete = QueueDeclareOptions { auto_delete: true, ..QueueDeclareOptions::default() };
    declare(&channel, &exchange, &transient, auto_delete).await?;
    let mut consumer = consume_unacknowledged(&channel, &transient).await?;
    let persistent = BasicProperties::default().with_delivery_mode(2);
    publish_confirmed(&channel, &exchange, &durable, "1", &persistent).await?;
    publish_confirmed(&channel, &exchange, &durable, "2", &persistent).await?;
    publish_confirmed(&channel, &exchange, &durable, "lost", &BasicProperties::default()).await?;

    control("/broker/kill").await;
    control("/broker/start").await;
    recovered(&channel, &durable).await?;
    // The channel is open again; that its consumers are back, which comes last, shows elsewhere.
    let watcher = connect().await?;
    eventually(async || Ok(consumers(&watcher, &transient).await? == 1)).await?;
    watcher.close(200, "".into()).await?;

    publish_confirmed(&channel, &exchange, &transient, "again", &persistent).await?;
    assert_eq!(text(&next(&mut consumer).await?), "again");
    publish_confirmed(&channel, &exchange, &durable, "3", &persistent).await?;
    assert_eq!(bodies(&channel, &durable, 3).await?, ["1", "2", "3"]);
    channel.queue_delete(durable, QueueDeleteOptions::default()).await?;
    channel.exchange_delete(exchange, ExchangeDeleteOptions::default()).await?;
    connection.close(200, "".into()).await
}
