//! The segments that a connection's publishes are copied into: messages of one level lie together,
//! as they leave together.

use bytes::{Bytes, BytesMut};

use crate::amqp::message::MessageRef;
use crate::vhost::fate::Place;

/// Smallest and largest allocation that messages share, in octets. Those of several levels come
/// together to no more than the largest, or the smallest each.
const SIZE_MIN: usize = 2 << 10;
const SIZE_MAX: usize = 256 << 10;

/// The segments of a batch.
#[derive(Debug, Default)]
pub(super) struct Segments {
    /// What is written to, by level.
    growing: Vec<Growing>,
    /// The batch's segments by their numbers. In the place of one that grows there is nothing yet.
    segments: Vec<Bytes>,
}

/// A segment that grows; behind it is room for those of further batches.
#[derive(Debug, Default)]
struct Growing {
    octets: BytesMut,
    number: u32,
    /// How large the next allocation had better be.
    wanted: usize,
}

impl Segments {
    /// Copies a message to where those of its level are, and says where it lies.
    #[inline]
    pub(super) fn append(&mut self, level: u8, message: &MessageRef<'_>) -> Place {
        match self.growing.get_mut(usize::from(level)) {
            Some(growing) if growing.has_room(message.size()) => {
                growing.append(message, &mut self.segments)
            }
            _ => self.append_to_new(level, message),
        }
    }

    /// Adds a message that has a buffer of its own.
    pub(super) fn push(&mut self, record: Bytes) -> Place {
        self.segments.push(record);
        (number(&self.segments) - 1, 0)
    }

    /// Takes the batch's segments, by their numbers.
    pub(super) fn take(&mut self) -> impl Iterator<Item = Bytes> {
        for growing in &mut self.growing {
            growing.end(&mut self.segments);
        }
        self.segments.drain(..)
    }

    /// The same to another segment of the level: if the one there grew, it would be copied, and
    /// leave a hole where it was.
    #[cold]
    fn append_to_new(&mut self, level: u8, message: &MessageRef<'_>) -> Place {
        let level = usize::from(level);
        if level >= self.growing.len() {
            self.growing.resize_with(level + 1, Growing::default);
        }
        let size_max = (SIZE_MAX / self.growing.len()).max(SIZE_MIN);
        let Some(growing) = self.growing.get_mut(level) else { return (0, 0) };
        growing.end(&mut self.segments);
        let wanted = growing.wanted.clamp(SIZE_MIN, size_max);
        growing.octets = BytesMut::with_capacity(wanted.max(message.size()));
        growing.append(message, &mut self.segments)
    }
}

impl Growing {
    #[inline]
    fn has_room(&self, size: usize) -> bool {
        self.octets.capacity() - self.octets.len() >= size
    }

    #[inline]
    fn append(&mut self, message: &MessageRef<'_>, segments: &mut Vec<Bytes>) -> Place {
        if self.octets.is_empty() {
            self.number = number(segments);
            segments.push(Bytes::new());
        }
        let offset = number(&self.octets);
        message.write(&mut self.octets);
        (self.number, offset)
    }

    /// Ends the segment, if there is one.
    fn end(&mut self, segments: &mut [Bytes]) {
        if self.octets.is_empty() {
            return;
        }
        self.wanted = (4 * self.octets.len()).max(self.wanted / 2).min(SIZE_MAX);
        if let Some(segment) = segments.get_mut(self.number as usize) {
            *segment = self.octets.split().freeze();
        }
    }
}

/// The number of the next of these.
fn number<T>(of: &[T]) -> u32 {
    u32::try_from(of.len()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn message(body: &[u8]) -> MessageRef<'_> {
        MessageRef::new(b"\x00\x01q", b"header", body)
    }

    proptest! {
        /// Over batches, messages of some sizes and levels, and some with buffers of their own.
        #[test]
        fn messages_lie_where_it_was_said_and_with_those_of_their_level(
            batches in vec(vec((any::<u8>(), 0..3000_usize, any::<bool>()), 0..60), 0..12)
        ) {
            let mut segments = Segments::default();
            for batch in batches {
                let mut placed = Vec::new();
                for (number, (level, size, own)) in batch.into_iter().enumerate() {
                    let body = vec![u8::try_from(number).unwrap(); size];
                    let (level, place) = if own {
                        (None, segments.push(message(&body).to_bytes()))
                    } else {
                        (Some(level), segments.append(level, &message(&body)))
                    };
                    placed.push((level, place, body));
                }

                let taken: Vec<Bytes> = segments.take().collect();

                let mut levels = vec![None; taken.len()];
                for (level, (segment, offset), body) in placed {
                    let segment = segment as usize;
                    let read = MessageRef::read(&taken[segment][offset as usize..]);
                    prop_assert_eq!(read, Some(message(&body)));
                    prop_assert_eq!(*levels[segment].get_or_insert(level), level);
                }
                prop_assert!(levels.iter().all(Option::is_some), "a segment without a message");
            }
        }
    }

    #[test]
    fn further_batches_use_the_room_that_is_left() {
        let mut segments = Segments::default();
        segments.append(0, &message(&[0; 10]));
        let first: Vec<Bytes> = segments.take().collect();
        segments.append(0, &message(&[1; 10]));
        let second: Vec<Bytes> = segments.take().collect();

        assert_eq!(first[0].as_ptr_range().end, second[0].as_ptr_range().start);
    }

    #[test]
    fn the_room_of_many_levels_is_bounded() {
        let mut segments = Segments::default();
        for level in (0..=255).cycle().take(64 * 256) {
            segments.append(level, &message(&[0; 1000]));
        }
        segments.take().for_each(drop);

        let room: usize = segments.growing.iter().map(|it| it.octets.capacity()).sum();
        assert!(room <= 256 * SIZE_MIN, "{room}");
    }
}
