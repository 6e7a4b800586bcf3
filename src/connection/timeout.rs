//! What the passing of time brings: heartbeats, and an end to waiting.

use std::time::Instant;

use bytes::BytesMut;

use super::core::Connection;
use super::event::{ReceiveCheck, Timeout};
use super::heartbeat::{Beat, Heartbeat};
use super::state::State;
use crate::codec::encode;

impl Connection {
    /// When [`Connection::handle_timeout`] is due; it may change with every other call. `None`
    /// while the owner releases what the connection holds, or nothing is waited for.
    pub fn poll_timeout(&self) -> Option<Instant> {
        match self.state {
            State::Open => self.heartbeat.as_ref().map(Heartbeat::due),
            State::AwaitRelease => None,
            State::AwaitEof { until } | State::AwaitCloseOk { until } | State::Held { until } => {
                Some(until)
            }
            _ => {
                let beat = self.heartbeat.as_ref().map(Heartbeat::due);
                Some(beat.map_or(self.handshake_until, |due| due.min(self.handshake_until)))
            }
        }
    }

    /// Takes note of the time. Too early a call does nothing.
    pub fn handle_timeout(&mut self, now: Instant, out: &mut BytesMut) -> Timeout {
        match self.state {
            State::Open => self.handle_beat(now, out),
            State::AwaitRelease => Timeout::Nothing,
            State::AwaitEof { until } | State::AwaitCloseOk { until } | State::Held { until } => {
                if now < until {
                    Timeout::Nothing
                } else {
                    Timeout::CloseExpired
                }
            }
            _ if now >= self.handshake_until => Timeout::HandshakeTooSlow,
            _ => self.handle_beat(now, out),
        }
    }

    /// Takes note that octets have come, be they a whole frame or not.
    pub fn octets_received(&mut self) {
        if let Some(heartbeat) = &mut self.heartbeat {
            heartbeat.octets_received();
        }
    }

    /// Takes note that octets of the output have been written to the socket.
    pub fn octets_sent(&mut self) {
        if let Some(heartbeat) = &mut self.heartbeat {
            heartbeat.octets_sent();
        }
    }

    /// Says whether the socket is being read, without which silence means nothing.
    pub fn set_receive_check(&mut self, now: Instant, check: ReceiveCheck) {
        if let Some(heartbeat) = &mut self.heartbeat {
            heartbeat.set_receive_check(now, check);
        }
    }

    fn handle_beat(&mut self, now: Instant, out: &mut BytesMut) -> Timeout {
        match self.heartbeat.as_mut().map_or(Beat::Nothing, |heartbeat| heartbeat.look(now)) {
            Beat::Nothing => Timeout::Nothing,
            Beat::PeerSilent => Timeout::PeerSilent,
            Beat::Send => {
                encode::heartbeat(out);
                Timeout::Nothing
            }
        }
    }
}
