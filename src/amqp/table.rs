//! Field tables (spec 4.2.5.5, with the letters that RabbitMQ uses: errata 3).
//!
//! A table stays the octets it came in. [`TableRef::parse`] walks them once, without recursion,
//! and refuses what is not a table; after that reading is infallible and borrows.

use std::fmt;

use bytes::Bytes;

/// How deep tables and arrays may nest.
pub const DEPTH_MAX: usize = 64;

/// Why octets are not a field table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvalidTable {
    /// The octets end before the field does.
    Truncated,
    /// A type letter that AMQP 0-9-1 does not have.
    UnknownType(u8),
    /// More than [`DEPTH_MAX`] tables and arrays within one another.
    TooDeep,
}

impl fmt::Display for InvalidTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated => f.write_str("field table is truncated"),
            Self::UnknownType(letter) => {
                write!(f, "unknown field type '{}'", char::from(*letter).escape_default())
            }
            Self::TooDeep => write!(f, "field table nests deeper than {DEPTH_MAX}"),
        }
    }
}

impl std::error::Error for InvalidTable {}

/// A field table's octets, without the length in front; known to be well formed.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct TableRef<'a>(&'a [u8]);

/// An owned [`TableRef`].
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Table(Bytes);

/// One value of a field table.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// `t`
    Bool(bool),
    /// `b`, `B`, `s`, `u`, `I`, `i`, `l` or `L`: the letter, and the value. `L` is signed too.
    Int(u8, i64),
    /// `f`
    Float(f32),
    /// `d`
    Double(f64),
    /// `D`: the number of decimal places, and the unscaled value.
    Decimal(u8, i32),
    /// `S`; need not be UTF-8.
    LongStr(&'a [u8]),
    /// `x`
    Binary(&'a [u8]),
    /// `T`: seconds since the epoch.
    Timestamp(u64),
    /// `F`
    Table(TableRef<'a>),
    /// `A`
    Array(ArrayRef<'a>),
    /// `V`
    Void,
}

/// A field array's octets, without the length in front; known to be well formed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct ArrayRef<'a>(&'a [u8]);

impl<'a> TableRef<'a> {
    /// Walks `octets`, the table without its length.
    ///
    /// # Errors
    /// The octets are not a table, or it nests too deep.
    pub fn parse(octets: &'a [u8]) -> Result<Self, InvalidTable> {
        walk(octets)?;
        Ok(Self(octets))
    }

    /// Octets that are a table: the broker made them.
    pub(super) const fn trusted(octets: &'a [u8]) -> Self {
        Self(octets)
    }

    /// The table's octets, without the length in front.
    pub const fn as_bytes(self) -> &'a [u8] {
        self.0
    }

    /// Whether it has no fields.
    pub const fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// The fields in their order on the wire, duplicates included.
    pub fn iter(self) -> impl Iterator<Item = (&'a [u8], Value<'a>)> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            let (&length, after) = rest.split_first()?;
            let (key, after) = after.split_at_checked(usize::from(length))?;
            let (value, after) = read_value(after)?;
            rest = after;
            Some((key, value))
        })
    }

    /// The first field of that name.
    pub fn get(self, key: &str) -> Option<Value<'a>> {
        self.iter().find(|(name, _)| *name == key.as_bytes()).map(|(_, value)| value)
    }

    /// The fields with their octets, key and type letter included: name, then octets.
    pub fn fields(self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            let (&length, after) = rest.split_first()?;
            let (key, after) = after.split_at_checked(usize::from(length))?;
            let (_, after) = read_value(after)?;
            let (field, _) = rest.split_at_checked(rest.len() - after.len())?;
            rest = after;
            Some((key, field))
        })
    }

    /// A copy whose fields are in the order of their names, duplicates in the order they had.
    pub fn sorted(self) -> Table {
        let mut fields: Vec<_> = self.fields().collect();
        fields.sort_by_key(|(key, _)| *key);
        Table(fields.into_iter().flat_map(|(_, field)| field).copied().collect())
    }

    /// A copy without the first field of that name.
    pub fn without(self, key: &str) -> Table {
        let is_it = |(name, _): &(&[u8], &[u8])| *name == key.as_bytes();
        let place = self.fields().position(|field| is_it(&field));
        let kept = self.fields().enumerate().filter(|(at, _)| Some(*at) != place);
        Table(kept.flat_map(|(_, (_, field))| field).copied().collect())
    }

    /// A copy that owns its octets.
    pub fn to_owned(self) -> Table {
        Table(Bytes::copy_from_slice(self.0))
    }
}

