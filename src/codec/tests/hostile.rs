//! Octets from nowhere: any may come, none may panic, and none makes the codec ask for more
//! than the limit.

use proptest::collection::vec;
use proptest::prelude::*;

use crate::amqp::exception::Exception;
use crate::amqp::method::MethodId;
use crate::codec::frame::{OVERHEAD, Parsed, parse_frame};
use crate::codec::header::parse_header;
use crate::codec::method::{MethodError, decode_method};

/// Octets that are often small numbers, as ids, lengths and type letters are.
fn octets(size: usize) -> impl Strategy<Value = Vec<u8>> {
    let octet = prop_oneof![
        3 => Just(0_u8),
        2 => 0..13_u8,
        1 => prop::sample::select(&b"tbBsuIilLfdDSTFAxVz\xce"[..]),
        1 => any::<u8>(),
    ];
    vec(octet, 0..size)
}

fn ids() -> impl Strategy<Value = (u16, u16)> {
    let class = prop::sample::select(&[10_u16, 20, 30, 40, 50, 60, 85, 90, 99][..]);
    let method = prop_oneof![
        4 => (0..13_u16, 0..3_u16).prop_map(|(tens, ones)| tens * 10 + ones),
        1 => any::<u16>(),
    ];
    (class, method)
}

proptest! {
    #[test]
    fn any_octets_are_a_frame_or_part_of_one_or_refused(
        input in octets(64),
        frame_max in prop_oneof![Just(0), Just(u32::MAX), 0..64_u32],
    ) {
        match parse_frame(&input, frame_max) {
            Ok(Parsed::Frame(frame, consumed)) => {
                prop_assert_eq!(consumed, frame.payload.len() + OVERHEAD);
                prop_assert!(consumed <= input.len());
            }
            Ok(Parsed::Incomplete { needed }) => {
                prop_assert!(needed > input.len());
                prop_assert!(needed <= frame_max as usize + OVERHEAD);
            }
            Err(error) => {
                prop_assert!(error.consumed().is_none_or(|consumed| consumed <= input.len()));
                prop_assert!(Exception::from(error).reply_text().len() <= 255);
            }
        }
    }

    #[test]
    fn any_arguments_of_any_method_are_decoded_or_refused(
        (class, method) in ids(),
        arguments in octets(48),
    ) {
        let payload = [&class.to_be_bytes()[..], &method.to_be_bytes(), &arguments].concat();
        let id = MethodId::new(class, method);

        match decode_method(&payload) {
            Ok(decoded) => prop_assert_eq!(decoded.id(), id),
            Err(error) => {
                let exception = Exception::from(error);
                prop_assert!(exception.method.is_none_or(|named| named == id));
                prop_assert!(exception.reply_text().len() <= 255);
            }
        }
    }

    #[test]
    fn a_method_is_unknown_only_if_amqp_does_not_name_it((class, method) in ids()) {
        let payload = [class.to_be_bytes(), method.to_be_bytes()].concat();
        let id = MethodId::new(class, method);

        let unknown = matches!(
            decode_method(&payload),
            Err(MethodError::Unknown(_))
        );

        prop_assert_eq!(unknown, id.name().is_none());
    }

    #[test]
    fn any_octets_are_a_content_header_or_refused(input in octets(80)) {
        if let Ok(header) = parse_header(&input) {
            let properties = header.properties;
            let flagged = properties.flags() & 1 << 6 != 0;
            prop_assert_eq!(properties.timestamp().is_some(), flagged);
            prop_assert_eq!(properties.cluster_id().is_some(), properties.flags() & 1 << 2 != 0);
            prop_assert_eq!(properties.headers().is_some(), properties.flags() & 1 << 13 != 0);
        }
    }

    #[test]
    fn any_octets_alone_are_a_method_or_refused(payload in octets(32)) {
        if let Ok(method) = decode_method(&payload) {
            prop_assert!(method.id().name().is_some());
        }
    }
}
