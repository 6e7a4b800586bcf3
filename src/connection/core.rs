//! The core of one connection.

use std::sync::Arc;
use std::time::Instant;

use bytes::BytesMut;

use super::channels::{Channels, Slot};
use super::client::ClientProperties;
use super::event::{Event, HeaderOutcome};
use super::heartbeat::Heartbeat;
use super::reply;
use super::settings::Settings;
use super::state::State;
use super::tuning::Tuning;
use crate::amqp::exception::Exception;
use crate::amqp::id::ChannelId;
use crate::channel::state::Channel;
use crate::codec::encode::PROTOCOL_HEADER;
use crate::codec::frame::{Frame, FrameKind};

/// How AMQP 0-9 clients greet; they are served as AMQP 0-9-1.
const PROTOCOL_HEADER_0_9: [u8; 8] = *b"AMQP\x01\x01\x00\x09";

/// One connection.
///
/// - `handle_*` takes what happened: the protocol header, a frame, a timeout.
/// - Verbs are the owner's answers: `login_accepted`, `opened`, `channel_closed`, `fail` ...
/// - `poll_timeout` says when `handle_timeout` is due.
///
/// Replies are appended to the buffer that is handed in. Nothing is remembered of it.
#[derive(Debug)]
pub struct Connection {
    pub(super) settings: Arc<Settings>,
    pub(super) state: State,
    pub(super) handshake_until: Instant,
    pub(super) tuning: Tuning,
    pub(super) client: ClientProperties,
    pub(super) heartbeat: Option<Heartbeat>,
    pub(super) channels: Channels,
}

impl Connection {
    /// A connection that has just been accepted.
    pub fn new(settings: Arc<Settings>, now: Instant) -> Self {
        Self {
            state: State::AwaitHeader,
            handshake_until: now + settings.handshake_timeout,
            tuning: Tuning::initial(&settings),
            client: ClientProperties::default(),
            heartbeat: None,
            channels: Channels::default(),
            settings,
        }
    }

    /// The largest frame that may come now, in octets.
    pub const fn frame_max(&self) -> u32 {
        self.tuning.frame_max
    }

    /// The limits in force: before `tune-ok` those of the handshake.
    pub const fn tuning(&self) -> &Tuning {
        &self.tuning
    }

    /// What the client said about itself; empty before `start-ok`.
    pub const fn client(&self) -> &ClientProperties {
        &self.client
    }

    /// Whether the handshake is done and neither side has begun to close.
    pub const fn is_open(&self) -> bool {
        matches!(self.state, State::Open)
    }

    /// Whether either side has begun to close, or the peer is being held off.
    pub const fn is_closing(&self) -> bool {
        self.state.is_closing()
    }

    /// A channel whose owner may hold something for it: one that the server has closed is not
    /// among them, one whose client waits for `close-ok` is.
    pub fn channel(&self, id: ChannelId) -> Option<&Channel> {
        self.channels.slot(id)?.channel()
    }

    /// As [`Connection::channel`].
    pub fn channel_mut(&mut self, id: ChannelId) -> Option<&mut Channel> {
        self.channels.slot_mut(id)?.channel_mut()
    }

    /// The channel that a publish may go to without its frames being handled one by one, its body
    /// having so many octets. `None` when they have to be.
    #[inline]
    pub fn publishing_channel(&mut self, id: ChannelId, body_size: usize) -> Option<&mut Channel> {
        self.open_channel_mut(id).filter(|channel| channel.admits(body_size))
    }

    /// A channel whose frames are neither ignored nor refused for its state.
    #[inline]
    pub fn open_channel_mut(&mut self, id: ChannelId) -> Option<&mut Channel> {
        if !self.is_open() {
            return None;
        }
        match self.channels.slot_mut(id)? {
            Slot::Open(channel) | Slot::Reopened(channel) => Some(channel),
            Slot::Releasing(_) | Slot::AwaitCloseOk => None,
        }
    }

    /// The channels as [`Connection::channel`] has them, in the order of their numbers.
    pub fn channels(&self) -> impl Iterator<Item = (ChannelId, &Channel)> {
        self.channels.iter()
    }

    /// Takes the first octets of the connection. Call it again with more while it is incomplete.
    pub fn handle_protocol_header(&mut self, input: &[u8], out: &mut BytesMut) -> HeaderOutcome {
        let Some(header) = input.first_chunk::<8>() else { return HeaderOutcome::Incomplete };
        if *header == PROTOCOL_HEADER || *header == PROTOCOL_HEADER_0_9 {
            reply::start(out, &self.settings);
            self.state = State::AwaitStartOk;
            return HeaderOutcome::Accepted;
        }
        out.extend_from_slice(&PROTOCOL_HEADER);
        HeaderOutcome::Refused
    }

    /// Takes a frame.
    ///
    /// # Errors
    /// What the client did wrong. The owner releases what [`Connection::scope`] says is closed by
    /// it, and then calls [`Connection::fail`] with it and the frame's channel.
    pub fn handle_frame<'f>(
        &mut self,
        now: Instant,
        frame: Frame<'f>,
        out: &mut BytesMut,
    ) -> Result<Event<'f>, Exception> {
        if frame.kind == FrameKind::Heartbeat {
            return Ok(Event::Handled);
        }
        match self.state {
            State::Open if frame.channel != ChannelId::CONNECTION => {
                self.handle_channel_frame(frame, out)
            }
            State::AwaitRelease | State::AwaitEof { .. } | State::Held { .. } => Ok(Event::Handled),
            State::AwaitCloseOk { .. } => Ok(Self::handle_closing_frame(frame, out)),
            _ => self.handle_connection_frame(now, frame),
        }
    }
}
