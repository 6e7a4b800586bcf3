//! Frames on the wire (spec 2.3.5): type, channel, payload size, payload, end octet.

use super::erlang::Snippet;
use crate::amqp::exception::Exception;
use crate::amqp::id::ChannelId;
use crate::amqp::reply_code::ReplyCode;

/// The octet behind every payload.
pub const FRAME_END: u8 = 0xce;

/// Octets in front of the payload.
pub const HEADER_SIZE: usize = 7;

/// Octets of a frame that are not payload: the frame header and the end octet.
pub const OVERHEAD: usize = HEADER_SIZE + 1;

/// The class and method ids that a method frame opens with, in octets.
const METHOD_ID_SIZE: usize = 4;

/// What a frame carries. Heartbeats have type 8, as in the XML of the spec and in all
/// implementations; its text (4.2.7) says 4 in one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum FrameKind {
    /// A method with its arguments; at least the four octets of its ids.
    Method = 1,
    /// A content header; at least the twelve octets of class, weight and body size.
    Header = 2,
    /// A piece of a content body; may be empty.
    Body = 3,
    /// Nothing; on channel 0.
    Heartbeat = 8,
}

/// One whole frame, borrowed from the read buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// What the payload is.
    pub kind: FrameKind,
    /// The channel it belongs to.
    pub channel: ChannelId,
    /// What stands between the frame header and the end octet.
    pub payload: &'a [u8],
}

/// What [`parse_frame`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parsed<'a> {
    /// A frame, and the octets it took.
    Frame(Frame<'a>, usize),
    /// The beginning of a frame.
    Incomplete {
        /// Octets, counted from the frame's first, without which nothing more can be said.
        needed: usize,
    },
}

/// Why octets are not a frame that may stand there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameError {
    /// A type that AMQP does not have, or a payload that its type cannot have.
    Unknown {
        /// The type as it came.
        kind: u8,
        /// What came with it.
        payload: Snippet,
    },
    /// The payload does not end where its size says.
    InvalidEnd {
        /// The type as it came.
        kind: u8,
        /// What came with it.
        payload: Snippet,
        /// The octet in place of [`FRAME_END`].
        marker: u8,
    },
    /// More octets than were negotiated.
    TooLarge {
        /// The type as it came.
        kind: u8,
        /// The payload's size as it came.
        size: u32,
        /// The limit for whole frames.
        frame_max: u32,
    },
    /// A good frame on a channel where it makes no sense.
    Unexpected {
        /// What the frame carries.
        kind: FrameKind,
        /// Its payload.
        payload: Snippet,
    },
}

/// Takes one frame from the start of `input`.
///
/// A payload may have up to `frame_max` octets, 8 more than a frame of that size has room for
/// (RabbitMQ: `FRAME_SIZE_FUDGE`). The size is judged on the frame header alone, so that the
/// caller never buffers more than `frame_max` + [`OVERHEAD`] octets.
///
/// # Errors
/// 501 and 505, see [`FrameError`].
pub fn parse_frame(input: &[u8], frame_max: u32) -> Result<Parsed<'_>, FrameError> {
    let Some((&[kind, n0, n1, s0, s1, s2, s3], rest)) = input.split_first_chunk() else {
        return Ok(Parsed::Incomplete { needed: HEADER_SIZE });
    };
    let size = u32::from_be_bytes([s0, s1, s2, s3]);
    if size > frame_max {
        return Err(FrameError::TooLarge { kind, size, frame_max });
    }
    let length = OVERHEAD.saturating_add(size as usize);
    let Some((payload, [marker, ..])) = rest.split_at_checked(size as usize) else {
        return Ok(Parsed::Incomplete { needed: length });
    };
    if *marker != FRAME_END {
        return Err(FrameError::InvalidEnd {
            kind,
            payload: Snippet::of(payload),
            marker: *marker,
        });
    }
    let kind = match (kind, payload.len()) {
        (1, METHOD_ID_SIZE..) => FrameKind::Method,
        (2, super::header::PREFIX_SIZE..) => FrameKind::Header,
        (3, _) => FrameKind::Body,
        (8, 0) => FrameKind::Heartbeat,
        _ => return Err(FrameError::Unknown { kind, payload: Snippet::of(payload) }),
    };
    let frame = Frame { kind, channel: ChannelId(u16::from_be_bytes([n0, n1])), payload };
    if kind == FrameKind::Heartbeat && frame.channel != ChannelId::CONNECTION {
        return Err(frame.unexpected());
    }
    Ok(Parsed::Frame(frame, length))
}

impl Frame<'_> {
    /// The error that this frame may not stand where it stood.
    pub fn unexpected(&self) -> FrameError {
        FrameError::Unexpected { kind: self.kind, payload: Snippet::of(self.payload) }
    }
}

impl FrameError {
    /// Octets that the offending frame took; `None` where its end is unknown, so that nothing
    /// behind it can be read any more.
    pub const fn consumed(&self) -> Option<usize> {
        match self {
            Self::Unknown { payload, .. } | Self::Unexpected { payload, .. } => {
                Some(OVERHEAD + payload.payload_size())
            }
            Self::InvalidEnd { .. } | Self::TooLarge { .. } => None,
        }
    }
}

