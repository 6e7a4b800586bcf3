//! A connection with its channels: handshake, and methods that are answered.

use std::time::{Duration, Instant};

use amq_protocol::protocol::AMQPClass;
use amq_protocol::protocol::{channel, connection};
use amq_protocol::types::{AMQPValue, FieldTable};
use bytes::BytesMut;

use super::error::PerfError;
use super::target::Target;
use super::uri::Uri;
use super::wire::Wire;
use crate::amqp::id::ChannelId;
use crate::amqp::method::MethodId;
use crate::codec::encode;
use crate::codec::frame::{Frame, FrameKind};

/// The first channel, and the only one unless there have to be more.
pub(super) const CHANNEL: ChannelId = ChannelId(1);

/// The largest frame that we ask for, in octets.
const FRAME_MAX: u32 = 131_072;

/// How long an answer may take.
const ANSWER: Duration = Duration::from_mins(1);

/// A connection with open channels.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) wire: Wire,
    pub(super) frame_max: u32,
    /// How many channels may be open; 0 is any number.
    channel_max: u16,
    /// How many are.
    open: u16,
}

impl Session {
    /// Connects, logs in and opens one channel. `name` is shown by the broker.
    pub(super) fn open(target: &Target<'_>, name: &str) -> Result<Self, PerfError> {
        let uri = target.uri;
        let wire = Wire::connect(target)?;
        let mut session = Self { wire, frame_max: FRAME_MAX, channel_max: 0, open: 0 };
        session.send(&encode::PROTOCOL_HEADER)?;
        session.await_method(MethodId::CONNECTION_START)?;
        session.cast(ChannelId::CONNECTION, start_ok(uri, name))?;
        let tune = session.await_method(MethodId::CONNECTION_TUNE)?;
        session.tune(&tune)?;
        let open = connection::Open { virtual_host: uri.vhost.as_str().into() };
        session.call(
            ChannelId::CONNECTION,
            AMQPClass::Connection(connection::AMQPMethod::Open(open)),
            MethodId::CONNECTION_OPEN_OK,
        )?;
        session.open_channels(1)?;
        Ok(session)
    }

    /// What behaves as a session with one channel, over a wire on which nobody is asked.
    pub(super) const fn over(wire: Wire, frame_max: u32) -> Self {
        Self { wire, frame_max, channel_max: 0, open: 1 }
    }

    /// Opens channels until there are `count`.
    pub(super) fn open_channels(&mut self, count: u16) -> Result<(), PerfError> {
        if self.channel_max > 0 && count > self.channel_max {
            let text = format!("--channels: the broker allows {}", self.channel_max);
            return Err(PerfError::Options(text));
        }
        while self.open < count {
            self.open += 1;
            let open = AMQPClass::Channel(channel::AMQPMethod::Open(channel::Open {}));
            self.call(ChannelId(self.open), open, MethodId::CHANNEL_OPEN_OK)?;
        }
        Ok(())
    }

    /// How many channels are open.
    pub(super) const fn open_count(&self) -> u16 {
        self.open
    }

    /// The channels that are open.
    pub(super) fn channels(&self) -> impl Iterator<Item = ChannelId> + use<> {
        (1..=self.open).map(ChannelId)
    }

    /// Sends a method and waits for its answer.
    pub(super) fn call(
        &mut self,
        at: ChannelId,
        method: AMQPClass,
        answer: MethodId,
    ) -> Result<(), PerfError> {
        self.cast(at, method)?;
        self.await_method(answer).map(drop)
    }

    /// Says goodbye; nobody minds if there is no answer.
    pub(super) fn close(self) {
        let _ = self.try_close();
    }

    /// Says goodbye and waits for the answer.
    pub(super) fn try_close(mut self) -> Result<(), PerfError> {
        let close = connection::Close {
            reply_code: 200,
            reply_text: "done".into(),
            class_id: 0,
            method_id: 0,
        };
        let close = AMQPClass::Connection(connection::AMQPMethod::Close(close));
        self.call(ChannelId::CONNECTION, close, MethodId::CONNECTION_CLOSE_OK)
    }

    /// Sends a method that is not answered.
    pub(super) fn cast(&mut self, at: ChannelId, method: AMQPClass) -> Result<(), PerfError> {
        let mut out = BytesMut::new();
        encode::method(&mut out, at, method);
        self.send(&out)
    }

