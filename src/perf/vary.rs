//! What differs from message to message: `--vary`.
//!
//! Everything that varies has as many octets in each message, so that messages are encoded once.
//! A value follows from the number of its message, so that whoever reads the stamp knows it.

use std::str::FromStr;

use super::property::Property;
use super::stamp::Stamp;

/// What stands for a routing key; all other names are properties'.
const ROUTING_KEY: &str = "routing-key";

/// Something that is another for each message: `NAME=MIN..MAX` is a random number of the range, both
/// ends included, and `NAME=serial` a number that no other message of the run has.
///
/// The name is that of a property, or `routing-key`. Headers are whole numbers, texts are digits
/// with zeros in front.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vary {
    name: String,
    form: Form,
    values: Values,
    /// Has names differ in what looks random.
    seed: u64,
}

/// How a value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// A number of one octet.
    Octet,
    /// A whole number of a field table.
    Integer,
    /// So many decimal digits.
    Digits(usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Values {
    /// The number of the message.
    Serial,
    /// A number from `min` on; one of so many.
    Random { min: u64, choices: u64 },
}

impl FromStr for Vary {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, values) = text.split_once('=').ok_or("expected NAME=VALUES")?;
        let values: Values = values.parse()?;
        let form = match name {
            "priority" => Form::Octet,
            _ if name.starts_with("header:") => Form::Integer,
            _ => Form::Digits(values.greatest().to_string().len()),
        };
        let seed = name.bytes().fold(0, |seed, octet| pick(seed ^ u64::from(octet), u64::MAX));
        let vary = Self { name: name.to_owned(), form, values, seed };
        if let Some(property) = vary.named(&values.greatest().to_string()) {
            property?;
        }
        Ok(vary)
    }
}

impl FromStr for Values {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "serial" {
            return Ok(Self::Serial);
        }
        let range = text
            .split_once("..")
            .and_then(|(min, max)| Some((min.parse::<u64>().ok()?, max.parse::<u64>().ok()?)));
        match range {
            Some((min, max)) if min <= max && max < i64::MAX.unsigned_abs() => {
                Ok(Self::Random { min, choices: max - min + 1 })
            }
            _ => Err("expected serial, or a range such as 0..9".to_owned()),
        }
    }
}

impl Values {
    const fn greatest(self) -> u64 {
        match self {
            Self::Serial => u64::MAX,
            Self::Random { min, choices } => min + (choices - 1),
        }
    }
}

impl Vary {
    /// Whether it is of that name.
    pub(super) fn is(&self, name: &str) -> bool {
        self.name == name
    }

    /// Whether it is the routing key.
    pub(super) fn is_routing_key(&self) -> bool {
        self.is(ROUTING_KEY)
    }

    /// A text that stands in its place, as long as all others; `raised` differs in every octet from
    /// the one that is not.
    pub(super) fn placeholder(&self, raised: bool) -> String {
        match self.form {
            Form::Octet => if raised { "255" } else { "0" }.to_owned(),
            Form::Integer => if raised { "-1" } else { "0" }.to_owned(),
            Form::Digits(count) => if raised { "1" } else { "0" }.repeat(count),
        }
    }

    /// The property of that value, unless this is the routing key.
    pub(super) fn named(&self, value: &str) -> Option<Result<Property, String>> {
        (!self.is_routing_key()).then(|| format!("{}={value}", self.name).parse())
    }

    /// The value of the message with that stamp.
    #[inline]
    pub(super) fn value(&self, stamp: Stamp) -> u64 {
        match self.values {
            Values::Serial => stamp.who(),
            Values::Random { min, choices } => min + pick(stamp.who() ^ self.seed, choices),
        }
    }

