//! What the connection's core tells, carried out.

use std::sync::Arc;
use std::time::Instant;

use tracing::{debug, error, info};

use super::life::End;
use super::peer::Peer;
use super::service::Service;
use crate::amqp::exception::Exception;
use crate::amqp::id::ChannelId;
use crate::amqp::method::MethodId;
use crate::amqp::reply_code::ReplyCode;
use crate::auth::user::Origin;
use crate::broker::node::LoginError;
use crate::channel::state::Channel;
use crate::connection::event::Event;

impl Peer {
    pub(super) fn handle(&mut self, now: Instant, event: Event<'_>) {
        self.write_replies();
        match event {
            Event::Handled => {}
            Event::Login { mechanism, response } => self.log_in(now, mechanism, response),
            Event::Open { vhost } => self.open(now, vhost),
            Event::ChannelOpened(channel) => {
                self.outbox.open_channel(channel);
                if let Some(service) = &self.service {
                    service.report_channel_created(channel);
                }
            }
            Event::Method { channel, method } => {
                self.serve(now, channel, |service, state| service.handle(state, channel, method));
                if !method.is_settlement() {
                    self.check_waiting(now);
                    self.check_flood(now);
                }
            }
            Event::Published { channel } => {
                self.serve(now, channel, |service, state| {
                    let published = service.handle_published(state, channel);
                    published.map_err(|exception| exception.caused_by(MethodId::BASIC_PUBLISH))
                });
            }
            Event::CloseChannel { channel, code, text } => {
                if code != ReplyCode::Success.code() {
                    debug!(connection = %self.id, "client closed channel {channel}: {code} {text}");
                }
                self.release_channel(channel);
                self.core.channel_closed(channel, &mut self.replies);
            }
            Event::Close { code, text } => {
                self.closing.get_or_insert_with(|| format!("closed by client: {code} {text}"));
                self.release();
                self.core.closed(now, &mut self.replies);
            }
            Event::Finished => self.end = Some(End::Closed),
            Event::UpdateSecret { .. } => self.core.secret_updated(&mut self.replies),
        }
        self.write_replies();
    }

    /// Has the service carry something out on a channel.
    fn serve(
        &mut self,
        now: Instant,
        at: ChannelId,
        carry_out: impl FnOnce(&mut Service, &mut Channel) -> Result<(), Exception>,
    ) {
        let (Some(service), Some(channel)) = (&mut self.service, self.core.channel_mut(at)) else {
            return;
        };
        if let Err(exception) = carry_out(service, channel) {
            self.fail(now, &exception, at);
        }
    }

    fn log_in(&mut self, now: Instant, mechanism: &str, response: &[u8]) {
        let local = self.ends.client.ip().to_canonical().is_loopback();
        let origin = if local { Origin::Loopback } else { Origin::Remote };
        match self.node.login(mechanism, response, origin) {
            Ok(user) => {
                self.mechanism = mechanism.into();
                self.report_login(&user.name, mechanism);
                self.user = Some(user);
                self.core.login_accepted(&mut self.replies);
            }
            Err(LoginError::Refused { user, why }) => {
                error!(connection = %self.id, "{mechanism} login refused: user '{user}' - {why}");
                self.report_login_refused(&user, mechanism, why);
                self.closing = Some("login refused".to_owned());
                self.core.login_refused(now, &mut self.replies);
            }
            Err(LoginError::Mechanism(error)) => {
                if error.is_failed_login() {
                    self.report_login_failed(None, mechanism, &error.to_string());
                }
                let exception = Exception::from(error).caused_by(MethodId::CONNECTION_START_OK);
                self.fail(now, &exception, ChannelId::CONNECTION);
            }
        }
    }

    fn open(&mut self, now: Instant, name: &str) {
        let Some(user) = self.user.clone() else { return };
        let vhost = match self.node.admit(name) {
            Ok(vhost) => vhost,
            Err(refusal) => return self.fail(now, &refusal.into(), ChannelId::CONNECTION),
        };
        let (node, outbox) = (Arc::clone(&self.node), Arc::clone(&self.outbox));
        info!(
            connection = %self.id,
            "connection {}{}: user '{user}' authenticated and granted access to vhost '{name}'",
            self.ends,
            self.client_name(),
        );
        let cancel_notify = self.core.client().capabilities.consumer_cancel_notify;
        self.outbox.negotiated(self.core.frame_max(), cancel_notify);
        self.service = Some(Service::new((self.id, self.ends), node, vhost, outbox, user.name));
        self.report_created();
        self.core.opened(&mut self.replies);
    }
}
