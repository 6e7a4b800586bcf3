//! Whole publishes against the same frames one by one.

use proptest::collection::vec;
use proptest::prelude::*;

use super::super::frame::{Frame, FrameKind, Parsed, parse_frame};
use super::super::header::parse_header;
use super::super::method::{Method, Publish, decode_method};
use super::super::publish::{is_publish, parse_publish};
use crate::amqp::message::split_address;

const FRAME_MAX: u32 = 4096;

/// A frame; the end octet and the payload's size may be wrong.
fn frame(kind: u8, channel: u16, payload: &[u8], end: u8) -> Vec<u8> {
    let size = u32::try_from(payload.len()).unwrap();
    [&[kind][..], &channel.to_be_bytes(), &size.to_be_bytes(), payload, &[end]].concat()
}

/// A publish as most clients send it.
fn publish(exchange: &[u8], key: &[u8], bits: u8, properties: &[u8], body: &[u8]) -> Vec<Vec<u8>> {
    let name = |octets: &[u8]| [&[u8::try_from(octets.len()).unwrap()], octets].concat();
    let method = [&[0, 60, 0, 40, 0, 0][..], &name(exchange), &name(key), &[bits]].concat();
    let header = [&[0, 60, 0, 0][..], &(body.len() as u64).to_be_bytes(), properties].concat();
    let mut payloads = vec![(1, method), (2, header)];
    if !body.is_empty() {
        payloads.push((3, body.to_vec()));
    }
    payloads.iter().map(|(kind, payload)| frame(*kind, 1, payload, 0xce)).collect()
}

/// What the frames say one by one, when they are a publish without `immediate` and its content.
fn one_by_one(input: &[u8]) -> Option<(Publish<'_>, &[u8], &[u8], usize)> {
    let mut rest = input;
    let mut next = |kind: FrameKind| -> Option<Frame<'_>> {
        let Ok(Parsed::Frame(frame, octets)) = parse_frame(rest, FRAME_MAX) else { return None };
        rest = &rest[octets..];
        (frame.kind == kind).then_some(frame)
    };
    let method = next(FrameKind::Method)?;
    let Ok(Method::BasicPublish(publish)) = decode_method(method.payload) else { return None };
    let header = next(FrameKind::Header)?;
    let parsed = parse_header(header.payload).ok()?;
    let body = if parsed.body_size > 0 { next(FrameKind::Body)?.payload } else { &[] };
    let fits = (parsed.class, parsed.weight) == (60, 0) && parsed.body_size == body.len() as u64;
    let sound = fits && header.channel == method.channel && !publish.immediate;
    sound.then_some((publish, header.payload, body, input.len() - rest.len()))
}

fn check(input: &[u8]) -> Result<bool, TestCaseError> {
    let whole = parse_publish(input, FRAME_MAX);
    if let Some((whole, octets)) = &whole {
        let (publish, header, body, expected) = one_by_one(input).unwrap();
        prop_assert!(is_publish(input));
        prop_assert_eq!(*octets, expected);
        prop_assert_eq!(
            split_address(whole.message.address),
            (publish.exchange, publish.routing_key)
        );
        prop_assert_eq!((whole.message.header, whole.message.body), (header, body));
        prop_assert_eq!(whole.mandatory, publish.mandatory);
        prop_assert_eq!(whole.properties, parse_header(header).unwrap().properties);
    }
    Ok(whole.is_some())
}

fn parts() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let properties = prop_oneof![Just(&b"\0\0"[..]), Just(&b"\x10\0\x02"[..])];
    (
        vec(any::<u8>(), 0..256),
        vec(any::<u8>(), 0..256),
        0..2_u8,
        properties,
        vec(any::<u8>(), 0..50),
    )
        .prop_map(|(exchange, key, bits, properties, body)| {
            publish(&exchange, &key, bits, properties, &body)
        })
}

proptest! {
    #[test]
    fn a_publish_in_one_piece_is_taken_and_what_follows_is_left(parts in parts()) {
        let mut input = parts.concat();
        let size = input.len();
        input.extend(b"next");

        prop_assert!(check(&input)?);

        prop_assert_eq!(parse_publish(&input, FRAME_MAX).unwrap().1, size);
        for end in 0..size {
            prop_assert!(parse_publish(&input[..end], FRAME_MAX).is_none());
        }
    }

    #[test]
    fn with_any_octet_changed_it_is_what_the_frames_say_one_by_one(
        parts in parts(),
        at: prop::sample::Index,
        octet: u8,
    ) {
        let mut input = parts.concat();
        let at = at.index(input.len());
        input[at] = octet;

        check(&input)?;
    }
}

#[test]
fn what_is_not_plain_is_left_to_be_taken_frame_by_frame() {
    let plain = publish(b"", b"q", 0, b"\0\0", b"body");
    let changed = |part: usize, with: Vec<u8>| {
        let mut parts = plain.clone();
        parts[part] = with;
        parts.concat()
    };
    let with_bits = |bits| publish(b"", b"q", bits, b"\0\0", b"body").concat();

    assert!(parse_publish(&plain.concat(), FRAME_MAX).is_some());
    for input in [
        with_bits(2),
        with_bits(4),
        publish(b"", b"q", 0, b"\0\0", &[7; 4097]).concat(),
        publish(b"", b"q", 0, b"\x10\0", b"body").concat(),
        changed(1, frame(2, 2, &plain[1][7..21], 0xce)),
        changed(2, frame(3, 1, b"bod", 0xce)),
        changed(2, frame(3, 1, b"body", 0)),
        changed(2, frame(8, 0, b"", 0xce)),
    ] {
        assert_eq!(parse_publish(&input, FRAME_MAX), None, "{input:?}");
    }
}
