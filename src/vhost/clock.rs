//! The time of day.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::amqp::id::Timestamp;

/// The time, in milliseconds since the epoch. It may go back.
pub fn now() -> Timestamp {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(u64::try_from(now.as_millis()).unwrap_or(u64::MAX))
}
