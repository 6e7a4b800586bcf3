//! A memory alarm blocks publishers: they are told, what they publish waits, consumers go on.

use lapin::options::QueueDeclareOptions;
use lapin::types::FieldTable;
use lapin::{Connection, Event};

use crate::control::{consume_unacknowledged, control, event};
use crate::support::{Outcome, connect, name, next, publish, take, text};

fn reason(event: Event) -> Option<String> {
    match event {
        Event::ConnectionBlocked(reason) => Some(reason),
        _ => None,
    }
}

pub async fn run(publisher: Connection) -> Outcome {
    let consumer = connect().await?;
    let mut events = publisher.events_listener();
    let outgoing = publisher.create_channel().await?;
    let incoming = consumer.create_channel().await?;
    let queue = name("queue");
    let options = QueueDeclareOptions { auto_delete: true, ..QueueDeclareOptions::default() };
    incoming.queue_declare(queue.clone(), options, FieldTable::default()).await?;
    publish(&outgoing, &"".into(), &queue, "before").await?;
    let mut deliveries = consume_unacknowledged(&incoming, &queue).await?;
    assert_eq!(text(&next(&mut deliveries).await?), "before");

    control("/broker/block").await;
    publish(&outgoing, &"".into(), &queue, "meanwhile").await?;
    assert_eq!(event(&mut events, reason).await, "low on memory");
    assert!(publisher.status().blocked());
    take(&mut deliveries, 0).await?;
    let passive = QueueDeclareOptions::default().passive();
    let state = incoming.queue_declare(queue, passive, FieldTable::default()).await?;
    assert_eq!(state.consumer_count(), 1);

    control("/broker/unblock").await;
    event(&mut events, |event| matches!(event, Event::ConnectionUnblocked).then_some(())).await;
    assert_eq!(text(&next(&mut deliveries).await?), "meanwhile");
    consumer.close(200, "".into()).await?;
    publisher.close(200, "".into()).await
}