    /// Writes a value to where the placeholder stood.
    #[inline]
    fn write(&self, value: u64, at: &mut [u8]) {
        let octets = value.to_be_bytes();
        match self.form {
            Form::Octet => at.copy_from_slice(octets.last_chunk::<1>().unwrap_or(&[0])),
            Form::Integer => at.copy_from_slice(&octets),
            Form::Digits(_) => {
                let mut rest = value;
                for digit in at.iter_mut().rev() {
                    *digit = b'0' + u8::try_from(rest % 10).unwrap_or_default();
                    rest /= 10;
                }
            }
        }
    }
}

/// One of so many, from 0 on, that looks random (splitmix64's finalizer).
#[inline]
fn pick(number: u64, choices: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^= mixed >> 31;
    u64::try_from((u128::from(mixed) * u128::from(choices)) >> 64).unwrap_or_default()
}

/// Where in a message something varies.
#[derive(Clone, Debug)]
pub(super) struct Field {
    vary: Vary,
    /// Counted from the message's first octet.
    start: usize,
    end: usize,
}

impl Field {
    /// The octets by which the beginnings of two messages differ, the one with the placeholder and
    /// the one with the raised placeholder; `None` if they do not differ.
    pub(super) fn new(vary: &Vary, low: &[u8], raised: &[u8]) -> Option<Self> {
        let differ = |(_, (low, raised)): &(usize, (&u8, &u8))| low != raised;
        let mut places = low.iter().zip(raised).enumerate().filter(differ).map(|(at, _)| at);
        let start = places.next()?;
        let end = places.next_back().unwrap_or(start) + 1;
        Some(Self { vary: vary.clone(), start, end })
    }

    /// Gives the message its value.
    #[inline]
    pub(super) fn set(&self, message: &mut [u8], stamp: Stamp) {
        if let Some(at) = message.get_mut(self.start..self.end) {
            self.vary.write(self.vary.value(stamp), at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamp(sequence: u64) -> Stamp {
        Stamp { flow: 3, sequence, nanos: 0 }
    }

    #[test]
    fn a_range_is_met_evenly_and_the_same_each_time() {
        let vary: Vary = "priority=10..13".parse().unwrap();

        let mut counts = [0; 4];
        for sequence in 0..4000 {
            let value = vary.value(stamp(sequence));
            assert_eq!(value, vary.value(stamp(sequence)));
            counts[usize::try_from(value - 10).unwrap()] += 1;
        }

        assert!(counts.iter().all(|count| (900..=1100).contains(count)), "{counts:?}");
    }

    #[test]
    fn what_differs_is_where_the_value_is_written() {
        for (text, low, raised, expected) in [
            ("expiration=7..7000", &b"a\x040000"[..], &b"a\x041111"[..], &b"a\x040042"[..]),
            ("priority=0..255", b"abc\0d", b"abc\xffd", b"abc\x2ad"),
            ("header:x=0..99", &[0; 8], &[0xff; 8], &[0, 0, 0, 0, 0, 0, 0, 42]),
        ] {
            let vary: Vary = text.parse().unwrap();
            let field = Field::new(&vary, low, raised).unwrap();

            let mut message = low.to_vec();
            field.vary.write(42, &mut message[field.start..field.end]);

            assert_eq!(message, expected, "{text}");
        }
    }

    #[test]
    fn every_message_has_a_serial_number_of_its_own() {
        let vary: Vary = "message-id=serial".parse().unwrap();

        let other_flow = Stamp { flow: 4, ..stamp(1) };

        assert_eq!(vary.placeholder(false).len(), 20);
        assert_eq!(vary.value(stamp(1)) + 1, vary.value(stamp(2)));
        assert_ne!(vary.value(stamp(1)), vary.value(other_flow));
    }

    #[test]
    fn what_cannot_vary_is_refused() {
        for text in [
            "priority",
            "priority=3",
            "priority=0..256",
            "priority=serial",
            "priority=2..1",
            "colour=0..9",
            "header:=0..9",
            "header:x=0..9223372036854775807",
        ] {
            assert!(text.parse::<Vary>().is_err(), "{text}");
        }
    }
}
