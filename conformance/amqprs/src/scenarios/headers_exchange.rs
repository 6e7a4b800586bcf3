//! A headers exchange routes by all or any of a binding's headers.

use amqprs::channel::{ExchangeDeclareArguments, QueueBindArguments};
use amqprs::{BasicProperties, FieldValue};

use crate::support::{Outcome, Session, connect, name, table, text};

pub async fn run() -> Outcome {
    let exchange = name("headers");
    let connection = connect().await?;
    let mut session = Session::confirming(&connection).await?;
    let mut arguments = ExchangeDeclareArguments::new(&exchange, "headers");
    session.channel.exchange_declare(arguments.auto_delete(true).finish()).await?;
    let (all, any) = (session.exclusive().await?, session.exclusive().await?);
    for (queue, how) in [(&all, "all"), (&any, "any")] {
        let pages = ("pages", FieldValue::I(2));
        let wanted = table([("x-match", text(how)), ("format", text("pdf")), pages]);
        let mut binding = QueueBindArguments::new(queue, &exchange, "ignored");
        session.channel.queue_bind(binding.arguments(wanted).finish()).await?;
    }

    let pages = |number| ("pages", FieldValue::I(number));
    let messages = [
        ("both", table([("format", text("pdf")), pages(2), ("x", FieldValue::I(1))])),
        ("one", table([("format", text("pdf")), pages(3)])),
        ("none", table([("format", text("PDF"))])),
    ];
    for (body, headers) in messages {
        let properties = BasicProperties::default().with_headers(headers).finish();
        session.publish_with(&exchange, "", body, properties).await?;
    }
    session.publish(&exchange, "", "bare").await?;
    session.confirmed(1, 4).await;

    assert_eq!(session.bodies(&all, 1).await?, ["both"]);
    assert_eq!(session.bodies(&any, 2).await?, ["both", "one"]);
    assert_eq!((session.ready(&all).await?, session.ready(&any).await?), (0, 0));

    let other = Session::open(&connection).await?;
    let mut binding = QueueBindArguments::new(&all, &exchange, "");
    let wrong = binding.arguments(table([("x-match", text("some"))])).finish();
    let result = other.channel.queue_bind(wrong).await;
    let text = other.refused(result, 406).await;
    assert!(text.contains("Invalid x-match field value"), "{text}");
    connection.close().await
}
