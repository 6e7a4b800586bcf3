//! Bodies of 0 octets, around the frame size, and of several MiB arrive intact.

use lapin::options::BasicPublishOptions;
use lapin::{BasicProperties, Connection};

use crate::support::{Outcome, exclusive, receive};

const SIZES: [usize; 9] =
    [0, 1, 4088, 4089, 131_064, 131_065, 2 * 131_064, 1_048_579, 5_000_000];

/// Octets whose place shows in their value.
fn body(size: usize) -> Vec<u8> {
    (0..size).map(|place| (place % 251) as u8).collect()
}

pub async fn run(connection: Connection) -> Outcome {
    let channel = connection.create_channel().await?;
    let queue = exclusive(&channel).await?;
    for size in SIZES {
        let options = BasicPublishOptions::default();
        let properties = BasicProperties::default();
        channel
            .basic_publish("".into(), queue.clone(), options, &body(size), properties)
            .await?;
    }

    let came = receive(&channel, &queue, SIZES.len()).await?;
    for (message, size) in came.iter().zip(SIZES) {
        assert_eq!(message.data.len(), size);
        assert!(message.data == body(size), "a body of {size} octets came changed");
    }
    connection.close(200, "".into()).await
}
