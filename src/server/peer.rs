//! One client as the server sees it: its connection's core, and its service once it has opened a
//! virtual host. What it sends is taken apart in [`super::input`], what the core tells is handled in
//! [`super::event`]; the log lines of its life are in [`super::life`].

use std::sync::Arc;
use std::time::Instant;

use bytes::BytesMut;

use super::input::Input;
use super::life::{End, Ends};
use super::outbox::Outbox;
use super::output::Output;
use super::service::Service;
use crate::amqp::exception::Exception;
use crate::amqp::id::{ChannelId, ConnectionId};
use crate::amqp::reply_code::Scope;
use crate::auth::user::User;
use crate::broker::node::Node;
use crate::connection::core::Connection;
use crate::connection::event::{ReceiveCheck, Timeout};
use crate::connection::settings::Settings;

/// A client.
#[derive(Debug)]
pub(super) struct Peer {
    pub(super) id: ConnectionId,
    pub(super) ends: Ends,
    pub(super) node: Arc<Node>,
    pub(super) core: Connection,
    pub(super) outbox: Arc<Outbox>,
    pub(super) user: Option<User>,
    /// How the user has logged in.
    pub(super) mechanism: Box<str>,
    pub(super) service: Option<Service>,
    /// Output of the core, on its way to the outbox.
    pub(super) replies: BytesMut,
    /// Octets without which the next frame is not whole.
    pub(super) needed: usize,
    pub(super) input: Input,
    pub(super) end: Option<End>,
    /// Who closes the connection, and why, once somebody does.
    pub(super) closing: Option<String>,
    /// Whether it was told that the connection is closed.
    closed_told: bool,
}

impl Peer {
    pub(super) fn new(node: Arc<Node>, settings: Arc<Settings>, ends: Ends) -> Self {
        let id = node.ids.next_connection();
        let outbox = Outbox::new(id);
        node.connections.insert(id, Arc::clone(&outbox) as _);
        Self {
            id,
            ends,
            node,
            core: Connection::new(settings, Instant::now()),
            outbox,
            user: None,
            mechanism: Box::default(),
            service: None,
            replies: BytesMut::new(),
            needed: 0,
            input: Input::Header,
            end: None,
            closing: None,
            closed_told: false,
        }
    }

    pub(super) fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    /// Octets without which nothing more can be carried out.
    pub(super) const fn needed(&self) -> usize {
        self.needed
    }

    /// Whether the socket is to be read.
    pub(super) fn wants_input(&self) -> bool {
        !self.input.is_held() && self.end.is_none()
    }

    /// Why the connection has ended; asked when all that was to be written is.
    pub(super) fn take_end(&mut self) -> Option<End> {
        self.end.take()
    }

    pub(super) fn octets_received(&mut self) {
        self.core.octets_received();
    }

    pub(super) fn octets_sent(&mut self) {
        self.core.octets_sent();
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        let look = self.service.as_ref().and_then(|service| service.look_at);
        self.core.poll_timeout().into_iter().chain(look).min()
    }

    /// Carries out what is due.
    pub(super) fn handle_timeout(&mut self) -> Option<End> {
        let now = Instant::now();
        let timeout = self.core.handle_timeout(now, &mut self.replies);
        self.write_replies();
        self.check_overdue(now);
        match timeout {
            Timeout::Nothing => None,
            Timeout::HandshakeTooSlow => Some(End::TimedOut("the handshake took too long")),
            Timeout::PeerSilent => Some(End::TimedOut("missed heartbeats from client")),
            Timeout::CloseExpired => Some(End::Closed),
        }
    }

