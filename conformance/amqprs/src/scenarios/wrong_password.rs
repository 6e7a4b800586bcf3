//! A wrong password is refused. The library does not announce that it wants to be told why, so
//! that the broker hangs up.

use amqprs::connection::Connection;
use amqprs::error::Error;
use amqprs::security::SecurityCredentials;

use crate::support::{Outcome, address};

pub async fn run() -> Outcome {
    let wrong = SecurityCredentials::new_plain("guest", "wrong");
    match Connection::open(address().credentials(wrong)).await {
        Err(Error::NetworkError(_)) => Ok(()),
        other => panic!("a wrong password ended in {:?}", other.map(drop)),
    }
}
