//! Content headers with properties that differ from those that came. What does not differ is
//! copied octet by octet.

use super::header::{Properties, Property};
use crate::amqp::table::TableRef;

/// What is to differ in a content header.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rewrite<'a> {
    /// Fields of that name go from the headers table; the table stays, be it empty.
    pub without_field: Option<&'a str>,
    /// What reply-to becomes, if it is there: at most 255 octets.
    pub reply_to: Option<&'a [u8]>,
}

impl Rewrite<'_> {
    /// The content header `header`, a header frame's payload with these properties, as it is to be.
    pub fn apply(&self, header: &[u8], properties: &Properties<'_>) -> Vec<u8> {
        let front = header.len().saturating_sub(properties.as_bytes().len());
        let grown = self.reply_to.map_or(0, <[u8]>::len);
        let mut out = Vec::with_capacity(header.len() + grown);
        out.extend_from_slice(header.get(..front).unwrap_or_default());
        for (flag, octets) in properties.fields() {
            if flag == Property::ReplyTo as u16
                && let Some(reply_to) = self.reply_to
            {
                put_short_string(&mut out, reply_to);
            } else if flag == Property::Headers as u16
                && let (Some(name), Some(table)) = (self.without_field, properties.headers())
            {
                put_table_without(&mut out, table, name);
            } else {
                out.extend_from_slice(octets);
            }
        }
        out
    }
}

fn put_short_string(out: &mut Vec<u8>, octets: &[u8]) {
    let length = u8::try_from(octets.len()).unwrap_or(u8::MAX);
    out.push(length);
    out.extend_from_slice(octets.get(..usize::from(length)).unwrap_or(octets));
}

fn put_table_without(out: &mut Vec<u8>, table: TableRef<'_>, name: &str) {
    let kept = || table.fields().filter(|(key, _)| *key != name.as_bytes());
    let size: usize = kept().map(|(_, field)| field.len()).sum();
    out.extend_from_slice(&u32::try_from(size).unwrap_or(u32::MAX).to_be_bytes());
    kept().for_each(|(_, field)| out.extend_from_slice(field));
}
