//! The fields that method arguments are made of (spec 4.2.5).

use nom::error::{ErrorKind, ParseError};
use nom::multi::length_data;
use nom::number::complete::{be_u8, be_u32};
use nom::{Err, IResult, Parser};

use crate::amqp::table::{InvalidTable, TableRef};

/// What is left of the arguments, and what was read of them.
pub(super) type Decoded<'a, T> = IResult<&'a [u8], T, FieldError>;

/// Why arguments cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FieldError {
    /// They end too soon.
    Truncated,
    /// A name that is not UTF-8.
    NotUtf8,
    /// A table that is none.
    Table(InvalidTable),
}

impl ParseError<&[u8]> for FieldError {
    fn from_error_kind(_: &[u8], _: ErrorKind) -> Self {
        Self::Truncated
    }

    fn append(_: &[u8], _: ErrorKind, other: Self) -> Self {
        other
    }
}

/// A run of consecutive bits, the first one lowest.
#[derive(Clone, Copy)]
pub(super) struct Bits(u8);

impl Bits {
    pub(super) const fn has(self, position: u8) -> bool {
        self.0 >> position & 1 == 1
    }
}

pub(super) fn bits(input: &[u8]) -> Decoded<'_, Bits> {
    be_u8.map(Bits).parse(input)
}

/// A short string as octets.
pub(super) fn short_octets(input: &[u8]) -> Decoded<'_, &[u8]> {
    length_data(be_u8).parse(input)
}

/// A short string that is a name or a text.
pub(super) fn short_str(input: &[u8]) -> Decoded<'_, &str> {
    let (rest, octets) = short_octets(input)?;
    let text = std::str::from_utf8(octets).map_err(|_| Err::Failure(FieldError::NotUtf8))?;
    Ok((rest, text))
}

pub(super) fn long_octets(input: &[u8]) -> Decoded<'_, &[u8]> {
    length_data(be_u32).parse(input)
}

pub(super) fn table(input: &[u8]) -> Decoded<'_, TableRef<'_>> {
    let (rest, octets) = long_octets(input)?;
    let table = TableRef::parse(octets).map_err(|why| Err::Failure(FieldError::Table(why)))?;
    Ok((rest, table))
}
