//! Every property and header type there and back.

use lapin::options::BasicPublishOptions;
use lapin::types::{AMQPValue, ByteArray, DecimalValue, FieldArray, FieldTable};
use lapin::{BasicProperties, Connection};

use crate::support::{Outcome, exclusive, receive};
use crate::tables::table;

fn headers() -> FieldTable {
    let list = FieldArray::from(vec![
        AMQPValue::LongString("one".into()),
        AMQPValue::LongInt(2),
        AMQPValue::FieldArray(FieldArray::from(vec![AMQPValue::Boolean(true), AMQPValue::Void])),
    ]);
    let inner = table([("deep", AMQPValue::LongInt(1))]);
    let nested = table([
        ("inner", AMQPValue::FieldTable(inner)),
        ("empty", AMQPValue::FieldTable(FieldTable::default())),
    ]);
    table([
        ("text", AMQPValue::LongString("grüße".into())),
        ("not text", AMQPValue::LongString(vec![0, 255].into())),
        ("octets", AMQPValue::ByteArray(ByteArray::from(vec![0, 255]))),
        ("true", AMQPValue::Boolean(true)),
        ("false", AMQPValue::Boolean(false)),
        ("i8", AMQPValue::ShortShortInt(-7)),
        ("u8", AMQPValue::ShortShortUInt(200)),
        ("i16", AMQPValue::ShortInt(-30_000)),
        ("u16", AMQPValue::ShortUInt(60_000)),
        ("i32", AMQPValue::LongInt(-70_000)),
        ("u32", AMQPValue::LongUInt(4_000_000_000)),
        ("i64", AMQPValue::LongLongInt(1 << 40)),
        ("f32", AMQPValue::Float(0.5)),
        ("f64", AMQPValue::Double(0.1)),
        ("decimal", AMQPValue::DecimalValue(DecimalValue { scale: 2, value: 1234 })),
        ("time", AMQPValue::Timestamp(1_700_000_000)),
        ("nothing", AMQPValue::Void),
        ("list", AMQPValue::FieldArray(list)),
        ("table", AMQPValue::FieldTable(nested)),
    ])
}

pub async fn run(connection: Connection) -> Outcome {
    let sent = BasicProperties::default()
        .with_content_type("application/json".into())
        .with_content_encoding("gzip".into())
        .with_headers(headers())
        .with_delivery_mode(2)
        .with_priority(5)
        .with_correlation_id("c-1".into())
        .with_reply_to("somewhere".into())
        .with_message_id("m-1".into())
        .with_timestamp(1_700_000_000)
        .with_type("kind".into())
        .with_user_id("guest".into())
        .with_app_id("conformance".into())
        .with_cluster_id("cluster".into());
    let empty = BasicProperties::default().with_headers(FieldTable::default());
    let channel = connection.create_channel().await?;
    let queue = exclusive(&channel).await?;

    for properties in [sent.clone(), BasicProperties::default(), empty.clone()] {
        let options = BasicPublishOptions::default();
        channel.basic_publish("".into(), queue.clone(), options, b"body", properties).await?;
    }

    let came = receive(&channel, &queue, 3).await?;
    assert_eq!(came[0].properties, sent);
    assert_eq!(came[1].properties, BasicProperties::default());
    assert_eq!(came[2].properties, empty);
    connection.close(200, "".into()).await
}
