//! Several publish at once on one connection: each message is confirmed and comes once, in the
//! order of its publisher.

use lapin::options::BasicPublishOptions;
use lapin::types::ShortString;
use lapin::{BasicProperties, Channel, Confirmation, Connection};

use crate::control::confirming;
use crate::support::{Outcome, bodies, exclusive, ready};

const PUBLISHERS: usize = 8;
const MESSAGES: usize = 250;

/// Publishes all and then waits for the confirms.
async fn publisher(channel: Channel, queue: ShortString, publisher: usize) -> Outcome {
    let mut confirms = Vec::new();
    for number in 0..MESSAGES {
        let body = format!("{publisher} {number}");
        let (options, properties) = (BasicPublishOptions::default(), BasicProperties::default());
        let publish =
            channel.basic_publish("".into(), queue.clone(), options, body.as_bytes(), properties);
        confirms.push(publish.await?);
    }
    for confirm in confirms {
        assert_eq!(confirm.await?, Confirmation::Ack(None));
    }
    Ok(())
}

pub async fn run(connection: Connection) -> Outcome {
    let channel = connection.create_channel().await?;
    let queue = exclusive(&channel).await?;
    let mut publishers = Vec::new();
    for number in 0..PUBLISHERS {
        let own = confirming(&connection).await?;
        publishers.push(tokio::spawn(publisher(own, queue.clone(), number)));
    }
    for publisher in publishers {
        publisher.await.expect("the publisher ends")?;
    }

    let came = bodies(&channel, &queue, PUBLISHERS * MESSAGES).await?;
    for publisher in 0..PUBLISHERS {
        let start = format!("{publisher} ");
        let mine = came.iter().filter(|body| body.starts_with(&start));
        assert!(mine.eq(&(0..MESSAGES).map(|it| format!("{start}{it}")).collect::<Vec<_>>()));
    }
    assert_eq!(ready(&channel, &queue).await?, 0);
    connection.close(200, "".into()).await
}
