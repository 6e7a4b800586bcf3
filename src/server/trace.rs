//! The firehose: what a connection publishes and is delivered, as messages of the exchange
//! `amq.rabbitmq.trace`, while its virtual host is traced (RabbitMQ: `rabbit_trace`).

use std::sync::Arc;

use crate::amqp::fields::Fields;
use crate::amqp::id::ChannelId;
use crate::amqp::message::{HiddenKeys, Parts, split_address};
use crate::amqp::own_message::OwnMessage;
use crate::amqp::table::{ArrayRef, Value};
use crate::codec::header::{Properties, parse_header};
use crate::vhost::host::{TRACE_EXCHANGE, Vhost};
use crate::vhost::internal_publisher::Outgoing;
use crate::vhost::notices::Notice;
use crate::vhost::reporter::Reporter;

/// Octets that a trace takes besides the message's header and body, roughly.
const TRACE_SIZE: usize = 512;

/// Traces one connection.
#[derive(Debug)]
pub(super) struct Tracer {
    pub(super) vhost: Arc<Vhost>,
    pub(super) reporter: Arc<Reporter>,
    /// Both ends of the connection, as RabbitMQ names it.
    pub(super) connection: Box<str>,
    pub(super) user: Arc<str>,
}

/// A message that was delivered to a consumer, or in answer to basic.get.
#[derive(Clone, Copy, Debug)]
pub(super) struct Delivered<'a> {
    pub(super) queue: &'a [u8],
    pub(super) redelivered: bool,
    pub(super) message: Parts<'a>,
}

impl Tracer {
    /// Whether the virtual host is traced: a look for a read of the socket, or for a batch of
    /// deliveries.
    pub(super) fn is_on(&self) -> bool {
        self.vhost.is_traced()
    }

    /// Traces a publish that goes to `queues`.
    pub(super) fn published<'q>(
        &self,
        at: ChannelId,
        message: Parts<'_>,
        queues: impl Iterator<Item = &'q [u8]>,
    ) {
        let name = [b"publish.", split_address(message.address).0].concat();
        self.trace(&name, message, |fields, properties| {
            let fields = self.describe(fields, message, properties);
            self.place(fields, at).texts("routed_queues", queues)
        });
    }

    /// Traces a delivery.
    pub(super) fn delivered(&self, at: ChannelId, delivered: Delivered<'_>) {
        let Delivered { queue, redelivered, message } = delivered;
        let name = [b"deliver.", queue].concat();
        self.trace(&name, message, |fields, properties| {
            let fields = self.describe(fields, message, properties);
            self.place(fields.int("redelivered", redelivered.into()), at)
        });
    }

    /// Leaves a trace under that routing key, if the exchange leads anywhere and there is room. What
    /// was published to the exchange itself is not traced.
    fn trace(
        &self,
        key: &[u8],
        message: Parts<'_>,
        describe: impl FnOnce(Fields, &Properties<'_>) -> Fields,
    ) {
        let size = message.header.len() + message.body.len() + TRACE_SIZE;
        let is_trace = split_address(message.address).0 == TRACE_EXCHANGE.as_bytes();
        if is_trace || !self.vhost.leads_on(TRACE_EXCHANGE) || !self.reporter.notices.has_room(size)
        {
            return;
        }
        let Ok(header) = parse_header(message.header) else { return };
        let headers = describe(Fields::default(), &header.properties).finish();
        let trace = OwnMessage {
            exchange: TRACE_EXCHANGE.as_bytes(),
            key,
            headers: Some(headers.as_ref()),
            body: message.body,
            ..OwnMessage::default()
        };
        let message = Outgoing { record: trace.to_bytes(), persistent: false };
        self.reporter.notices.push(Notice { vhost: self.vhost.name().clone(), message, headers });
    }

    /// The routing keys are all that the message has, those of `BCC` too (RabbitMQ:
    /// `rabbit_basic:header_routes/1`).
    fn describe(&self, fields: Fields, message: Parts<'_>, properties: &Properties<'_>) -> Fields {
        let (exchange, own) = split_address(message.address);
        let copied = match properties.headers().and_then(|headers| headers.get("CC")) {
            Some(Value::Array(keys)) => keys,
            _ => ArrayRef::default(),
        };
        let copied = copied.iter().filter_map(Value::as_long_str);
        let keys = std::iter::once(own).chain(copied).chain(HiddenKeys::iter(message.hidden));
        fields
            .text("exchange_name", exchange)
            .texts("routing_keys", keys)
            .with("properties", Value::Table(table(properties).as_ref()))
            .text("node", self.reporter.node())
    }

    fn place(&self, fields: Fields, at: ChannelId) -> Fields {
        fields
            .text("vhost", self.vhost.name().as_bytes())
            .text("connection", &*self.connection)
            .int("channel", at.0.into())
            .text("user", &*self.user)
    }
}

/// The properties as a table. Numbers are of 32 bits, cut as RabbitMQ cuts them.
fn table(properties: &Properties<'_>) -> Fields {
    let mut fields = Fields::default();
    let seconds = properties.timestamp().map(|seconds| {
        let [_, _, _, _, low @ ..] = seconds.to_be_bytes();
        Value::Int(b'I', i32::from_be_bytes(low).into())
    });
    let octet = |value: Option<u8>| value.map(|value| Value::Int(b'I', value.into()));
    let text = |value: Option<_>| value.map(Value::LongStr);
    let values = [
        ("content_type", text(properties.content_type())),
        ("content_encoding", text(properties.content_encoding())),
        ("headers", properties.headers().map(Value::Table)),
        ("delivery_mode", octet(properties.delivery_mode())),
        ("priority", octet(properties.priority())),
        ("correlation_id", text(properties.correlation_id())),
        ("reply_to", text(properties.reply_to())),
        ("expiration", text(properties.expiration())),
        ("message_id", text(properties.message_id())),
        ("timestamp", seconds),
        ("type", text(properties.kind())),
        ("user_id", text(properties.user_id())),
        ("app_id", text(properties.app_id())),
        ("cluster_id", text(properties.cluster_id())),
    ];
    for (name, value) in values {
        if let Some(value) = value {
            fields.put(name, value);
        }
    }
    fields
}
