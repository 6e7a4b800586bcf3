//! What the node tells of itself through exchanges of its own: events and log lines, in its first
//! virtual host (RabbitMQ: `rabbit_exchange_type_event`, `rabbit_logger_exchange_h`).

use std::fmt::Write as _;
use std::sync::{Arc, OnceLock, Weak};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::host::Vhost;
use super::internal_publisher::Outgoing;
use super::notices::{Notice, Notices};
use crate::amqp::fields::Fields;
use crate::amqp::id::{ChannelId, ConnectionId};
use crate::amqp::own_message::OwnMessage;
use crate::amqp::table::{TableRef, Value};
use crate::amqp::term::Term;

/// The exchange that events are published to.
pub const EVENT_EXCHANGE: &str = "amq.rabbitmq.event";

/// The exchange that log lines are published to.
pub const LOG_EXCHANGE: &str = "amq.rabbitmq.log";

/// Who has done what nobody asked for.
pub const INTERNAL_USER: &str = "rmq-internal";

/// Makes notices of what happens, if anybody is bound to hear of it.
#[derive(Debug, Default)]
pub struct Reporter {
    node: String,
    /// What waits to be published.
    pub notices: Notices,
    home: OnceLock<Weak<Vhost>>,
}

impl Reporter {
    /// One of the node of that name.
    pub fn new(node: String) -> Self {
        Self { node, ..Self::default() }
    }

    /// The node's name.
    pub fn node(&self) -> &str {
        &self.node
    }

    /// What stands for the Erlang process of a connection (channel 0) or a channel.
    pub fn pid(&self, connection: ConnectionId, channel: ChannelId) -> String {
        format!("<{}.0.{connection}.{channel}>", self.node)
    }

    /// Reports from now on in this virtual host; it stays the first one that was given.
    pub fn report_in(&self, home: &Arc<Vhost>) {
        self.home.get_or_init(|| Arc::downgrade(home));
    }

    /// Publishes an event under its name, `queue.created`. `describe` adds its fields; it is not
    /// asked when nobody is bound to the exchange. An alternate exchange gets only what finds no
    /// queue while there are bindings (RabbitMQ: `rabbit_exchange_type_event:handle_event/2`).
    pub fn event(&self, name: &str, describe: impl FnOnce(Fields) -> Fields) {
        let Some(home) = self.home().filter(|home| home.is_bound(EVENT_EXCHANGE)) else { return };
        let now = now();
        let millis = u64::try_from(now.as_millis()).unwrap_or(u64::MAX);
        let headers = describe(Fields::default()).long("timestamp_in_ms", millis).finish();
        let message = OwnMessage {
            exchange: EVENT_EXCHANGE.as_bytes(),
            key: name.as_bytes(),
            headers: Some(headers.as_ref()),
            delivery_mode: Some(2),
            timestamp: Some(now.as_secs()),
            ..OwnMessage::default()
        };
        let message = Outgoing { record: message.to_bytes(), persistent: true };
        self.notices.push(Notice { vhost: home.name().clone(), message, headers });
    }

    /// Publishes a log line of a level, `warning`; the line is not asked for when the exchange leads
    /// nowhere.
    pub fn log_line(&self, level: &str, line: impl FnOnce() -> String) {
        let Some(home) = self.home().filter(|home| home.leads_on(LOG_EXCHANGE)) else { return };
        let headers = Fields::default().text("node", &self.node).finish();
        let line = line();
        let message = OwnMessage {
            exchange: LOG_EXCHANGE.as_bytes(),
            key: level.as_bytes(),
            content_type: Some("text/plain"),
            headers: Some(headers.as_ref()),
            timestamp: Some(now().as_secs()),
            body: line.as_bytes(),
            ..OwnMessage::default()
        };
        let message = Outgoing { record: message.to_bytes(), persistent: false };
        self.notices.push(Notice { vhost: home.name().clone(), message, headers });
    }

    /// Where its exchanges are.
    fn home(&self) -> Option<Arc<Vhost>> {
        self.home.get()?.upgrade()
    }
}

/// Arguments as events have them: each field as an Erlang term, `{<<"x-max-length">>,long,5}`.
pub fn terms(table: TableRef<'_>) -> Vec<String> {
    let fields = table.iter().map(|(name, value)| {
        let mut term = String::new();
        let name = Term(Value::LongStr(name));
        // Writing to a string does not fail.
        let _ = write!(term, "{{{name},{},{}}}", value.type_name(), Term(value));
        term
    });
    fields.collect()
}

fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::amqp::name::{BindingKey, ExchangeName, VhostName};
    use crate::exchange::binding::{Binding, Destination};
    use crate::store::meta::MemoryMeta;
    use crate::store::shared::Store;
    use crate::topology::command::BindCommand;
    use crate::vhost::Commit;

    #[tokio::test]
    async fn what_nobody_is_bound_to_hear_is_not_even_put_together() {
        let store = Store::in_memory(Arc::new(MemoryMeta::default()));
        let name = VhostName::parse("/").unwrap();
        let home = Vhost::new(name, Arc::default(), store, Commit::done());
        let source = ExchangeName::parse(EVENT_EXCHANGE).unwrap();
        drop(home.declare_own_exchange(source.clone()).unwrap());
        let reporter = Reporter::new("rabbit@web".to_owned());
        reporter.report_in(&home);

        reporter.event("node.silent", |_| panic!("nobody listens"));
        let destination = Destination::Exchange(ExchangeName::parse("amq.fanout").unwrap());
        let key = BindingKey::parse("#").unwrap();
        let binding = Binding::new(destination, key, TableRef::default());
        drop(home.bind(BindCommand { source, binding, connection: ConnectionId(1) }, "guest"));
        reporter.log_line("info", || panic!("nobody listens to lines"));
        reporter.event("node.heard", |fields| fields.text("k", "v"));

        let heard = reporter.notices.take().await.list;
        assert_eq!(heard.len(), 1);
        assert_eq!(heard[0].headers.as_ref().get("k"), Some(Value::LongStr(b"v")));
        assert!(heard[0].message.persistent);
    }
}
