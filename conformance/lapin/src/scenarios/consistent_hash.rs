//! Each message once, equal values to one queue, by key, header and property.

use std::collections::BTreeMap;

use lapin::options::ExchangeDeleteOptions;
use lapin::types::{FieldTable, ShortString};
use lapin::{BasicProperties, Channel, Connection, ExchangeKind};

use crate::control::{confirming, publish_confirmed};
use crate::support::{Outcome, bind, declare_exchange, drain, exclusive, name, refused, texts};
use crate::tables::{long, table};

const CUSTOMERS: usize = 40;
const EACH: usize = 2;

async fn declare(channel: &Channel, exchange: &ShortString, arguments: FieldTable) -> Outcome {
    let kind = ExchangeKind::Custom("x-consistent-hash".into());
    declare_exchange(channel, exchange, kind, arguments).await
}

/// Publishes each customer's messages and sees that they go to one queue of several.
async fn spread(channel: &Channel, kind: &str, arguments: FieldTable) -> Outcome {
    let exchange = name(kind);
    declare(channel, &exchange, arguments).await?;
    let mut queues = Vec::new();
    for weight in ["10", "20", "10"] {
        let queue = exclusive(channel).await?;
        bind(channel, &queue, &exchange, weight).await?;
        queues.push(queue);
    }
    for number in 0..CUSTOMERS * EACH {
        let customer = (number % CUSTOMERS).to_string();
        let key = if kind == "key" { &customer } else { "same" };
        let properties = BasicProperties::default()
            .with_headers(table([("customer", long(&customer))]))
            .with_correlation_id(customer.as_str().into());
        publish_confirmed(channel, &exchange, &key.into(), &customer, &properties).await?;
    }

    let mut came = 0;
    for queue in queues {
        let mut here = BTreeMap::new();
        for customer in texts(&drain(channel, &queue).await?) {
            *here.entry(customer).or_insert(0) += 1;
        }
        assert!(!here.is_empty(), "every queue gets some");
        assert!(here.values().all(|&count| count == EACH), "{here:?}");
        came += here.len();
    }
    assert_eq!(came, CUSTOMERS);
    Ok(())
}

async fn refusals(connection: &Connection) -> Outcome {
    let channel = connection.create_channel().await?;
    let (exchange, queue) = (name("wrong"), exclusive(&channel).await?);
    declare(&channel, &exchange, FieldTable::default()).await?;
    for (weight, why) in [("0", "must be greater than 0"), ("x", "must be an integer")] {
        let other = connection.create_channel().await?;
        let text = refused(bind(&other, &queue, &exchange, weight).await, 406);
        let start = format!("PRECONDITION_FAILED - The binding key {why}");
        assert!(text.starts_with(&start), "{text}");
    }
    channel.exchange_delete(exchange, ExchangeDeleteOptions::default()).await?;

    let both = table([("hash-header", long("a")), ("hash-property", long("message_id"))]);
    let unknown = table([("hash-property", long("app_id"))]);
    for (arguments, why) in [
        (both, "hash-header and hash-property are mutually exclusive"),
        (unknown, "Unsupported property: app_id"),
    ] {
        let other = connection.create_channel().await?;
        let text = refused(declare(&other, &name("refused"), arguments).await, 406);
        assert!(text.starts_with(&format!("PRECONDITION_FAILED - {why}")), "{text}");
    }
    channel.close(200, "".into()).await
}

pub async fn run(connection: Connection) -> Outcome {
    let channel = confirming(&connection).await?;
    spread(&channel, "key", FieldTable::default()).await?;
    spread(&channel, "header", table([("hash-header", long("customer"))])).await?;
    spread(&channel, "property", table([("hash-property", long("correlation_id"))])).await?;
    refusals(&connection).await?;
    connection.close(200, "".into()).await
}
