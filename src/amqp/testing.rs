//! Field tables for tests.

use super::fields::Fields;
use super::table::{Table, TableRef, Value};

/// A table with these fields in this order.
pub(crate) fn table(fields: &[(&str, Value<'_>)]) -> Table {
    let written = fields.iter().fold(Fields::default(), |all, (key, value)| all.with(key, *value));
    TableRef::parse(written.as_ref().as_bytes()).unwrap().to_owned()
}
