//! Frames written to an output buffer. What goes out for every message is written by hand; the
//! rest goes through `amq-protocol` ([`method`]).

use amq_protocol::frame::{AMQPFrame, WriteContext, gen_frame};
use amq_protocol::protocol::AMQPClass;
use bytes::{BufMut, BytesMut};

use super::frame::{FRAME_END, FrameKind, HEADER_SIZE, OVERHEAD};
use crate::amqp::id::{ChannelId, DeliveryTag, PublishTag};
use crate::amqp::message::append;
use crate::amqp::method::MethodId;
use crate::amqp::reply_code::ReplyCode;

/// The eight octets that open an AMQP 0-9-1 connection, and refuse any other.
pub const PROTOCOL_HEADER: [u8; 8] = *b"AMQP\0\0\x09\x01";

/// The arguments of `basic.deliver`.
#[derive(Clone, Copy, Debug)]
pub struct Deliver<'a> {
    /// The channel it goes out on.
    pub channel: ChannelId,
    /// The consumer's tag, at most 255 octets.
    pub consumer_tag: &'a [u8],
    /// The delivery's number.
    pub delivery_tag: DeliveryTag,
    /// Whether it may have been delivered before.
    pub redelivered: bool,
    /// Exchange and routing key as two short strings.
    pub address: &'a [u8],
}

/// The arguments of `basic.get-ok`.
#[derive(Clone, Copy, Debug)]
pub struct GetOk<'a> {
    /// The channel it goes out on.
    pub channel: ChannelId,
    /// The delivery's number.
    pub delivery_tag: DeliveryTag,
    /// Whether it may have been delivered before.
    pub redelivered: bool,
    /// Exchange and routing key as two short strings.
    pub address: &'a [u8],
    /// Ready messages left in the queue.
    pub message_count: u32,
}

impl Deliver<'_> {
    /// Octets of the frame's payload.
    fn size(&self) -> usize {
        4 + 1 + short(self.consumer_tag).1.len() + 9 + self.address.len()
    }
}

/// Appends `basic.deliver`; the content follows with [`content`].
pub fn deliver(out: &mut BytesMut, deliver: &Deliver<'_>) {
    let size = deliver.size();
    put_deliver(&mut append(out, OVERHEAD + size), deliver, size);
}

/// Appends `basic.deliver`, the message's header frame and its body in one frame, if it has any.
pub fn delivery(out: &mut BytesMut, deliver: &Deliver<'_>, header: &[u8], body: &[u8]) {
    let size = deliver.size();
    let of_body = if body.is_empty() { 0 } else { OVERHEAD + body.len() };
    let out = &mut append(out, OVERHEAD + size + OVERHEAD + header.len() + of_body);
    put_deliver(out, deliver, size);
    put_frame(out, deliver.channel, FrameKind::Header, header);
    if !body.is_empty() {
        put_frame(out, deliver.channel, FrameKind::Body, body);
    }
}

/// Appends `basic.get-ok`; the content follows with [`content`].
pub fn get_ok(out: &mut BytesMut, get_ok: &GetOk<'_>) {
    let size = 4 + 9 + get_ok.address.len() + 4;
    out.reserve(OVERHEAD + size);
    out.put_slice(&method_prefix(get_ok.channel, MethodId::BASIC_GET_OK, size));
    out.put_slice(&tag_and_bits(get_ok.delivery_tag.0, get_ok.redelivered.into()));
    out.put_slice(get_ok.address);
    out.put_u32(get_ok.message_count);
    out.put_u8(FRAME_END);
}

/// Appends `basic.return`; the content follows with [`content`]. `text` has at most 255 octets,
/// `address` is exchange and routing key as two short strings.
pub fn basic_return(
    out: &mut BytesMut,
    channel: ChannelId,
    code: ReplyCode,
    text: &str,
    address: &[u8],
) {
    let (length, text) = short(text.as_bytes());
    let size = 4 + 2 + 1 + text.len() + address.len();
    out.reserve(OVERHEAD + size);
    out.put_slice(&method_prefix(channel, MethodId::BASIC_RETURN, size));
    out.put_u16(code.code());
    out.put_u8(length);
    out.put_slice(text);
    out.put_slice(address);
    out.put_u8(FRAME_END);
}

/// Appends a confirm: `basic.ack` for one publish, or with `multiple` for all up to it.
pub fn ack(out: &mut BytesMut, channel: ChannelId, tag: PublishTag, multiple: bool) {
    settlement(out, channel, MethodId::BASIC_ACK, tag, multiple.into());
}

/// Appends a negative confirm: `basic.nack` for one publish, or with `multiple` for all up to it.
/// The bit `requeue`, which says nothing to a publisher, is set as RabbitMQ has it.
pub fn nack(out: &mut BytesMut, channel: ChannelId, tag: PublishTag, multiple: bool) {
    settlement(out, channel, MethodId::BASIC_NACK, tag, u8::from(multiple) | REQUEUE);
}

