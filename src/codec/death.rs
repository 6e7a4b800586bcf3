//! The content headers of dead letters: who removed the message from which queue, and why, is in
//! its headers (RabbitMQ 4: `mc:record_death/4`, `mc_amqpl:protocol_state/2`).
//!
//! `x-death` is an array of tables, the newest death first, one for each queue and reason: a repeat
//! moves to the front and counts one more. Three headers each tell of the first and of the last
//! death. Everything else but the property expiration stays octet by octet.

use std::time::Duration;

use super::header::{ContentHeader, HeaderError, Property, parse_header};
use super::rewrite::put_with_table;
use super::table::{put_array, put_item, put_long, put_sized, put_string, put_timestamp};
use crate::amqp::message::{HiddenKeys, MessageRef, split_address};
use crate::amqp::table::{ArrayRef, TableRef, Value};

const DEATHS: &str = "x-death";

/// Exchange, queue and reason, of the first death and of the last.
const FIRST: [&str; 3] = ["x-first-death-exchange", "x-first-death-queue", "x-first-death-reason"];
const LAST: [&str; 3] = ["x-last-death-exchange", "x-last-death-queue", "x-last-death-reason"];

/// Octets that one more death adds at most, beside names, routing keys and the expiration's text.
const GROWTH: usize = 384;

/// Why a message died.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeathReason {
    /// A consumer refused it, and did not want it back in the queue.
    Rejected,
    /// Its time to live was over.
    Expired,
    /// The queue was longer than it may be.
    MaxLen,
    /// It was delivered too often.
    DeliveryLimit,
}

/// What happened to a message.
#[derive(Clone, Copy, Debug)]
pub struct Death<'a> {
    /// The name of the queue that it died in.
    pub queue: &'a [u8],
    /// Why.
    pub reason: DeathReason,
    /// When, since the epoch.
    pub at: Duration,
    /// The queue's `x-dead-letter-routing-key`, if it has one.
    pub routing_key: Option<&'a [u8]>,
}

/// Who wrote the history that may be in a message's headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum History {
    /// A publisher: it does not count, and is replaced.
    Foreign,
    /// [`bury`], because the message came into its queue as a dead letter.
    Own,
}

/// A message that died, ready to be routed.
#[derive(Clone, Debug)]
pub struct Buried<'a> {
    /// Its content header, with a history that is [`History::Own`] from now on.
    pub header: Vec<u8>,
    /// What to route it by at the dead letter exchange.
    pub keys: RoutingKeys<'a>,
}

/// The routing keys of a message: one of its own, those of its header `CC`, and hidden ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoutingKeys<'a> {
    /// The key that receivers see.
    pub own: &'a [u8],
    copies: ArrayRef<'a>,
    /// Those that nobody is told of, as they rest.
    pub hidden: &'a [u8],
}

/// Records `death` in the header of `message`. Allocates the header that it returns, and nothing
/// else unless the headers nest.
///
/// # Errors
/// The message has no content header.
pub fn bury<'a>(
    message: &MessageRef<'a>,
    history: History,
    death: &Death<'a>,
) -> Result<Buried<'a>, HeaderError> {
    let content = parse_header(message.header)?;
    let headers = content.properties.headers().unwrap_or_default();
    let past = match history {
        History::Own => headers,
        History::Foreign => TableRef::default(),
    };
    let (exchange, own) = split_address(message.address);
    let keys = RoutingKeys { hidden: message.hidden, ..RoutingKeys::of(own, headers, history) };
    let latest = Latest { death, exchange, keys, expiration: content.properties.expiration() };
    let keys = match death.routing_key {
        Some(own) => RoutingKeys { own, copies: ArrayRef::default(), hidden: &[] },
        None => keys,
    };
    Ok(Buried { header: latest.added_to(&content, past, message.header.len()), keys })
}

impl Buried<'_> {
    /// Whether the message must not come into `queue`: it died there before, and no consumer has
    /// rejected it since (RabbitMQ: `mc:is_death_cycle/2`).
    pub fn is_cycle(&self, queue: &[u8]) -> bool {
        let rejected = Some(DeathReason::Rejected.as_str().as_bytes());
        self.deaths()
            .take_while(|death| text(*death, "reason") != rejected)
            .any(|death| text(death, "queue") == Some(queue))
    }

    /// The queues that it died in, the latest first; more than once where reasons differ.
    pub fn queues(&self) -> impl Iterator<Item = &[u8]> {
        self.deaths().filter_map(|death| text(death, "queue"))
    }

    fn deaths(&self) -> impl Iterator<Item = TableRef<'_>> {
        let headers =
            parse_header(&self.header).ok().and_then(|header| header.properties.headers());
        deaths(headers.unwrap_or_default())
    }
}

impl<'a> RoutingKeys<'a> {
    /// The keys that brought a message with these headers into its queue. A dead letter that was
    /// once given another key goes by that one alone, though its `CC` is still there. One that was
    /// not died by the same keys each time; so does, until its next death, one that was given the
    /// very key that it had.
    fn of(own: &'a [u8], headers: TableRef<'a>, history: History) -> Self {
        let by_all = |death| {
            let mut keys = array(death, "routing-keys").iter();
            keys.next() == Some(Value::LongStr(own)) && keys.next().is_some()
        };
        let copies = match history {
            History::Own if !deaths(headers).all(by_all) => ArrayRef::default(),
            _ => array(headers, "CC"),
        };
        Self { own, copies, hidden: &[] }
    }

