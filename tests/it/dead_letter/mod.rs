//! Messages that die in one queue and are published to others (`x-dead-letter-exchange`).

mod bulk;
mod history;
mod letter;
mod route;

use leveret::amqp::table::{TableRef, Value};
use leveret::codec::header::{Properties, parse_header};

use crate::raw::content::content;
use crate::raw::message::{Delivery, Received};
use crate::raw::method::{
    Method, basic_consume, basic_get, basic_publish, basic_reject, queue_declare,
};
use crate::raw::peer::{Channel, Peer};
use crate::raw::wire::Field::{self, Int, Str};

/// A queue of the connection's own whose dead letters go to `exchange`, with these arguments besides.
pub fn dying(queue: &str, exchange: &'static str, more: &[(&'static str, Field)]) -> Method {
    let mut arguments = vec![("x-dead-letter-exchange", Str(exchange))];
    arguments.extend(more.iter().cloned());
    queue_declare(queue).exclusive().arguments(&arguments)
}

/// The same whose letters go straight to the queue `to`.
pub fn dying_to(queue: &str, to: &'static str) -> Method {
    dying(queue, "", &[("x-dead-letter-routing-key", Str(to))])
}

/// The argument for so many milliseconds.
fn ttl(milliseconds: i32) -> (&'static str, Field) {
    ("x-message-ttl", Int(milliseconds))
}

/// Declares a queue of the connection's own on channel 1 and consumes from it on channel 2, without
/// acks.
fn watch(peer: &mut Peer, queue: &str) {
    peer.channel(1).call(&queue_declare(queue).exclusive());
    peer.open(2).call(&basic_consume(queue, queue).no_ack());
}

/// Publishes a text to a queue, takes it out and rejects it.
#[track_caller]
fn reject(channel: &mut Channel<'_>, queue: &str, text: &str) {
    channel.publish(&basic_publish("", queue), &content(text.as_bytes()));
    let got = channel.get(&basic_get(queue));
    assert_eq!(got.content.text(), text);
    channel.send(&basic_reject(got.tag));
}

/// What a header tells of one death.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Death {
    queue: String,
    reason: String,
    count: i64,
    exchange: String,
    keys: Vec<String>,
    expiration: Option<String>,
}

fn death(queue: &str, reason: &str, count: i64) -> (String, String, i64) {
    (queue.to_owned(), reason.to_owned(), count)
}

impl Death {
    fn read(table: TableRef<'_>) -> Self {
        let Some(Value::Int(b'l', count)) = table.get("count") else { panic!("no count") };
        let Some(Value::Array(keys)) = table.get("routing-keys") else { panic!("no keys") };
        let Some(Value::Timestamp(time)) = table.get("time") else { panic!("no time") };
        assert!(time > 1_700_000_000, "seconds since the epoch: {time}");
        let own = |name| text(table, name).unwrap_or_else(|| panic!("no {name}"));
        Self {
            queue: own("queue"),
            reason: own("reason"),
            count,
            exchange: own("exchange"),
            keys: keys.iter().map(|key| string(key).unwrap()).collect(),
            expiration: text(table, "original-expiration"),
        }
    }

    fn brief(&self) -> (String, String, i64) {
        death(&self.queue, &self.reason, self.count)
    }
}

fn string(value: Value<'_>) -> Option<String> {
    Some(String::from_utf8(value.as_long_str()?.to_vec()).unwrap())
}

fn text(table: TableRef<'_>, name: &str) -> Option<String> {
    string(table.get(name)?)
}

fn properties(received: &Received) -> Properties<'_> {
    parse_header(&received.header).unwrap().properties
}

/// What a message tells of its deaths, the newest first.
fn deaths(received: &Received) -> Vec<Death> {
    let headers = properties(received).headers().unwrap_or_default();
    let Some(Value::Array(deaths)) = headers.get("x-death") else { return Vec::new() };
    deaths.iter().map(|death| Death::read(death.as_table().unwrap())).collect()
}

/// Queue, reason and count of each.
pub fn briefly(delivery: &Delivery) -> Vec<(String, String, i64)> {
    deaths(&delivery.content).iter().map(Death::brief).collect()
}

fn header(received: &Received, name: &str) -> Option<String> {
    text(properties(received).headers().unwrap_or_default(), name)
}