    fn send(&mut self, octets: &[u8]) -> Result<(), PerfError> {
        let until = Instant::now() + ANSWER;
        self.wire.write_all(octets, |frame| check(&frame), || Instant::now() < until)
    }

    /// Returns the arguments. Other frames that come before it are passed over, unless they close.
    fn await_method(&mut self, awaited: MethodId) -> Result<Vec<u8>, PerfError> {
        let until = Instant::now() + ANSWER;
        let mut arguments = None;
        while arguments.is_none() {
            let left = until.saturating_duration_since(Instant::now());
            if !self.wire.wait_readable(left)? {
                return Err(PerfError::Unexpected(format!("no {awaited} within a minute")));
            }
            self.wire.read(|frame| {
                check(&frame)?;
                if let Some((id, rest)) = method(&frame)
                    && id == awaited
                {
                    arguments = Some(rest.to_vec());
                }
                Ok(())
            })?;
        }
        Ok(arguments.unwrap_or_default())
    }

    fn tune(&mut self, arguments: &[u8]) -> Result<(), PerfError> {
        let Some(&[c0, c1, f0, f1, f2, f3]) = arguments.first_chunk() else {
            return Err(PerfError::Unexpected("connection.tune without its arguments".to_owned()));
        };
        let theirs = u32::from_be_bytes([f0, f1, f2, f3]);
        self.frame_max = if theirs == 0 { FRAME_MAX } else { theirs.min(FRAME_MAX) };
        self.wire.set_frame_max(self.frame_max);
        self.channel_max = u16::from_be_bytes([c0, c1]);
        let tune_ok = connection::TuneOk {
            channel_max: self.channel_max,
            frame_max: self.frame_max,
            heartbeat: 0,
        };
        let tune_ok = AMQPClass::Connection(connection::AMQPMethod::TuneOk(tune_ok));
        self.cast(ChannelId::CONNECTION, tune_ok)
    }
}

/// A method frame's id and arguments.
pub(super) fn method<'a>(frame: &Frame<'a>) -> Option<(MethodId, &'a [u8])> {
    let (&[c0, c1, m0, m1], rest) = frame.payload.split_first_chunk()?;
    let id = MethodId::new(u16::from_be_bytes([c0, c1]), u16::from_be_bytes([m0, m1]));
    (frame.kind == FrameKind::Method).then_some((id, rest))
}

/// Fails if the broker closes the channel or the connection with the frame, or ends a consumer.
pub(super) fn check(frame: &Frame<'_>) -> Result<(), PerfError> {
    let Some((id, arguments)) = method(frame) else { return Ok(()) };
    let what = match id {
        MethodId::CONNECTION_CLOSE => "connection",
        MethodId::CHANNEL_CLOSE => "channel",
        MethodId::BASIC_CANCEL => {
            return Err(PerfError::Unexpected("basic.cancel: the queue is gone".to_owned()));
        }
        _ => return Ok(()),
    };
    let (code, rest) = arguments.split_first_chunk().unwrap_or((&[0, 0], &[]));
    let length = rest.first().copied().map_or(0, usize::from);
    let text = rest.get(1..=length).unwrap_or_default();
    Err(PerfError::Closed {
        what,
        code: u16::from_be_bytes(*code),
        text: String::from_utf8_lossy(text).into_owned(),
    })
}

fn start_ok(uri: &Uri, name: &str) -> AMQPClass {
    let mut capabilities = FieldTable::default();
    for capability in ["authentication_failure_close", "consumer_cancel_notify"] {
        capabilities.insert(capability.into(), AMQPValue::Boolean(true));
    }
    let mut client_properties = FieldTable::default();
    for (key, value) in [
        ("product", "leveret perf"),
        ("version", env!("CARGO_PKG_VERSION")),
        ("connection_name", name),
    ] {
        client_properties.insert(key.into(), AMQPValue::LongString(value.into()));
    }
    client_properties.insert("capabilities".into(), AMQPValue::FieldTable(capabilities));
    AMQPClass::Connection(connection::AMQPMethod::StartOk(connection::StartOk {
        client_properties,
        mechanism: "PLAIN".into(),
        response: format!("\0{}\0{}", uri.user, uri.password).into(),
        locale: "en_US".into(),
    }))
}
