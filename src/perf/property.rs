//! Message properties and queue arguments as they stand on the command line.

use std::str::FromStr;

use amq_protocol::frame::{AMQPContentHeader, AMQPFrame, WriteContext, gen_frame};
use amq_protocol::protocol::basic::AMQPProperties;
use amq_protocol::types::{AMQPValue, FieldTable, ShortString};

use crate::amqp::method::MethodId;
use crate::codec::frame::{HEADER_SIZE, OVERHEAD};

/// Octets that a short string may have.
const SHORT_MAX: usize = 255;

/// A name and a value of a field table: `KEY=VALUE`, where `true`, `false` and whole numbers are
/// what they look like, and everything else is a string.
#[derive(Clone, Debug, PartialEq)]
pub struct Argument {
    key: String,
    value: AMQPValue,
}

/// A property of every message: `NAME=VALUE`, or `header:KEY=VALUE`.
#[derive(Clone, Debug, PartialEq)]
pub struct Property(Kind);

#[derive(Clone, Debug, PartialEq)]
enum Kind {
    ContentType(String),
    ContentEncoding(String),
    Header(Argument),
    Priority(u8),
    CorrelationId(String),
    ReplyTo(String),
    Expiration(String),
    MessageId(String),
    Type(String),
    UserId(String),
    AppId(String),
}

impl FromStr for Argument {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (key, value) = text.split_once('=').ok_or("expected KEY=VALUE")?;
        if key.is_empty() || key.len() > SHORT_MAX {
            return Err("expected a key of 1 to 255 octets".to_owned());
        }
        let value = match (value, value.parse()) {
            ("true", _) => AMQPValue::Boolean(true),
            ("false", _) => AMQPValue::Boolean(false),
            (_, Ok(number)) => AMQPValue::LongLongInt(number),
            _ => AMQPValue::LongString(value.into()),
        };
        Ok(Self { key: key.to_owned(), value })
    }
}

impl FromStr for Property {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(header) = text.strip_prefix("header:") {
            return header.parse().map(|header| Self(Kind::Header(header)));
        }
        let (name, value) = text.split_once('=').ok_or("expected NAME=VALUE")?;
        if value.len() > SHORT_MAX {
            return Err("expected a value of at most 255 octets".to_owned());
        }
        let kind = match name {
            "content-type" => Kind::ContentType,
            "content-encoding" => Kind::ContentEncoding,
            "correlation-id" => Kind::CorrelationId,
            "reply-to" => Kind::ReplyTo,
            "expiration" => Kind::Expiration,
            "message-id" => Kind::MessageId,
            "type" => Kind::Type,
            "user-id" => Kind::UserId,
            "app-id" => Kind::AppId,
            "priority" => {
                let priority = value.parse().map_err(|_| "priority: expected 0 to 255")?;
                return Ok(Self(Kind::Priority(priority)));
            }
            _ => {
                return Err("expected one of content-type, content-encoding, priority, \
                            correlation-id, reply-to, expiration, message-id, type, user-id, \
                            app-id, header:KEY"
                    .to_owned());
            }
        };
        Ok(Self(kind(value.to_owned())))
    }
}

impl Property {
    /// The number that it is, if it has that name.
    pub(super) fn number(&self, name: &str) -> Option<u64> {
        match &self.0 {
            Kind::Expiration(text) if name == "expiration" => text.parse().ok(),
            Kind::Header(Argument { key, value: AMQPValue::LongLongInt(number) })
                if name.strip_prefix("header:") == Some(key) =>
            {
                u64::try_from(*number).ok()
            }
            _ => None,
        }
    }
}

/// A field table of these.
pub(super) fn table<'a>(arguments: impl IntoIterator<Item = &'a Argument>) -> FieldTable {
    let mut table = FieldTable::default();
    for Argument { key, value } in arguments {
        table.insert(key.as_str().into(), value.clone());
    }
    table
}

