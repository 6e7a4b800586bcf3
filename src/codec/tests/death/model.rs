//! What becomes of a message that dies again and again, as RabbitMQ keeps it: beside the message.

use std::time::Duration;

use amq_protocol::protocol::BasicProperties;
use amq_protocol::types::{AMQPValue, FieldArray, FieldTable};
use proptest::prelude::*;

use super::any::reason;
use crate::codec::death::{Death, DeathReason};

pub(super) const QUEUES: [&str; 3] = ["a", "b", "c"];

/// A death, and where the dead letter goes.
#[derive(Clone, Debug)]
pub(super) struct Event {
    queue: &'static str,
    reason: DeathReason,
    millis: u64,
    exchange: &'static str,
    routing_key: Option<&'static str>,
}

/// A routing key of its own for a dead letter is none of those that messages are published with.
pub(super) fn event() -> impl Strategy<Value = Event> {
    let queue = prop::sample::select(QUEUES.to_vec());
    let exchange = prop::sample::select(vec!["", "dlx"]);
    let routing_key = prop::option::of(prop::sample::select(vec!["", "d", "e"]));
    (queue, reason(), 0_u64..100_000, exchange, routing_key).prop_map(
        |(queue, reason, millis, exchange, routing_key)| Event {
            queue,
            reason,
            millis,
            exchange,
            routing_key,
        },
    )
}

impl Event {
    pub(super) fn death(&self) -> Death<'_> {
        Death {
            queue: self.queue.as_bytes(),
            reason: self.reason,
            at: Duration::from_millis(self.millis),
            routing_key: self.routing_key.map(str::as_bytes),
        }
    }
}

/// One queue and reason.
struct Record {
    queue: &'static str,
    reason: DeathReason,
    count: i64,
    fields: FieldTable,
}

pub(super) struct Model {
    pub(super) properties: BasicProperties,
    pub(super) exchange: String,
    pub(super) keys: Vec<String>,
    records: Vec<Record>,
    first: Option<[AMQPValue; 3]>,
}

impl Model {
    pub(super) fn published(
        mut properties: BasicProperties,
        expiration: Option<u64>,
        cc: Option<Vec<String>>,
    ) -> Self {
        let mut keys = vec!["a".to_owned()];
        let mut headers = properties.headers().clone();
        match cc {
            Some(cc) => {
                let items: Vec<_> = cc.iter().map(|key| text(key)).collect();
                headers
                    .get_or_insert_default()
                    .insert("CC".into(), AMQPValue::FieldArray(items.into()));
                keys.extend(cc);
            }
            None => {
                if let Some(headers) = &mut headers {
                    headers.insert("CC".into(), AMQPValue::Void);
                }
            }
        }
        if let Some(headers) = headers {
            properties = properties.with_headers(headers);
        }
        if properties.expiration().is_some() {
            let expiration = expiration.unwrap_or_default();
            properties = properties.with_expiration(expiration.to_string().into());
        }
        Self { properties, exchange: "logs".into(), keys, records: Vec::new(), first: None }
    }

    pub(super) fn die(&mut self, event: &Event) {
        let same = |record: &Record| record.queue == event.queue && record.reason == event.reason;
        let record = match self.records.iter().position(same) {
            Some(place) => {
                let record = self.records.remove(place);
                Record { count: record.count + 1, ..record }
            }
            None => self.record(event),
        };
        self.records.insert(0, record);
        let now = [text(&self.exchange), text(event.queue), text(event.reason.as_str())];
        let first = self.first.get_or_insert_with(|| now.clone()).clone();

        let mut headers = self.properties.headers().clone().unwrap_or_default();
        let deaths: Vec<_> = self.records.iter().map(Record::told).collect();
        headers.insert("x-death".into(), AMQPValue::FieldArray(FieldArray::from(deaths)));
        for (which, values) in [("first", first), ("last", now)] {
            for (what, value) in ["exchange", "queue", "reason"].into_iter().zip(values) {
                headers.insert(format!("x-{which}-death-{what}").into(), value);
            }
        }
        self.properties = without_expiration(&self.properties).with_headers(headers);
        self.exchange = event.exchange.to_owned();
        if let Some(key) = event.routing_key {
            self.keys = vec![key.to_owned()];
        }
    }

    fn record(&self, event: &Event) -> Record {
        let mut fields = FieldTable::default();
        if let Some(expiration) = self.properties.expiration() {
            fields.insert("original-expiration".into(), text(expiration.as_str()));
        }
        let keys: Vec<_> = self.keys.iter().map(|key| text(key)).collect();
        fields.insert("reason".into(), text(event.reason.as_str()));
        fields.insert("queue".into(), text(event.queue));
        fields.insert("time".into(), AMQPValue::Timestamp(event.millis / 1000));
        fields.insert("exchange".into(), text(&self.exchange));
        fields.insert("routing-keys".into(), AMQPValue::FieldArray(FieldArray::from(keys)));
        Record { queue: event.queue, reason: event.reason, count: 1, fields }
    }

    /// RabbitMQ's rule in its own form: the deaths up to that in the queue, none of them a
    /// rejection.
    pub(super) fn is_cycle(&self, queue: &str) -> bool {
        let there = self.records.iter().position(|record| record.queue == queue);
        there.is_some_and(|last| {
            self.records[..=last].iter().all(|record| record.reason != DeathReason::Rejected)
        })
    }
}

impl Record {
    fn told(&self) -> AMQPValue {
        let mut fields = self.fields.clone();
        fields.insert("count".into(), AMQPValue::LongLongInt(self.count));
        AMQPValue::FieldTable(fields)
    }
}

fn text(text: &str) -> AMQPValue {
    AMQPValue::LongString(text.into())
}

/// `BasicProperties` takes none back.
fn without_expiration(from: &BasicProperties) -> BasicProperties {
    let mut to = BasicProperties::default();
    macro_rules! copy {
        ($($get:ident $with:ident,)*) => {$(
            if let Some(value) = from.$get().clone() {
                to = to.$with(value);
            }
        )*};
    }
    copy! {
        content_type with_content_type,
        content_encoding with_content_encoding,
        delivery_mode with_delivery_mode,
        priority with_priority,
        correlation_id with_correlation_id,
        reply_to with_reply_to,
        message_id with_message_id,
        timestamp with_timestamp,
        kind with_type,
        user_id with_user_id,
        app_id with_app_id,
        cluster_id with_cluster_id,
    }
    to
}
