//! Frames on channels: what a channel's state allows, and what of it is answered here.

use bytes::BytesMut;

use super::channels::Slot;
use super::core::Connection;
use super::error::Unexpected;
use super::event::Event;
use super::reply;
use crate::amqp::exception::Exception;
use crate::amqp::id::ChannelId;
use crate::amqp::method::MethodId;
use crate::channel::assembly::{AssemblyError, HeaderFields, Progress, PublishFlags};
use crate::channel::mode::{Mode, ModeError};
use crate::channel::state::Channel;
use crate::codec::frame::{Frame, FrameKind};
use crate::codec::header::{HeaderError, parse_header};
use crate::codec::method::{Method, decode_method};

impl Connection {
    /// Takes a frame on a channel other than 0 of an open connection.
    pub(super) fn handle_channel_frame<'f>(
        &mut self,
        frame: Frame<'f>,
        out: &mut BytesMut,
    ) -> Result<Event<'f>, Exception> {
        let Some(slot) = self.channels.slot_mut(frame.channel) else {
            return self.handle_first_frame(frame, out);
        };
        let (Slot::Open(channel) | Slot::Reopened(channel)) = slot else {
            return self.handle_closed_channel_frame(frame, out);
        };
        let progress = match frame.kind {
            FrameKind::Method => return handle_method(slot, frame, out),
            FrameKind::Header => handle_header(channel, frame.payload)?,
            FrameKind::Body => channel.assembly.body(frame.payload)?,
            FrameKind::Heartbeat => Progress::More,
        };
        Ok(match progress {
            Progress::More => Event::Handled,
            Progress::Complete => Event::Published { channel: frame.channel },
        })
    }

    /// Takes a frame on a number that is not in use.
    fn handle_first_frame<'f>(
        &mut self,
        frame: Frame<'f>,
        out: &mut BytesMut,
    ) -> Result<Event<'f>, Exception> {
        self.channels.check_room(self.tuning.channel_max)?;
        if frame.kind != FrameKind::Method {
            return Err(AssemblyError::NoContentDue.into());
        }
        match decode_method(frame.payload)? {
            Method::ChannelOpen => Ok(self.open_channel(frame.channel, Slot::Open, out)),
            method => Err(Unexpected::ChannelNotOpen(method.id()).into()),
        }
    }

    /// Takes a frame on a channel that is being closed.
    fn handle_closed_channel_frame<'f>(
        &mut self,
        frame: Frame<'f>,
        out: &mut BytesMut,
    ) -> Result<Event<'f>, Exception> {
        let server_closed = matches!(self.channels.slot(frame.channel), Some(Slot::AwaitCloseOk));
        if !server_closed || frame.kind != FrameKind::Method {
            return Ok(Event::Handled);
        }
        match method_id(frame.payload) {
            Some(MethodId::CHANNEL_OPEN) => {
                decode_method(frame.payload)?;
                return Ok(self.open_channel(frame.channel, Slot::Reopened, out));
            }
            Some(MethodId::CHANNEL_CLOSE) => reply::channel_close_ok(out, frame.channel),
            Some(MethodId::CHANNEL_CLOSE_OK) => self.channels.remove(frame.channel),
            _ => {}
        }
        Ok(Event::Handled)
    }

    fn open_channel<'f>(
        &mut self,
        id: ChannelId,
        slot: impl FnOnce(Box<Channel>) -> Slot,
        out: &mut BytesMut,
    ) -> Event<'f> {
        let channel = Box::new(Channel::new(self.settings.max_message_size));
        self.channels.insert(id, slot(channel));
        reply::channel_open_ok(out, id);
        Event::ChannelOpened(id)
    }
}

/// Takes a method on an open channel.
fn handle_method<'f>(
    slot: &mut Slot,
    frame: Frame<'f>,
    out: &mut BytesMut,
) -> Result<Event<'f>, Exception> {
    let reopened = matches!(slot, Slot::Reopened(_));
    let Some(channel) = slot.channel_mut() else { return Ok(Event::Handled) };
    let method = decode_method(frame.payload)?;
    channel.assembly.expect_method()?;
    if channel.mode() == Mode::Committing && !matches!(method, Method::ChannelClose { .. }) {
        return Err(Exception::from(ModeError::CommitPending).caused_by(method.id()));
    }
    match method {
        Method::BasicPublish(publish) => {
            let flags = PublishFlags { mandatory: publish.mandatory, immediate: publish.immediate };
            channel.assembly.start(publish.exchange, publish.routing_key, flags)?;
        }
        Method::ChannelClose { reply_code, reply_text, .. } => {
            slot.release();
            let (code, text) = (reply_code, reply_text);
            return Ok(Event::CloseChannel { channel: frame.channel, code, text });
        }
        Method::ChannelOpen => return Err(Unexpected::ChannelOpenedTwice.into()),
        Method::ChannelCloseOk if reopened => slot.settle_reopened(),
        Method::ChannelFlow { active: true } => reply::channel_flow_ok(out, frame.channel),
        Method::ChannelFlow { active: false } => return Err(Unexpected::FlowOff.into()),
        Method::AccessRequest => reply::access_request_ok(out, frame.channel),
        Method::BasicCancelOk { .. } => {}
        method if is_carried_out(&method) => {
            return Ok(Event::Method { channel: frame.channel, method });
        }
        method => return Err(Unexpected::Unimplemented(method.id()).into()),
    }
    Ok(Event::Handled)
}

/// Whether the owner carries the method out: it is a client's, and of class exchange, queue,
/// basic, confirm or tx.
fn is_carried_out(method: &Method<'_>) -> bool {
    !matches!(method, Method::Unexpected(_))
        && method.id().class >= MethodId::EXCHANGE_DECLARE.class
}

/// Takes a content header. The properties of another class than basic are not looked at: that it
/// is another class is what is wrong with it.
fn handle_header(channel: &mut Channel, payload: &[u8]) -> Result<Progress, Exception> {
    channel.assembly.expect_header()?;
    let fields = HeaderFields::read(payload).ok_or(HeaderError::Truncated)?;
    if fields.is_basic() {
        parse_header(payload)?;
    }
    Ok(channel.assembly.header(fields, payload)?)
}

/// The ids in front of a method's arguments, which need not be sound.
fn method_id(payload: &[u8]) -> Option<MethodId> {
    let [a, b, c, d] = *payload.first_chunk()?;
    Some(MethodId::new(u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d])))
}
