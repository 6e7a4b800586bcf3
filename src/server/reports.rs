//! What happens to connections, channels and consumers, as events. Their fields are RabbitMQ's
//! (`rabbit_reader`, `rabbit_channel`, `rabbit_amqqueue_process`); where it gives an Erlang process,
//! a name stands that is as good: `<rabbit@host.0.CONNECTION.CHANNEL>`.

use std::time::{SystemTime, UNIX_EPOCH};

use super::peer::Peer;
use super::service::Service;
use crate::amqp::ack_mode::AckMode;
use crate::amqp::fields::Fields;
use crate::amqp::id::{ChannelId, ConsumerId, QueueId};
use crate::amqp::table::TableRef;
use crate::auth::user::LoginRefused;
use crate::channel::state::Channel;
use crate::queue::command::Exclusivity;
use crate::vhost::queue::Queue;
use crate::vhost::reporter;
use crate::vhost::worker::Terms;

/// RabbitMQ's name for AMQP 0-9-1 in events.
const PROTOCOL: &str = "{0,9,1}";

/// Fields of a connection that is not encrypted.
const NO_TLS: [&str; 8] = [
    "peer_cert_subject",
    "peer_cert_issuer",
    "peer_cert_serial_number",
    "peer_cert_validity",
    "ssl_protocol",
    "ssl_key_exchange",
    "ssl_cipher",
    "ssl_hash",
];

impl Peer {
    pub(super) fn report_login(&self, user: &str, mechanism: &str) {
        let name = "user.authentication.success";
        self.node.reporter.event(name, |fields| self.login(fields, Some(user), mechanism));
    }

    pub(super) fn report_login_refused(&self, user: &str, mechanism: &str, why: LoginRefused) {
        let error = match why {
            LoginRefused::OnlyLoopback => format!("user '{user}' {why}"),
            _ => format!("user '{user}' - {why}"),
        };
        self.report_login_failed(Some(user), mechanism, &error);
    }

    /// `user` is who wanted to log in, where that could be read.
    pub(super) fn report_login_failed(&self, user: Option<&str>, mechanism: &str, error: &str) {
        self.node.reporter.event("user.authentication.failure", |fields| {
            self.login(fields, user, mechanism).text("error", error)
        });
    }

    fn login(&self, fields: Fields, user: Option<&str>, mechanism: &str) -> Fields {
        let fields = fields.text("connection_type", "network");
        let fields = match user {
            Some(user) => fields.text("name", user),
            None => fields,
        };
        fields
            .text("host", self.ends.server.ip().to_canonical().to_string())
            .text("connection_name", self.ends.name())
            .text("peer_host", self.ends.client.ip().to_canonical().to_string())
            .long("peer_port", self.ends.client.port().into())
            .text("protocol", PROTOCOL)
            .text("auth_mechanism", mechanism)
            .bool("ssl", false)
    }

    /// The connection is open.
    pub(super) fn report_created(&self) {
        let Some(service) = &self.service else { return };
        self.node.reporter.event("connection.created", |fields| {
            let tuning = self.core.tuning();
            let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            let fields = fields
                .text("type", "network")
                .text("pid", self.node.reporter.pid(self.id, ChannelId(0)))
                .text("name", self.ends.name())
                .long("port", self.ends.server.port().into())
                .long("peer_port", self.ends.client.port().into())
                .text("host", self.ends.server.ip().to_canonical().to_string())
                .text("peer_host", self.ends.client.ip().to_canonical().to_string())
                .bool("ssl", false)
                .text("auth_mechanism", &*self.mechanism)
                .text("protocol", PROTOCOL)
                .text("user", &*service.user)
                .text("vhost", service.vhost.name().as_bytes())
                .long("timeout", tuning.heartbeat.map_or(0, |interval| interval.as_secs()))
                .long("frame_max", tuning.frame_max.into())
                .long("channel_max", tuning.channel_max.into())
                .long("connected_at", u64::try_from(since.as_millis()).unwrap_or(u64::MAX));
            let fields = NO_TLS.iter().fold(fields, |fields, name| fields.text(name, ""));
            self.of_both(fields).text("user_who_performed_action", &*service.user)
        });
    }

    /// The connection has given back what it held, or one that never opened has ended.
    pub(super) fn report_closed(&self) {
        self.node.reporter.event("connection.closed", |fields| {
            let fields = fields
                .text("pid", self.node.reporter.pid(self.id, ChannelId(0)))
                .text("name", self.ends.name());
            self.of_both(fields)
        });
    }

    /// What an event of a connection's beginning and one of its end have in common.
    fn of_both(&self, fields: Fields) -> Fields {
        let client = self.core.client();
        let fields = fields
            .text("node", self.node.reporter.node())
            .texts("client_properties", reporter::terms(client.table.as_ref()));
        match &client.connection_name {
            Some(name) => fields.text("user_provided_name", name),
            None => fields,
        }
    }
}

impl Service {
    pub(super) fn report_channel_created(&self, at: ChannelId) {
        self.node.reporter.event("channel.created", |fields| {
            fields
                .text("pid", self.pid(at))
                .text("name", format!("{} ({at})", self.tracer.connection))
                .text("connection", self.pid(ChannelId(0)))
                .long("number", at.0.into())
                .text("user", &*self.user)
                .text("vhost", self.vhost.name().as_bytes())
                .text("user_who_performed_action", &*self.user)
        });
    }

    pub(super) fn report_channel_closed(&self, channel: &Channel, at: ChannelId) {
        self.node.reporter.event("channel.closed", |fields| {
            fields
                .text("pid", self.pid(at))
                .text("user_who_performed_action", &*self.user)
                .long("consumer_count", channel.consumer_count() as u64)
        });
    }

    pub(super) fn report_consumer_created(
        &self,
        (at, tag): (ChannelId, &str),
        queue: &Queue,
        terms: &Terms,
        arguments: TableRef<'_>,
    ) {
        self.node.reporter.event("consumer.created", |fields| {
            fields
                .text("consumer_tag", tag)
                .bool("exclusive", terms.exclusivity == Exclusivity::Exclusive)
                .bool("ack_required", terms.acks == AckMode::Manual)
                .text("channel", self.pid(at))
                .text("queue", queue.name.as_bytes())
                .text("vhost", self.vhost.name().as_bytes())
                .long("prefetch_count", terms.prefetch.into())
                .texts("arguments", reporter::terms(arguments))
                .text("user_who_performed_action", &*self.user)
        });
    }

    pub(super) fn report_consumer_deleted(&self, at: ChannelId, tag: &str, queue: QueueId) {
        let Some(queue) = self.queues.get(&queue) else { return };
        self.node.reporter.event("consumer.deleted", |fields| {
            fields
                .text("consumer_tag", tag)
                .text("channel", self.pid(at))
                .text("queue", queue.name.as_bytes())
                .text("vhost", self.vhost.name().as_bytes())
                .text("user_who_performed_action", &*self.user)
        });
    }

    /// The consumer's queue was deleted.
    pub(super) fn report_cancelled(&self, channel: &Channel, at: ChannelId, id: ConsumerId) {
        if let Some((tag, consumer)) = channel.consumers().find(|(_, it)| it.id == id) {
            self.report_consumer_deleted(at, tag.as_str(), consumer.queue);
        }
    }

    fn pid(&self, at: ChannelId) -> String {
        self.node.reporter.pid(self.id, at)
    }
}