    /// Takes what others have to say.
    pub(super) fn handle_signals(&mut self) {
        let signals = self.outbox.take_signals();
        for (at, consumer) in signals.cancelled {
            if let Some(channel) = self.core.channel_mut(at) {
                if let Some(service) = &self.service {
                    service.report_cancelled(channel, at, consumer);
                }
                channel.remove_consumer_id(consumer);
            }
        }
        if let Some(why) = signals.close {
            let greeted = self.core.is_open() || self.core.is_closing();
            self.fail(Instant::now(), &why, ChannelId::CONNECTION);
            if !greeted {
                // It holds nothing, and need not agree.
                self.end = Some(End::Closed);
            }
        }
        if let Some(service) = &mut self.service {
            service.resume();
        }
    }

    /// Goes on with what was left unread, if it was and the reason is gone; `true` if so.
    pub(super) fn unblock(&mut self) -> bool {
        match self.input {
            Input::Behind if !self.node.is_lagging() => {}
            Input::Blocked if self.node.blocked_reason().is_none() => {
                self.core.unblocked(&mut self.replies);
                self.write_replies();
            }
            Input::Flooded if !self.outbox.is_flooded() => {}
            Input::Crowded => {
                if self.replies_wait() {
                    return false;
                }
            }
            Input::Waiting => {
                if !self.has_waited() {
                    return false;
                }
            }
            _ => return false,
        }
        self.input = Input::Frames;
        self.core.set_receive_check(Instant::now(), ReceiveCheck::Running);
        true
    }

    /// Moves what is to be written into the empty `buffer`; `false` when that is nothing.
    pub(super) fn take_output(&mut self, buffer: &mut Output) -> bool {
        let some = self.outbox.take_output(buffer);
        if some && let Some(service) = &mut self.service {
            service.resume();
        }
        some
    }

    /// Releases what an exception closes, then closes it.
    pub(super) fn fail(&mut self, now: Instant, exception: &Exception, at: ChannelId) {
        self.log_exception(exception, at);
        match self.core.scope(exception, at) {
            Scope::Channel => self.release_channel(at),
            Scope::Connection => self.close_for(exception),
        }
        self.core.fail(now, exception, at, &mut self.replies);
        if self.input.is_held() && !self.core.is_open() {
            // What it publishes is ignored now, and its close-ok is behind that.
            self.input = Input::Frames;
        }
        self.write_replies();
    }

    pub(super) fn close_for(&mut self, exception: &Exception) {
        self.closing.get_or_insert_with(|| format!("closed by the broker: {exception}"));
        self.release();
    }

    /// Stops reading a client that does not read.
    pub(super) fn check_flood(&mut self, now: Instant) {
        if self.input == Input::Frames && self.outbox.is_flooded() {
            self.hold(now, Input::Flooded);
        }
    }

    /// Stops reading a client that replies to one that does not read.
    pub(super) fn check_crowd(&mut self, now: Instant) {
        if self.input == Input::Frames && self.replies_wait() {
            self.hold(now, Input::Crowded);
        }
    }

    fn hold(&mut self, now: Instant, why: Input) {
        self.input = why;
        self.core.set_receive_check(now, ReceiveCheck::Paused);
    }

    pub(super) fn write_replies(&mut self) {
        if !self.replies.is_empty() {
            self.outbox.write(|out| out.extend_from_slice(&self.replies));
            self.replies.clear();
        }
    }

    pub(super) fn release_channel(&mut self, at: ChannelId) {
        if let (Some(service), Some(channel)) = (&mut self.service, self.core.channel(at)) {
            service.release_channel(channel, at);
        }
    }

    /// Gives back all that the connection holds. Nothing is served afterwards.
    pub(super) fn release(&mut self) {
        if let Some(mut service) = self.service.take() {
            for (at, channel) in self.core.channels() {
                service.release_channel(channel, at);
            }
            service.release();
            self.tell_closed();
        }
        self.node.connections.released(self.id);
    }

    /// Tells once that the connection is closed.
    fn tell_closed(&mut self) {
        if !std::mem::replace(&mut self.closed_told, true) {
            self.report_closed();
        }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.release();
        // It never opened.
        self.tell_closed();
        self.outbox.end();
        self.node.connections.remove(self.id);
    }
}
