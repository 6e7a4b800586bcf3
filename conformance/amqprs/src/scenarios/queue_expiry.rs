//! `x-expires` removes a queue that nobody uses, without dead letters, and none that has a consumer.

use std::time::{Duration, Instant};

use amqprs::FieldValue;
use amqprs::channel::QueueDeclareArguments;
use amqprs::connection::Connection;
use amqprs::error::Error;
use tokio::time::sleep;

use crate::support::{
    Outcome, PATIENCE, Session, connect, name, refuse_argument, table, text,
};

const EXPIRES: Duration = Duration::from_millis(800);

/// Messages and consumers of a queue, `None` when there is no such queue.
async fn counts(connection: &Connection, queue: &str) -> Result<Option<(u32, u32)>, Error> {
    let session = Session::open(connection).await?;
    match session.declare(QueueDeclareArguments::new(queue).passive(true)).await {
        Ok((_, messages, consumers)) => {
            session.channel.close().await?;
            Ok(Some((messages, consumers)))
        }
        refused => {
            session.refused(refused, 404).await;
            Ok(None)
        }
    }
}

/// Waits until a queue is gone; to look is to use it, so this looks seldom.
async fn await_end(connection: &Connection, queue: &str) -> Outcome {
    let began = Instant::now();
    while counts(connection, queue).await?.is_some() {
        assert!(began.elapsed() < PATIENCE, "{queue} is still there");
        sleep(EXPIRES * 5 / 4).await;
    }
    Ok(())
}

pub async fn run() -> Outcome {
    let connection = connect().await?;
    let mut session = Session::confirming(&connection).await?;
    let (idle, used, dead) = (name("idle"), name("used"), name("dead"));
    session.declare(QueueDeclareArguments::new(&dead).exclusive(true)).await?;
    let expiring = |queue| {
        let arguments = table([
            ("x-expires", FieldValue::I(EXPIRES.as_millis() as i32)),
            ("x-dead-letter-exchange", text("")),
            ("x-dead-letter-routing-key", text(&dead)),
        ]);
        QueueDeclareArguments::durable_client_named(queue).arguments(arguments).finish()
    };
    session.declare(&mut expiring(&used)).await?;
    let consumer = session.consume(&used).await?;
    session.declare(&mut expiring(&idle)).await?;
    session.publish("", &idle, "goes with its queue").await?;
    session.confirmed(1, 1).await;
    await_end(&connection, &idle).await?;
    assert!(session.drain(&dead).await?.is_empty());
    assert_eq!(counts(&connection, &used).await?, Some((0, 1)));
    session.cancel(&consumer).await?;
    await_end(&connection, &used).await?;

    let cases =
        [(FieldValue::I(0), "{value_zero,0}"), (FieldValue::I(-1), "{value_negative,-1}")];
    refuse_argument(&connection, "x-expires", cases).await?;
    connection.close().await
}
