//! A message as it rests: one run of octets, in wire form, so that a delivery copies and never
//! encodes again.
//!
//! ```text
//! checksum: u32 | address length: u16 | header length: u32 | body length: u32    (big-endian)
//! | exchange: short string | routing key: short string | hidden keys: short strings
//! | header | body | accepted: u64
//! ```
//! The three highest bits of the header length are flags: whether the time of acceptance is there,
//! whether the message is a dead letter, and whether there are hidden keys. The address length is
//! that of the address, which is the first two short strings, and of the hidden keys.
//! The checksum is zero in memory: the store fills it in, so that a message rests on the disk in
//! the same octets. The header is a content header frame's
//! payload (class, weight, body size, properties).

use bytes::{BufMut, Bytes, BytesMut};

use super::id::Timestamp;

/// Octets of the checksum and the three lengths in front.
pub const LENGTHS_SIZE: usize = CHECKSUM_SIZE + 10;

/// Octets of the checksum.
pub const CHECKSUM_SIZE: usize = 4;

/// The flags in the header length: the time of acceptance is there; the message is a dead letter;
/// it has hidden keys.
const TIMED: u32 = 1 << 31;
const BURIED: u32 = 1 << 30;
const HIDING: u32 = 1 << 29;
const FLAGS: u32 = TIMED | BURIED | HIDING;

/// What the broker notes on a message that it takes in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stamp {
    /// When it was accepted, where something of it goes by that.
    pub accepted: Option<Timestamp>,
    /// Whether the broker itself published it as a dead letter, so that its history is true.
    pub buried: bool,
}

impl Stamp {
    const fn flags(self) -> u32 {
        let timed = if self.accepted.is_some() { TIMED } else { 0 };
        let buried = if self.buried { BURIED } else { 0 };
        timed | buried
    }
}

/// A message's parts, borrowed from where it rests or from the frames that it came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageRef<'a> {
    /// Exchange and routing key as two short strings, each with its length in front.
    pub address: &'a [u8],
    /// The routing keys that receivers do not see (`BCC`), as [`HiddenKeys`] has them.
    pub hidden: &'a [u8],
    /// The payload of the content header frame.
    pub header: &'a [u8],
    /// The body, whole.
    pub body: &'a [u8],
    /// What the broker noted on it.
    pub stamp: Stamp,
}

impl<'a> MessageRef<'a> {
    /// A message as its publisher sent it.
    pub const fn new(address: &'a [u8], header: &'a [u8], body: &'a [u8]) -> Self {
        let stamp = Stamp { accepted: None, buried: false };
        Self { address, hidden: &[], header, body, stamp }
    }

    /// Its parts.
    pub const fn parts(&self) -> Parts<'a> {
        let Self { address, hidden, header, body, .. } = *self;
        Parts { address, hidden, header, body }
    }

    /// Reads the message at the start of `octets`; `None` when they are not one.
    #[inline]
    pub fn read(octets: &'a [u8]) -> Option<Self> {
        let (lengths, Parts { address, hidden, header, body }, rest) = split(octets)?;
        let accepted = if lengths.has(TIMED) { Some(read_time(rest)?) } else { None };
        let stamp = Stamp { accepted, buried: lengths.has(BURIED) };
        Some(Self { address, hidden, header, body, stamp })
    }

    /// Octets that it rests in.
    #[inline]
    pub const fn size(&self) -> usize {
        self.lengths().size()
    }

    /// Appends it to `out`. Its address and hidden keys have at most 65,535 octets, header and body
    /// fit 32 bits each.
    #[inline]
    pub fn write(&self, out: &mut BytesMut) {
        let Stamp { accepted, buried } = self.stamp;
        if accepted.is_none() && !buried && self.hidden.is_empty() {
            let lengths = Lengths::of(self.address.len(), self.header.len(), self.body.len());
            self.write_with(lengths, self.address, out);
        } else {
            self.write_noted(out);
        }
    }

    /// Appends it with what the broker noted on it.
    #[cold]
    fn write_noted(&self, out: &mut BytesMut) {
        self.write_with(self.lengths(), &[self.address, self.hidden].concat(), out);
        if let Some(Timestamp(time)) = self.stamp.accepted {
            out.put_u64(time);
        }
    }

    #[inline]
    fn write_with(&self, lengths: Lengths, address: &[u8], out: &mut BytesMut) {
        out.reserve(lengths.size());
        let mut front = append(out, LENGTHS_SIZE + address.len() + self.header.len());
        front.put_slice(&lengths.octets());
        front.put_slice(address);
        front.put_slice(self.header);
        out.put_slice(self.body);
    }

    const fn lengths(&self) -> Lengths {
        let Self { address, hidden, header, body, stamp } = self;
        let address = address.len() + hidden.len();
        let hiding = if hidden.is_empty() { 0 } else { HIDING };
        Lengths { flags: stamp.flags() | hiding, ..Lengths::of(address, header.len(), body.len()) }
    }

    /// A copy of it, as it rests.
    pub fn to_bytes(&self) -> Bytes {
        let mut out = BytesMut::with_capacity(self.size());
        self.write(&mut out);
        out.freeze()
    }
}

