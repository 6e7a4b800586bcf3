//! Recognises deliveries that look like an earlier one, without taking them apart again.

use crate::amqp::id::ChannelId;
use crate::codec::frame::{FRAME_END, Frame, FrameKind, Parsed, parse_frame};

/// Looks that are remembered; a connection with more channels, and lengths of routing keys, is
/// slower.
const SHAPES_MAX: usize = 16;

/// What the payload of basic.deliver begins with.
pub(super) const DELIVER: [u8; 4] = [0, 60, 0, 60];

/// Where in basic.deliver's frame the consumer tag's length stands.
const CONSUMER_TAG: usize = 11;

/// Octets of a frame's size.
const FRAME_SIZE: usize = 4;

/// A whole delivery, with a body of one frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Delivery<'a> {
    pub(super) channel: ChannelId,
    pub(super) tag: u64,
    pub(super) body: &'a [u8],
    /// Octets that it took.
    pub(super) octets: usize,
}

/// The looks of deliveries so far.
#[derive(Debug, Default)]
pub(super) struct Shapes {
    known: Vec<Shape>,
    /// The one that was met last.
    last: usize,
}

/// What deliveries have in front of their bodies.
#[derive(Debug)]
struct Shape {
    channel: ChannelId,
    head: Vec<u8>,
    /// All ones where octets have to be as in `head`, zeros where they differ.
    mask: Vec<u8>,
    /// Where the delivery tag stands.
    tag: usize,
    /// Where the content header has the body's size.
    size: usize,
}

impl Shapes {
    /// The delivery that `input` begins with, if it is whole and has a known look.
    #[inline]
    pub(super) fn find<'a>(&mut self, input: &'a [u8]) -> Option<Delivery<'a>> {
        let found = self.known.get(self.last).and_then(|shape| shape.find(input));
        found.or_else(|| self.find_other(input))
    }

    fn find_other<'a>(&mut self, input: &'a [u8]) -> Option<Delivery<'a>> {
        let other = |(at, shape): (usize, &Shape)| Some((at, shape.find(input)?));
        let (at, delivery) = self.known.iter().enumerate().find_map(other)?;
        self.last = at;
        Some(delivery)
    }

    /// Remembers what the delivery looks like that `input` begins with, if it is whole and its body
    /// is in one frame.
    pub(super) fn learn(&mut self, input: &[u8]) {
        if self.known.len() < SHAPES_MAX
            && let Some(shape) = Shape::of(input)
            && shape.find(input).is_some()
        {
            self.known.push(shape);
        }
    }
}

impl Shape {
    fn of(input: &[u8]) -> Option<Self> {
        let (deliver, header) = frame(input, FrameKind::Method)?;
        let (_, body) = frame(input.get(header..)?, FrameKind::Header)?;
        let frame_size = header + body + 3;
        let head = input.get(..frame_size + FRAME_SIZE)?.to_vec();
        let tag = CONSUMER_TAG + 1 + usize::from(*head.get(CONSUMER_TAG)?);
        let size = header + 11;
        let mut mask = vec![u8::MAX; head.len()];
        // Up to the ends of both frames: nothing is made of routing keys and properties.
        for differing in
            [tag..header - 1, size..header + body - 1, frame_size..frame_size + FRAME_SIZE]
        {
            mask.get_mut(differing)?.fill(0);
        }
        deliver.payload.starts_with(&DELIVER).then_some(Self {
            channel: deliver.channel,
            head,
            mask,
            tag,
            size,
        })
    }

    #[inline]
    fn find<'a>(&self, input: &'a [u8]) -> Option<Delivery<'a>> {
        let (head, rest) = input.split_at_checked(self.head.len())?;
        let pairs = head.iter().zip(&self.head).zip(&self.mask);
        let differences = pairs.fold(0, |all, ((ours, theirs), mask)| all | (ours ^ theirs) & mask);
        let tag = u64::from_be_bytes(*head.get(self.tag..)?.first_chunk()?);
        let size = u64::from_be_bytes(*head.get(self.size..)?.first_chunk()?);
        let in_frame = u32::from_be_bytes(*head.last_chunk()?);
        let (body, [FRAME_END, ..]) = rest.split_at_checked(in_frame as usize)? else {
            return None;
        };
        (differences == 0 && size == u64::from(in_frame)).then_some(Delivery {
            channel: self.channel,
            tag,
            body,
            octets: head.len() + body.len() + 1,
        })
    }
}

/// A frame of that kind at the start of `input`, and where the next begins.
fn frame(input: &[u8], kind: FrameKind) -> Option<(Frame<'_>, usize)> {
    match parse_frame(input, u32::MAX) {
        Ok(Parsed::Frame(frame, octets)) if frame.kind == kind => Some((frame, octets)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use bytes::BytesMut;

    use super::*;
    use crate::amqp::id::DeliveryTag;
    use crate::codec::encode;

    fn delivery(channel: u16, tag: u64, key: &[u8], body: &[u8], frame_max: u32) -> BytesMut {
        let mut out = BytesMut::new();
        let deliver = encode::Deliver {
            channel: ChannelId(channel),
            consumer_tag: b"consumer",
            delivery_tag: DeliveryTag(tag),
            redelivered: tag.is_multiple_of(2),
            address: &[b"\0\x01", key].concat(),
        };
        encode::deliver(&mut out, &deliver);
        let size = (body.len() as u64).to_be_bytes();
        let header = [&[0, 60, 0, 0][..], &size, &[0x10, 0, 1]].concat();
        encode::content(&mut out, ChannelId(channel), &header, body, frame_max);
        out
    }

    #[test]
    fn deliveries_of_the_same_lengths_look_alike() {
        let mut shapes = Shapes::default();
        shapes.learn(&delivery(1, 1, b"k", b"body", 4096));

        let same = [&delivery(1, 70_000, b"l", &[7; 1000], 4096)[..], b"next"].concat();
        let expected = Delivery {
            channel: ChannelId(1),
            tag: 70_000,
            body: &[7; 1000],
            octets: same.len() - 4,
        };

        assert_eq!(shapes.find(&same), Some(expected));
        for other in [
            delivery(2, 1, b"k", b"body", 4096),
            delivery(1, 1, b"longer", b"body", 4096),
            delivery(1, 1, b"k", &[0; 1000], 512),
        ] {
            assert_eq!(shapes.find(&other), None);
        }
    }

    #[test]
    fn a_part_of_a_delivery_is_none() {
        let mut shapes = Shapes::default();
        let whole = delivery(1, 1, b"k", b"body", 4096);
        shapes.learn(&whole);

        for end in 0..whole.len() {
            assert_eq!(shapes.find(&whole[..end]), None);
        }
    }

    #[test]
    fn several_looks_are_told_apart() {
        let mut shapes = Shapes::default();
        let deliveries = [1, 2, 3].map(|channel| delivery(channel, 9, b"k", b"body", 4096));
        for delivery in &deliveries {
            shapes.learn(delivery);
        }

        for (number, delivery) in (1..=3).zip(&deliveries).rev() {
            let channel = shapes.find(delivery).map(|delivery| delivery.channel);

            assert_eq!(channel, Some(ChannelId(number)));
        }
    }

    #[test]
    fn what_is_no_whole_delivery_is_not_learned() {
        let mut shapes = Shapes::default();
        let whole = delivery(1, 1, b"k", b"body", 4096);
        let split = delivery(1, 1, b"k", &[0; 1000], 512);

        shapes.learn(&whole[..whole.len() - 1]);
        shapes.learn(&split);
        shapes.learn(b"");

        assert!(shapes.known.is_empty());
    }
}
