//! Content headers (spec 4.2.6.1): checked once, then read where they lie.

use std::fmt;

use crate::amqp::exception::Exception;
use crate::amqp::reply_code::ReplyCode;
use crate::amqp::table::{InvalidTable, TableRef};

/// Octets in front of the properties: class, weight and body size.
pub(super) const PREFIX_SIZE: usize = 12;

/// The property flag that says that more flags follow, which class basic never needs.
const CONTINUATION: u16 = 1;

/// The payload of a content header frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContentHeader<'a> {
    /// The class of the method that the content belongs to; 60 for basic.
    pub class: u16,
    /// Unused by AMQP, and 0.
    pub weight: u16,
    /// Octets of body to follow, as the peer claims.
    pub body_size: u64,
    /// The properties of class basic.
    pub properties: Properties<'a>,
}

/// The properties of a message, in wire form and known to be well formed. Each accessor walks
/// over the properties in front of it, 13 at most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Properties<'a> {
    flags: u16,
    octets: &'a [u8],
    headers: Option<TableRef<'a>>,
}

/// Why octets are not a content header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeaderError {
    /// It ends before its last property does.
    Truncated,
    /// Octets are left behind the last property.
    Trailing,
    /// The flag for more property flags is set.
    Continuation,
    /// The headers property is no table.
    InvalidTable(InvalidTable),
}

/// How a property is laid out.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Layout {
    Octet,
    ShortStr,
    Table,
    Timestamp,
}

/// A property, by its flag.
#[derive(Clone, Copy)]
#[repr(u16)]
pub(super) enum Property {
    ContentType = 1 << 15,
    ContentEncoding = 1 << 14,
    Headers = 1 << 13,
    DeliveryMode = 1 << 12,
    Priority = 1 << 11,
    CorrelationId = 1 << 10,
    ReplyTo = 1 << 9,
    Expiration = 1 << 8,
    MessageId = 1 << 7,
    Timestamp = 1 << 6,
    Kind = 1 << 5,
    UserId = 1 << 4,
    AppId = 1 << 3,
    ClusterId = 1 << 2,
}

/// Reads and checks a content header, its properties and headers table included. The reserved
/// property flag, bit 1, is ignored.
///
/// # Errors
/// The properties are not those that the flags announce; see [`HeaderError`].
pub fn parse_header(payload: &[u8]) -> Result<ContentHeader<'_>, HeaderError> {
    let (prefix, rest) = payload.split_first_chunk().ok_or(HeaderError::Truncated)?;
    let [c0, c1, w0, w1, size @ ..]: [u8; PREFIX_SIZE] = *prefix;
    let (flags, octets) = rest.split_first_chunk().ok_or(HeaderError::Truncated)?;
    Ok(ContentHeader {
        class: u16::from_be_bytes([c0, c1]),
        weight: u16::from_be_bytes([w0, w1]),
        body_size: u64::from_be_bytes(size),
        properties: Properties::parse(u16::from_be_bytes(*flags), octets)?,
    })
}

/// The priority that a content header says, which [`parse_header`] has found to be well formed before.
#[inline]
pub fn read_priority(payload: &[u8]) -> Option<u8> {
    let (flags, octets) = payload.get(PREFIX_SIZE..)?.split_first_chunk()?;
    Properties { flags: u16::from_be_bytes(*flags), octets, headers: None }.priority()
}

impl<'a> Properties<'a> {
    fn parse(flags: u16, octets: &'a [u8]) -> Result<Self, HeaderError> {
        if flags & CONTINUATION != 0 {
            return Err(HeaderError::Continuation);
        }
        let mut headers = None;
        let mut rest = octets;
        let mut remaining = flags & !0b11;
        while remaining != 0 {
            let flag = highest(remaining);
            let value;
            (value, rest) = split(layout(flag), rest).ok_or(HeaderError::Truncated)?;
            if flag == Property::Headers as u16 {
                headers = Some(TableRef::parse(value)?);
            }
            remaining &= !flag;
        }
        if rest.is_empty() {
            Ok(Self { flags, octets, headers })
        } else {
            Err(HeaderError::Trailing)
        }
    }

    /// Those that ask something of the broker, beside delivery-mode and priority: headers, reply-to,
    /// expiration and user-id.
    pub const ASKING: u16 = Property::Headers as u16
        | Property::ReplyTo as u16
        | Property::Expiration as u16
        | Property::UserId as u16;

    /// Whether any property of `flags` is there.
    #[inline]
    pub const fn has_any(&self, flags: u16) -> bool {
        self.flags & flags != 0
    }

    /// The property flags as they came.
    pub const fn flags(&self) -> u16 {
        self.flags
    }