/// Octets of the time of acceptance.
const TIME_SIZE: usize = 8;

fn read_time(octets: &[u8]) -> Option<Timestamp> {
    octets.first_chunk().map(|time| Timestamp(u64::from_be_bytes(*time)))
}

/// Appends `size` octets to `out`, to be filled in. Small pieces that are put there one after the
/// other need not look each whether `out` has room.
#[inline]
pub fn append(out: &mut BytesMut, size: usize) -> &mut [u8] {
    let start = out.len();
    out.resize(start + size, 0);
    out.get_mut(start..).unwrap_or_default()
}

/// The exchange and the routing key of an address.
pub fn split_address(address: &[u8]) -> (&[u8], &[u8]) {
    let Some((&length, rest)) = address.split_first() else { return (&[], &[]) };
    let (exchange, key) = rest.split_at_checked(usize::from(length)).unwrap_or((rest, &[]));
    (exchange, key.get(1..).unwrap_or_default())
}

/// The lengths of the message at the start of `octets`, its parts, and what stands behind the body.
#[inline]
fn split(octets: &[u8]) -> Option<(Lengths, Parts<'_>, &[u8])> {
    let lengths @ Lengths { address, header, body, .. } = Lengths::read(octets)?;
    let (address, rest) = octets.get(LENGTHS_SIZE..)?.split_at_checked(address)?;
    let (header, rest) = rest.split_at_checked(header)?;
    let (body, rest) = rest.split_at_checked(body)?;
    let (address, hidden) =
        if lengths.has(HIDING) { split_hidden(address)? } else { (address, &[][..]) };
    Some((lengths, Parts { address, hidden, header, body }, rest))
}

/// The header of the message at the start of `octets`, whatever stands behind it; `None` when they
/// end before it does.
#[inline]
pub fn read_header(octets: &[u8]) -> Option<&[u8]> {
    let Lengths { address, header, .. } = Lengths::read(octets)?;
    octets.get(LENGTHS_SIZE + address..)?.get(..header)
}

/// Splits what stands behind the two short strings of an address from them; `None` if there is
/// nothing.
#[cold]
fn split_hidden(octets: &[u8]) -> Option<(&[u8], &[u8])> {
    let exchange = 1 + usize::from(*octets.first()?);
    let address = exchange + 1 + usize::from(*octets.get(exchange)?);
    octets.split_at_checked(address).filter(|(_, hidden)| !hidden.is_empty())
}

/// Routing keys that receivers do not see, as short strings one behind the other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HiddenKeys(Vec<u8>);

impl HiddenKeys {
    /// Octets of those of one message; further ones are left out.
    const MAX: usize = u16::MAX as usize - 2 * 256;

    /// Adds a key. One of more than 255 octets, which is no routing key, is left out.
    pub fn push(&mut self, key: &[u8]) {
        if let Ok(length) = u8::try_from(key.len())
            && self.0.len() + 1 + key.len() <= Self::MAX
        {
            self.0.push(length);
            self.0.extend_from_slice(key);
        }
    }

    /// Them as they rest.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Each of those that rest there.
    pub fn iter(mut octets: &[u8]) -> impl Iterator<Item = &[u8]> {
        std::iter::from_fn(move || {
            let (length, rest) = octets.split_first()?;
            let (key, behind) = rest.split_at_checked(usize::from(*length))?;
            octets = behind;
            Some(key)
        })
    }
}

