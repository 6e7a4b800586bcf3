//! 404 closes the channel; the connection and its other channels go on.

use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use lapin::{BasicProperties, Connection};

use crate::support::{Outcome, bodies, exclusive, name, publish, ready, refused};

pub async fn run(connection: Connection) -> Outcome {
    let missing = name("missing");
    let bystander = connection.create_channel().await?;
    let queue = exclusive(&bystander).await?;

    let channel = connection.create_channel().await?;
    let text = refused(ready(&channel, &missing).await, 404);
    assert_eq!(text, format!("NOT_FOUND - no queue '{missing}' in vhost '/'"));
    assert!(!channel.status().connected());

    let channel = connection.create_channel().await?;
    channel.confirm_select(ConfirmSelectOptions::default()).await?;
    let options = BasicPublishOptions::default();
    let properties = BasicProperties::default();
    let confirm =
        channel.basic_publish(missing.clone(), "".into(), options, b"lost", properties).await?;
    let text = refused(confirm.await, 404);
    assert_eq!(text, format!("NOT_FOUND - no exchange '{missing}' in vhost '/'"));

    assert!(connection.status().connected());
    publish(&bystander, &"".into(), &queue, "still here").await?;
    assert_eq!(bodies(&bystander, &queue, 1).await?, ["still here"]);
    connection.create_channel().await?.close(200, "".into()).await?;
    connection.close(200, "".into()).await
}
