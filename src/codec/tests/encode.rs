//! What we encode is what `amq-protocol` decodes.

use amq_protocol::frame::{AMQPContentHeader, AMQPFrame, parse_frame};
use amq_protocol::protocol::{AMQPClass, basic, connection, queue};
use amq_protocol::types::ShortString;
use bytes::BytesMut;
use proptest::collection::vec;
use proptest::prelude::*;

use super::header::properties;
use super::{encoded, only_frame, short_string};
use crate::amqp::id::{ChannelId, DeliveryTag, PublishTag};
use crate::amqp::reply_code::ReplyCode;
use crate::codec::encode::{self, Deliver, GetOk};

/// All the frames that `octets` are, as `amq-protocol` sees them.
#[track_caller]
fn frames(mut octets: &[u8]) -> Vec<AMQPFrame> {
    let mut frames = Vec::new();
    while !octets.is_empty() {
        let (rest, frame) = parse_frame(octets).unwrap();
        octets = rest;
        frames.push(frame);
    }
    frames
}

#[track_caller]
fn only_basic(octets: &[u8]) -> (u16, basic::AMQPMethod) {
    match frames(octets).pop() {
        Some(AMQPFrame::Method(channel, AMQPClass::Basic(method))) => (channel, method),
        other => panic!("{other:?}"),
    }
}

fn address(exchange: &ShortString, routing_key: &ShortString) -> Vec<u8> {
    [exchange, routing_key]
        .into_iter()
        .flat_map(|name| {
            let octets = name.as_str().as_bytes();
            [&[u8::try_from(octets.len()).unwrap()], octets].concat()
        })
        .collect()
}

