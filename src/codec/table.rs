//! Field tables written field by field; what reads them is [`crate::amqp::table`]. Names have at
//! most 255 octets.

/// Appends a long string, `S`.
pub(super) fn put_string(out: &mut Vec<u8>, name: &str, octets: &[u8]) {
    put_name(out, name);
    put_item(out, octets);
}

/// Appends a signed integer of 64 bits, `l`.
pub(super) fn put_long(out: &mut Vec<u8>, name: &str, number: i64) {
    put_name(out, name);
    out.push(b'l');
    out.extend_from_slice(&number.to_be_bytes());
}

/// Appends a timestamp, `T`.
pub(super) fn put_timestamp(out: &mut Vec<u8>, name: &str, seconds: u64) {
    put_name(out, name);
    out.push(b'T');
    out.extend_from_slice(&seconds.to_be_bytes());
}

/// Appends an array, `A`, of what `items` appends.
pub(super) fn put_array(out: &mut Vec<u8>, name: &str, items: impl FnOnce(&mut Vec<u8>)) {
    put_name(out, name);
    out.push(b'A');
    put_sized(out, items);
}

/// Appends a long string as an item of an array.
pub(super) fn put_item(out: &mut Vec<u8>, octets: &[u8]) {
    out.push(b'S');
    put_sized(out, |out| out.extend_from_slice(octets));
}

/// Appends what `content` appends, with its length in 32 bits in front.
pub(super) fn put_sized(out: &mut Vec<u8>, content: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend_from_slice(&[0; 4]);
    content(out);
    let size = u32::try_from(out.len() - start - 4).unwrap_or(u32::MAX);
    if let Some(length) = out.get_mut(start..start + 4) {
        length.copy_from_slice(&size.to_be_bytes());
    }
}

fn put_name(out: &mut Vec<u8>, name: &str) {
    let length = u8::try_from(name.len()).unwrap_or(u8::MAX);
    out.push(length);
    out.extend(name.bytes().take(length.into()));
}
