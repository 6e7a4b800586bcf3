//! The methods that a connection's core writes by itself.

use amq_protocol::protocol::{AMQPClass, access, channel, connection};
use amq_protocol::types::ShortString;
use bytes::{BufMut, BytesMut};

use super::settings::Settings;
use crate::amqp::exception::Exception;
use crate::amqp::id::ChannelId;
use crate::amqp::method::MethodId;
use crate::codec::encode;
use crate::codec::frame::{FRAME_END, FrameKind};

/// Writes `start` by hand: `amq-protocol` would sort the table of server properties.
pub(super) fn start(out: &mut BytesMut, settings: &Settings) {
    let properties = settings.server_properties.as_ref().as_bytes();
    let strings = [properties, settings.mechanisms.as_bytes(), b"en_US"];
    let size = 6 + strings.iter().map(|octets| 4 + octets.len()).sum::<usize>();
    out.reserve(8 + size);
    out.put_u8(FrameKind::Method as u8);
    out.put_u16(ChannelId::CONNECTION.0);
    out.put_u32(u32::try_from(size).unwrap_or(u32::MAX));
    out.put_u16(MethodId::CONNECTION_START.class);
    out.put_u16(MethodId::CONNECTION_START.method);
    out.put_slice(&[0, 9]);
    for octets in strings {
        out.put_u32(u32::try_from(octets.len()).unwrap_or(u32::MAX));
        out.put_slice(octets);
    }
    out.put_u8(FRAME_END);
}

pub(super) fn tune(out: &mut BytesMut, settings: &Settings) {
    let tune = connection::Tune {
        channel_max: settings.channel_max,
        frame_max: settings.frame_max,
        heartbeat: settings.heartbeat,
    };
    on_connection(out, connection::AMQPMethod::Tune(tune));
}

pub(super) fn open_ok(out: &mut BytesMut) {
    on_connection(out, connection::AMQPMethod::OpenOk(connection::OpenOk {}));
}

pub(super) fn close(out: &mut BytesMut, exception: &Exception) {
    let method = exception.method.unwrap_or(MethodId::new(0, 0));
    let close = connection::Close {
        reply_code: exception.code.code(),
        reply_text: short(exception.reply_text()),
        class_id: method.class,
        method_id: method.method,
    };
    on_connection(out, connection::AMQPMethod::Close(close));
}

pub(super) fn close_ok(out: &mut BytesMut) {
    on_connection(out, connection::AMQPMethod::CloseOk(connection::CloseOk {}));
}

pub(super) fn blocked(out: &mut BytesMut, reason: &str) {
    let blocked = connection::Blocked { reason: short(reason.to_owned()) };
    on_connection(out, connection::AMQPMethod::Blocked(blocked));
}

pub(super) fn unblocked(out: &mut BytesMut) {
    on_connection(out, connection::AMQPMethod::Unblocked(connection::Unblocked {}));
}

pub(super) fn update_secret_ok(out: &mut BytesMut) {
    on_connection(out, connection::AMQPMethod::UpdateSecretOk(connection::UpdateSecretOk {}));
}

pub(super) fn channel_open_ok(out: &mut BytesMut, id: ChannelId) {
    on_channel(out, id, channel::AMQPMethod::OpenOk(channel::OpenOk {}));
}

pub(super) fn channel_flow_ok(out: &mut BytesMut, id: ChannelId) {
    on_channel(out, id, channel::AMQPMethod::FlowOk(channel::FlowOk { active: true }));
}

pub(super) fn channel_close(out: &mut BytesMut, id: ChannelId, exception: &Exception) {
    let method = exception.method.unwrap_or(MethodId::new(0, 0));
    let close = channel::Close {
        reply_code: exception.code.code(),
        reply_text: short(exception.reply_text()),
        class_id: method.class,
        method_id: method.method,
    };
    on_channel(out, id, channel::AMQPMethod::Close(close));
}

pub(super) fn channel_close_ok(out: &mut BytesMut, id: ChannelId) {
    on_channel(out, id, channel::AMQPMethod::CloseOk(channel::CloseOk {}));
}

/// The ticket is always 1: tickets are not used (RabbitMQ likewise).
pub(super) fn access_request_ok(out: &mut BytesMut, id: ChannelId) {
    let request_ok = access::AMQPMethod::RequestOk(access::RequestOk {});
    encode::method(out, id, AMQPClass::Access(request_ok));
}

fn on_connection(out: &mut BytesMut, method: connection::AMQPMethod) {
    encode::method(out, ChannelId::CONNECTION, AMQPClass::Connection(method));
}

fn on_channel(out: &mut BytesMut, id: ChannelId, method: channel::AMQPMethod) {
    encode::method(out, id, AMQPClass::Channel(method));
}

/// Empty if it is too long, which a reply text never is.
fn short(text: String) -> ShortString {
    ShortString::try_new(text).unwrap_or_default()
}
