//! What a message at rest says of its life in a queue.

use crate::amqp::expiration::parse_expiration;
use crate::amqp::message::MessageRef;
use crate::codec::header::parse_header;
use crate::queue::command::Marks;

/// What the message says; nothing where its header cannot be read.
pub(super) fn marks(message: &MessageRef<'_>) -> Marks {
    let Ok(header) = parse_header(message.header) else { return Marks::default() };
    let expiration = header.properties.expiration();
    Marks {
        lifetime: expiration.and_then(|text| parse_expiration(text).ok()),
        priority: header.properties.priority(),
    }
}
