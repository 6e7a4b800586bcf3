//! CC and BCC are further routing keys; no copy shows BCC.

use lapin::message::Delivery;
use lapin::types::{FieldTable, ShortString};
use lapin::{BasicProperties, Channel, Connection, ExchangeKind};

use crate::control::{confirming, publish_confirmed};
use crate::refusals::refused_message;
use crate::support::{Outcome, bind, declare_exchange, drain, exclusive, name, texts};
use crate::tables::{header, list, long, table};

fn with(headers: FieldTable) -> BasicProperties {
    BasicProperties::default().with_headers(headers)
}

/// Takes all messages; each queue has these, and none of them has BCC.
async fn received(
    channel: &Channel,
    queues: &[ShortString],
    expected: [&[&str]; 3],
) -> lapin::Result<Vec<Delivery>> {
    let mut all = Vec::new();
    for (queue, expected) in queues.iter().zip(expected) {
        let messages = drain(channel, queue).await?;
        assert_eq!(texts(&messages), expected);
        all.extend(messages);
    }
    assert!(all.iter().all(|message| header(message, "BCC").is_none()), "{all:?}");
    Ok(all)
}

pub async fn run(connection: Connection) -> Outcome {
    let exchange = name("keys");
    let channel = confirming(&connection).await?;
    declare_exchange(&channel, &exchange, ExchangeKind::Direct, FieldTable::default()).await?;
    let mut queues = Vec::new();
    for key in ["a", "b", "c"] {
        let queue = exclusive(&channel).await?;
        bind(&channel, &queue, &exchange, key).await?;
        queues.push(queue);
    }

    let copies = with(table([("CC", list(&["b", "a"])), ("BCC", list(&["c"]))]));
    publish_confirmed(&channel, &exchange, &"a".into(), "to all", &copies).await?;
    for message in received(&channel, &queues, [&["to all"]; 3]).await? {
        assert_eq!(message.routing_key.as_str(), "a");
        assert_eq!(header(&message, "CC"), Some(&list(&["b", "a"])));
    }

    let copies = with(table([("CC", list(&["c"]))]));
    publish_confirmed(&channel, &exchange, &"nowhere".into(), "only copies", &copies).await?;
    received(&channel, &queues, [&[], &[], &["only copies"]]).await?;

    let nowhere = name("nowhere");
    let copies = list(&[queues[1].as_str(), nowhere.as_str()]);
    let copies = with(table([("CC", copies), ("BCC", list(&[queues[2].as_str()]))]));
    publish_confirmed(&channel, &"".into(), &queues[0], "by name", &copies).await?;
    received(&channel, &queues, [&["by name"]; 3]).await?;

    for field in ["CC", "BCC"] {
        let headers = table([(field, long("b"))]);
        let text = "invalid message: {unacceptable_type_in_header,";
        let text = format!("{text}\"{field}\",longstr}}");
        refused_message(&connection, &"a".into(), with(headers), &text).await?;
    }
    connection.close(200, "".into()).await
}
