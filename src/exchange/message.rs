//! What an exchange may look at when it routes.

use crate::amqp::table::TableRef;

/// A message as exchanges see it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Message<'a> {
    /// The routing key; need not be UTF-8.
    pub key: &'a [u8],
    /// The headers table.
    pub headers: Option<TableRef<'a>>,
    /// The property correlation-id.
    pub correlation_id: Option<&'a [u8]>,
    /// The property message-id.
    pub message_id: Option<&'a [u8]>,
    /// The property timestamp, in seconds since the epoch.
    pub timestamp: Option<u64>,
    /// Any number, drawn anew for each message: what exchanges choose by that choose at random.
    pub chance: u64,
}
