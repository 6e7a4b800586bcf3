//! Errors and closing, from either side.

use std::time::{Duration, Instant};

use bytes::BytesMut;

use super::channels::Slot;
use super::core::Connection;
use super::event::Event;
use super::reply;
use super::state::State;
use crate::amqp::exception::Exception;
use crate::amqp::id::ChannelId;
use crate::amqp::reply_code::{ReplyCode, Scope};
use crate::codec::frame::{Frame, FrameError, FrameKind};
use crate::codec::method::{Method, decode_method};

/// How long a peer is held off after a refused handshake or a broken frame.
const HOLD: Duration = Duration::from_secs(3);

/// How long the end of a close is waited for, at most.
const CLOSE_WAIT_MAX: Duration = Duration::from_secs(30);

impl Connection {
    /// What [`Connection::fail`] will close. Whatever was raised on channel 0, or before the
    /// connection was open, closes the connection.
    pub fn scope(&self, exception: &Exception, channel: ChannelId) -> Scope {
        if channel == ChannelId::CONNECTION || !self.is_open() {
            return Scope::Connection;
        }
        exception.scope()
    }

    /// Closes the channel or the connection, and says which. What it holds has been released: its
    /// channels are gone from the table. Where a close is under way already, nothing is written.
    ///
    /// During the handshake the peer is then held off for three seconds, as RabbitMQ does.
    pub fn fail(
        &mut self,
        now: Instant,
        exception: &Exception,
        channel: ChannelId,
        out: &mut BytesMut,
    ) -> Scope {
        let scope = self.scope(exception, channel);
        match scope {
            Scope::Channel => {
                if self.channels.fail(channel) {
                    reply::channel_close(out, channel, exception);
                }
            }
            Scope::Connection => {
                let state = match self.state {
                    State::AwaitHeader
                    | State::AwaitStartOk
                    | State::AwaitLogin { .. }
                    | State::AwaitTuneOk => State::Held { until: now + HOLD },
                    _ => State::AwaitCloseOk { until: now + self.close_wait() },
                };
                self.close(state, exception, out);
            }
        }
        scope
    }

    /// Closes the connection after octets that are no frame. Where the next frame begins may not
    /// be known; then nothing more is heeded, and the peer has three seconds to read why.
    pub fn fail_frame(&mut self, now: Instant, error: FrameError, out: &mut BytesMut) {
        let readable = error.consumed().is_some();
        self.fail(now, &error.into(), ChannelId::CONNECTION, out);
        if !readable {
            self.state = State::Held { until: now + HOLD };
        }
    }

    /// Answers [`Event::Login`]: the login is refused. Only a client that said it can hear it is
    /// told; each is held off for three seconds.
    pub fn login_refused(&mut self, now: Instant, out: &mut BytesMut) {
        let State::AwaitLogin { mechanism } = &self.state else { return };
        let text = format!(
            "Login was refused using authentication mechanism {mechanism}. For details see the \
             broker logfile."
        );
        if self.client.capabilities.authentication_failure_close {
            reply::close(out, &Exception::new(ReplyCode::AccessRefused, text));
        }
        self.state = State::Held { until: now + HOLD };
    }

    /// Answers [`Event::CloseChannel`]: what the channel held is released. Writes `close-ok`.
    pub fn channel_closed(&mut self, channel: ChannelId, out: &mut BytesMut) {
        if matches!(self.channels.slot(channel), Some(Slot::Releasing(_))) {
            self.channels.remove(channel);
            reply::channel_close_ok(out, channel);
        }
    }

    /// Answers [`Event::Close`]: what the connection held is released. Writes `close-ok`; the
    /// client is to close the socket.
    pub fn closed(&mut self, now: Instant, out: &mut BytesMut) {
        if matches!(self.state, State::AwaitRelease) {
            self.channels.clear();
            reply::close_ok(out);
            self.state = State::AwaitEof { until: now + self.close_wait() };
        }
    }

    /// Takes a frame after the server's `close`: only the client's `close` and `close-ok` count.
    pub(super) fn handle_closing_frame<'f>(frame: Frame<'f>, out: &mut BytesMut) -> Event<'f> {
        if frame.channel != ChannelId::CONNECTION || frame.kind != FrameKind::Method {
            return Event::Handled;
        }
        match decode_method(frame.payload) {
            Ok(Method::ConnectionCloseOk) => Event::Finished,
            Ok(Method::ConnectionClose { .. }) => {
                reply::close_ok(out);
                Event::Handled
            }
            _ => Event::Handled,
        }
    }

    fn close(&mut self, next: State, exception: &Exception, out: &mut BytesMut) {
        if self.is_closing() {
            return;
        }
        if !matches!(self.state, State::AwaitHeader) {
            reply::close(out, exception);
        }
        self.channels.clear();
        self.state = next;
    }

    /// As long as a heartbeat interval, where there is one.
    fn close_wait(&self) -> Duration {
        self.tuning.heartbeat.map_or(CLOSE_WAIT_MAX, |interval| interval.min(CLOSE_WAIT_MAX))
    }
}
