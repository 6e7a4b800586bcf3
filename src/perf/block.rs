//! A block of publishes, encoded once and stamped anew each time it is sent.

use amq_protocol::protocol::AMQPClass;
use amq_protocol::protocol::basic::{AMQPMethod, Publish};
use bytes::BytesMut;

use super::session::CHANNEL;
use super::stamp::{self, Stamp};
use crate::amqp::method::MethodId;
use crate::codec::encode;
use crate::codec::frame::HEADER_SIZE;

/// Octets that a block is filled up to.
const BLOCK_SIZE: usize = 64 << 10;

/// The property flag of delivery-mode (spec 4.2.6.1).
const DELIVERY_MODE: u16 = 1 << 12;

/// What the messages of a publisher have in common.
#[derive(Clone, Debug)]
pub(super) struct Template<'a> {
    pub(super) exchange: &'a str,
    pub(super) routing_key: &'a str,
    /// Octets of each body, [`stamp::SIZE`] at least.
    pub(super) size: usize,
    /// 1 is transient, 2 persistent.
    pub(super) delivery_mode: u8,
    /// The largest frame, in octets.
    pub(super) frame_max: u32,
}

/// Messages in wire form, one behind the other.
#[derive(Debug)]
pub(super) struct Block {
    octets: Vec<u8>,
    /// Octets of one message's frames.
    stride: usize,
    /// Where in them its body begins.
    body: usize,
}

impl Block {
    /// As many copies as a block takes; one at least.
    pub(super) fn new(template: &Template<'_>) -> Self {
        let publish = Publish {
            exchange: template.exchange.into(),
            routing_key: template.routing_key.into(),
            mandatory: false,
            immediate: false,
        };
        let mut header = MethodId::BASIC_PUBLISH.class.to_be_bytes().to_vec();
        header.extend([0; 2]);
        header.extend((template.size as u64).to_be_bytes());
        header.extend(DELIVERY_MODE.to_be_bytes());
        header.push(template.delivery_mode);
        let mut one = BytesMut::new();
        encode::method(&mut one, CHANNEL, AMQPClass::Basic(AMQPMethod::Publish(publish)));
        let body = one.len() + HEADER_SIZE + header.len() + 1 + HEADER_SIZE;
        encode::content(&mut one, CHANNEL, &header, &vec![b'x'; template.size], template.frame_max);
        let stride = one.len();
        Self { octets: one.repeat((BLOCK_SIZE / stride).max(1)), stride, body }
    }

    /// How many messages it holds.
    pub(super) fn len(&self) -> usize {
        self.octets.len() / self.stride
    }

    /// Stamps the first `count` messages, the first with `first`, each later one with the next
    /// sequence number and the same time; returns their octets.
    pub(super) fn stamp(&mut self, first: Stamp, count: usize) -> &[u8] {
        let messages = self.octets.chunks_exact_mut(self.stride).take(count);
        for (message, sequence) in messages.zip(first.sequence..) {
            if let Some(start) = message.get_mut(self.body..self.body + stamp::SIZE) {
                start.copy_from_slice(&Stamp { sequence, ..first }.octets());
            }
        }
        self.octets.get(..count * self.stride).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::frame::{FrameKind, Parsed, parse_frame};

    #[test]
    fn each_message_carries_its_own_stamp_in_its_first_body_frame() {
        let template = Template {
            exchange: "",
            routing_key: "q",
            size: 5000,
            delivery_mode: 2,
            frame_max: 4096,
        };
        let mut block = Block::new(&template);
        let first = Stamp { publisher: 7, sequence: 40, nanos: 9 };

        let mut rest = block.stamp(first, 3);
        let mut bodies = Vec::new();
        while let Ok(Parsed::Frame(frame, octets)) = parse_frame(rest, 4096) {
            if frame.kind == FrameKind::Body {
                bodies.push(frame.payload);
            }
            rest = &rest[octets..];
        }

        assert!(rest.is_empty());
        assert_eq!(bodies.len(), 6);
        let stamps: Vec<_> = bodies.iter().step_by(2).map(|body| Stamp::read(body)).collect();
        let expected: Vec<_> =
            [40, 41, 42].map(|sequence| Some(Stamp { sequence, ..first })).to_vec();
        assert_eq!(stamps, expected);
    }
}
