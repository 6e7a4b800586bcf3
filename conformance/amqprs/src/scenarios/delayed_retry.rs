//! `x-delayed-retry-type`: a rejected message waits longer each time, holds up no other, and is
//! dead-lettered at the limit.

use std::time::{Duration, Instant};

use amqprs::FieldValue;
use amqprs::channel::{BasicQosArguments, BasicRejectArguments, QueueDeclareArguments};

use crate::support::{Message, Outcome, Session, connect, name, spelled, table, text};

const LEAST: Duration = Duration::from_millis(150);
const LIMIT: u32 = 2;

/// How often a message was delivered before.
fn count(message: &Message) -> Option<String> {
    spelled(message.properties.headers()?, "x-delivery-count")
}

pub async fn run() -> Outcome {
    let connection = connect().await?;
    let session = Session::open(&connection).await?;
    session.channel.basic_qos(BasicQosArguments::new(0, 1, false)).await?;
    let (queue, dead) = (name("retried"), name("dead"));
    session.declare(QueueDeclareArguments::new(&dead).exclusive(true)).await?;
    let arguments = table([
        ("x-queue-type", text("quorum")),
        ("x-delayed-retry-type", text("failed")),
        ("x-delayed-retry-min", FieldValue::I(LEAST.as_millis() as i32)),
        ("x-delayed-retry-max", FieldValue::I(10 * LEAST.as_millis() as i32)),
        ("x-delivery-limit", FieldValue::I(LIMIT as i32)),
        ("x-dead-letter-exchange", text("")),
        ("x-dead-letter-routing-key", text(&dead)),
    ]);
    let mut declaration = QueueDeclareArguments::durable_client_named(&queue);
    session.declare(declaration.arguments(arguments)).await?;
    session.publish("", &queue, "try").await?;
    session.publish("", &queue, "other").await?;
    let mut jobs = session.consume(&queue).await?;
    let mut rejected = Instant::now();
    for attempt in 0..=LIMIT {
        let job = jobs.next().await;
        assert!(rejected.elapsed() >= LEAST * attempt, "it came too early");
        assert_eq!(job.text(), "try");
        assert_eq!(count(&job).unwrap_or("0".into()), attempt.to_string());
        rejected = Instant::now();
        session.channel.basic_reject(BasicRejectArguments::new(job.tag, true)).await?;
        if attempt == 0 {
            let other = jobs.next().await;
            assert_eq!(other.text(), "other", "what waits holds up no other");
            session.ack(other.tag, false).await?;
        }
    }
    assert_eq!(session.bodies(&dead, 1).await?, ["try"]);
    session.delete(&queue).await?;
    connection.close().await
}
