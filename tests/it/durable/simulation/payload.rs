//! Messages that can be told apart, and checked to the last octet.

use bytes::{Bytes, BytesMut};
use leveret::amqp::message::MessageRef;

/// What makes a message different from all others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Payload {
    pub publisher: u16,
    /// Counted by its publisher.
    pub sequence: u64,
    /// Octets of its body.
    pub size: u32,
}

impl Payload {
    /// The message, as it rests.
    pub fn octets(self) -> Bytes {
        let header = [&self.publisher.to_be_bytes()[..], &self.sequence.to_be_bytes()].concat();
        let word = (self.sequence << 16 | u64::from(self.publisher))
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            .to_be_bytes();
        let size = self.size as usize;
        let mut body = word.repeat(size.div_ceil(word.len()));
        body.truncate(size);
        let mut octets = BytesMut::new();
        MessageRef::new(b"\x01x\x01k", &header, &body).write(&mut octets);
        octets.freeze()
    }

    /// Which message these octets are, whatever their checksum.
    pub fn read(octets: &[u8]) -> Result<Self, String> {
        let message = MessageRef::read(octets).ok_or("no message")?;
        let (publisher, sequence) = message.header.split_first_chunk().ok_or("no header")?;
        let payload = Self {
            publisher: u16::from_be_bytes(*publisher),
            sequence: u64::from_be_bytes(sequence.try_into().map_err(|_| "no sequence")?),
            size: u32::try_from(message.body.len()).unwrap(),
        };
        if payload.octets()[4..] == octets[4..] {
            Ok(payload)
        } else {
            Err(format!("other octets than those of {payload:?}"))
        }
    }
}