/// Appends a message's header frame, and its body as [`body`] does. `header` is a content header
/// frame's payload: it goes out in one frame, whatever its size, since the protocol cannot split
/// it.
pub fn content(
    out: &mut BytesMut,
    channel: ChannelId,
    header: &[u8],
    content: &[u8],
    frame_max: u32,
) {
    put_frame(&mut append(out, OVERHEAD + header.len()), channel, FrameKind::Header, header);
    body(out, channel, content, frame_max);
}

/// Appends a body in frames of at most `frame_max` octets; an empty one has none.
pub fn body(out: &mut BytesMut, channel: ChannelId, body: &[u8], frame_max: u32) {
    let chunk = body_max(frame_max);
    out.reserve(body.len() + body.len().div_ceil(chunk) * OVERHEAD);
    for piece in body.chunks(chunk) {
        put_frame(out, channel, FrameKind::Body, piece);
    }
}

/// Appends what stands in front of a body frame's payload of `size` octets; the payload and
/// [`FRAME_END`] follow.
pub fn body_front(out: &mut BytesMut, channel: ChannelId, size: usize) {
    out.put_slice(&frame_header(channel, FrameKind::Body, size));
}

/// Octets of body that fit a frame of `frame_max` octets; 1 at least.
pub const fn body_max(frame_max: u32) -> usize {
    let room = (frame_max as usize).saturating_sub(OVERHEAD);
    if room == 0 { 1 } else { room }
}

/// Appends a heartbeat.
pub fn heartbeat(out: &mut BytesMut) {
    out.put_slice(&[FrameKind::Heartbeat as u8, 0, 0, 0, 0, 0, 0, FRAME_END]);
}

/// Appends any other method.
pub fn method(out: &mut BytesMut, channel: ChannelId, class: AMQPClass) {
    let frame = AMQPFrame::Method(channel.0, class);
    #[expect(clippy::expect_used, reason = "writing to a Vec has no error, and encoding no other")]
    let octets = gen_frame(&frame)(WriteContext::from(Vec::new())).expect("a Vec takes any octets");
    out.put_slice(&octets.into_inner().0);
}

/// The bit behind `multiple`.
const REQUEUE: u8 = 1 << 1;

fn settlement(out: &mut BytesMut, channel: ChannelId, id: MethodId, tag: PublishTag, bits: u8) {
    const SIZE: usize = 4 + 8 + 1;
    let mut octets = [0; OVERHEAD + SIZE];
    let mut rest = &mut octets[..];
    rest.put_slice(&method_prefix(channel, id, SIZE));
    rest.put_slice(&tag_and_bits(tag.0, bits));
    rest.put_u8(FRAME_END);
    out.put_slice(&octets);
}

#[inline]
fn put_deliver(out: &mut impl BufMut, deliver: &Deliver<'_>, size: usize) {
    let (length, consumer_tag) = short(deliver.consumer_tag);
    out.put_slice(&method_prefix(deliver.channel, MethodId::BASIC_DELIVER, size));
    out.put_u8(length);
    out.put_slice(consumer_tag);
    out.put_slice(&tag_and_bits(deliver.delivery_tag.0, deliver.redelivered.into()));
    out.put_slice(deliver.address);
    out.put_u8(FRAME_END);
}

#[inline]
fn put_frame(out: &mut impl BufMut, channel: ChannelId, kind: FrameKind, payload: &[u8]) {
    out.put_slice(&frame_header(channel, kind, payload.len()));
    out.put_slice(payload);
    out.put_u8(FRAME_END);
}

/// Frame header and ids of a method whose payload, ids included, has `size` octets.
fn method_prefix(channel: ChannelId, id: MethodId, size: usize) -> [u8; HEADER_SIZE + 4] {
    let [kind, n0, n1, s0, s1, s2, s3] = frame_header(channel, FrameKind::Method, size);
    let ([c0, c1], [m0, m1]) = (id.class.to_be_bytes(), id.method.to_be_bytes());
    [kind, n0, n1, s0, s1, s2, s3, c0, c1, m0, m1]
}

/// No payload reaches 4 GiB: header and body lengths are 32-bit where a message rests, and body
/// frames are cut below that.
fn frame_header(channel: ChannelId, kind: FrameKind, size: usize) -> [u8; HEADER_SIZE] {
    let [n0, n1] = channel.0.to_be_bytes();
    let [s0, s1, s2, s3] = u32::try_from(size).unwrap_or(u32::MAX).to_be_bytes();
    [kind as u8, n0, n1, s0, s1, s2, s3]
}

/// A delivery or publish tag and the octet of bits behind it.
fn tag_and_bits(tag: u64, bits: u8) -> [u8; 9] {
    let [t0, t1, t2, t3, t4, t5, t6, t7] = tag.to_be_bytes();
    [t0, t1, t2, t3, t4, t5, t6, t7, bits]
}

/// A short string's length and octets; what is longer than 255 is cut.
fn short(octets: &[u8]) -> (u8, &[u8]) {
    let length = u8::try_from(octets.len()).unwrap_or(u8::MAX);
    (length, octets.get(..usize::from(length)).unwrap_or(octets))
}
