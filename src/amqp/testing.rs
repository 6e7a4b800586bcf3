//! Field tables for tests, written field by field.

use super::table::{Table, TableRef, Value};

/// A table with these fields in this order.
pub(crate) fn table(fields: &[(&str, Value<'_>)]) -> Table {
    let mut octets = Vec::new();
    for (key, value) in fields {
        octets.push(u8::try_from(key.len()).unwrap());
        octets.extend(key.as_bytes());
        put(&mut octets, *value);
    }
    TableRef::parse(&octets).unwrap().to_owned()
}

fn put(octets: &mut Vec<u8>, value: Value<'_>) {
    match value {
        Value::Bool(value) => octets.extend([b't', value.into()]),
        Value::Int(letter, value) => {
            let width = match letter {
                b'b' | b'B' => 1,
                b's' | b'u' => 2,
                b'I' | b'i' => 4,
                _ => 8,
            };
            octets.push(letter);
            octets.extend(&value.to_be_bytes()[8 - width..]);
        }
        Value::Float(value) => put_raw(octets, b'f', &value.to_be_bytes()),
        Value::Double(value) => put_raw(octets, b'd', &value.to_be_bytes()),
        Value::Decimal(places, value) => {
            octets.extend([b'D', places]);
            octets.extend(value.to_be_bytes());
        }
        Value::LongStr(value) => put_long(octets, b'S', value),
        Value::Binary(value) => put_long(octets, b'x', value),
        Value::Timestamp(value) => put_raw(octets, b'T', &value.to_be_bytes()),
        Value::Table(value) => put_long(octets, b'F', value.as_bytes()),
        Value::Array(value) => put_long(octets, b'A', value.as_bytes()),
        Value::Void => octets.push(b'V'),
    }
}

fn put_raw(octets: &mut Vec<u8>, letter: u8, raw: &[u8]) {
    octets.push(letter);
    octets.extend(raw);
}

fn put_long(octets: &mut Vec<u8>, letter: u8, raw: &[u8]) {
    octets.push(letter);
    octets.extend(u32::try_from(raw.len()).unwrap().to_be_bytes());
    octets.extend(raw);
}