impl Table {
    /// Octets that are a table: the broker made them.
    pub(super) const fn trusted(octets: Bytes) -> Self {
        Self(octets)
    }

    /// The table to read.
    pub fn as_ref(&self) -> TableRef<'_> {
        TableRef(&self.0)
    }
}

impl<'a> ArrayRef<'a> {
    /// Octets that are an array: the broker made them.
    pub(super) const fn trusted(octets: &'a [u8]) -> Self {
        Self(octets)
    }

    /// The items in order.
    pub fn iter(self) -> impl Iterator<Item = Value<'a>> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            let (value, after) = read_value(rest)?;
            rest = after;
            Some(value)
        })
    }

    /// The array's octets, without the length in front.
    pub const fn as_bytes(self) -> &'a [u8] {
        self.0
    }
}

impl fmt::Debug for TableRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map()
            .entries(self.iter().map(|(key, value)| (String::from_utf8_lossy(key), value)))
            .finish()
    }
}

impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_ref().fmt(f)
    }
}

impl<'a> Value<'a> {
    /// The type's name in RabbitMQ's error texts (RabbitMQ: `rabbit_binary_parser`).
    pub const fn type_name(self) -> &'static str {
        match self {
            Self::Bool(_) => "bool",
            Self::Int(b'b', _) => "byte",
            Self::Int(b'B', _) => "unsignedbyte",
            Self::Int(b's', _) => "short",
            Self::Int(b'u', _) => "unsignedshort",
            Self::Int(b'I', _) => "signedint",
            Self::Int(b'i', _) => "unsignedint",
            Self::Int(..) => "long",
            Self::Float(_) => "float",
            Self::Double(_) => "double",
            Self::Decimal(..) => "decimal",
            Self::LongStr(_) => "longstr",
            Self::Binary(_) => "binary",
            Self::Timestamp(_) => "timestamp",
            Self::Table(_) => "table",
            Self::Array(_) => "array",
            Self::Void => "void",
        }
    }

    /// The octets of a long string.
    pub const fn as_long_str(self) -> Option<&'a [u8]> {
        match self {
            Self::LongStr(octets) => Some(octets),
            _ => None,
        }
    }

    /// The nested table.
    pub const fn as_table(self) -> Option<TableRef<'a>> {
        match self {
            Self::Table(table) => Some(table),
            _ => None,
        }
    }
}

/// A stretch of octets that the walk still has to check: the fields of a table, or the items of
/// an array.
#[derive(Clone, Copy)]
struct Level<'a> {
    rest: &'a [u8],
    keyed: bool,
}

fn walk(octets: &[u8]) -> Result<(), InvalidTable> {
    let mut outer: Vec<Level<'_>> = Vec::new();
    let mut level = Level { rest: octets, keyed: true };
    loop {
        if level.rest.is_empty() {
            match outer.pop() {
                Some(parent) => level = parent,
                None => return Ok(()),
            }
            continue;
        }
        if level.keyed {
            let (&length, after) = level.rest.split_first().ok_or(InvalidTable::Truncated)?;
            level.rest = split(after, usize::from(length))?.1;
        }
        let (&letter, after) = level.rest.split_first().ok_or(InvalidTable::Truncated)?;
        let (value, after) = split(after, value_length(letter, after)?)?;
        level.rest = after;
        if matches!(letter, b'F' | b'A') {
            if outer.len() + 1 >= DEPTH_MAX {
                return Err(InvalidTable::TooDeep);
            }
            outer.push(level);
            level = Level { rest: value.get(4..).unwrap_or_default(), keyed: letter == b'F' };
        }
    }
}

/// Octets that a value takes behind its type letter.
fn value_length(letter: u8, after: &[u8]) -> Result<usize, InvalidTable> {
    Ok(match letter {
        b'V' => 0,
        b't' | b'b' | b'B' => 1,
        b's' | b'u' => 2,
        b'I' | b'i' | b'f' => 4,
        b'D' => 5,
        b'l' | b'L' | b'd' | b'T' => 8,
        b'S' | b'x' | b'F' | b'A' => {
            let length = after.first_chunk().ok_or(InvalidTable::Truncated)?;
            usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX).saturating_add(4)
        }
        unknown => return Err(InvalidTable::UnknownType(unknown)),
    })
}

fn split(octets: &[u8], at: usize) -> Result<(&[u8], &[u8]), InvalidTable> {
    octets.split_at_checked(at).ok_or(InvalidTable::Truncated)
}

