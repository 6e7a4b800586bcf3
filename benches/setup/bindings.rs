//! Exchanges with many bindings, each to a queue of its own, of which a key finds one.

use std::time::Duration;

use leveret::amqp::name::{BindingKey, QueueName};
use leveret::amqp::table::TableRef;
use leveret::exchange::binding::{Binding, Destination};
use leveret::exchange::deduplication::{Deduplication, Verdict};
use leveret::exchange::kind::ExchangeKind;
use leveret::exchange::message::Message;
use leveret::exchange::router::Router;

/// A routing key that no binding of a direct or topic exchange matches.
pub const MISS: &str = "plant.7.sensor.none.state";

/// An exchange with so many bindings: a topic exchange's have `*`, `#` or neither in turn.
pub fn router(kind: ExchangeKind, count: usize) -> Router {
    let mut router = Router::new(kind, TableRef::default());
    for number in 0..count {
        let queue = Destination::Queue(QueueName::parse(format!("queue-{number}")).unwrap());
        let (key, arguments) = match kind {
            ExchangeKind::Direct => (routing_key(number), Vec::new()),
            ExchangeKind::Topic => (pattern(number), Vec::new()),
            ExchangeKind::Headers => (String::new(), header(number)),
            ExchangeKind::ConsistentHash => ((1 + number % 3).to_string(), Vec::new()),
            ExchangeKind::Fanout
            | ExchangeKind::Random
            | ExchangeKind::LocalRandom
            | ExchangeKind::ModulusHash
            | ExchangeKind::RecentHistory
            | ExchangeKind::MessageDeduplication
            | ExchangeKind::Delayed => (String::new(), Vec::new()),
        };
        let key = BindingKey::parse(key).unwrap();
        let arguments = TableRef::parse(&arguments).unwrap();
        router.bind(Binding::new(queue, key, arguments)).unwrap();
    }
    router
}

/// What binding `number` of a direct or topic exchange matches, and no other of them.
pub fn routing_key(number: usize) -> String {
    format!("plant.{}.sensor.{number}.state", number / 100)
}

/// The headers that binding `number` of a headers exchange matches, and no other of them.
pub fn header(number: usize) -> Vec<u8> {
    let mut octets = b"\x06sensorI".to_vec();
    octets.extend(u32::try_from(number).unwrap().to_be_bytes());
    octets
}

fn pattern(number: usize) -> String {
    match number % 3 {
        0 => format!("plant.{}.sensor.{number}.*", number / 100),
        1 => format!("plant.*.sensor.{number}.#"),
        _ => routing_key(number),
    }
}

/// How many destinations a message finds.
pub fn route(router: &Router, key: &str, headers: &[u8]) -> usize {
    let headers = Some(TableRef::parse(headers).unwrap());
    let message = Message { key: key.as_bytes(), headers, chance: u64::MAX, ..Message::default() };
    let mut found = 0;
    router.route(&message, &mut |_| found += 1);
    found
}

/// Deduplication by message-id with room for so many, which the numbers below fill.
pub fn deduplication(size: u32) -> Deduplication {
    let mut arguments = b"\x0cx-cache-sizeI".to_vec();
    arguments.extend(size.to_be_bytes());
    arguments.extend(b"\x18x-deduplication-fallbackS\0\0\0\x0amessage-id");
    let deduplication = Deduplication::of(TableRef::parse(&arguments).unwrap(), None).unwrap();
    assert!((0..size.into()).all(|number| check(&deduplication, number)));
    deduplication
}

/// Whether a message with that number as its id is new.
pub fn check(deduplication: &Deduplication, number: u64) -> bool {
    let id = number.to_be_bytes();
    let message = Message { message_id: Some(&id), ..Message::default() };
    matches!(deduplication.check(&message, Duration::ZERO), Verdict::New(_))
}
