//! Bodies of 0 octets, around the frame size, and of several MiB arrive intact.

use amqprs::BasicProperties;
use amqprs::channel::BasicPublishArguments;

use crate::support::{Outcome, Session, connect};

const SIZES: [usize; 9] = [0, 1, 4088, 4089, 131_064, 131_065, 2 * 131_064, 1_048_579, 5_000_000];

/// Octets whose place shows in their value.
fn body(size: usize) -> Vec<u8> {
    (0..size).map(|place| (place % 251) as u8).collect()
}

pub async fn run() -> Outcome {
    let connection = connect().await?;
    let session = Session::open(&connection).await?;
    let queue = session.exclusive().await?;
    for size in SIZES {
        let arguments = BasicPublishArguments::new("", &queue);
        session.channel.basic_publish(BasicProperties::default(), body(size), arguments).await?;
    }

    let came = session.receive(&queue, SIZES.len()).await?;
    for (message, size) in came.iter().zip(SIZES) {
        assert_eq!(message.body.len(), size);
        assert!(message.body == body(size), "a body of {size} octets came changed");
    }
    connection.close().await
}
