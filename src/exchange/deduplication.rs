//! What an exchange of type `x-message-deduplication` has seen (RabbitMQ's community plug-in of
//! that name: `RabbitMQMessageDeduplication.Exchange`).

use std::time::Duration;

use parking_lot::Mutex;

use crate::amqp::fingerprint::Fingerprint;
use crate::amqp::table::{TableRef, Value};

use super::message::Message;
use super::past::InvalidPast;
use super::seen::{FOR_EVER, SIZE_MAX, Seen};

/// The arguments of `exchange.declare`.
const CACHE_SIZE: &str = "x-cache-size";
const CACHE_PERSISTENCE: &str = "x-cache-persistence";
const FALLBACK: &str = "x-deduplication-fallback";

/// An argument, and a header that goes before it.
const CACHE_TTL: &str = "x-cache-ttl";

/// The header by whose value messages are duplicates of each other.
const HEADER: &str = "x-deduplication-header";

/// Says which messages are duplicates of one that was seen before.
///
/// Shared by all versions of its exchange; each message is a short look under one lock.
#[derive(Debug)]
pub struct Deduplication {
    /// How long a value is remembered, in milliseconds, unless its message says so; for ever if
    /// there is none.
    ttl: Option<u64>,
    /// What counts where the header is missing.
    fallback: Fallback,
    checked: Mutex<Checked>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fallback {
    Nothing,
    MessageId,
}

#[derive(Debug)]
struct Checked {
    seen: Seen,
    duplicates: u64,
}

/// What a message is to the exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It has nothing to be checked by.
    Unchecked,
    /// The first with its value, which counts as seen from now on.
    New(Fingerprint),
    /// Its value was seen.
    Duplicate,
}

impl Deduplication {
    /// One that has seen nothing yet, as the arguments of its exchange have it.
    ///
    /// # Errors
    /// An argument is missing, or has a value that it cannot have.
    pub fn of(arguments: TableRef<'_>) -> Result<Self, InvalidPast> {
        let size = arguments.get(CACHE_SIZE).and_then(positive).ok_or(InvalidPast::CacheSize)?;
        let size = usize::try_from(size).ok().filter(|size| *size <= SIZE_MAX);
        let ttl = arguments.get(CACHE_TTL);
        let ttl = ttl.map(|ttl| positive(ttl).ok_or(InvalidPast::CacheTtl)).transpose()?;
        match arguments.get(CACHE_PERSISTENCE) {
            None | Some(Value::LongStr(b"memory")) => {}
            Some(Value::LongStr(b"disk")) => return Err(InvalidPast::OnDisk),
            Some(_) => return Err(InvalidPast::Persistence),
        }
        let fallback = match arguments.get(FALLBACK) {
            None => Fallback::Nothing,
            Some(Value::LongStr(b"message-id")) => Fallback::MessageId,
            Some(_) => return Err(InvalidPast::Fallback),
        };
        let seen = Seen::new(size.ok_or(InvalidPast::CacheSizeMax)?);
        Ok(Self { ttl, fallback, checked: Mutex::new(Checked { seen, duplicates: 0 }) })
    }

    /// Whether a message is a duplicate. `now` is the time that has passed since any moment that is
    /// always the same.
    pub fn check(&self, message: &Message<'_>, now: Duration) -> Verdict {
        let Some(fingerprint) = self.fingerprint(message) else { return Verdict::Unchecked };
        let now = u64::try_from(now.as_millis()).unwrap_or(FOR_EVER - 1);
        let ttl = ttl_header(message).or(self.ttl);
        let until = ttl.map_or(FOR_EVER, |ttl| now.saturating_add(ttl));
        let mut checked = self.checked.lock();
        if checked.seen.insert(fingerprint, now, until) {
            return Verdict::New(fingerprint);
        }
        checked.duplicates += 1;
        Verdict::Duplicate
    }

    /// Unsees a value, as its message was not accepted.
    pub fn forget(&self, fingerprint: Fingerprint) {
        self.checked.lock().seen.forget(fingerprint);
    }

    /// How many duplicates came since the exchange was declared or the broker started.
    pub fn duplicates(&self) -> u64 {
        self.checked.lock().duplicates
    }

    /// How many values are remembered.
    pub fn remembered(&self) -> usize {
        self.checked.lock().seen.len()
    }

    fn fingerprint(&self, message: &Message<'_>) -> Option<Fingerprint> {
        if let Some(value) = message.headers.and_then(|headers| headers.get(HEADER)) {
            return Some(Fingerprint::of(value));
        }
        let id = message.message_id.filter(|_| self.fallback == Fallback::MessageId);
        id.map(Fingerprint::of_octets)
    }
}

/// The header says for how many milliseconds; its value is not remembered at all when they are
/// none or negative. What is no integer says nothing.
fn ttl_header(message: &Message<'_>) -> Option<u64> {
    match message.headers?.get(CACHE_TTL)? {
        Value::Int(_, ttl) => Some(u64::try_from(ttl).unwrap_or(0)),
        _ => None,
    }
}

/// The plug-in takes integers that are written as text, too.
fn positive(value: Value<'_>) -> Option<u64> {
    let number = match value {
        Value::Int(_, number) => u64::try_from(number).ok(),
        Value::LongStr(digits) => std::str::from_utf8(digits).ok()?.parse().ok(),
        _ => None,
    };
    number.filter(|number| *number > 0)
}

#[cfg(test)]
mod tests;
