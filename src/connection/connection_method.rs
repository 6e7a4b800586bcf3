//! Methods on channel 0: the handshake, and what the open connection is asked.

use std::time::Instant;

use bytes::BytesMut;

use super::client::ClientProperties;
use super::core::Connection;
use super::error::Unexpected;
use super::event::Event;
use super::heartbeat::Heartbeat;
use super::reply;
use super::state::State;
use super::tuning::{Tuning, Wish};
use crate::amqp::exception::Exception;
use crate::amqp::id::ChannelId;
use crate::codec::frame::{Frame, FrameKind};
use crate::codec::method::{Method, decode_method};

impl Connection {
    /// Takes a frame that is not one of an open channel.
    pub(super) fn handle_connection_frame<'f>(
        &mut self,
        now: Instant,
        frame: Frame<'f>,
    ) -> Result<Event<'f>, Exception> {
        if frame.channel != ChannelId::CONNECTION || frame.kind != FrameKind::Method {
            return Err(frame.unexpected().into());
        }
        let method = decode_method(frame.payload)?;
        match (&self.state, method) {
            (
                State::AwaitStartOk,
                Method::ConnectionStartOk { client_properties, mechanism, response, .. },
            ) => {
                self.client = ClientProperties::read(client_properties);
                self.state = State::AwaitLogin { mechanism: mechanism.to_owned() };
                Ok(Event::Login { mechanism, response })
            }
            (
                State::AwaitTuneOk,
                Method::ConnectionTuneOk { channel_max, frame_max, heartbeat },
            ) => self.handle_tune_ok(now, Wish { frame_max, channel_max, heartbeat }),
            (State::AwaitOpen, Method::ConnectionOpen { vhost }) => {
                self.state = State::AwaitVhost;
                Ok(Event::Open { vhost })
            }
            (State::Open, Method::ConnectionUpdateSecret { secret, .. }) => {
                Ok(Event::UpdateSecret { secret })
            }
            (_, Method::ConnectionClose { reply_code, reply_text, .. }) => {
                self.state = State::AwaitRelease;
                Ok(Event::Close { code: reply_code, text: reply_text })
            }
            (state, method) => {
                let error =
                    Unexpected::ConnectionMethod { method: method.id(), state: state.name() };
                Err(error.into())
            }
        }
    }

    fn handle_tune_ok<'f>(&mut self, now: Instant, wish: Wish) -> Result<Event<'f>, Exception> {
        self.tuning = Tuning::negotiate(&self.settings, wish)?;
        self.heartbeat = self.tuning.heartbeat.map(|interval| Heartbeat::new(interval, now));
        self.state = State::AwaitOpen;
        Ok(Event::Handled)
    }

    /// Answers [`Event::Login`]: the user is who they say. Writes `tune`.
    pub fn login_accepted(&mut self, out: &mut BytesMut) {
        if matches!(self.state, State::AwaitLogin { .. }) {
            reply::tune(out, &self.settings);
            self.state = State::AwaitTuneOk;
        }
    }

    /// Answers [`Event::Open`]: the virtual host is there. Writes `open-ok`.
    pub fn opened(&mut self, out: &mut BytesMut) {
        if matches!(self.state, State::AwaitVhost) {
            reply::open_ok(out);
            self.state = State::Open;
        }
    }

    /// Answers [`Event::UpdateSecret`]: the secret is good. Writes `update-secret-ok`.
    pub fn secret_updated(&self, out: &mut BytesMut) {
        if self.is_open() {
            reply::update_secret_ok(out);
        }
    }

    /// Tells a client that can hear it that its publishes wait, and why (`low on memory`).
    pub fn blocked(&self, reason: &str, out: &mut BytesMut) {
        if self.is_open() && self.client.capabilities.connection_blocked {
            reply::blocked(out, reason);
        }
    }

    /// Tells a client that can hear it that its publishes are taken again.
    pub fn unblocked(&self, out: &mut BytesMut) {
        if self.is_open() && self.client.capabilities.connection_blocked {
            reply::unblocked(out);
        }
    }
}