/// RabbitMQ: `rabbit_reader:frame_error/5`, `unexpected_frame/4`.
impl From<FrameError> for Exception {
    fn from(error: FrameError) -> Self {
        let frame_error = |text| Self::new(ReplyCode::FrameError, text);
        match error {
            FrameError::Unknown { kind, payload } => {
                frame_error(format!("type {kind}, {payload}: unknown_frame"))
            }
            FrameError::InvalidEnd { kind, payload, marker } => frame_error(format!(
                "type {kind}, {payload}: {{invalid_frame_end_marker,{marker}}}"
            )),
            FrameError::TooLarge { kind, size, frame_max } => frame_error(format!(
                "type {kind}, all octets = <<>>: {{frame_too_large,{size},{}}}",
                i64::from(frame_max) - 8
            )),
            FrameError::Unexpected { kind, payload } => {
                Self::new(ReplyCode::UnexpectedFrame, format!("type {}, {payload}", kind as u8))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn octets(kind: u8, channel: u8, payload: &[u8], end: u8) -> Vec<u8> {
        let mut octets = vec![kind, 0, channel];
        octets.extend(u32::try_from(payload.len()).unwrap().to_be_bytes());
        octets.extend(payload);
        octets.push(end);
        octets
    }

    #[track_caller]
    fn refusal(input: &[u8], frame_max: u32) -> String {
        let exception = Exception::from(parse_frame(input, frame_max).unwrap_err());
        assert_eq!(exception.method, None);
        format!("{} {}", exception.code.code(), exception.reply_text())
    }

    #[test]
    fn a_frame_is_taken_and_what_follows_is_left() {
        let mut input = octets(3, 5, b"body", FRAME_END);
        input.extend(b"next");

        let parsed = parse_frame(&input, 4096).unwrap();

        let frame = Frame { kind: FrameKind::Body, channel: ChannelId(5), payload: b"body" };
        assert_eq!(parsed, Parsed::Frame(frame, 12));
    }

    #[test]
    fn a_part_of_a_frame_asks_for_the_frame_header_and_then_for_the_whole() {
        let input = octets(3, 5, b"body", FRAME_END);

        for end in 0..input.len() {
            let needed = if end < HEADER_SIZE { HEADER_SIZE } else { input.len() };
            assert_eq!(parse_frame(&input[..end], 4096), Ok(Parsed::Incomplete { needed }));
        }
    }

    #[test]
    fn a_payload_of_frame_max_octets_is_tolerated_and_one_more_is_refused_at_once() {
        assert_eq!(
            parse_frame(b"\x01\0\0\0\x02\0\0", 131_072),
            Ok(Parsed::Incomplete { needed: 131_080 })
        );
        assert_eq!(
            refusal(b"\x01\0\0\0\x02\0\x01", 131_072),
            "501 FRAME_ERROR - type 1, all octets = <<>>: {frame_too_large,131073,131064}"
        );
    }

    #[test]
    fn refusals_have_the_texts_of_rabbitmq() {
        let cases: [(Vec<u8>, &str); 9] = [
            (
                octets(9, 0, b"abc", FRAME_END),
                r#"501 FRAME_ERROR - type 9, all octets = <<"abc">>: unknown_frame"#,
            ),
            (
                octets(9, 7, b"0123456789abcdefg", FRAME_END),
                r#"501 FRAME_ERROR - type 9, first 16 octets = <<"0123456789abcdef">>: unknown_frame"#,
            ),
            (
                octets(1, 0, &[0, 50], FRAME_END),
                "501 FRAME_ERROR - type 1, all octets = <<0,50>>: unknown_frame",
            ),
            (
                octets(2, 1, &[0, 60, 0, 0], FRAME_END),
                "501 FRAME_ERROR - type 2, all octets = <<0,60,0,0>>: unknown_frame",
            ),
            (
                octets(1, 0, &[0, 10, 0, 50], 255),
                "501 FRAME_ERROR - type 1, all octets = <<0,10,0,50>>: \
                 {invalid_frame_end_marker,255}",
            ),
            (
                octets(9, 0, b"abc", 0),
                r#"501 FRAME_ERROR - type 9, all octets = <<"abc">>: {invalid_frame_end_marker,0}"#,
            ),
            (octets(8, 1, b"", FRAME_END), "505 UNEXPECTED_FRAME - type 8, all octets = <<>>"),
            (
                octets(8, 0, b"x", FRAME_END),
                r#"501 FRAME_ERROR - type 8, all octets = <<"x">>: unknown_frame"#,
            ),
            (
                octets(8, 1, b"x", FRAME_END),
                r#"501 FRAME_ERROR - type 8, all octets = <<"x">>: unknown_frame"#,
            ),
        ];

        for (input, text) in cases {
            assert_eq!(refusal(&input, 4096), text);
        }
    }

    #[test]
    fn content_that_is_out_of_place_is_quoted() {
        let frame =
            Frame { kind: FrameKind::Header, channel: ChannelId(0), payload: &[0, 60, 0, 0] };

        let exception = Exception::from(frame.unexpected());

        assert_eq!(exception.reply_text(), "UNEXPECTED_FRAME - type 2, all octets = <<0,60,0,0>>");
    }

    #[test]
    fn reading_goes_on_behind_a_refused_frame_whose_end_is_known() {
        let unknown = octets(9, 0, b"0123456789abcdefg", FRAME_END);
        let torn = octets(3, 1, b"abc", 0);

        assert_eq!(parse_frame(&unknown, 4096).unwrap_err().consumed(), Some(unknown.len()));
        assert_eq!(parse_frame(&torn, 4096).unwrap_err().consumed(), None);
    }
}
