//! A message as it rests: one run of octets, in wire form, so that a delivery copies and never
//! encodes again.
//!
//! ```text
//! exchange: short string | routing key: short string | header length: u32 | header
//! | body length: u32 | body          (integers big-endian)
//! ```
//! The header is a content header frame's payload (class, weight, body size, properties).

use bytes::{BufMut, BytesMut};

/// A message's parts, borrowed from where it rests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageRef<'a> {
    /// Exchange and routing key as two short strings, each with its length in front.
    pub address: &'a [u8],
    /// The payload of the content header frame.
    pub header: &'a [u8],
    /// The body, whole.
    pub body: &'a [u8],
}

impl<'a> MessageRef<'a> {
    /// Reads the message at the start of `octets`; `None` when they are not one.
    pub fn read(octets: &'a [u8]) -> Option<Self> {
        let exchange = 1 + usize::from(*octets.first()?);
        let address = exchange + 1 + usize::from(*octets.get(exchange)?);
        let (address, rest) = octets.split_at_checked(address)?;
        let (header, rest) = split_long(rest)?;
        let (body, _) = split_long(rest)?;
        Some(Self { address, header, body })
    }

    /// The exchange it was published to, and its routing key.
    pub fn exchange_and_key(self) -> (&'a [u8], &'a [u8]) {
        let Some((&length, rest)) = self.address.split_first() else { return (&[], &[]) };
        let (exchange, key) = rest.split_at_checked(usize::from(length)).unwrap_or((rest, &[]));
        (exchange, key.get(1..).unwrap_or_default())
    }
}

/// Appends a message to `out`. `exchange` and `key` have at most 255 octets, header and body fit
/// 32 bits each; what is longer is cut.
pub fn write_message(out: &mut BytesMut, exchange: &[u8], key: &[u8], header: &[u8], body: &[u8]) {
    out.reserve(exchange.len() + key.len() + header.len() + body.len() + 10);
    for name in [exchange, key] {
        let length = u8::try_from(name.len()).unwrap_or(u8::MAX);
        out.put_u8(length);
        out.put_slice(name.get(..usize::from(length)).unwrap_or_default());
    }
    for part in [header, body] {
        let length = u32::try_from(part.len()).unwrap_or(u32::MAX);
        out.put_u32(length);
        out.put_slice(part.get(..length as usize).unwrap_or_default());
    }
}

fn split_long(octets: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = octets.split_first_chunk()?;
    rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_reads_as_it_was_written() {
        let mut out = BytesMut::new();

        write_message(&mut out, b"logs", b"kern.warn", b"header", b"body");
        let message = MessageRef::read(&out).unwrap();

        assert_eq!(message.address, b"\x04logs\x09kern.warn");
        assert_eq!(message.exchange_and_key(), (&b"logs"[..], &b"kern.warn"[..]));
        assert_eq!((message.header, message.body), (&b"header"[..], &b"body"[..]));
        assert!((0..out.len()).all(|end| MessageRef::read(&out[..end]).is_none()));
    }
}
