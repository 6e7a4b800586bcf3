//! An unroutable mandatory message comes back, before its confirm.

use amqprs::channel::BasicPublishArguments;
use amqprs::{BasicProperties, FieldValue};

use crate::support::{Notice, Outcome, Session, connect, name, table};

pub async fn run() -> Outcome {
    let nowhere = name("nowhere");
    let connection = connect().await?;
    let mut session = Session::confirming(&connection).await?;
    let headers = table([("try", FieldValue::I(1))]);
    let properties =
        BasicProperties::default().with_message_id("m-1").with_headers(headers.clone()).finish();
    let arguments = BasicPublishArguments::new("", &nowhere).mandatory(true).finish();
    session.channel.basic_publish(properties, "come back".into(), arguments).await?;

    let Notice::Returned(returned, properties, body) = session.notice().await else {
        panic!("the return did not come before the confirm")
    };
    assert_eq!((returned.reply_code(), returned.reply_text().as_str()), (312, "NO_ROUTE"));
    assert_eq!((returned.exchange().as_str(), returned.routing_key()), ("", &nowhere));
    assert_eq!(properties.message_id().map(String::as_str), Some("m-1"));
    assert_eq!(properties.headers(), Some(&headers));
    assert_eq!(body, b"come back");
    session.confirmed(1, 1).await;
    connection.close().await
}
