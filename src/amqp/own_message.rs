//! Messages that the broker itself publishes, written in the form in which messages rest.

use bytes::{BufMut, Bytes, BytesMut};

use super::message::MessageRef;
use super::method::MethodId;
use super::table::TableRef;

/// Property flags (spec 4.2.6.1).
const CONTENT_TYPE: u16 = 1 << 15;
const HEADERS: u16 = 1 << 13;
const DELIVERY_MODE: u16 = 1 << 12;
const TIMESTAMP: u16 = 1 << 6;

/// A message with the properties that the broker sets.
#[derive(Clone, Copy, Debug, Default)]
pub struct OwnMessage<'a> {
    /// The exchange; cut at 255 octets, as the other short strings.
    pub exchange: &'a [u8],
    /// The routing key.
    pub key: &'a [u8],
    /// MIME content type.
    pub content_type: Option<&'a str>,
    /// The headers table.
    pub headers: Option<TableRef<'a>>,
    /// 2 for persistent.
    pub delivery_mode: Option<u8>,
    /// Seconds since the epoch.
    pub timestamp: Option<u64>,
    /// The body.
    pub body: &'a [u8],
}

impl OwnMessage<'_> {
    /// The message as it rests.
    pub fn to_bytes(&self) -> Bytes {
        let mut address = BytesMut::new();
        put_short(&mut address, self.exchange);
        put_short(&mut address, self.key);
        MessageRef::new(&address, &self.header(), self.body).to_bytes()
    }

    /// The payload of the content header frame.
    fn header(&self) -> BytesMut {
        let mut values = BytesMut::new();
        let mut flags = 0;
        if let Some(content_type) = self.content_type {
            flags |= CONTENT_TYPE;
            put_short(&mut values, content_type.as_bytes());
        }
        if let Some(headers) = self.headers {
            flags |= HEADERS;
            values.put_u32(u32::try_from(headers.as_bytes().len()).unwrap_or(u32::MAX));
            values.put_slice(headers.as_bytes());
        }
        if let Some(mode) = self.delivery_mode {
            flags |= DELIVERY_MODE;
            values.put_u8(mode);
        }
        if let Some(timestamp) = self.timestamp {
            flags |= TIMESTAMP;
            values.put_u64(timestamp);
        }
        let mut header = BytesMut::new();
        header.put_u16(MethodId::BASIC_PUBLISH.class);
        header.put_u16(0);
        header.put_u64(self.body.len() as u64);
        header.put_u16(flags);
        header.put_slice(&values);
        header
    }
}

fn put_short(out: &mut BytesMut, octets: &[u8]) {
    let length = u8::try_from(octets.len()).unwrap_or(u8::MAX);
    out.put_u8(length);
    out.put_slice(octets.get(..length.into()).unwrap_or_default());
}
