//! `x-max-length` drops the oldest; with `reject-publish` what has no room is nacked.

use amqprs::FieldValue;

use crate::support::{Notice, Outcome, Session, connect, name, table, text};

pub async fn run() -> Outcome {
    let (ring, full) = (name("ring"), name("full"));
    let connection = connect().await?;
    let mut session = Session::confirming(&connection).await?;
    session.declare_with(&ring, table([("x-max-length", FieldValue::I(3))])).await?;
    for number in 0..10 {
        session.publish("", &ring, &number.to_string()).await?;
    }
    session.confirmed(1, 10).await;
    assert_eq!(session.bodies(&ring, 3).await?, ["7", "8", "9"]);

    let limit = ("x-max-length", FieldValue::I(2));
    session.declare_with(&full, table([limit, ("x-overflow", text("reject-publish"))])).await?;
    let mut outcomes = Vec::new();
    for number in 0..5 {
        session.publish("", &full, &number.to_string()).await?;
        outcomes.push(match session.notice().await {
            Notice::Acked(tag, _) => (tag, "acked"),
            Notice::Nacked(tag) => (tag, "nacked"),
            other => panic!("expected a confirm, got {other:?}"),
        });
    }
    let nacked = [13, 14, 15].map(|tag| (tag, "nacked"));
    assert_eq!(outcomes, [&[(11, "acked"), (12, "acked")], &nacked[..]].concat());
    assert_eq!(session.bodies(&full, 2).await?, ["0", "1"]);
    session.publish("", &full, "there is room again").await?;
    session.confirmed(16, 16).await;
    connection.close().await
}
