//! 404 closes the channel; the connection and its other channels go on.

use crate::support::{Outcome, Session, connect, name};

pub async fn run() -> Outcome {
    let missing = name("missing");
    let connection = connect().await?;
    let bystander = Session::open(&connection).await?;
    let queue = bystander.exclusive().await?;

    let session = Session::open(&connection).await?;
    let result = session.ready(&missing).await;
    let text = session.refused(result, 404).await;
    assert_eq!(text, format!("NOT_FOUND - no queue '{missing}' in vhost '/'"));

    let session = Session::open(&connection).await?;
    session.publish(&missing, "", "lost").await?;
    let text = session.closed(404).await;
    assert_eq!(text, format!("NOT_FOUND - no exchange '{missing}' in vhost '/'"));

    assert!(connection.is_open());
    bystander.publish("", &queue, "still here").await?;
    assert_eq!(bystander.bodies(&queue, 1).await?, ["still here"]);
    Session::open(&connection).await?.channel.close().await?;
    connection.close().await
}
