//! Large bodies, whose octets need not wait for the end of their frame.

use super::erlang::Snippet;
use super::frame::{FRAME_END, Frame, FrameError, FrameKind, HEADER_SIZE, Parsed};
use crate::amqp::id::ChannelId;

/// A body frame whose payload is taken as it comes, before its end octet is there.
///
/// What has come is counted with [`advance`](Self::advance), or with the rest of the payload in
/// [`parse_rest`](Self::parse_rest), which makes a frame of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenBody {
    /// The channel it belongs to.
    pub channel: ChannelId,
    /// Octets of the payload that are to come.
    pub missing: usize,
    payload: Snippet,
}

impl OpenBody {
    /// Begins with a frame that [`parse_frame`](super::frame::parse_frame) has found incomplete; its payload follows behind
    /// [`HEADER_SIZE`] octets. `None` when it is no body, or when too little of it is there to
    /// quote it in an error.
    pub fn start(input: &[u8]) -> Option<Self> {
        let (&[kind, n0, n1, s0, s1, s2, s3], front) = input.split_first_chunk::<HEADER_SIZE>()?;
        let missing = u32::from_be_bytes([s0, s1, s2, s3]) as usize;
        let payload = Snippet::of_front(front, missing)?;
        let channel = ChannelId(u16::from_be_bytes([n0, n1]));
        (kind == FrameKind::Body as u8).then_some(Self { channel, missing, payload })
    }

    /// Notes that so many octets of the payload have come.
    pub fn advance(&mut self, octets: usize) {
        self.missing = self.missing.saturating_sub(octets);
    }

    /// Takes the rest of the payload and the end octet from the start of `input`, as
    /// [`parse_frame`](super::frame::parse_frame) takes a frame.
    ///
    /// # Errors
    /// 501 for another end octet.
    pub fn parse_rest<'a>(&self, input: &'a [u8]) -> Result<Parsed<'a>, FrameError> {
        let kind = FrameKind::Body;
        match input.split_at_checked(self.missing) {
            Some((payload, [FRAME_END, ..])) => {
                let frame = Frame { kind, channel: self.channel, payload };
                Ok(Parsed::Frame(frame, self.missing + 1))
            }
            Some((_, [marker, ..])) => {
                let (kind, payload, marker) = (kind as u8, self.payload, *marker);
                Err(FrameError::InvalidEnd { kind, payload, marker })
            }
            _ => Ok(Parsed::Incomplete { needed: self.missing + 1 }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::frame::parse_frame;

    const PAYLOAD: &[u8] = b"a body of 24 octets, yes";

    fn octets(kind: FrameKind, end: u8) -> Vec<u8> {
        [&[kind as u8, 0, 5, 0, 0, 0, 24], PAYLOAD, &[end]].concat()
    }

    #[test]
    fn a_body_that_is_taken_as_it_comes_ends_as_a_frame_with_the_rest() {
        let input = octets(FrameKind::Body, FRAME_END);
        let mut body = OpenBody::start(&input[..HEADER_SIZE + 16]).unwrap();

        body.advance(20);
        let rest = &input[HEADER_SIZE + 20..];

        assert_eq!(body.parse_rest(&rest[..4]), Ok(Parsed::Incomplete { needed: 5 }));
        let frame = Frame { kind: FrameKind::Body, channel: ChannelId(5), payload: b" yes" };
        assert_eq!(body.parse_rest(rest), Ok(Parsed::Frame(frame, 5)));
    }

    #[test]
    fn a_body_that_is_taken_as_it_comes_is_refused_as_a_whole_one_for_its_end() {
        let input = octets(FrameKind::Body, 0);
        let mut body = OpenBody::start(&input).unwrap();

        body.advance(24);

        assert_eq!(body.parse_rest(&[0]), parse_frame(&input, 4096));
        assert!(body.parse_rest(&[0]).is_err());
    }

    #[test]
    fn only_a_body_that_can_be_quoted_is_taken_as_it_comes() {
        let body = octets(FrameKind::Body, FRAME_END);
        let header = octets(FrameKind::Header, FRAME_END);

        assert_eq!(OpenBody::start(&body[..HEADER_SIZE + 15]), None);
        assert_eq!(OpenBody::start(&header), None);
    }
}
