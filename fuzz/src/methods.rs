//! What frames carry: methods, content headers and the tables in both.

use leveret::amqp::exception::Exception;
use leveret::amqp::table::{ArrayRef, DEPTH_MAX, TableRef, Value};
use leveret::codec::header::{Properties, parse_header};
use leveret::codec::method::decode_method;

use crate::check_exception;

/// The first octet chooses what the others are read as.
pub fn run(octets: &[u8]) {
    let [kind, octets @ ..] = octets else { return };
    match kind % 3 {
        0 => method(octets),
        1 => header(octets),
        _ => table(octets),
    }
}

fn method(payload: &[u8]) {
    match decode_method(payload) {
        Ok(method) => {
            let id = method.id();
            assert_eq!(payload[..2], id.class.to_be_bytes());
            assert_eq!(payload[2..4], id.method.to_be_bytes());
            assert!(!format!("{method:?}").is_empty());
        }
        Err(error) => check_exception(&Exception::from(error)),
    }
}

fn header(payload: &[u8]) {
    match parse_header(payload) {
        Ok(header) => {
            assert_eq!(payload[4..12], header.body_size.to_be_bytes());
            assert_eq!(payload[14..], *header.properties.as_bytes());
            properties(&header.properties);
        }
        Err(error) => check_exception(&Exception::from(error)),
    }
}

fn properties(properties: &Properties<'_>) {
    let short_strings = [
        (15, properties.content_type()),
        (14, properties.content_encoding()),
        (10, properties.correlation_id()),
        (9, properties.reply_to()),
        (8, properties.expiration()),
        (7, properties.message_id()),
        (5, properties.kind()),
        (4, properties.user_id()),
        (3, properties.app_id()),
        (2, properties.cluster_id()),
    ];
    let has = |bit: u32| properties.flags() & (1 << bit) != 0;
    for (bit, value) in short_strings {
        assert_eq!(value.is_some(), has(bit), "flag {bit}");
        assert!(value.is_none_or(|octets| octets.len() <= 255));
    }
    assert_eq!(properties.headers().is_some(), has(13));
    assert_eq!(properties.delivery_mode().is_some(), has(12));
    assert_eq!(properties.priority().is_some(), has(11));
    assert_eq!(properties.timestamp().is_some(), has(6));
    if let Some(headers) = properties.headers() {
        read_table(headers, 1);
    }
}

fn table(octets: &[u8]) {
    let Ok(table) = TableRef::parse(octets) else { return };
    read_table(table, 1);
    let sorted = table.sorted();
    let sorted = TableRef::parse(sorted.as_ref().as_bytes()).expect("a sorted table is a table");
    assert_eq!(sorted.as_bytes().len(), octets.len());
    assert!(sorted.iter().is_sorted_by_key(|(key, _)| key));
    for (key, _) in table.iter() {
        let Ok(key) = std::str::from_utf8(key) else { continue };
        assert_eq!(same(sorted.get(key)), same(table.get(key)), "{key}");
    }
}

/// Makes values comparable: a float that is no number is not equal to itself.
fn same(value: Option<Value<'_>>) -> String {
    format!("{value:?}")
}

/// Reads every field, and checks that none is missed.
fn read_table(table: TableRef<'_>, depth: usize) {
    let mut octets = 0;
    for (key, value) in table.iter() {
        octets += 1 + key.len() + 1 + read_value(value, depth);
    }
    assert_eq!(octets, table.as_bytes().len());
}

fn read_array(array: ArrayRef<'_>, depth: usize) {
    let octets: usize = array.iter().map(|value| 1 + read_value(value, depth)).sum();
    assert_eq!(octets, array.as_bytes().len());
}

/// Returns the octets that the value takes behind its letter.
fn read_value(value: Value<'_>, depth: usize) -> usize {
    assert!(depth <= DEPTH_MAX);
    assert!(!value.type_name().is_empty());
    match value {
        Value::Void => 0,
        Value::Bool(_) | Value::Int(b'b' | b'B', _) => 1,
        Value::Int(b's' | b'u', _) => 2,
        Value::Int(b'I' | b'i', _) | Value::Float(_) => 4,
        Value::Decimal(..) => 5,
        Value::Int(..) | Value::Double(_) | Value::Timestamp(_) => 8,
        Value::LongStr(octets) | Value::Binary(octets) => 4 + octets.len(),
        Value::Table(table) => {
            read_table(table, depth + 1);
            4 + table.as_bytes().len()
        }
        Value::Array(array) => {
            read_array(array, depth + 1);
            4 + array.as_bytes().len()
        }
    }
}
