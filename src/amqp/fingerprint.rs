//! 128 bits that stand for a value that makes messages duplicates of each other.

use sha2::{Digest, Sha256};

use super::table::Value;

/// The first half of a value's SHA-256. Two of a million values are alike by chance once in
/// 10^26 times, and nobody can make two that are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Fingerprint([u32; 4]);

impl Fingerprint {
    /// That of a field's value. Types of one class compare by value: integers whatever their
    /// width, floats and doubles, strings of text and of octets. Values of different classes
    /// differ, so the string `1` is not the integer 1.
    pub fn of(value: Value<'_>) -> Self {
        match value {
            Value::LongStr(octets) | Value::Binary(octets) => Self::of_octets(octets),
            Value::Int(_, number) => Self::hash(b'l', &[&number.to_be_bytes()]),
            Value::Float(number) => Self::of_double(number.into()),
            Value::Double(number) => Self::of_double(number),
            Value::Bool(value) => Self::hash(b't', &[&[value.into()]]),
            Value::Decimal(places, unscaled) => {
                Self::hash(b'D', &[&[places], &unscaled.to_be_bytes()])
            }
            Value::Timestamp(seconds) => Self::hash(b'T', &[&seconds.to_be_bytes()]),
            Value::Table(table) => Self::hash(b'F', &[table.as_bytes()]),
            Value::Array(array) => Self::hash(b'A', &[array.as_bytes()]),
            Value::Void => Self::hash(b'V', &[]),
        }
    }

    /// That of a string.
    pub fn of_octets(octets: &[u8]) -> Self {
        Self::hash(b'S', &[octets])
    }

    /// That of which [`Self::octets`] are these.
    pub fn of_its_octets(octets: [u8; 16]) -> Self {
        let number = u128::from_be_bytes(octets);
        #[expect(clippy::cast_possible_truncation, reason = "the four quarters of 128 bits")]
        Self([96, 64, 32, 0].map(|shift| (number >> shift) as u32))
    }

    /// Its octets, the first of the hash first.
    pub fn octets(self) -> [u8; 16] {
        let number = self.0.iter().fold(0, |number, word| number << 32 | u128::from(*word));
        number.to_be_bytes()
    }

    fn of_double(number: f64) -> Self {
        Self::hash(b'd', &[&number.to_bits().to_be_bytes()])
    }

    fn hash(class: u8, parts: &[&[u8]]) -> Self {
        let mut hasher = Sha256::new_with_prefix([class]);
        for part in parts {
            hasher.update(part);
        }
        let digest: [u8; 32] = hasher.finalize().into();
        let mut words = digest.chunks_exact(4).filter_map(|word| word.first_chunk().copied());
        Self([(); 4].map(|()| words.next().map_or(0, u32::from_be_bytes)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::amqp::table::TableRef;

    #[test]
    fn values_of_one_class_are_alike_by_value() {
        for (a, b) in [
            (Value::Int(b'b', 1), Value::Int(b'l', 1)),
            (Value::Float(1.5), Value::Double(1.5)),
            (Value::LongStr(b"a"), Value::Binary(b"a")),
        ] {
            assert_eq!(Fingerprint::of(a), Fingerprint::of(b), "{a:?} {b:?}");
        }
        assert_eq!(Fingerprint::of(Value::LongStr(b"a")), Fingerprint::of_octets(b"a"));
    }

    #[test]
    fn its_octets_are_the_first_of_the_hash() {
        let fingerprint = Fingerprint::of_octets(b"a");
        let hash = Sha256::digest(b"Sa");

        assert_eq!(fingerprint.octets(), hash[..16]);
        assert_eq!(Fingerprint::of_its_octets(fingerprint.octets()), fingerprint);
    }

    #[test]
    fn values_that_differ_in_value_or_class_are_told_apart() {
        let table = TableRef::parse(b"\x01at\x01").unwrap();
        let values = [
            Value::Void,
            Value::Bool(false),
            Value::Bool(true),
            Value::Int(b'I', 0),
            Value::Int(b'I', 1),
            Value::Int(b'I', -1),
            Value::Double(1.0),
            Value::Decimal(0, 1),
            Value::Decimal(1, 1),
            Value::Timestamp(1),
            Value::LongStr(b""),
            Value::LongStr(b"1"),
            Value::LongStr(b"\0\0\0\0\0\0\0\x01"),
            Value::Table(table),
            Value::Table(TableRef::default()),
        ];

        for (place, a) in values.iter().enumerate() {
            for b in values.iter().skip(place + 1) {
                assert_ne!(Fingerprint::of(*a), Fingerprint::of(*b), "{a:?} {b:?}");
            }
        }
    }
}
