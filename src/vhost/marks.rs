//! What a message at rest says of its life in a queue.

use crate::amqp::expiration::parse_expiration;
use crate::amqp::message::{MessageRef, read_header};
use crate::codec::header::{parse_header, read_priority};
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

/// What the message that rests there says of how urgent it is. It was published with a header that
/// was checked.
#[inline]
pub(super) fn urgency(octets: &[u8]) -> Marks {
    let priority = read_header(octets).and_then(read_priority);
    Marks { lifetime: None, priority }
}
