//! Content headers: what `amq-protocol` encodes is what we read, and what is refused.

use amq_protocol::frame::{AMQPContentHeader, AMQPFrame};
use amq_protocol::protocol::BasicProperties;
use amq_protocol::types::ShortString;
use proptest::option;
use proptest::prelude::*;

use super::{encoded, field_table, only_frame, short_string, table};
use crate::amqp::exception::Exception;
use crate::amqp::table::InvalidTable;
use crate::codec::frame::FrameKind;
use crate::codec::header::{HeaderError, Properties, parse_header, read_priority};

fn set<T>(
    properties: BasicProperties,
    value: Option<T>,
    with: impl FnOnce(BasicProperties, T) -> BasicProperties,
) -> BasicProperties {
    match value {
        Some(value) => with(properties, value),
        None => properties,
    }
}

pub(super) fn properties() -> impl Strategy<Value = BasicProperties> {
    let texts = proptest::collection::vec(option::of(short_string()), 10);
    let numbers = (option::of(any::<u8>()), option::of(any::<u8>()), option::of(any::<u64>()));
    (texts, numbers, option::of(table())).prop_map(|(texts, (mode, priority, time), headers)| {
        let mut texts = texts.into_iter();
        let setters: [fn(BasicProperties, ShortString) -> BasicProperties; 10] = [
            BasicProperties::with_content_type,
            BasicProperties::with_content_encoding,
            BasicProperties::with_correlation_id,
            BasicProperties::with_reply_to,
            BasicProperties::with_expiration,
            BasicProperties::with_message_id,
            BasicProperties::with_type,
            BasicProperties::with_user_id,
            BasicProperties::with_app_id,
            BasicProperties::with_cluster_id,
        ];
        let mut properties = BasicProperties::default();
        for setter in setters {
            properties = set(properties, texts.next().flatten(), setter);
        }
        properties = set(properties, mode, BasicProperties::with_delivery_mode);
        properties = set(properties, priority, BasicProperties::with_priority);
        properties = set(properties, time, BasicProperties::with_timestamp);
        set(properties, headers, BasicProperties::with_headers)
    })
}

/// The properties as `amq-protocol` has them.
pub(super) fn as_basic_properties(from: Properties<'_>) -> BasicProperties {
    let text = |octets: Option<&[u8]>| {
        octets.map(|octets| ShortString::from(std::str::from_utf8(octets).unwrap()))
    };
    let mut to = BasicProperties::default();
    to = set(to, text(from.content_type()), BasicProperties::with_content_type);
    to = set(to, text(from.content_encoding()), BasicProperties::with_content_encoding);
    to = set(to, from.headers().map(field_table), BasicProperties::with_headers);
    to = set(to, from.delivery_mode(), BasicProperties::with_delivery_mode);
    to = set(to, from.priority(), BasicProperties::with_priority);
    to = set(to, text(from.correlation_id()), BasicProperties::with_correlation_id);
    to = set(to, text(from.reply_to()), BasicProperties::with_reply_to);
    to = set(to, text(from.expiration()), BasicProperties::with_expiration);
    to = set(to, text(from.message_id()), BasicProperties::with_message_id);
    to = set(to, from.timestamp(), BasicProperties::with_timestamp);
    to = set(to, text(from.kind()), BasicProperties::with_type);
    to = set(to, text(from.user_id()), BasicProperties::with_user_id);
    to = set(to, text(from.app_id()), BasicProperties::with_app_id);
    set(to, text(from.cluster_id()), BasicProperties::with_cluster_id)
}

fn frame(properties: BasicProperties, body_size: u64) -> Vec<u8> {
    encoded(&AMQPFrame::Header(1, AMQPContentHeader { class_id: 60, body_size, properties }))
}

proptest! {
    #[test]
    fn every_property_reads_as_it_was_encoded(sent in properties(), body_size: u64) {
        let octets = frame(sent.clone(), body_size);

        let frame = only_frame(&octets);
        let header = parse_header(frame.payload).unwrap();

        prop_assert_eq!(frame.kind, FrameKind::Header);
        prop_assert_eq!((header.class, header.weight), (60, 0));
        prop_assert_eq!(header.body_size, body_size);
        prop_assert_eq!(read_priority(frame.payload), *sent.priority());
        prop_assert_eq!(as_basic_properties(header.properties), sent);
    }

    #[test]
    fn a_cut_or_overlong_header_is_refused(sent in properties(), cut: prop::sample::Index) {
        let octets = frame(sent, 0);
        let payload = only_frame(&octets).payload;
        let overlong = [payload, b"\0"].concat();

        let shorter = parse_header(&payload[..cut.index(payload.len())]);
        let longer = parse_header(&overlong);

        prop_assert_eq!(shorter, Err(HeaderError::Truncated));
        prop_assert_eq!(longer, Err(HeaderError::Trailing));
    }
}

fn with_properties(properties: &[u8]) -> Vec<u8> {
    [&[0, 60, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0][..], properties].concat()
}

#[test]
fn each_malformed_property_list_has_its_error_and_text() {
    let cases: [(&[u8], HeaderError, &str); 5] = [
        (b"\x80\0\x05abc", HeaderError::Truncated, "content header is truncated"),
        (b"\0\0x", HeaderError::Trailing, "content header has octets behind its last property"),
        (
            b"\0\x01\0\0",
            HeaderError::Continuation,
            "content header announces more property flags than class basic has",
        ),
        (
            b"\x20\0\0\0\0\x04\x01az\0",
            HeaderError::InvalidTable(InvalidTable::UnknownType(b'z')),
            "headers property: unknown field type 'z'",
        ),
        (
            b"\x20\0\0\0\0\x03\x01at",
            HeaderError::InvalidTable(InvalidTable::Truncated),
            "headers property: field table is truncated",
        ),
    ];

    for (properties, error, text) in cases {
        let payload = with_properties(properties);

        assert_eq!(parse_header(&payload), Err(error));
        let exception = Exception::from(error);
        assert_eq!(exception.reply_text(), format!("FRAME_ERROR - {text}"));
    }
}

#[test]
fn the_reserved_flag_is_ignored() {
    let payload = with_properties(b"\x10\x02\x02");

    let header = parse_header(&payload).unwrap();

    assert_eq!(header.properties.delivery_mode(), Some(2));
    assert_eq!(header.properties.flags(), 0x1002);
}

#[test]
fn class_weight_and_size_come_as_they_are() {
    let payload = b"\0\x32\0\x07\x01\0\0\0\0\0\0\x02\0\0";

    let header = parse_header(payload).unwrap();

    assert_eq!((header.class, header.weight), (50, 7));
    assert_eq!(header.body_size, 0x0100_0000_0000_0002);
    assert_eq!(header.properties, Properties::default());
}

#[test]
fn texts_need_not_be_utf8_and_an_empty_table_is_there() {
    let payload = with_properties(b"\xa0\0\x02\xff\xfe\0\0\0\0");

    let properties = parse_header(&payload).unwrap().properties;

    assert_eq!(properties.content_type(), Some(&b"\xff\xfe"[..]));
    assert!(properties.headers().unwrap().is_empty());
    assert_eq!(properties.content_encoding(), None);
}