    /// The properties' octets behind the flags.
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.octets
    }

    /// MIME content type.
    pub fn content_type(&self) -> Option<&'a [u8]> {
        self.value(Property::ContentType)
    }

    /// MIME content encoding.
    pub fn content_encoding(&self) -> Option<&'a [u8]> {
        self.value(Property::ContentEncoding)
    }

    /// The headers table.
    pub const fn headers(&self) -> Option<TableRef<'a>> {
        self.headers
    }

    /// 2 for persistent, anything else is transient.
    pub fn delivery_mode(&self) -> Option<u8> {
        self.octet(Property::DeliveryMode)
    }

    /// The priority as it came, 0 to 255.
    pub fn priority(&self) -> Option<u8> {
        self.octet(Property::Priority)
    }

    /// The application's correlation id.
    pub fn correlation_id(&self) -> Option<&'a [u8]> {
        self.value(Property::CorrelationId)
    }

    /// Where to reply to.
    pub fn reply_to(&self) -> Option<&'a [u8]> {
        self.value(Property::ReplyTo)
    }

    /// Milliseconds to live, as text that is not checked here.
    pub fn expiration(&self) -> Option<&'a [u8]> {
        self.value(Property::Expiration)
    }

    /// The application's message id.
    pub fn message_id(&self) -> Option<&'a [u8]> {
        self.value(Property::MessageId)
    }

    /// The application's timestamp, in seconds since the epoch.
    pub fn timestamp(&self) -> Option<u64> {
        self.value(Property::Timestamp)?.first_chunk().map(|octets| u64::from_be_bytes(*octets))
    }

    /// The application's name for the kind of message: the property `type`.
    pub fn kind(&self) -> Option<&'a [u8]> {
        self.value(Property::Kind)
    }

    /// The user that published, as the publisher claims.
    pub fn user_id(&self) -> Option<&'a [u8]> {
        self.value(Property::UserId)
    }

    /// The application that published.
    pub fn app_id(&self) -> Option<&'a [u8]> {
        self.value(Property::AppId)
    }

    /// Reserved by the spec, carried nevertheless.
    pub fn cluster_id(&self) -> Option<&'a [u8]> {
        self.value(Property::ClusterId)
    }

    /// The properties that are there, in their order: the flag, and all octets of it.
    pub(super) fn fields(&self) -> impl Iterator<Item = (u16, &'a [u8])> {
        let (mut remaining, mut rest) = (self.flags & !0b11, self.octets);
        std::iter::from_fn(move || {
            let flag = (remaining != 0).then(|| highest(remaining))?;
            let (_, after) = split(layout(flag), rest)?;
            let (field, _) = rest.split_at_checked(rest.len() - after.len())?;
            (remaining, rest) = (remaining & !flag, after);
            Some((flag, field))
        })
    }

    fn octet(&self, property: Property) -> Option<u8> {
        self.value(property)?.first().copied()
    }

    fn value(&self, property: Property) -> Option<&'a [u8]> {
        let wanted = property as u16;
        if self.flags & wanted == 0 {
            return None;
        }
        let mut rest = self.octets;
        let mut remaining = self.flags & !0b11;
        loop {
            let flag = highest(remaining);
            let (value, after) = split(layout(flag), rest)?;
            if flag == wanted {
                return Some(value);
            }
            rest = after;
            remaining &= !flag;
        }
    }
}

/// The highest bit of `flags`, which are not 0.
const fn highest(flags: u16) -> u16 {
    0x8000 >> flags.leading_zeros()
}

const fn layout(flag: u16) -> Layout {
    const HEADERS: u16 = Property::Headers as u16;
    const DELIVERY_MODE: u16 = Property::DeliveryMode as u16;
    const PRIORITY: u16 = Property::Priority as u16;
    const TIMESTAMP: u16 = Property::Timestamp as u16;
    match flag {
        HEADERS => Layout::Table,
        DELIVERY_MODE | PRIORITY => Layout::Octet,
        TIMESTAMP => Layout::Timestamp,
        _ => Layout::ShortStr,
    }
}

/// Splits a property's value, without its length, from what follows.
fn split(layout: Layout, octets: &[u8]) -> Option<(&[u8], &[u8])> {
    match layout {
        Layout::Octet => octets.split_at_checked(1),
        Layout::Timestamp => octets.split_at_checked(8),
        Layout::ShortStr => {
            let (&length, rest) = octets.split_first()?;
            rest.split_at_checked(usize::from(length))
        }
        Layout::Table => {
            let (length, rest) = octets.split_first_chunk()?;
            rest.split_at_checked(u32::from_be_bytes(*length) as usize)
        }
    }
}

impl From<InvalidTable> for HeaderError {
    fn from(why: InvalidTable) -> Self {
        Self::InvalidTable(why)
    }
}

impl fmt::Display for HeaderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated => f.write_str("content header is truncated"),
            Self::Trailing => f.write_str("content header has octets behind its last property"),
            Self::Continuation => {
                f.write_str("content header announces more property flags than class basic has")
            }
            Self::InvalidTable(why) => write!(f, "headers property: {why}"),
        }
    }
}

impl std::error::Error for HeaderError {}

/// RabbitMQ answers all of these with a bare 541, because its channel crashes; the fault is the
/// client's, so it is told which.
impl From<HeaderError> for Exception {
    fn from(error: HeaderError) -> Self {
        Self::new(ReplyCode::FrameError, error.to_string())
    }
}