/// A content header without properties.
const HEADER: [u8; 14] = [0, 60, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

proptest! {
    #[test]
    fn a_delivery_reads_as_it_was_written(
        (channel, delivery_tag, redelivered) in any::<(u16, u64, bool)>(),
        (consumer_tag, exchange, routing_key) in (short_string(), short_string(), short_string()),
        body in vec(any::<u8>(), 0..40),
    ) {
        let mut out = BytesMut::new();

        let deliver = Deliver {
            channel: ChannelId(channel),
            consumer_tag: consumer_tag.as_str().as_bytes(),
            delivery_tag: DeliveryTag(delivery_tag),
            redelivered,
            address: &address(&exchange, &routing_key),
        };
        encode::delivery(&mut out, &deliver, &HEADER, &body);

        let of_body = if body.is_empty() { 0 } else { body.len() + 8 };
        let (front, content) = out.split_at(out.len() - of_body);
        let (method, header) = front.split_at(front.len() - HEADER.len() - 8);
        let deliver =
            basic::Deliver { consumer_tag, delivery_tag, redelivered, exchange, routing_key };
        prop_assert_eq!(only_basic(method), (channel, basic::AMQPMethod::Deliver(deliver)));
        prop_assert_eq!(only_frame(header).payload, HEADER);
        if !body.is_empty() {
            prop_assert_eq!(only_frame(content).payload, body);
        }
    }

    #[test]
    fn a_get_ok_reads_as_it_was_written(
        (channel, delivery_tag, redelivered, message_count) in any::<(u16, u64, bool, u32)>(),
        (exchange, routing_key) in (short_string(), short_string()),
    ) {
        let mut out = BytesMut::new();

        encode::get_ok(&mut out, &GetOk {
            channel: ChannelId(channel),
            delivery_tag: DeliveryTag(delivery_tag),
            redelivered,
            address: &address(&exchange, &routing_key),
            message_count,
        });

        let get_ok =
            basic::GetOk { delivery_tag, redelivered, exchange, routing_key, message_count };
        prop_assert_eq!(only_basic(&out), (channel, basic::AMQPMethod::GetOk(get_ok)));
    }

    #[test]
    fn a_return_reads_as_it_was_written(
        channel: u16,
        (reply_text, exchange, routing_key) in (short_string(), short_string(), short_string()),
    ) {
        let mut out = BytesMut::new();

        encode::basic_return(
            &mut out,
            ChannelId(channel),
            ReplyCode::NoRoute,
            reply_text.as_str(),
            &address(&exchange, &routing_key),
        );

        let returned = basic::Return { reply_code: 312, reply_text, exchange, routing_key };
        prop_assert_eq!(only_basic(&out), (channel, basic::AMQPMethod::Return(returned)));
    }

    #[test]
    fn confirms_read_as_they_were_written((channel, delivery_tag, multiple) in any::<(u16, u64, bool)>()) {
        let (mut acked, mut nacked) = (BytesMut::new(), BytesMut::new());

        encode::ack(&mut acked, ChannelId(channel), PublishTag(delivery_tag), multiple);
        encode::nack(&mut nacked, ChannelId(channel), PublishTag(delivery_tag), multiple);

        let ack = basic::AMQPMethod::Ack(basic::Ack { delivery_tag, multiple });
        let nack = basic::AMQPMethod::Nack(basic::Nack { delivery_tag, multiple, requeue: true });
        prop_assert_eq!(only_basic(&acked), (channel, ack));
        prop_assert_eq!(only_basic(&nacked), (channel, nack));
    }

    #[test]
    fn content_is_a_header_and_the_body_cut_at_frame_max(
        channel: u16,
        sent in properties(),
        body in vec(any::<u8>(), 0..20_000),
        frame_max in prop_oneof![Just(4096_u32), 4096..20_100_u32],
    ) {
        let body_size = body.len() as u64;
        let content_header = AMQPContentHeader { class_id: 60, body_size, properties: sent };
        let header = encoded(&AMQPFrame::Header(channel, content_header.clone()));
        let mut out = BytesMut::new();

        encode::content(&mut out, ChannelId(channel), only_frame(&header).payload, &body, frame_max);

        let mut expected = vec![AMQPFrame::Header(channel, content_header)];
        let pieces = body.chunks(frame_max as usize - 8);
        expected.extend(pieces.map(|piece| AMQPFrame::Body(channel, piece.to_vec())));
        prop_assert_eq!(frames(&out), expected);
    }
}

#[test]
fn an_empty_body_has_no_frame_and_a_full_one_has_one() {
    let bodies = |size: usize| {
        let mut out = BytesMut::new();
        encode::content(&mut out, ChannelId(1), &HEADER, &vec![7; size], 4096);
        frames(&out).len() - 1
    };

    assert_eq!([0, 1, 4088, 4089, 8176, 8177].map(bodies), [0, 1, 1, 2, 2, 3]);
}

#[test]
fn a_heartbeat_is_empty_and_on_channel_0() {
    let mut out = BytesMut::new();

    encode::heartbeat(&mut out);

    assert_eq!(frames(&out), [AMQPFrame::Heartbeat]);
}

#[test]
fn any_other_method_is_appended() {
    let declare_ok = queue::DeclareOk { queue: "q".into(), message_count: 1, consumer_count: 2 };
    let declare_ok = AMQPClass::Queue(queue::AMQPMethod::DeclareOk(declare_ok));
    let close_ok = AMQPClass::Connection(connection::AMQPMethod::CloseOk(connection::CloseOk {}));
    let mut out = BytesMut::new();

    encode::method(&mut out, ChannelId(3), declare_ok.clone());
    encode::method(&mut out, ChannelId::CONNECTION, close_ok.clone());

    assert_eq!(frames(&out), [AMQPFrame::Method(3, declare_ok), AMQPFrame::Method(0, close_ok)]);
}

#[test]
fn a_consumer_tag_longer_than_a_short_string_is_cut() {
    let mut out = BytesMut::new();

    encode::deliver(
        &mut out,
        &Deliver {
            channel: ChannelId(1),
            consumer_tag: &[b'c'; 300],
            delivery_tag: DeliveryTag(1),
            redelivered: false,
            address: b"\0\0",
        },
    );

    let (_, basic::AMQPMethod::Deliver(deliver)) = only_basic(&out) else { panic!() };
    assert_eq!(deliver.consumer_tag.as_str(), "c".repeat(255));
}

#[test]
fn the_protocol_header_is_the_one_of_0_9_1() {
    assert_eq!(encode::PROTOCOL_HEADER, [65, 77, 81, 80, 0, 0, 9, 1]);
}
