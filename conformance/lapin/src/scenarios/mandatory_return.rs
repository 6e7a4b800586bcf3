//! An unroutable mandatory message comes back, before its confirm.

use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{BasicProperties, Confirmation, Connection};

use crate::support::{Outcome, name, text};

pub async fn run(connection: Connection) -> Outcome {
    let nowhere = name("nowhere");
    let channel = connection.create_channel().await?;
    channel.confirm_select(ConfirmSelectOptions::default()).await?;
    let mut headers = FieldTable::default();
    headers.insert("try".into(), AMQPValue::LongInt(1));
    let properties =
        BasicProperties::default().with_message_id("m-1".into()).with_headers(headers);
    let mandatory = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };

    let confirmation = channel
        .basic_publish("".into(), nowhere.clone(), mandatory, b"come back", properties.clone())
        .await?
        .await?;

    let Confirmation::Ack(Some(message)) = confirmation else {
        panic!("the return did not come before the confirm: {confirmation:?}")
    };
    assert_eq!((message.reply_code, message.reply_text.as_str()), (312, "NO_ROUTE"));
    assert_eq!((message.exchange.as_str(), &message.routing_key), ("", &nowhere));
    assert_eq!(message.properties, properties);
    assert_eq!(text(&message), "come back");
    connection.close(200, "".into()).await
}
