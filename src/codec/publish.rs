//! A whole publish at a time: `basic.publish`, its header and its body, where they lie together in
//! what was read. What is not of that plain shape, or not in order, is left to be taken frame by
//! frame ([`super::frame`]), which says what is wrong with it.

use super::frame::{FRAME_END, FrameKind, HEADER_SIZE};
use super::header::{Properties, parse_header};
use crate::amqp::id::ChannelId;
use crate::amqp::message::MessageRef;
use crate::amqp::method::MethodId;

/// What the frame of every `basic.publish` has behind its size: the ids, in octets.
const PUBLISH: [u8; 4] = [0, 60, 0, 40];

/// Octets of `basic.publish` in front of the exchange: the ids, and a reserved number.
const FRONT_SIZE: usize = 6;

/// The bit of `mandatory`; any other says that it is no plain publish.
const MANDATORY: u8 = 1;

/// A publish and its content, checked, and borrowed from the octets it came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WholePublish<'a> {
    /// The channel.
    pub channel: ChannelId,
    /// Exchange, routing key, header and body.
    pub message: MessageRef<'a>,
    /// The header's properties.
    pub properties: Properties<'a>,
    /// Whether the message comes back when no queue takes it.
    pub mandatory: bool,
}

/// Whether a frame with `basic.publish` stands at the start of `input`.
#[inline]
pub fn is_publish(input: &[u8]) -> bool {
    matches!(input, [1, _, _, _, _, _, _, ids @ ..] if ids.starts_with(&PUBLISH))
}

/// Takes a publish from the start of `input`, and says how many octets it took, if all of it is
/// there: three frames, or two when the
/// body is empty, of up to `frame_max` octets of payload each as
/// [`parse_frame`](super::frame::parse_frame) has them. `None` says nothing else than that the
/// frames have to be looked at one by one.
pub fn parse_publish(input: &[u8], frame_max: u32) -> Option<(WholePublish<'_>, usize)> {
    let channel = *input.get(1..)?.first_chunk()?;
    let (method, rest) = split_frame(input, FrameKind::Method, channel, frame_max)?;
    if !method.starts_with(&PUBLISH) {
        return None;
    }
    let (address, &bits) = method.get(FRONT_SIZE..)?.split_last().map(|(bits, a)| (a, bits))?;
    if !is_address(address) || bits & !MANDATORY != 0 {
        return None;
    }
    let (header, rest) = split_frame(rest, FrameKind::Header, channel, frame_max)?;
    let parsed = parse_header(header).ok()?;
    if parsed.class != MethodId::BASIC_PUBLISH.class || parsed.weight != 0 {
        return None;
    }
    let (body, rest) = match parsed.body_size {
        0 => (&[][..], rest),
        _ => split_frame(rest, FrameKind::Body, channel, frame_max)?,
    };
    let publish = WholePublish {
        channel: ChannelId(u16::from_be_bytes(channel)),
        message: MessageRef::new(address, header, body),
        properties: parsed.properties,
        mandatory: bits == MANDATORY,
    };
    (body.len() as u64 == parsed.body_size).then(|| (publish, input.len() - rest.len()))
}

/// A frame's payload, and what follows the frame.
#[inline]
fn split_frame(
    input: &[u8],
    kind: FrameKind,
    channel: [u8; 2],
    frame_max: u32,
) -> Option<(&[u8], &[u8])> {
    let (&[found, n0, n1, s0, s1, s2, s3], rest) = input.split_first_chunk::<HEADER_SIZE>()?;
    let size = u32::from_be_bytes([s0, s1, s2, s3]);
    if found != kind as u8 || [n0, n1] != channel || size > frame_max {
        return None;
    }
    let (payload, rest) = rest.split_at_checked(size as usize)?;
    let (&end, rest) = rest.split_first()?;
    (end == FRAME_END).then_some((payload, rest))
}

/// Whether octets are two short strings and nothing else.
#[inline]
fn is_address(octets: &[u8]) -> bool {
    let Some(&exchange) = octets.first() else { return false };
    let before_key = 1 + usize::from(exchange);
    octets.get(before_key).is_some_and(|key| before_key + 1 + usize::from(*key) == octets.len())
}
