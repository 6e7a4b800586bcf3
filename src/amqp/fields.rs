//! Field tables that the broker itself makes.

use bytes::{BufMut, BytesMut};

use super::table::{ArrayRef, Table, TableRef, Value};

/// A field table under way. Names are cut at 255 octets.
#[derive(Clone, Debug, Default)]
pub struct Fields(BytesMut);

impl Fields {
    /// Appends a field.
    #[must_use]
    pub fn with(mut self, name: &str, value: Value<'_>) -> Self {
        self.put(name, value);
        self
    }

    /// Appends a long string.
    #[must_use]
    pub fn text(self, name: &str, text: impl AsRef<[u8]>) -> Self {
        self.with(name, Value::LongStr(text.as_ref()))
    }

    /// Appends a truth value.
    #[must_use]
    pub fn bool(self, name: &str, value: bool) -> Self {
        self.with(name, Value::Bool(value))
    }

    /// Appends a signed number of 32 bits, `I`.
    #[must_use]
    pub fn int(self, name: &str, value: i32) -> Self {
        self.with(name, Value::Int(b'I', value.into()))
    }

    /// Appends a number of 64 bits, `l`; what does not fit is the largest.
    #[must_use]
    pub fn long(self, name: &str, value: u64) -> Self {
        self.with(name, Value::Int(b'l', i64::try_from(value).unwrap_or(i64::MAX)))
    }

    /// Appends an array of long strings.
    #[must_use]
    pub fn texts<T: AsRef<[u8]>>(self, name: &str, texts: impl IntoIterator<Item = T>) -> Self {
        let mut items = BytesMut::new();
        for text in texts {
            write_value(&mut items, Value::LongStr(text.as_ref()));
        }
        self.with(name, Value::Array(ArrayRef::trusted(&items)))
    }

    /// Appends a field.
    pub fn put(&mut self, name: &str, value: Value<'_>) {
        let length = u8::try_from(name.len()).unwrap_or(u8::MAX);
        self.0.put_u8(length);
        self.0.put_slice(name.as_bytes().get(..length.into()).unwrap_or_default());
        write_value(&mut self.0, value);
    }

    /// The table so far, to read.
    pub fn as_ref(&self) -> TableRef<'_> {
        TableRef::trusted(&self.0)
    }

    /// The table.
    pub fn finish(self) -> Table {
        Table::trusted(self.0.freeze())
    }
}

/// Appends a value with its type letter.
fn write_value(out: &mut BytesMut, value: Value<'_>) {
    match value {
        Value::Bool(value) => out.put_slice(&[b't', value.into()]),
        Value::Int(letter, value) => {
            let width = match letter {
                b'b' | b'B' => 1,
                b's' | b'u' => 2,
                b'I' | b'i' => 4,
                _ => 8,
            };
            out.put_u8(letter);
            out.put_int(value, width);
        }
        Value::Float(value) => {
            out.put_u8(b'f');
            out.put_f32(value);
        }
        Value::Double(value) => {
            out.put_u8(b'd');
            out.put_f64(value);
        }
        Value::Decimal(places, value) => {
            out.put_slice(&[b'D', places]);
            out.put_i32(value);
        }
        Value::Timestamp(value) => {
            out.put_u8(b'T');
            out.put_u64(value);
        }
        Value::LongStr(octets) => write_long(out, b'S', octets),
        Value::Binary(octets) => write_long(out, b'x', octets),
        Value::Table(table) => write_long(out, b'F', table.as_bytes()),
        Value::Array(array) => write_long(out, b'A', array.as_bytes()),
        Value::Void => out.put_u8(b'V'),
    }
}

fn write_long(out: &mut BytesMut, letter: u8, octets: &[u8]) {
    out.put_u8(letter);
    out.put_u32(u32::try_from(octets.len()).unwrap_or(u32::MAX));
    out.put_slice(octets);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_reads_as_it_was_written() {
        let inner = Fields::default().text("k", "v").finish();
        let texts = Fields::default().texts("a", ["x", ""]).finish();
        let values = [
            Value::Bool(true),
            Value::Int(b'b', -1),
            Value::Int(b'B', 255),
            Value::Int(b's', -2),
            Value::Int(b'u', 65_535),
            Value::Int(b'I', -3),
            Value::Int(b'i', 4_294_967_295),
            Value::Int(b'l', i64::MIN),
            Value::Int(b'L', 7),
            Value::Float(1.5),
            Value::Double(-2.5),
            Value::Decimal(2, -314),
            Value::LongStr(b"long"),
            Value::Binary(b"\0\xff"),
            Value::Timestamp(1_700_000_000),
            Value::Table(inner.as_ref()),
            texts.as_ref().get("a").unwrap(),
            Value::Void,
        ];

        let fields =
            values.iter().fold(Fields::default(), |fields, value| fields.with("n", *value));

        let table = fields.finish();
        assert!(TableRef::parse(table.as_ref().as_bytes()).is_ok());
        let read: Vec<_> = table.as_ref().iter().collect();
        assert_eq!(read, values.map(|value| (&b"n"[..], value)));
    }
}
