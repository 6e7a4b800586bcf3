//! Rewritten content headers: what was to differ does, and nothing else.

use amq_protocol::frame::{AMQPContentHeader, AMQPFrame};
use amq_protocol::protocol::BasicProperties;
use amq_protocol::types::{AMQPValue, ShortString};
use proptest::prelude::*;

use super::header::{as_basic_properties, properties};
use super::{encoded, only_frame, value};
use crate::amqp::table::Value;
use crate::amqp::testing::table;
use crate::codec::header::{HeaderError, Properties, Property, parse_header};
use crate::codec::rewrite::{Rewrite, with_headers};

/// The payload of the header frame with these properties.
pub(super) fn header(properties: BasicProperties) -> Vec<u8> {
    let body_size = 5;
    let frame = AMQPFrame::Header(1, AMQPContentHeader { class_id: 60, body_size, properties });
    only_frame(&encoded(&frame)).payload.to_vec()
}

/// The payload of a header frame with these headers alone.
pub(super) fn with_table(fields: &[(&str, Value<'_>)]) -> Vec<u8> {
    let table = table(fields);
    let octets = table.as_ref().as_bytes();
    let size = u32::try_from(octets.len()).unwrap().to_be_bytes();
    [&[0, 60, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0x20, 0][..], &size, octets].concat()
}

fn rewritten(header: &[u8], rewrite: Rewrite<'_>) -> Vec<u8> {
    rewrite.apply(header, &parse_header(header).unwrap().properties)
}

/// The properties with `field` in their headers table, if they have one.
fn with_field(mut of: BasicProperties, field: Option<&AMQPValue>) -> BasicProperties {
    if let Some(mut headers) = of.headers().clone() {
        if let Some(value) = field {
            headers.insert("BCC".into(), value.clone());
        }
        of = of.with_headers(headers);
    }
    of
}

proptest! {
    #[test]
    fn without_a_field_everything_else_stays_octet_for_octet(
        sent in properties(),
        bcc in value(),
    ) {
        let rewrite = Rewrite { without_field: Some("BCC"), ..Rewrite::default() };
        let plain = header(with_field(sent.clone(), None));
        let with_bcc = header(with_field(sent, Some(&bcc)));

        prop_assert_eq!(&rewritten(&with_bcc, rewrite), &plain);
        prop_assert_eq!(&rewritten(&plain, rewrite), &plain);
    }

    #[test]
    fn another_reply_to_leaves_everything_else_octet_for_octet(
        sent in properties(),
        text in "[a-z.]{0,255}",
    ) {
        let rewrite = Rewrite { reply_to: Some(text.as_bytes()), ..Rewrite::default() };
        let before = header(sent.clone());
        let expected = match sent.reply_to() {
            Some(_) => header(sent.clone().with_reply_to(ShortString::from(text.clone()))),
            None => before.clone(),
        };

        prop_assert_eq!(rewritten(&before, rewrite), expected);
    }
}

proptest! {
    #[test]
    fn integers_are_added_and_everything_else_stays_octet_for_octet(
        sent in properties(),
        set in proptest::option::of(value()),
        count: i64,
    ) {
        let before = header(match set.filter(|_| sent.headers().is_some()) {
            Some(value) => {
                let mut headers = sent.headers().clone().unwrap();
                headers.insert("x-delivery-count".into(), value);
                sent.clone().with_headers(headers)
            }
            None => sent.clone(),
        });
        let added = [("x-delivery-count", count), ("x-acquired-count", 1)];

        let after = with_headers(&before, &added).unwrap();

        let is = parse_header(&after).unwrap().properties;
        let headers = is.headers().unwrap();
        let kept = headers.fields().take(headers.fields().count() - 2).flat_map(|(_, field)| field);
        let mut plain = as_basic_properties(parse_header(&header(sent.clone())).unwrap().properties);
        plain = plain.with_headers(sent.headers().clone().unwrap_or_default());
        let expected = header(plain);
        let expected = parse_header(&expected).unwrap().properties;
        prop_assert!(kept.eq(expected.headers().unwrap().as_bytes()));
        let others = |of: Properties<'_>| {
            let fields = of.fields().filter(|(flag, _)| *flag != Property::Headers as u16);
            fields.map(|(flag, octets)| (flag, octets.to_vec())).collect::<Vec<_>>()
        };
        prop_assert_eq!(others(is), others(expected));
        prop_assert_eq!(is.flags(), expected.flags());
        prop_assert_eq!(headers.get("x-delivery-count"), Some(Value::Int(b'l', count)));
        prop_assert_eq!(headers.get("x-acquired-count"), Some(Value::Int(b'l', 1)));
    }
}

#[test]
fn a_header_is_added_in_place_of_all_of_its_name() {
    let set = [
        ("x-delivery-count", Value::LongStr(b"9")),
        ("kept", Value::Int(b'I', 1)),
        ("x-delivery-count", Value::Void),
    ];
    let before = with_table(&set);

    let after = with_headers(&before, &[("x-delivery-count", 2)]).unwrap();

    let expected = [("kept", Value::Int(b'I', 1)), ("x-delivery-count", Value::Int(b'l', 2))];
    assert_eq!(after, with_table(&expected));
    assert_eq!(with_headers(b"", &[]), Err(HeaderError::Truncated));
}

#[test]
fn every_field_of_the_name_goes_and_the_rest_keeps_its_order() {
    let fields = |bcc: &[(&'static str, Value<'static>)]| {
        let kept = [("z", Value::Int(b'L', 7)), ("bcc", Value::Void), ("a", Value::Bool(true))];
        let mut all = kept.to_vec();
        for (place, field) in bcc.iter().enumerate() {
            all.insert(2 * place, *field);
        }
        let table = table(&all);
        let octets = table.as_ref().as_bytes();
        let size = u32::try_from(octets.len()).unwrap().to_be_bytes();
        [&[0, 60, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x30, 0x02][..], &size, octets, &[2]].concat()
    };
    let rewrite = Rewrite { without_field: Some("BCC"), ..Rewrite::default() };

    let twice = fields(&[("BCC", Value::Void), ("BCC", Value::LongStr(b"x"))]);

    assert_eq!(rewritten(&twice, rewrite), fields(&[]));
}