    /// Those that are told of, as they came: the own one first, and any of them perhaps more than
    /// once.
    pub fn told(self) -> impl Iterator<Item = &'a [u8]> {
        std::iter::once(self.own).chain(self.copies.iter().filter_map(Value::as_long_str))
    }

    /// All of them, to route by.
    pub fn iter(self) -> impl Iterator<Item = &'a [u8]> {
        self.told().chain(HiddenKeys::iter(self.hidden))
    }
}

/// A death, and what the message knows of it.
struct Latest<'a> {
    death: &'a Death<'a>,
    /// What the message was published to when it came into the queue.
    exchange: &'a [u8],
    keys: RoutingKeys<'a>,
    expiration: Option<&'a [u8]>,
}

impl Latest<'_> {
    /// The content header, of `size` octets, with this death after those of the headers `past`.
    fn added_to(&self, content: &ContentHeader<'_>, past: TableRef<'_>, size: usize) -> Vec<u8> {
        let Self { death: Death { queue, reason, .. }, exchange, .. } = *self;
        let latest = [exchange, queue, reason.as_str().as_bytes()];
        let keys: usize = self.keys.told().map(|key| 5 + key.len()).sum();
        let names = 3 * (queue.len() + exchange.len());
        let mut header = Vec::with_capacity(size + GROWTH + names + keys);
        put_with_table(&mut header, content, Property::Expiration as u16, is_kept, |out| {
            put_array(out, DEATHS, |out| self.put_deaths(out, past));
            for (name, latest) in FIRST.into_iter().zip(latest) {
                put_string(out, name, text(past, name).unwrap_or(latest));
            }
            for (name, latest) in LAST.into_iter().zip(latest) {
                put_string(out, name, latest);
            }
        });
        header
    }

    fn put_deaths(&self, out: &mut Vec<u8>, past: TableRef<'_>) {
        match deaths(past).find(|death| self.repeats(*death)) {
            Some(death) => put_table(out, |out| put_again(out, death)),
            None => put_table(out, |out| self.put(out)),
        }
        for death in deaths(past).filter(|death| !self.repeats(*death)) {
            put_table(out, |out| out.extend_from_slice(death.as_bytes()));
        }
    }

    fn repeats(&self, death: TableRef<'_>) -> bool {
        text(death, "queue") == Some(self.death.queue)
            && text(death, "reason") == Some(self.death.reason.as_str().as_bytes())
    }

    fn put(&self, out: &mut Vec<u8>) {
        if let Some(expiration) = self.expiration {
            put_string(out, "original-expiration", plain_number(expiration));
        }
        put_long(out, "count", 1);
        put_string(out, "reason", self.death.reason.as_str().as_bytes());
        put_string(out, "queue", self.death.queue);
        put_timestamp(out, "time", self.death.at.as_secs());
        put_string(out, "exchange", self.exchange);
        put_array(out, "routing-keys", |out| self.keys.told().for_each(|key| put_item(out, key)));
    }
}

impl DeathReason {
    /// The word in the headers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rejected => "rejected",
            Self::Expired => "expired",
            Self::MaxLen => "maxlen",
            Self::DeliveryLimit => "delivery_limit",
        }
    }
}

/// Whether a header of that name is none of those that tell of deaths.
fn is_kept(name: &[u8]) -> bool {
    let mut ours = FIRST.iter().chain(&LAST).chain([&DEATHS]);
    !ours.any(|ours| ours.as_bytes() == name)
}

/// The fields of a death that happens once more: everything else is told of the first time.
fn put_again(out: &mut Vec<u8>, death: TableRef<'_>) {
    for (name, octets) in death.fields() {
        if name == b"count" {
            let count = match death.get("count") {
                Some(Value::Int(_, count)) => count,
                _ => 0,
            };
            put_long(out, "count", count.saturating_add(1));
        } else {
            out.extend_from_slice(octets);
        }
    }
}

fn put_table(out: &mut Vec<u8>, fields: impl FnOnce(&mut Vec<u8>)) {
    out.push(b'F');
    put_sized(out, fields);
}

fn deaths(headers: TableRef<'_>) -> impl Iterator<Item = TableRef<'_>> {
    array(headers, DEATHS).iter().filter_map(Value::as_table)
}

fn array<'a>(table: TableRef<'a>, name: &str) -> ArrayRef<'a> {
    match table.get(name) {
        Some(Value::Array(items)) => items,
        _ => ArrayRef::default(),
    }
}

fn text<'a>(table: TableRef<'a>, name: &str) -> Option<&'a [u8]> {
    table.get(name)?.as_long_str()
}

/// A number that was checked at the publish, in the form in which RabbitMQ tells it: without a
/// sign, and without zeros in front.
fn plain_number(number: &[u8]) -> &[u8] {
    let digits = number.strip_prefix(b"+").or_else(|| number.strip_prefix(b"-")).unwrap_or(number);
    let zeros = digits.iter().take_while(|digit| **digit == b'0').count();
    digits.get(zeros.min(digits.len().saturating_sub(1))..).unwrap_or_default()
}
