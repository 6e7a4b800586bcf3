//! Methods: what `amq-protocol` encodes is what we decode, and what is refused with which text.

use amq_protocol::frame::AMQPFrame;
use amq_protocol::protocol::{AMQPClass, access};
use proptest::prelude::*;

use super::as_class::as_class;
use super::client_method::client_methods;
use super::{encoded, only_frame};
use crate::amqp::exception::Exception;
use crate::amqp::id::ChannelId;
use crate::amqp::method::MethodId;
use crate::amqp::table::DEPTH_MAX;
use crate::codec::frame::FrameKind;
use crate::codec::method::{Method, Publish, decode_method};

proptest! {
    #[test]
    fn every_client_method_decodes_to_the_fields_that_were_encoded(
        class in client_methods(),
        channel: u16,
    ) {
        let octets = encoded(&AMQPFrame::Method(channel, class.clone()));

        let frame = only_frame(&octets);
        let method = decode_method(frame.payload).unwrap();

        prop_assert_eq!((frame.kind, frame.channel), (FrameKind::Method, ChannelId(channel)));
        prop_assert_eq!(&frame.payload[..2], &method.id().class.to_be_bytes()[..]);
        prop_assert_eq!(&frame.payload[2..4], &method.id().method.to_be_bytes()[..]);
        prop_assert_eq!(as_class(method), class);
    }

    #[test]
    fn cut_or_overlong_arguments_are_refused(class in client_methods(), cut: prop::sample::Index) {
        let octets = encoded(&AMQPFrame::Method(1, class));
        let payload = only_frame(&octets).payload;
        let overlong = [payload, b"\0"].concat();

        let shorter = decode_method(&payload[..cut.index(payload.len())]);
        let longer = decode_method(&overlong);

        prop_assert!(shorter.is_err());
        prop_assert!(longer.is_err());
    }
}

/// `code class method "reply text"` of the refusal.
#[track_caller]
fn refusal(payload: &[u8]) -> String {
    let exception = Exception::from(decode_method(payload).unwrap_err());
    let MethodId { class, method } = exception.method.unwrap_or(MethodId::new(0, 0));
    format!("{} {class},{method} {}", exception.code.code(), exception.reply_text())
}

#[test]
fn refusals_name_the_method_and_quote_its_arguments_as_numbers() {
    let cases: [(&[u8], &str); 8] = [
        (b"\0\x32\0\x1e\0\0\x05ab", "501 50,30 FRAME_ERROR - cannot decode <<0,0,5,97,98>>"),
        (b"\0\x14\0\x29\0", "501 20,41 FRAME_ERROR - cannot decode <<0>>"),
        (b"\0\x3c\0\x50", "501 60,80 FRAME_ERROR - cannot decode <<>>"),
        (b"\0\x32\0\x1e\0\0\x01\xff\0", "501 0,0 FRAME_ERROR - Malformed UTF-8 in shortstr"),
        (b"\0\x63\0\x01", "540 99,1 NOT_IMPLEMENTED - unknown method (99, 1)"),
        (b"\0\x3c\0\x63abc", "540 60,99 NOT_IMPLEMENTED - unknown method (60, 99)"),
        (
            b"\0\x32\0\x0a\0\0\0\0\0\0\0\x04\x01az\0",
            "502 50,10 SYNTAX_ERROR - unknown field type 'z'",
        ),
        (b"\0\x32\0", "501 0,0 FRAME_ERROR - type 1, all octets = <<0,50,0>>: unknown_frame"),
    ];

    for (payload, text) in cases {
        assert_eq!(refusal(payload), text);
    }
}

#[test]
fn long_arguments_fill_the_reply_text_and_no_more() {
    let mut payload = b"\0\x14\0\x29".to_vec();
    payload.resize(100_000, 0);

    let text = refusal(&payload);

    assert!(text.starts_with("501 20,41 FRAME_ERROR - cannot decode <<0,0,0,"));
    assert!(text.ends_with("0,..."), "{text}");
    assert_eq!(text.len(), "501 20,41 ".len() + 255);
}

#[test]
fn a_table_that_nests_too_deep_is_a_syntax_error() {
    let mut table = Vec::new();
    for _ in 0..=DEPTH_MAX {
        let length = u32::try_from(table.len()).unwrap().to_be_bytes();
        table = [b"\x01kF", &length[..], &table].concat();
    }
    let length = u32::try_from(table.len()).unwrap().to_be_bytes();
    let payload = [b"\0\x32\0\x0a\0\0\0\0", &length[..], &table].concat();

    assert_eq!(refusal(&payload), "502 50,10 SYNTAX_ERROR - field table nests deeper than 64");
}

#[test]
fn names_in_a_publish_need_not_be_utf8() {
    let payload = b"\0\x3c\0\x28\0\0\x01\xff\x02\xfe\xfd\x03";

    let publish =
        Publish { exchange: b"\xff", routing_key: b"\xfe\xfd", mandatory: true, immediate: true };
    assert_eq!(decode_method(payload), Ok(Method::BasicPublish(publish)));
}

#[test]
fn a_prefetch_size_is_kept_for_its_refusal() {
    let payload = b"\0\x3c\0\x0a\0\0\0\x01\0\x02\x01";

    let qos = Method::BasicQos { prefetch_size: 1, prefetch_count: 2, global: true };
    assert_eq!(decode_method(payload), Ok(qos));
}

#[test]
fn an_access_request_is_read_over() {
    let (realm, yes) = ("/data".into(), true);
    let request =
        access::Request { realm, exclusive: yes, passive: yes, active: yes, write: yes, read: yes };
    let class = AMQPClass::Access(access::AMQPMethod::Request(request));
    let octets = encoded(&AMQPFrame::Method(1, class));

    assert_eq!(decode_method(only_frame(&octets).payload), Ok(Method::AccessRequest));
}

#[test]
fn what_only_a_server_sends_is_named_whatever_its_arguments() {
    for id in [
        MethodId::CONNECTION_START,
        MethodId::CONNECTION_BLOCKED,
        MethodId::CHANNEL_OPEN_OK,
        MethodId::ACCESS_REQUEST_OK,
        MethodId::EXCHANGE_UNBIND_OK,
        MethodId::QUEUE_DECLARE_OK,
        MethodId::BASIC_DELIVER,
        MethodId::CONFIRM_SELECT_OK,
        MethodId::TX_ROLLBACK_OK,
    ] {
        let (class, method) = (id.class.to_be_bytes(), id.method.to_be_bytes());
        let payload = [&class[..], &method[..], b"junk"].concat();

        let decoded = decode_method(&payload).unwrap();

        assert_eq!(decoded, Method::Unexpected(id));
        assert_eq!(decoded.id(), id);
    }
}
