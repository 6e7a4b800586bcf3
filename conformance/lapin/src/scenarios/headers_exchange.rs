//! A headers exchange routes by all or any of a binding's headers.

use lapin::options::{ExchangeDeclareOptions, QueueBindOptions};
use lapin::types::FieldTable;
use lapin::{BasicProperties, Connection, ExchangeKind};

use crate::control::{confirming, publish_confirmed};
use crate::support::{Outcome, bodies, exclusive, name, ready, refused};
use crate::tables::{long, table};

pub async fn run(connection: Connection) -> Outcome {
    let exchange = name("headers");
    let channel = confirming(&connection).await?;
    let options = ExchangeDeclareOptions { auto_delete: true, ..ExchangeDeclareOptions::default() };
    let none = FieldTable::default();
    channel.exchange_declare(exchange.clone(), ExchangeKind::Headers, options, none).await?;
    let (all, any) = (exclusive(&channel).await?, exclusive(&channel).await?);
    let bind = QueueBindOptions::default();
    for (queue, how) in [(&all, "all"), (&any, "any")] {
        let wanted =
            table([("x-match", long(how)), ("format", long("pdf")), ("pages", 2.into())]);
        let (queue, exchange) = (queue.clone(), exchange.clone());
        channel.queue_bind(queue, exchange, "ignored".into(), bind, wanted).await?;
    }

    let messages = [
        ("both", table([("format", long("pdf")), ("pages", 2.into()), ("x", 1.into())])),
        ("one", table([("format", long("pdf")), ("pages", 3.into())])),
        ("none", table([("format", long("PDF"))])),
    ];
    for (body, headers) in messages {
        let properties = BasicProperties::default().with_headers(headers);
        publish_confirmed(&channel, &exchange, &"".into(), body, &properties).await?;
    }
    let bare = BasicProperties::default();
    publish_confirmed(&channel, &exchange, &"".into(), "bare", &bare).await?;

    assert_eq!(bodies(&channel, &all, 1).await?, ["both"]);
    assert_eq!(bodies(&channel, &any, 2).await?, ["both", "one"]);
    assert_eq!(ready(&channel, &all).await?, 0);
    assert_eq!(ready(&channel, &any).await?, 0);

    let other = connection.create_channel().await?;
    let wrong = table([("x-match", long("some"))]);
    let text = refused(other.queue_bind(all, exchange, "".into(), bind, wrong).await, 406);
    assert!(text.contains("Invalid x-match field value"), "{text}");
    connection.close(200, "".into()).await
}
