//! Several publish at once on one connection: each message is confirmed and comes once, in the
//! order of its publisher.

use crate::support::{Outcome, Session, connect};

const PUBLISHERS: usize = 8;
const MESSAGES: u64 = 250;

/// Publishes all and then waits for the confirms.
async fn publisher(mut session: Session, queue: String, publisher: usize) -> Outcome {
    for number in 0..MESSAGES {
        session.publish("", &queue, &format!("{publisher} {number}")).await?;
    }
    session.confirmed(1, MESSAGES).await;
    session.channel.close().await
}

pub async fn run() -> Outcome {
    let connection = connect().await?;
    let session = Session::open(&connection).await?;
    let queue = session.exclusive().await?;
    let mut publishers = Vec::new();
    for number in 0..PUBLISHERS {
        let own = Session::confirming(&connection).await?;
        publishers.push(tokio::spawn(publisher(own, queue.clone(), number)));
    }
    for publisher in publishers {
        publisher.await.expect("the publisher ends")?;
    }

    let came = session.bodies(&queue, PUBLISHERS * MESSAGES as usize).await?;
    for publisher in 0..PUBLISHERS {
        let start = format!("{publisher} ");
        let mine = came.iter().filter(|body| body.starts_with(&start));
        assert!(mine.eq(&(0..MESSAGES).map(|it| format!("{start}{it}")).collect::<Vec<_>>()));
    }
    assert_eq!(session.ready(&queue).await?, 0);
    connection.close().await
}
