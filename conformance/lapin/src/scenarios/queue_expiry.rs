//! A queue that nobody uses goes without dead letters; one that has a consumer stays.

use std::time::{Duration, Instant};

use lapin::options::QueueDeclareOptions;
use lapin::types::ShortString;
use lapin::{BasicProperties, Connection};
use tokio::time::sleep;

use crate::control::{confirming, publish_confirmed};
use crate::refusals::{queue_is_there, refused_argument};
use crate::support::{Outcome, PATIENCE, consume, exclusive, name, poll};
use crate::tables::dead_letters_to;

const EXPIRES: Duration = Duration::from_millis(800);

/// Waits until a queue is gone; to look is to use it, so this looks seldom.
async fn await_end(connection: &Connection, queue: &ShortString) -> Outcome {
    let began = Instant::now();
    while queue_is_there(connection, queue).await? {
        assert!(began.elapsed() < PATIENCE, "{queue} is still there");
        sleep(EXPIRES.mul_f32(1.25)).await;
    }
    Ok(())
}

pub async fn run(connection: Connection) -> Outcome {
    let (idle, used) = (name("idle"), name("used"));
    let channel = confirming(&connection).await?;
    let dead = exclusive(&channel).await?;
    let mut arguments = dead_letters_to(&dead);
    arguments.insert("x-expires".into(), (EXPIRES.as_millis() as i32).into());
    let durable = QueueDeclareOptions::durable();
    let own = connection.create_channel().await?;
    own.queue_declare(used.clone(), durable, arguments.clone()).await?;
    let _consumer = consume(&own, &used).await?;
    channel.queue_declare(idle.clone(), durable, arguments).await?;
    let none = BasicProperties::default();
    publish_confirmed(&channel, &"".into(), &idle, "goes with its queue", &none).await?;

    await_end(&connection, &idle).await?;
    assert!(poll(&channel, &dead).await?.is_none());
    let options = durable.passive();
    let state = channel.queue_declare(used.clone(), options, Default::default()).await?;
    assert_eq!((state.message_count(), state.consumer_count()), (0, 1));
    own.close(200, "".into()).await?;
    await_end(&connection, &used).await?;

    refused_argument(&connection, "x-expires", 0.into(), "{value_zero,0}").await?;
    refused_argument(&connection, "x-expires", (-1).into(), "{value_negative,-1}").await?;
    connection.close(200, "".into()).await
}