/// The parts of a message, without what the broker noted on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parts<'a> {
    /// Exchange and routing key as two short strings, each with its length in front.
    pub address: &'a [u8],
    /// The routing keys that receivers do not see (`BCC`), as [`HiddenKeys`] has them.
    pub hidden: &'a [u8],
    /// The payload of the content header frame.
    pub header: &'a [u8],
    /// The body, whole.
    pub body: &'a [u8],
}

impl<'a> Parts<'a> {
    /// Reads those of the message at the start of `octets`; `None` when they are not one.
    #[inline]
    pub fn read(octets: &'a [u8]) -> Option<Self> {
        split(octets).map(|(_, parts, _)| parts)
    }
}

/// A message in a segment that can be held on to, so that its body need not be copied.
#[derive(Clone, Copy, Debug)]
pub struct Resting<'a> {
    /// The message.
    pub message: Parts<'a>,
    /// The octets that it borrows from.
    pub segment: &'a Bytes,
}

/// How long the parts of a message are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lengths {
    address: usize,
    header: usize,
    body: usize,
    flags: u32,
}

impl Lengths {
    /// Those of parts of such lengths, in octets; a header has less than 512 MiB.
    pub const fn of(address: usize, header: usize, body: usize) -> Self {
        Self { address, header, body, flags: 0 }
    }

    /// Reads them from the start of a message; `None` when it is shorter.
    #[inline]
    pub fn read(octets: &[u8]) -> Option<Self> {
        let [_, _, _, _, a0, a1, h0, h1, h2, h3, b0, b1, b2, b3] = *octets.first_chunk()?;
        let header = u32::from_be_bytes([h0, h1, h2, h3]);
        Some(Self {
            address: u16::from_be_bytes([a0, a1]).into(),
            header: (header & !FLAGS) as usize,
            body: u32::from_be_bytes([b0, b1, b2, b3]) as usize,
            flags: header & FLAGS,
        })
    }

    /// Octets of the whole message.
    #[inline]
    pub const fn size(self) -> usize {
        let time = if self.has(TIMED) { TIME_SIZE } else { 0 };
        LENGTHS_SIZE + self.address + self.header + self.body + time
    }

    #[inline]
    const fn has(self, flag: u32) -> bool {
        self.flags & flag != 0
    }

    /// As they stand in front of a message, with no checksum.
    #[inline]
    pub fn octets(self) -> [u8; LENGTHS_SIZE] {
        let [a0, a1] = u16::try_from(self.address).unwrap_or(u16::MAX).to_be_bytes();
        let header = u32::try_from(self.header).unwrap_or(u32::MAX) & !FLAGS;
        let [h0, h1, h2, h3] = (header | self.flags).to_be_bytes();
        let [b0, b1, b2, b3] = u32::try_from(self.body).unwrap_or(u32::MAX).to_be_bytes();
        [0, 0, 0, 0, a0, a1, h0, h1, h2, h3, b0, b1, b2, b3]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_reads_as_it_was_written() {
        for (accepted, buried) in [(None, false), (Some(Timestamp(u64::MAX - 1)), true)] {
            let mut out = BytesMut::new();
            let stamp = Stamp { accepted, buried };
            let mut keys = HiddenKeys::default();
            if buried {
                for key in [&b"one"[..], b"", &[0; 256]] {
                    keys.push(key);
                }
            }
            let message = MessageRef { stamp, hidden: keys.as_bytes(), ..plain() };

            message.write(&mut out);

            let read = MessageRef::read(&out);
            assert_eq!(read, Some(message));
            let hidden = HiddenKeys::iter(read.unwrap().hidden);
            assert!(hidden.eq([&b"one"[..], b""].into_iter().filter(|_| buried)));
            assert_eq!(split_address(message.address), (&b"logs"[..], &b"kern.warn"[..]));
            let size = Lengths::read(&out).unwrap().size();
            assert_eq!((out.len(), size), (message.size(), out.len()));
            assert!((0..out.len()).all(|end| MessageRef::read(&out[..end]).is_none()));
            assert_eq!(read_header(&out), Some(message.header));
            assert_eq!(read_header(&out[..LENGTHS_SIZE + message.address.len()]), None);
        }
    }

    fn plain() -> MessageRef<'static> {
        MessageRef::new(b"\x04logs\x09kern.warn", b"header", b"body")
    }
}
