//! What an exchange of type `x-message-deduplication` has seen (RabbitMQ's community plug-in of
//! that name: `RabbitMQMessageDeduplication.Exchange`).

use std::time::Duration;

use parking_lot::Mutex;

use crate::amqp::fingerprint::Fingerprint;
use crate::amqp::sighting::Sighting;
use crate::amqp::table::{TableRef, Value};

use super::message::Message;
use super::past::InvalidPast;
use super::seen::{FOR_EVER, Novelty, SIZE_MAX, Seen};
use super::waiting::{Told, Waiting};

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
/// A value that is new is *open* until it is known what became of its message: then it is either
/// accepted, and from then on to be known after a restart, or forgotten.
///
/// Shared by all versions of its exchange; each message is a short look under one lock.
#[derive(Debug)]
pub struct Deduplication {
    /// How long a value is remembered, in milliseconds, unless its message says so; for ever if
    /// there is none.
    ttl: Option<u64>,
    /// What counts where the header is missing.
    fallback: Fallback,
    /// The key of the exchange's durable entry, if what it has seen is to be known after a restart.
    key: Option<Vec<u8>>,
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
    waiting: Waiting,
    /// Whether the exchange is gone.
    deleted: bool,
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
    /// The same; of the message that it was seen with it is not known yet what becomes of it.
    DuplicateOfOpen(Fingerprint),
}

impl Deduplication {
    /// One that has seen nothing yet, as the arguments of its exchange have it. `key` is that of
    /// the exchange's durable entry; where it has none, what is seen is forgotten with it.
    ///
    /// # Errors
    /// An argument is missing, or has a value that it cannot have.
    pub fn of(arguments: TableRef<'_>, key: Option<Vec<u8>>) -> Result<Self, InvalidPast> {
        let size = arguments.get(CACHE_SIZE).and_then(positive).ok_or(InvalidPast::CacheSize)?;
        let size = usize::try_from(size).ok().filter(|size| *size <= SIZE_MAX);
        let ttl = arguments.get(CACHE_TTL);
        let ttl = ttl.map(|ttl| positive(ttl).ok_or(InvalidPast::CacheTtl)).transpose()?;
        let key = match arguments.get(CACHE_PERSISTENCE) {
            None | Some(Value::LongStr(b"memory")) => None,
            Some(Value::LongStr(b"disk")) => key,
            Some(_) => return Err(InvalidPast::Persistence),
        };
        let fallback = match arguments.get(FALLBACK) {
            None => Fallback::Nothing,
            Some(Value::LongStr(b"message-id")) => Fallback::MessageId,
            Some(_) => return Err(InvalidPast::Fallback),
        };
        let seen = Seen::new(size.ok_or(InvalidPast::CacheSizeMax)?);
        let waiting = Waiting::default();
        let checked = Checked { seen, duplicates: 0, waiting, deleted: false };
        Ok(Self { ttl, fallback, key, checked: Mutex::new(checked) })
    }

    /// The key of its exchange's durable entry, if what it has seen is to be known after a restart.
    pub fn key(&self) -> Option<&[u8]> {
        self.key.as_deref()
    }

    /// Whether a message is a duplicate. `now` is the time that has passed since the epoch.
    pub fn check(&self, message: &Message<'_>, now: Duration) -> Verdict {
        let Some(fingerprint) = self.fingerprint(message) else { return Verdict::Unchecked };
        let now = milliseconds(now);
        let ttl = ttl_header(message).or(self.ttl);
        let until = ttl.map_or(FOR_EVER, |ttl| now.saturating_add(ttl));
        let mut checked = self.checked.lock();
        let verdict = match checked.seen.insert(fingerprint, now, until) {
            Novelty::New => return Verdict::New(fingerprint),
            Novelty::Accepted => Verdict::Duplicate,
            Novelty::Open => Verdict::DuplicateOfOpen(fingerprint),
        };
        checked.duplicates += 1;
        verdict
    }

    /// Takes note that the messages of these values are accepted. What is to be known after a
    /// restart is handed to `log`, in one order with all that was before.
    pub fn accept(&self, values: &[Fingerprint], log: impl FnOnce(&[u8], Vec<Sighting>)) {
        let mut checked = self.checked.lock();
        let accepted = values.iter().filter_map(|value| checked.seen.accept(*value));
        match self.key.as_deref() {
            Some(key) => {
                let accepted = accepted.collect();
                if !checked.deleted {
                    log(key, accepted);
                }
            }
            None => accepted.for_each(drop),
        }
        let waiting = checked.waiting.take(values);
        drop(checked);
        for told in waiting {
            told(true);
        }
    }

    /// Unsees values, as their messages were not accepted.
    pub fn forget(&self, values: &[Fingerprint]) {
        let mut checked = self.checked.lock();
        for value in values {
            checked.seen.forget(*value);
        }
        let waiting = checked.waiting.take(values);
        drop(checked);
        for told in waiting {
            told(false);
        }
    }

    /// Has somebody told whether the message of a value is accepted: at once if that is known. It
    /// is not of a value that is no longer remembered.
    pub fn when_known(&self, value: Fingerprint, told: Told) {
        let mut checked = self.checked.lock();
        match checked.seen.is_accepted(value) {
            Some(false) => checked.waiting.add(value, told),
            known => {
                drop(checked);
                told(known == Some(true));
            }
        }
    }

    /// Its exchange is gone: nothing more is logged.
    pub fn delete(&self) {
        self.checked.lock().deleted = true;
    }

    /// The values that count at `now` and whose messages are accepted, oldest first. All of them
    /// were logged.
    pub fn accepted(&self, now: Duration) -> Vec<Sighting> {
        self.checked.lock().seen.accepted(milliseconds(now))
    }

    /// Gives back what was [accepted](Self::accepted) before a restart.
    pub fn restore(&self, accepted: Vec<Sighting>, now: Duration) {
        let seen = &mut self.checked.lock().seen;
        for Sighting { value, until } in accepted {
            seen.insert(value, milliseconds(now), until);
            seen.accept(value);
        }
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

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(FOR_EVER).min(FOR_EVER - 1)
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
