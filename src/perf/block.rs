//! A block of messages, encoded once and stamped anew each time it is sent.

use bytes::BytesMut;

use super::options::Size;
use super::stamp::Stamp;
use super::vary::Field;
use crate::amqp::id::ChannelId;
use crate::codec::encode;
use crate::codec::frame::HEADER_SIZE;

/// Octets that a block is filled up to.
const BLOCK_SIZE: usize = 64 << 10;

/// Messages of a block whose sizes differ, at least.
const SIZES_MIN: usize = 16;

/// Where in a content header frame's payload the body's size stands.
const BODY_SIZE: usize = 4;

/// What the messages of a connection have in common.
#[derive(Clone, Copy)]
pub(super) struct Template<'a> {
    /// Writes the method in front of a content.
    pub(super) method: &'a dyn Fn(&mut BytesMut, ChannelId),
    /// A content header frame's payload, for any size.
    pub(super) header: &'a [u8],
    /// Octets of each body, [`super::stamp::SIZE`] at least.
    pub(super) size: Size,
    /// The largest frame, in octets.
    pub(super) frame_max: u32,
    /// The flow of the first channel; those of the others follow.
    pub(super) flow: u16,
    /// Channels, which take turns.
    pub(super) channels: u16,
}

/// Messages in wire form, one behind the other. The message of number `n` stands in slot `n` modulo
/// their count, which settles its channel and its size.
#[derive(Debug)]
pub(super) struct Block {
    octets: Vec<u8>,
    slots: Vec<Slot>,
    /// Messages of each channel in it.
    of_channel: u64,
    /// What is another in each message, beside the stamp.
    fields: Vec<Field>,
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    /// Where its frames end.
    end: usize,
    /// Where its body begins.
    body: usize,
    flow: u16,
    /// How many messages of the channel stand before it.
    before: u64,
}

impl Block {
    /// As many messages as a block takes; one for each channel at least.
    pub(super) fn new(template: &Template<'_>) -> Self {
        let Template { size, channels, .. } = *template;
        let mut out = BytesMut::new();
        let mut slots = Vec::new();
        let least = if size.is_fixed() { 1 } else { SIZES_MIN };
        let mut of_channel = 0;
        while of_channel == 0 || out.len() < BLOCK_SIZE || slots.len() < least {
            for offset in 0..channels {
                let body = template.write(&mut out, offset, size.of(slots.len()));
                let flow = template.flow + offset;
                slots.push(Slot { end: out.len(), body, flow, before: of_channel });
            }
            of_channel += 1;
        }
        Self { octets: out.to_vec(), slots, of_channel, fields: Vec::new() }
    }

    /// Has these differ from message to message.
    pub(super) fn vary(&mut self, fields: Vec<Field>) {
        self.fields = fields;
    }

    /// The octets of its first message up to the body. Of other messages only the channel differs.
    pub(super) fn head(&self) -> &[u8] {
        let end = self.slots.first().map_or(0, |slot| slot.body);
        self.octets.get(..end).unwrap_or_default()
    }

    /// Octets of its first message, frames included.
    pub(super) fn first_len(&self) -> usize {
        self.slots.first().map_or(0, |slot| slot.end)
    }

    /// How many messages, from number `first` on, stand one behind the other.
    pub(super) fn room(&self, first: u64) -> usize {
        self.slots.len() - self.round(first).1
    }

    /// Stamps `count` messages, at most as many as there is room for, from number `first` on, and
    /// returns their octets. `nanos` tells the time of each number.
    #[inline]
    pub(super) fn stamp(&mut self, first: u64, count: usize, nanos: impl Fn(u64) -> u64) -> &[u8] {
        let (round, at) = self.round(first);
        let earlier = round * self.of_channel;
        let begin = at.checked_sub(1).and_then(|at| self.slots.get(at)).map_or(0, |slot| slot.end);
        let slots = self.slots.get(at..at + count).unwrap_or_default();
        let mut message = begin;
        for (slot, number) in slots.iter().zip(first..) {
            let stamp =
                Stamp { flow: slot.flow, sequence: earlier + slot.before, nanos: nanos(number) };
            if let Some(start) = self.octets.get_mut(slot.body..).and_then(<[u8]>::first_chunk_mut)
            {
                *start = stamp.octets();
            }
            for field in &self.fields {
                field.set(self.octets.get_mut(message..slot.end).unwrap_or_default(), stamp);
            }
            message = slot.end;
        }
        let end = slots.last().map_or(begin, |slot| slot.end);
        self.octets.get(begin..end).unwrap_or_default()
    }

