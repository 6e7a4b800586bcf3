//! What is to be written to a socket: octets of our own, and between them bodies that are written
//! from where they rest.

use std::io::IoSlice;

use bytes::{Buf, BufMut, Bytes, BytesMut};

use crate::amqp::message::{Parts, Resting};
use crate::codec::encode;
use crate::codec::frame::FRAME_END;

/// Bodies up to this size are encoded in one go with what stands in front of them, which sets their
/// octets twice.
const SMALL_MAX: usize = 1 << 10;

/// Bodies from this size on are not copied.
const LAID_MIN: usize = 8 << 10;

/// Slices that one write takes at most.
pub(super) const SLICES_MAX: usize = 64;

/// Octets in the order in which they are written.
#[derive(Debug, Default)]
pub(super) struct Output {
    /// What was encoded; where bodies lie between, they are not in it.
    pub(super) octets: BytesMut,
    /// Each body, and how much of `octets` stands in front of it.
    bodies: Vec<(usize, Bytes)>,
    /// Octets of all bodies.
    bodies_len: usize,
}

impl Output {
    /// How much it is, in octets.
    pub(super) fn len(&self) -> usize {
        self.octets.len() + self.bodies_len
    }

    /// Whether there is nothing.
    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds a delivery, its body in frames of at most `frame_max` octets.
    pub(super) fn deliver(
        &mut self,
        deliver: &encode::Deliver<'_>,
        message: Resting<'_>,
        frame_max: u32,
    ) {
        let Resting { message: Parts { header, body, .. }, segment } = message;
        let body_max = encode::body_max(frame_max);
        if body.len() <= body_max.min(SMALL_MAX) {
            return encode::delivery(&mut self.octets, deliver, header, body);
        }
        encode::delivery(&mut self.octets, deliver, header, &[]);
        if body.len() < LAID_MIN {
            return encode::body(&mut self.octets, deliver.channel, body, frame_max);
        }
        for piece in body.chunks(body_max) {
            encode::body_front(&mut self.octets, deliver.channel, piece.len());
            self.lay(segment.slice_ref(piece));
            self.octets.put_u8(FRAME_END);
        }
    }

    /// Adds a body without copying it. Its segment stays in memory until it is written.
    fn lay(&mut self, body: Bytes) {
        if !body.is_empty() {
            self.bodies_len += body.len();
            self.bodies.push((self.octets.len(), body));
        }
    }
}

/// Output that is being written.
#[derive(Debug, Default)]
pub(super) struct Writing {
    output: Output,
    /// Octets of its own that are written.
    octets: usize,
    /// Bodies that are.
    bodies: usize,
}

impl Writing {
    /// Begins anew with what `fill` puts into the empty output; returns whether that is anything.
    pub(super) fn refill(&mut self, fill: impl FnOnce(&mut Output) -> bool) -> bool {
        self.output.octets.clear();
        self.output.bodies.clear();
        self.output.bodies_len = 0;
        (self.octets, self.bodies) = (0, 0);
        let some = fill(&mut self.output);
        if !some {
            self.output = Output::default();
        }
        some
    }

    /// Whether all is written.
    pub(super) fn is_done(&self) -> bool {
        self.octets == self.output.octets.len() && self.bodies == self.output.bodies.len()
    }

    /// The next octets to write; returns how many of `slices` they take.
    pub(super) fn next<'a>(&'a self, slices: &mut [IoSlice<'a>; SLICES_MAX]) -> usize {
        let mut from = self.octets;
        let bodies = self.output.bodies.get(self.bodies..).unwrap_or_default();
        let parts = bodies.iter().flat_map(|(at, body)| {
            let before = self.output.octets.get(from..*at).unwrap_or_default();
            from = *at;
            [before, body]
        });
        let mut count = 0;
        let parts = parts.filter(|part| !part.is_empty());
        for (slice, part) in slices.iter_mut().zip(parts) {
            *slice = IoSlice::new(part);
            count += 1;
        }
        let last = self.output.octets.get(from..).unwrap_or_default();
        if let Some(slice) = slices.get_mut(count)
            && !last.is_empty()
        {
            *slice = IoSlice::new(last);
            count += 1;
        }
        count
    }

    /// Notes that so many octets have been written.
    pub(super) fn advance(&mut self, mut written: usize) {
        while let Some((at, body)) = self.output.bodies.get_mut(self.bodies) {
            let own = written.min(*at - self.octets);
            self.octets += own;
            written -= own;
            let of_body = written.min(body.len());
            body.advance(of_body);
            written -= of_body;
            if !body.is_empty() || self.octets < *at {
                return;
            }
            self.bodies += 1;
        }
        self.octets += written;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn everything_is_written_in_order_whatever_a_write_takes(
            parts in prop::collection::vec((any::<bool>(), 0..50_usize), 0..200),
            writes in prop::collection::vec(1..400_usize, 1..50),
        ) {
            let mut expected = Vec::new();
            let mut writing = Writing::default();
            let mut octet = 0_u8;
            let some = writing.refill(|output| {
                for (is_body, len) in parts {
                    octet = octet.wrapping_add(1);
                    let part = vec![octet; len];
                    expected.extend_from_slice(&part);
                    if is_body {
                        output.lay(Bytes::from(part));
                    } else {
                        output.octets.extend_from_slice(&part);
                    }
                }
                assert_eq!(output.len(), expected.len());
                !output.is_empty()
            });

            let mut written = Vec::new();
            let mut sizes = writes.iter().cycle();
            while some && !writing.is_done() {
                let mut slices = [IoSlice::new(&[]); SLICES_MAX];
                let count = writing.next(&mut slices);
                let next: Vec<u8> =
                    slices[..count].iter().flat_map(|slice| slice.to_vec()).collect();
                let size = next.len().min(*sizes.next().unwrap());
                prop_assert!(size > 0);
                written.extend_from_slice(&next[..size]);
                writing.advance(size);
            }

            prop_assert_eq!(written, expected);
        }
    }
}
