//! The form of durable entries: keys that can be read and taken apart again, values with a
//! version. What entries there are is said by the rooms that own them.
//!
//! A key is its parts, a kind first, with `/` in between: `queue/%2F/orders`. Whatever is no
//! graphic ASCII character, and `/` and `%` themselves, are percent and two upper-case hexadecimal
//! digits, so different parts never make the same key. A value is a JSON object whose `version`
//! is [`VERSION`].

use std::fmt;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// The version of all values so far.
pub const VERSION: u64 = 1;

/// An entry that cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidEntry {
    key: String,
    why: String,
}

impl InvalidEntry {
    /// The entry of that key, and what is wrong with it.
    pub fn new(key: &[u8], why: impl fmt::Display) -> Self {
        Self { key: key.escape_ascii().to_string(), why: why.to_string() }
    }

    /// Whether it is the entry of that key.
    pub fn is_of(&self, key: &[u8]) -> bool {
        self.key == key.escape_ascii().to_string()
    }
}

impl fmt::Display for InvalidEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "durable entry '{}': {}", self.key, self.why)
    }
}

impl std::error::Error for InvalidEntry {}

/// The key with these parts.
pub fn key(parts: &[&[u8]]) -> Vec<u8> {
    let mut key = Vec::new();
    for (at, part) in parts.iter().enumerate() {
        if at > 0 {
            key.push(b'/');
        }
        for &octet in *part {
            if octet.is_ascii_graphic() && octet != b'/' && octet != b'%' {
                key.push(octet);
            } else {
                key.extend([b'%', hex_digit(octet >> 4), hex_digit(octet & 0xf)]);
            }
        }
    }
    key
}

/// The parts of a key.
///
/// # Errors
/// It is not what [`key`] makes.
pub fn parts(octets: &[u8]) -> Result<Vec<Vec<u8>>, InvalidEntry> {
    let parts: Option<Vec<_>> = octets.split(|&octet| octet == b'/').map(unescape).collect();
    let is_exact = |parts: &Vec<Vec<u8>>| {
        let borrowed: Vec<_> = parts.iter().map(Vec::as_slice).collect();
        key(&borrowed) == octets
    };
    parts.filter(is_exact).ok_or_else(|| InvalidEntry::new(octets, "the key is malformed"))
}

/// A value of these fields.
pub fn value<'n>(fields: impl IntoIterator<Item = (&'n str, Value)>) -> Vec<u8> {
    let mut object: Map<_, _> =
        fields.into_iter().map(|(name, it)| (name.to_owned(), it)).collect();
    object.insert("version".to_owned(), VERSION.into());
    Value::Object(object).to_string().into_bytes()
}

/// Reads the value of `key`: all its fields but the version.
///
/// # Errors
/// It is no value, of another version, or has other fields.
pub fn read_value<T: DeserializeOwned>(key: &[u8], octets: &[u8]) -> Result<T, InvalidEntry> {
    let wrong = |error: serde_json::Error| InvalidEntry::new(key, error);
    let Versioned { version, fields } = serde_json::from_slice(octets).map_err(wrong)?;
    if version != VERSION {
        let why = format!("its value has version {version}, known is {VERSION}");
        return Err(InvalidEntry::new(key, why));
    }
    serde_json::from_value(Value::Object(fields)).map_err(wrong)
}

#[derive(Deserialize)]
struct Versioned {
    version: u64,
    #[serde(flatten)]
    fields: Map<String, Value>,
}

fn unescape(part: &[u8]) -> Option<Vec<u8>> {
    let mut octets = Vec::with_capacity(part.len());
    let mut rest = part;
    while let Some((&octet, after)) = rest.split_first() {
        if octet == b'%' {
            let ([high, low], after) = after.split_first_chunk()?;
            octets.push(hex_value(*high)? << 4 | hex_value(*low)?);
            rest = after;
        } else {
            octets.push(octet);
            rest = after;
        }
    }
    Some(octets)
}

const fn hex_digit(nibble: u8) -> u8 {
    if nibble < 10 { b'0' + nibble } else { b'A' + nibble - 10 }
}

const fn hex_value(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, PartialEq, Eq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Fields {
        id: u64,
    }

    proptest! {
        #[test]
        fn any_parts_come_out_of_their_key(wanted in vec(vec(any::<u8>(), 0..8), 1..4)) {
            let borrowed: Vec<_> = wanted.iter().map(Vec::as_slice).collect();

            let key = key(&borrowed);

            prop_assert_eq!(parts(&key).unwrap(), wanted);
            prop_assert!(key.iter().all(u8::is_ascii_graphic));
        }

        #[test]
        fn octets_are_a_key_of_one_spelling_or_none(octets in vec(any::<u8>(), 0..16)) {
            if let Ok(parts) = parts(&octets) {
                let borrowed: Vec<_> = parts.iter().map(Vec::as_slice).collect();
                prop_assert_eq!(key(&borrowed), octets);
            }
        }
    }

    #[test]
    fn a_key_can_be_read() {
        assert_eq!(
            key(&[b"queue", b"/", "größe 1%".as_bytes()]),
            b"queue/%2F/gr%C3%B6%C3%9Fe%201%25"
        );
        for other_spelling in [&b"queue/%2f"[..], b"%41", b"a b", b"%4", b"%", b"\xff"] {
            let error = parts(other_spelling).unwrap_err().to_string();
            assert!(error.ends_with("': the key is malformed"), "{error}");
        }
    }

    #[test]
    fn a_value_is_read_back_with_every_field_and_no_other() {
        let written = value([("id", u64::MAX.into())]);

        assert_eq!(written, br#"{"id":18446744073709551615,"version":1}"#);
        assert_eq!(read_value(b"k", &written), Ok(Fields { id: u64::MAX }));
        for (octets, why) in [
            (&br#"{"id":1,"version":2}"#[..], "its value has version 2, known is 1"),
            (br#"{"id":1,"x":1,"version":1}"#, "unknown field `x`"),
            (br#"{"version":1}"#, "missing field `id`"),
            (br#"{"id":1}"#, "missing field `version`"),
            (b"", "EOF"),
            (b"\xff", "expected value"),
        ] {
            let error = read_value::<Fields>(b"k/1", octets).unwrap_err().to_string();
            assert!(error.starts_with("durable entry 'k/1': ") && error.contains(why), "{error}");
        }
    }
}
