//! `x-consistent-hash` by key, header and property: each message once, equal values to one queue;
//! bad arguments are refused.

use std::collections::HashSet;

use amqprs::channel::{ExchangeDeclareArguments, ExchangeDeleteArguments};
use amqprs::{BasicProperties, FieldTable};

use crate::support::{Outcome, Session, connect, name, table, text};

const CUSTOMERS: usize = 40;
const EACH: usize = 2;

async fn declare(session: &Session, exchange: &str, arguments: FieldTable) -> Outcome {
    let mut declaration = ExchangeDeclareArguments::new(exchange, "x-consistent-hash");
    let declaration = declaration.auto_delete(true).arguments(arguments).finish();
    session.channel.exchange_declare(declaration).await
}

/// Has customers share three queues by what a message says of them, or else by their key.
async fn share(session: &Session, kind: &str, arguments: FieldTable) -> Outcome {
    let exchange = name(kind);
    declare(session, &exchange, arguments).await?;
    let mut queues = Vec::new();
    for weight in ["10", "20", "10"] {
        let queue = session.exclusive().await?;
        session.bind(&queue, &exchange, weight).await?;
        queues.push(queue);
    }
    for number in 0..CUSTOMERS * EACH {
        let customer = (number % CUSTOMERS).to_string();
        let key = if kind == "key" { &*customer } else { "same" };
        let properties = BasicProperties::default()
            .with_headers(table([("customer", text(&customer))]))
            .with_correlation_id(&customer)
            .finish();
        session.publish_with(&exchange, key, &customer, properties).await?;
    }

    let (mut messages, mut customers) = (0, 0);
    for queue in &queues {
        let share = session.drain(queue).await?;
        assert!(!share.is_empty(), "every queue gets some");
        messages += share.len();
        customers += share.iter().map(|message| message.text()).collect::<HashSet<_>>().len();
    }
    assert_eq!(messages, CUSTOMERS * EACH, "each message arrives once");
    assert_eq!(customers, CUSTOMERS, "a customer's messages go to one queue");
    Ok(())
}

pub async fn run() -> Outcome {
    let connection = connect().await?;
    let session = Session::open(&connection).await?;
    let by_header = table([("hash-header", text("customer"))]);
    let by_property = table([("hash-property", text("correlation_id"))]);
    share(&session, "key", FieldTable::new()).await?;
    share(&session, "header", by_header).await?;
    share(&session, "property", by_property).await?;

    let (exchange, queue) = (name("wrong"), session.exclusive().await?);
    declare(&session, &exchange, FieldTable::new()).await?;
    for (weight, why) in [("0", "must be greater than 0"), ("x", "must be an integer")] {
        let other = Session::open(&connection).await?;
        let result = other.bind(&queue, &exchange, weight).await;
        let text = other.refused(result, 406).await;
        assert!(text.contains(&format!("The binding key {why}")), "{text}");
    }
    let other = Session::open(&connection).await?;
    let both = table([("hash-header", text("a")), ("hash-property", text("message_id"))]);
    let result = declare(&other, &name("both"), both).await;
    let text = other.refused(result, 406).await;
    assert!(text.contains("hash-header and hash-property are mutually exclusive"), "{text}");
    session.channel.exchange_delete(ExchangeDeleteArguments::new(&exchange)).await?;
    connection.close().await
}
