//! Frames: what comes of octets does not depend on how they come, and is bounded.

use leveret::amqp::exception::Exception;
use leveret::codec::frame::{FrameError, OVERHEAD, Parsed, parse_frame};
use leveret::codec::publish::parse_publish;

use crate::check_exception;

/// The limits that are tried, in octets.
const FRAME_MAX: [u32; 4] = [8, 64, 4_096, 131_072];

/// What became of a run of octets.
#[derive(Debug, PartialEq, Eq)]
struct Outcome {
    /// Each frame's type, channel and payload.
    frames: Vec<(u8, u16, Vec<u8>)>,
    error: Option<FrameError>,
}

/// Reads the octets behind the first two whole and piecewise; those choose limit and piece.
pub fn run(octets: &[u8]) {
    let [limit, piece, stream @ ..] = octets else { return };
    let frame_max = FRAME_MAX[usize::from(*limit) % FRAME_MAX.len()];

    let whole = read(stream, frame_max, stream.len());
    let piecewise = read(stream, frame_max, usize::from(*piece) + 1);

    assert_eq!(whole, piecewise);
    if let Some(error) = whole.error {
        check_exception(&Exception::from(error));
    }
}

fn read(stream: &[u8], frame_max: u32, piece: usize) -> Outcome {
    let mut outcome = Outcome { frames: Vec::new(), error: None };
    let (mut taken, mut come) = (0, piece.min(stream.len()));
    loop {
        let input = &stream[taken..come];
        match parse_frame(input, frame_max) {
            Ok(Parsed::Frame(frame, length)) => {
                assert_eq!(length, frame.payload.len() + OVERHEAD);
                assert!(length <= frame_max as usize + OVERHEAD);
                if let Some((_, octets)) = parse_publish(input, frame_max) {
                    assert!((length..=input.len()).contains(&octets));
                }
                let payload = frame.payload.to_vec();
                outcome.frames.push((frame.kind as u8, frame.channel.0, payload));
                taken += length;
            }
            Ok(Parsed::Incomplete { needed }) => {
                assert!(needed > input.len(), "{needed} octets are there");
                assert!(needed <= frame_max as usize + OVERHEAD, "{needed} octets are wanted");
                if come == stream.len() {
                    return outcome;
                }
                come = (come + piece).min(stream.len());
            }
            Err(error) => {
                assert!(error.consumed().is_none_or(|octets| octets <= input.len()));
                outcome.error = Some(error);
                return outcome;
            }
        }
    }
}
