//! Content headers with properties that differ from those that came. What does not differ is
//! copied octet by octet.

use super::header::{ContentHeader, HeaderError, Properties, Property, parse_header};
use super::table::{put_long, put_sized};
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

/// The content header `header` with integers, type `l`, at the end of its headers table. They
/// replace what the publisher set by these names.
///
/// # Errors
/// `header` is no content header.
pub fn with_headers(header: &[u8], fields: &[(&str, i64)]) -> Result<Vec<u8>, HeaderError> {
    let content = parse_header(header)?;
    let grown: usize = fields.iter().map(|(name, _)| 1 + name.len() + 9).sum();
    let mut out = Vec::with_capacity(header.len() + 4 + grown);
    let kept = |name: &[u8]| fields.iter().all(|(ours, _)| ours.as_bytes() != name);
    put_with_table(&mut out, &content, 0, kept, |out| {
        for (name, number) in fields {
            put_long(out, name, *number);
        }
    });
    Ok(out)
}

/// Appends `header` without the properties of the flags `without`, and with a headers table, be it
/// the first, of those fields whose names are `kept` and then of what `add` appends.
pub(super) fn put_with_table(
    out: &mut Vec<u8>,
    header: &ContentHeader<'_>,
    without: u16,
    kept: impl Fn(&[u8]) -> bool,
    add: impl FnOnce(&mut Vec<u8>),
) {
    const TABLE: u16 = Property::Headers as u16;
    let ContentHeader { class, weight, body_size, properties } = header;
    let rest = || properties.fields().filter(|(flag, _)| flag & without == 0);
    out.extend_from_slice(&class.to_be_bytes());
    out.extend_from_slice(&weight.to_be_bytes());
    out.extend_from_slice(&body_size.to_be_bytes());
    out.extend_from_slice(&(properties.flags() & !without | TABLE).to_be_bytes());
    // Properties come in the order of their flags, the highest first.
    rest().filter(|(flag, _)| *flag > TABLE).for_each(|(_, octets)| out.extend_from_slice(octets));
    put_sized(out, |out| {
        let fields = properties.headers().unwrap_or_default().fields();
        fields.filter(|(name, _)| kept(name)).for_each(|(_, octets)| out.extend_from_slice(octets));
        add(out);
    });
    rest().filter(|(flag, _)| *flag < TABLE).for_each(|(_, octets)| out.extend_from_slice(octets));
}

fn put_short_string(out: &mut Vec<u8>, octets: &[u8]) {
    let length = u8::try_from(octets.len()).unwrap_or(u8::MAX);
    out.push(length);
    out.extend_from_slice(octets.get(..usize::from(length)).unwrap_or(octets));
}

fn put_table_without(out: &mut Vec<u8>, table: TableRef<'_>, name: &str) {
    put_sized(out, |out| {
        let kept = table.fields().filter(|(key, _)| *key != name.as_bytes());
        kept.for_each(|(_, field)| out.extend_from_slice(field));
    });
}