/// The payload of a content header frame with these properties and headers, for an empty body.
pub(super) fn content_header<'a>(
    properties: impl IntoIterator<Item = &'a Property>,
    mut headers: FieldTable,
    delivery_mode: u8,
) -> Vec<u8> {
    let short = |text: &String| ShortString::from(text.as_str());
    let mut all = AMQPProperties::default().with_delivery_mode(delivery_mode);
    for Property(kind) in properties {
        all = match kind {
            Kind::ContentType(text) => all.with_content_type(short(text)),
            Kind::ContentEncoding(text) => all.with_content_encoding(short(text)),
            Kind::Priority(priority) => all.with_priority(*priority),
            Kind::CorrelationId(text) => all.with_correlation_id(short(text)),
            Kind::ReplyTo(text) => all.with_reply_to(short(text)),
            Kind::Expiration(text) => all.with_expiration(short(text)),
            Kind::MessageId(text) => all.with_message_id(short(text)),
            Kind::Type(text) => all.with_type(short(text)),
            Kind::UserId(text) => all.with_user_id(short(text)),
            Kind::AppId(text) => all.with_app_id(short(text)),
            Kind::Header(Argument { key, value }) => {
                headers.insert(key.as_str().into(), value.clone());
                all
            }
        };
    }
    if !headers.inner().is_empty() {
        all = all.with_headers(headers);
    }
    let class_id = MethodId::BASIC_PUBLISH.class;
    let header = AMQPContentHeader { class_id, body_size: 0, properties: all };
    let frame = AMQPFrame::Header(0, header);
    #[expect(clippy::expect_used, reason = "writing to a Vec has no error, and encoding no other")]
    let octets = gen_frame(&frame)(WriteContext::from(Vec::new())).expect("a Vec takes any octets");
    let octets = octets.into_inner().0;
    octets.get(HEADER_SIZE..HEADER_SIZE + octets.len() - OVERHEAD).unwrap_or_default().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_what_they_look_like() {
        for (text, value) in [
            ("k=12", AMQPValue::LongLongInt(12)),
            ("k=-1", AMQPValue::LongLongInt(-1)),
            ("k=true", AMQPValue::Boolean(true)),
            ("k=quorum", AMQPValue::LongString("quorum".into())),
            ("k=", AMQPValue::LongString("".into())),
            ("k=a=b", AMQPValue::LongString("a=b".into())),
        ] {
            assert_eq!(text.parse(), Ok(Argument { key: "k".to_owned(), value }), "{text}");
        }
        assert!("k".parse::<Argument>().is_err());
        assert!("=v".parse::<Argument>().is_err());
    }

    #[test]
    fn every_property_is_written_in_the_order_of_the_specification() {
        let properties: Vec<Property> = [
            "content-type=a",
            "content-encoding=b",
            "header:x=true",
            "priority=7",
            "correlation-id=c",
            "reply-to=d",
            "expiration=e",
            "message-id=f",
            "type=g",
            "user-id=h",
            "app-id=i",
        ]
        .map(|text| text.parse().unwrap())
        .to_vec();

        let header = content_header(&properties, FieldTable::default(), 2);

        let mut expected = b"\0\x3c\0\0\0\0\0\0\0\0\0\0".to_vec();
        expected.extend(0b1111_1111_1011_1000_u16.to_be_bytes());
        expected
            .extend(b"\x01a\x01b\0\0\0\x04\x01xt\x01\x02\x07\x01c\x01d\x01e\x01f\x01g\x01h\x01i");
        assert_eq!(header, expected);
    }

    #[test]
    fn what_is_no_property_is_refused() {
        for text in ["content-type", "colour=red", "priority=256", "header:x", "header:=1"] {
            assert!(text.parse::<Property>().is_err(), "{text}");
        }
        assert!(format!("type={}", "x".repeat(256)).parse::<Property>().is_err());
    }
}