    /// How often the block has been sent before the message of that number, and its slot.
    fn round(&self, number: u64) -> (u64, usize) {
        let slots = self.slots.len() as u64;
        (number / slots, usize::try_from(number % slots).unwrap_or_default())
    }
}

impl Template<'_> {
    /// Appends a message and returns where its body begins.
    fn write(&self, out: &mut BytesMut, offset: u16, size: usize) -> usize {
        let channel = ChannelId(1 + offset);
        let mut header = self.header.to_vec();
        if let Some(octets) = header.get_mut(BODY_SIZE..).and_then(<[u8]>::first_chunk_mut) {
            *octets = (size as u64).to_be_bytes();
        }
        (self.method)(out, channel);
        let body = out.len() + HEADER_SIZE + header.len() + 1 + HEADER_SIZE;
        encode::content(out, channel, &header, &vec![b'x'; size], self.frame_max);
        body
    }
}

#[cfg(test)]
mod tests {
    use amq_protocol::types::FieldTable;

    use super::*;
    use crate::amqp::id::PublishTag;
    use crate::codec::frame::{FrameKind, Parsed, parse_frame};
    use crate::perf::property::content_header;

    /// Channel, stamp and size of each message.
    fn messages(mut octets: &[u8]) -> Vec<(u16, Stamp, usize)> {
        let mut messages: Vec<(u16, Stamp, usize)> = Vec::new();
        let mut is_first = false;
        while let Ok(Parsed::Frame(frame, length)) = parse_frame(octets, 4096) {
            match frame.kind {
                FrameKind::Body if is_first => {
                    let stamp = Stamp::read(frame.payload).unwrap();
                    messages.push((frame.channel.0, stamp, frame.payload.len()));
                    is_first = false;
                }
                FrameKind::Body => messages.last_mut().unwrap().2 += frame.payload.len(),
                kind => is_first = kind == FrameKind::Header,
            }
            octets = &octets[length..];
        }
        assert!(octets.is_empty());
        messages
    }

    fn block(size: &str, channels: u16) -> Block {
        Block::new(&Template {
            method: &|out, channel| encode::ack(out, channel, PublishTag(1), false),
            header: &content_header(&[], FieldTable::default(), 2),
            size: size.parse().unwrap(),
            frame_max: 4096,
            flow: 7,
            channels,
        })
    }

    #[test]
    fn each_message_carries_its_own_stamp_in_its_first_body_frame() {
        let mut block = block("5000", 1);
        let slots = block.room(0) as u64;

        let sent = messages(block.stamp(slots + 2, 3, |number| number * 10));

        let stamp = |sequence| Stamp { flow: 7, sequence, nanos: sequence * 10 };
        let expected = [2, 3, 4].map(|at| (1, stamp(slots + at), 5000));
        assert_eq!(sent, expected);
        assert_eq!(block.room(slots + 2), block.room(0) - 2);
    }

    #[test]
    fn channels_take_turns_and_each_numbers_its_own() {
        let mut block = block("16", 3);

        for first in [0, block.room(0) as u64] {
            let sent = messages(block.stamp(first, 7, |_| 5));

            for (number, (channel, stamp, _)) in (first..).zip(sent) {
                let offset = u16::try_from(number % 3).unwrap();
                let expected = Stamp { flow: 7 + offset, sequence: number / 3, nanos: 5 };
                assert_eq!((channel, stamp), (1 + offset, expected));
            }
        }
    }

    #[test]
    fn sizes_of_a_range_differ_and_stay_within_it() {
        let mut block = block("100-30000", 1);
        let count = block.room(0);

        let sizes: Vec<_> =
            messages(block.stamp(0, count, |_| 0)).into_iter().map(|(.., size)| size).collect();

        assert!(sizes.len() >= SIZES_MIN);
        assert!(sizes.iter().all(|size| (100..=30_000).contains(size)));
        assert!(sizes.iter().any(|size| *size < 5000) && sizes.iter().any(|size| *size > 25_000));
    }
}
