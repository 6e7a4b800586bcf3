//! A rejected message waits longer each time, holds up no other, and is a dead letter at the limit.

use std::time::{Duration, Instant};

use lapin::options::{
    BasicAckOptions, BasicQosOptions, BasicRejectOptions, QueueDeclareOptions, QueueDeleteOptions,
};
use lapin::types::AMQPValue;
use lapin::{BasicProperties, Connection};

use crate::control::{confirming, publish_confirmed};
use crate::support::{Outcome, bodies, consume, exclusive, name, next, text};
use crate::tables::{dead_letters_to, header, long};

const LEAST: i32 = 150;
const LIMIT: i32 = 2;

pub async fn run(connection: Connection) -> Outcome {
    let channel = confirming(&connection).await?;
    let (queue, dead) = (name("retried"), exclusive(&channel).await?);
    let mut arguments = dead_letters_to(&dead);
    arguments
        .insert("x-queue-type".into(), long("quorum"))
        .insert("x-delayed-retry-type".into(), long("failed"))
        .insert("x-delayed-retry-min".into(), LEAST.into())
        .insert("x-delayed-retry-max".into(), (10 * LEAST).into())
        .insert("x-delivery-limit".into(), LIMIT.into());
    channel.queue_declare(queue.clone(), QueueDeclareOptions::durable(), arguments).await?;
    for text in ["try", "other"] {
        let none = BasicProperties::default();
        publish_confirmed(&channel, &"".into(), &queue, text, &none).await?;
    }
    channel.basic_qos(1, BasicQosOptions::default()).await?;
    let mut jobs = consume(&channel, &queue).await?;
    let mut rejected = Instant::now();
    for attempt in 0..=LIMIT {
        let job = next(&mut jobs).await?;
        assert_eq!(text(&job), "try");
        let count = AMQPValue::LongLongInt(attempt.into());
        assert_eq!(header(&job, "x-delivery-count"), (attempt > 0).then_some(&count));
        let least = Duration::from_millis((attempt * LEAST) as u64);
        assert!(rejected.elapsed() >= least, "it came too early");
        rejected = Instant::now();
        job.reject(BasicRejectOptions { requeue: true }).await?;
        if attempt == 0 {
            let other = next(&mut jobs).await?;
            assert_eq!(text(&other), "other");
            other.ack(BasicAckOptions::default()).await?;
        }
    }
    assert_eq!(bodies(&channel, &dead, 1).await?, ["try"]);
    channel.queue_delete(queue, QueueDeleteOptions::default()).await?;
    connection.close(200, "".into()).await
}
