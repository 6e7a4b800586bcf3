//! A message that has waited at its exchange, as it is routed further (community plug-in
//! `rabbitmq-delayed-message-exchange`: `swap_delay_header/1`).

use super::header::{HeaderError, parse_header};
use super::rewrite::put_with_table;
use super::table::put_long;
use crate::amqp::message::{HiddenKeys, MessageRef, split_address};
use crate::amqp::table::{ArrayRef, TableRef, Value};

/// The header with further routing keys that receivers see.
const CC: &str = "CC";

/// A message whose time has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due<'a> {
    /// Its content header: the delay is negative, so that it does not wait again and receivers can
    /// tell.
    pub header: Vec<u8>,
    /// All its routing keys, its own first, and any of them perhaps more than once.
    pub keys: Vec<&'a [u8]>,
}

impl<'a> Due<'a> {
    /// What becomes of a message that has waited for `delay` milliseconds, as its header named
    /// `name` said.
    ///
    /// # Errors
    /// The message has no content header.
    pub fn new(message: &MessageRef<'a>, name: &str, delay: u64) -> Result<Self, HeaderError> {
        let content = parse_header(message.header)?;
        let headers = content.properties.headers().unwrap_or_default();
        let (_, own) = split_address(message.address);
        let keys = std::iter::once(own).chain(listed(headers, CC));
        let keys = keys.chain(HiddenKeys::iter(message.hidden));
        let mut header = Vec::with_capacity(message.header.len() + 1 + name.len() + 9);
        let kept = |field: &[u8]| field != name.as_bytes();
        let negative = i64::try_from(delay).map_or(i64::MIN, |delay| -delay);
        put_with_table(&mut header, &content, 0, kept, |out| put_long(out, name, negative));
        Ok(Self { header, keys: keys.collect() })
    }
}

/// The strings of an array.
fn listed<'a>(headers: TableRef<'a>, name: &str) -> impl Iterator<Item = &'a [u8]> {
    let list = match headers.get(name) {
        Some(Value::Array(list)) => Some(list),
        _ => None,
    };
    list.into_iter().flat_map(ArrayRef::iter).filter_map(Value::as_long_str)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::amqp::fields::Fields;

    fn header(fields: Fields) -> Vec<u8> {
        let fields = fields.finish();
        let octets = fields.as_ref().as_bytes();
        let size = u32::try_from(octets.len()).unwrap().to_be_bytes();
        [&[0, 60, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0x20, 0][..], &size, octets].concat()
    }

    #[test]
    fn the_delay_becomes_negative_and_the_rest_stays() {
        let before = header(Fields::default().int("x-delay", 500).bool("a", true));
        let message = MessageRef::new(b"\x01x\x01k", &before, b"hello");

        let due = Due::new(&message, "x-delay", 500).unwrap();

        let delay = Value::Int(b'l', -500);
        let after = header(Fields::default().bool("a", true).with("x-delay", delay));
        assert_eq!(due, Due { header: after, keys: vec![b"k"] });
    }

    #[test]
    fn further_keys_count_and_the_hidden_ones_stay_hidden() {
        let before = header(Fields::default().texts("CC", ["c"]));
        let mut hidden = HiddenKeys::default();
        hidden.push(b"h");
        let message = MessageRef {
            hidden: hidden.as_bytes(),
            ..MessageRef::new(b"\x01x\x01k", &before, b"hello")
        };

        let due = Due::new(&message, "x-delay", u64::MAX).unwrap();

        let delay = Value::Int(b'l', i64::MIN);
        let after = Fields::default().texts("CC", ["c"]).with("x-delay", delay);
        assert_eq!(due.header, header(after));
        assert_eq!(due.keys, [b"k", b"c", b"h"]);
    }
}