/// Reads a value that the walk has passed; `None` at the end.
fn read_value(octets: &[u8]) -> Option<(Value<'_>, &[u8])> {
    let (&letter, after) = octets.split_first()?;
    let (raw, rest) = after.split_at_checked(value_length(letter, after).ok()?)?;
    let value = match letter {
        b'V' => Value::Void,
        b't' => Value::Bool(*raw.first()? != 0),
        b'b' => Value::Int(letter, i8::from_be_bytes(*raw.first_chunk()?).into()),
        b'B' => Value::Int(letter, (*raw.first()?).into()),
        b's' => Value::Int(letter, i16::from_be_bytes(*raw.first_chunk()?).into()),
        b'u' => Value::Int(letter, u16::from_be_bytes(*raw.first_chunk()?).into()),
        b'I' => Value::Int(letter, i32::from_be_bytes(*raw.first_chunk()?).into()),
        b'i' => Value::Int(letter, u32::from_be_bytes(*raw.first_chunk()?).into()),
        b'l' | b'L' => Value::Int(letter, i64::from_be_bytes(*raw.first_chunk()?)),
        b'f' => Value::Float(f32::from_be_bytes(*raw.first_chunk()?)),
        b'd' => Value::Double(f64::from_be_bytes(*raw.first_chunk()?)),
        b'D' => Value::Decimal(*raw.first()?, i32::from_be_bytes(*raw.get(1..)?.first_chunk()?)),
        b'T' => Value::Timestamp(u64::from_be_bytes(*raw.first_chunk()?)),
        b'S' => Value::LongStr(raw.get(4..)?),
        b'x' => Value::Binary(raw.get(4..)?),
        b'F' => Value::Table(TableRef(raw.get(4..)?)),
        _ => Value::Array(ArrayRef(raw.get(4..)?)),
    };
    Some((value, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nested(letter: u8, depth: usize) -> Vec<u8> {
        let mut octets = Vec::new();
        for _ in 0..depth {
            let mut outer = if letter == b'F' { vec![1, b'k'] } else { Vec::new() };
            outer.push(letter);
            outer.extend(u32::try_from(octets.len()).unwrap().to_be_bytes());
            outer.append(&mut octets);
            octets = outer;
        }
        if letter == b'A' {
            octets.splice(0..0, [1, b'k']);
        }
        octets
    }

    #[test]
    fn fields_come_in_wire_order_with_duplicates() {
        let octets = b"\x01at\x01\x01bS\0\0\0\x02hi\x01aI\xff\xff\xff\xff\x01cV";

        let table = TableRef::parse(octets).unwrap();

        assert_eq!(
            table.iter().collect::<Vec<_>>(),
            [
                (&b"a"[..], Value::Bool(true)),
                (b"b", Value::LongStr(b"hi")),
                (b"a", Value::Int(b'I', -1)),
                (b"c", Value::Void),
            ]
        );
        assert_eq!(table.get("a"), Some(Value::Bool(true)));
    }

    #[test]
    fn deep_nesting_is_refused_without_recursion() {
        for letter in [b'F', b'A'] {
            assert!(TableRef::parse(&nested(letter, DEPTH_MAX - 1)).is_ok());
            assert_eq!(TableRef::parse(&nested(letter, DEPTH_MAX + 1)), Err(InvalidTable::TooDeep));
            assert_eq!(TableRef::parse(&nested(letter, 5_000)), Err(InvalidTable::TooDeep));
        }
    }

    #[test]
    fn every_truncation_is_noticed() {
        let octets = b"\x01bS\0\0\0\x02hi\x01cF\0\0\0\x04\x01xt\x01\x01dA\0\0\0\x03s\0\x01";
        TableRef::parse(octets).unwrap();

        let whole_fields = [0, 9, 20];
        for end in (0..octets.len()).filter(|end| !whole_fields.contains(end)) {
            assert_eq!(TableRef::parse(&octets[..end]), Err(InvalidTable::Truncated), "{end}");
        }
    }

    #[test]
    fn sorting_orders_fields_by_name_and_keeps_duplicates_in_order() {
        let table = TableRef::parse(b"\x01bS\0\0\0\x01x\x01at\x01\x01bV\0V").unwrap();

        assert_eq!(table.sorted().as_ref().as_bytes(), b"\0V\x01at\x01\x01bS\0\0\0\x01x\x01bV");
    }

    #[test]
    fn a_field_is_left_out_once() {
        let table = TableRef::parse(b"\x01at\x01\x01bV\x01aV").unwrap();

        assert_eq!(table.without("a").as_ref().as_bytes(), b"\x01bV\x01aV");
        assert_eq!(table.without("c").as_ref(), table);
    }

    #[test]
    fn an_unknown_letter_is_refused() {
        assert_eq!(TableRef::parse(b"\x01az\0"), Err(InvalidTable::UnknownType(b'z')));
    }
}
