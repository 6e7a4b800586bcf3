//! Every property and header type that the client can send comes back equal.

use amqprs::{BasicProperties, DecimalValue, FieldTable, FieldValue};

use crate::support::{Outcome, Session, connect, table, text};

fn headers() -> FieldTable {
    let list = vec![text("one"), FieldValue::I(2), FieldValue::t(true), FieldValue::V];
    let nested = table([
        ("inner", FieldValue::F(table([("deep", FieldValue::I(1))]))),
        ("empty", FieldValue::F(FieldTable::new())),
    ]);
    table([
        ("text", text("grüße")),
        ("octets", FieldValue::x(vec![0, 255].try_into().expect("short enough"))),
        ("true", FieldValue::t(true)),
        ("false", FieldValue::t(false)),
        ("i8", FieldValue::b(-7)),
        ("u8", FieldValue::B(200)),
        ("i16", FieldValue::s(-30_000)),
        ("u16", FieldValue::u(60_000)),
        ("i32", FieldValue::I(-70_000)),
        ("u32", FieldValue::i(4_000_000_000)),
        ("i64", FieldValue::l(1 << 40)),
        ("f32", FieldValue::f(0.5)),
        ("f64", FieldValue::d(0.1)),
        ("decimal", FieldValue::D(DecimalValue::new(2, 1234))),
        ("time", FieldValue::T(1_700_000_000)),
        ("nothing", FieldValue::V),
        ("list", FieldValue::A(list.try_into().expect("short enough"))),
        ("table", FieldValue::F(nested)),
    ])
}

pub async fn run() -> Outcome {
    let sent = BasicProperties::default()
        .with_content_type("application/json")
        .with_content_encoding("gzip")
        .with_headers(headers())
        .with_delivery_mode(2)
        .with_priority(5)
        .with_correlation_id("c-1")
        .with_reply_to("somewhere")
        .with_message_id("m-1")
        .with_timestamp(1_700_000_000)
        .with_message_type("kind")
        .with_user_id("guest")
        .with_app_id("conformance")
        .with_cluster_id("cluster")
        .finish();
    let empty = BasicProperties::default().with_headers(FieldTable::new()).finish();
    let connection = connect().await?;
    let session = Session::open(&connection).await?;
    let queue = session.exclusive().await?;
    session.publish_with("", &queue, "all", sent.clone()).await?;
    session.publish("", &queue, "none").await?;
    session.publish_with("", &queue, "empty", empty).await?;

    let came = session.receive(&queue, 3).await?;
    let (every, none, empty) = (&came[0].properties, &came[1].properties, &came[2].properties);
    assert_eq!(every.headers(), sent.headers());
    assert_eq!(every.content_type(), sent.content_type());
    assert_eq!(every.content_encoding(), sent.content_encoding());
    assert_eq!(every.delivery_mode(), sent.delivery_mode());
    assert_eq!(every.priority(), sent.priority());
    assert_eq!(every.correlation_id(), sent.correlation_id());
    assert_eq!(every.reply_to(), sent.reply_to());
    assert_eq!(every.message_id(), sent.message_id());
    assert_eq!(every.timestamp(), sent.timestamp());
    assert_eq!(every.message_type(), sent.message_type());
    assert_eq!(every.user_id(), sent.user_id());
    assert_eq!(every.app_id(), sent.app_id());
    assert_eq!(every.cluster_id(), sent.cluster_id());
    assert_eq!(none.headers(), None);
    assert_eq!((none.delivery_mode(), none.message_id()), (None, None));
    assert_eq!(empty.headers(), Some(&FieldTable::new()));
    connection.close().await
}
