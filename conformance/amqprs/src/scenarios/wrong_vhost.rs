//! A virtual host that does not exist is refused with 530.

use amqprs::connection::Connection;
use amqprs::error::Error;

use crate::support::{Outcome, address};

pub async fn run() -> Outcome {
    match Connection::open(address().virtual_host("no such host")).await {
        Err(Error::ConnectionOpenError(text)) => {
            assert!(text.contains("530") && text.contains("vhost no such host not found"), "{text}");
            Ok(())
        }
        other => panic!("an unknown virtual host ended in {:?}", other.map(drop)),
    }
}
