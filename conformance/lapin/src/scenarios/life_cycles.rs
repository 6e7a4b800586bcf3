//! An exclusive queue is locked to others and goes with its connection; what is auto-delete goes
//! with its last consumer or binding.

use lapin::options::{
    BasicCancelOptions, ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions,
    QueueDeleteOptions,
};
use lapin::types::{FieldTable, ShortString};
use lapin::{Connection, ExchangeKind};

use crate::control::eventually;
use crate::refusals::{found, queue_is_there};
use crate::support::{Outcome, connect, consume, exclusive, name, ready, refused};

async fn exchange_is_there(connection: &Connection, exchange: &ShortString) -> lapin::Result<bool> {
    let channel = connection.create_channel().await?;
    let options = ExchangeDeclareOptions { passive: true, ..ExchangeDeclareOptions::default() };
    let none = FieldTable::default();
    let exchange = exchange.clone();
    let result = channel.exchange_declare(exchange, ExchangeKind::Fanout, options, none).await;
    found(channel, result).await
}

async fn exclusive_queue(other: &Connection) -> Outcome {
    let owner = connect().await?;
    let queue = name("exclusive");
    let options = QueueDeclareOptions::exclusive();
    let channel = owner.create_channel().await?;
    channel.queue_declare(queue.clone(), options, FieldTable::default()).await?;

    let text = format!(
        "RESOURCE_LOCKED - cannot obtain exclusive access to locked queue '{queue}' in vhost '/'"
    );
    let channel = other.create_channel().await?;
    assert!(refused(ready(&channel, &queue).await, 405).starts_with(&text));
    let channel = other.create_channel().await?;
    assert!(refused(consume(&channel, &queue).await, 405).starts_with(&text));
    let channel = other.create_channel().await?;
    let deleted = channel.queue_delete(queue.clone(), QueueDeleteOptions::default()).await;
    assert!(refused(deleted, 405).starts_with(&text));

    owner.close(200, "".into()).await?;
    eventually(async || Ok(!queue_is_there(other, &queue).await?)).await
}

async fn auto_delete_queue(connection: &Connection) -> Outcome {
    let queue = name("auto-delete");
    let options = QueueDeclareOptions { auto_delete: true, ..QueueDeclareOptions::default() };
    let channel = connection.create_channel().await?;
    channel.queue_declare(queue.clone(), options, FieldTable::default()).await?;
    let first = consume(&channel, &queue).await?;
    let second = consume(&channel, &queue).await?;
    channel.basic_cancel(first.tag(), BasicCancelOptions::default()).await?;
    assert!(queue_is_there(connection, &queue).await?);
    channel.basic_cancel(second.tag(), BasicCancelOptions::default()).await?;
    assert!(!queue_is_there(connection, &queue).await?);

    channel.queue_declare(queue.clone(), options, FieldTable::default()).await?;
    let _third = consume(&channel, &queue).await?;
    channel.close(200, "".into()).await?;
    eventually(async || Ok(!queue_is_there(connection, &queue).await?)).await
}

async fn auto_delete_exchange(connection: &Connection) -> Outcome {
    let exchange = name("exchange");
    let options = ExchangeDeclareOptions { auto_delete: true, ..ExchangeDeclareOptions::default() };
    let none = FieldTable::default;
    let channel = connection.create_channel().await?;
    channel.exchange_declare(exchange.clone(), ExchangeKind::Fanout, options, none()).await?;
    let (first, second) = (exclusive(&channel).await?, exclusive(&channel).await?);
    for queue in [&first, &second] {
        let options = QueueBindOptions::default();
        let (queue, exchange) = (queue.clone(), exchange.clone());
        channel.queue_bind(queue, exchange, "".into(), options, none()).await?;
    }
    channel.queue_unbind(first, exchange.clone(), "".into(), none()).await?;
    assert!(exchange_is_there(connection, &exchange).await?);
    channel.queue_delete(second, QueueDeleteOptions::default()).await?;
    assert!(!exchange_is_there(connection, &exchange).await?);
    channel.close(200, "".into()).await
}

pub async fn run(connection: Connection) -> Outcome {
    exclusive_queue(&connection).await?;
    auto_delete_queue(&connection).await?;
    auto_delete_exchange(&connection).await?;
    connection.close(200, "".into()).await
}
