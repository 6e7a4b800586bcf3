//! The headers that say how often a message came before.

use std::borrow::Cow;

use crate::amqp::attempts::Attempts;
use crate::codec::rewrite::with_headers;

/// Deliveries that failed; RabbitMQ 4.3 leaves it out when there is none.
const DELIVERY_COUNT: &str = "x-delivery-count";

/// Times that the message was handed out before.
const ACQUIRED_COUNT: &str = "x-acquired-count";

/// The content header `header` of a message, with how often it came back before this delivery.
pub(super) fn told(header: &[u8], attempts: Attempts) -> Cow<'_, [u8]> {
    let Attempts { failed, acquired } = attempts;
    let fields = [(DELIVERY_COUNT, failed), (ACQUIRED_COUNT, acquired)];
    let fields = fields.map(|(name, count)| (name, i64::from(count)));
    let fields: Vec<_> = fields.into_iter().filter(|(_, count)| *count > 0).collect();
    with_headers(header, &fields).map_or(Cow::Borrowed(header), Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::amqp::table::Value;
    use crate::codec::header::parse_header;

    /// Class 60, no weight, an empty body, no properties.
    const HEADER: [u8; 14] = [0, 60, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

    #[test]
    fn only_counts_above_0_are_told() {
        for (failed, expected) in [(0, None), (2, Some(Value::Int(b'l', 2)))] {
            let header = told(&HEADER, Attempts { failed, acquired: 3 });

            let headers = parse_header(&header).unwrap().properties.headers().unwrap();
            assert_eq!(headers.get(DELIVERY_COUNT), expected);
            assert_eq!(headers.get(ACQUIRED_COUNT), Some(Value::Int(b'l', 3)));
        }
    }
}
