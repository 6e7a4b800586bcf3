//! The records of a batch.

use super::octets::{Reader, put_number, put_octets};
use super::run::{put_run, read_run};
use super::seen::{Window, put_window, read_window};
use crate::amqp::attempts::Attempts;
use crate::amqp::id::{MessageIndex, QueueId, Timestamp};
use crate::amqp::run::Run;
use crate::amqp::sighting::Sighting;
use crate::store::meta::MetaChange;

const ENQUEUED: u8 = 1;
const SETTLED: u8 = 2;
const MOVED: u8 = 3;
const DELETED: u8 = 4;
const META: u8 = 5;
const RETURNED: u8 = 6;
const SEEN: u8 = 7;
const DEFERRED: u8 = 8;
const LIVED: u8 = 9;

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    /// Messages came into a queue.
    Enqueued(QueueId, Vec<Run>),
    /// Messages left a queue for good.
    Settled(QueueId, Vec<Range>),
    /// Messages of a queue, as far as it still has them, lie elsewhere now.
    Moved(QueueId, Vec<Run>),
    /// A queue went, with all of its messages.
    Deleted(QueueId),
    /// Messages of a queue came back: what that comes to.
    Returned(QueueId, Vec<Returned>),
    /// Messages of a queue that came back wait before they are ready again.
    Deferred(QueueId, Vec<Deferred>),
    /// How long messages of a queue live by its settings.
    Lived(QueueId, Vec<Lived>),
    /// Entries of the meta map changed, all together.
    Meta(Vec<MetaChange>),
    /// An exchange saw values, after all that it has seen before.
    Seen(Box<Window>),
}

/// A message's place in its queue, and how often it came back.
pub type Returned = (MessageIndex, Attempts);

/// A message's place in its queue, and until when it waits.
pub type Deferred = (MessageIndex, Timestamp);

/// A place in a queue, and how long the messages from there on live, in milliseconds.
pub type Lived = (MessageIndex, Option<u64>);

/// Consecutive places in a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// The first.
    pub first: u64,
    /// How many.
    pub count: u64,
}

impl Record {
    /// Appends the record.
    pub fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Enqueued(queue, runs) => put_runs(out, ENQUEUED, *queue, runs),
            Self::Moved(queue, runs) => put_runs(out, MOVED, *queue, runs),
            Self::Settled(queue, ranges) => put_settled(out, *queue, ranges),
            Self::Returned(queue, returned) => put_returned(out, *queue, returned),
            Self::Deferred(queue, deferred) => put_deferred(out, *queue, deferred),
            Self::Lived(queue, lived) => put_lived(out, *queue, lived),
            Self::Deleted(queue) => put_kind(out, DELETED, *queue),
            Self::Meta(changes) => put_meta(out, changes),
            Self::Seen(window) => put_seen(out, &window.key, &window.seen),
        }
    }

    /// Reads the records of a batch; `None` when one of them is malformed.
    pub fn read_all(octets: &[u8]) -> Option<Vec<Self>> {
        let mut reader = Reader(octets);
        let mut records = Vec::new();
        while !reader.is_empty() {
            records.push(Self::read(&mut reader)?);
        }
        Some(records)
    }

    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let kind = reader.octet()?;
        if kind == META {
            return Some(Self::Meta(list(reader, read_change)?));
        }
        if kind == SEEN {
            return Some(Self::Seen(Box::new(read_window(reader)?)));
        }
        let queue = QueueId(reader.number()?);
        Some(match kind {
            ENQUEUED => Self::Enqueued(queue, list(reader, read_run)?),
            SETTLED => Self::Settled(queue, list(reader, read_range)?),
            MOVED => Self::Moved(queue, list(reader, read_run)?),
            RETURNED => Self::Returned(queue, list(reader, read_returned)?),
            DEFERRED => Self::Deferred(queue, list(reader, read_deferred)?),
            LIVED => Self::Lived(queue, list(reader, read_lived)?),
            DELETED => Self::Deleted(queue),
            _ => return None,
        })
    }
}

/// Appends [`Record::Enqueued`].
pub fn put_enqueued(out: &mut Vec<u8>, queue: QueueId, runs: &[Run]) {
    put_runs(out, ENQUEUED, queue, runs);
}

/// Appends [`Record::Settled`].
pub fn put_settled(out: &mut Vec<u8>, queue: QueueId, ranges: &[Range]) {
    put_kind(out, SETTLED, queue);
    put_number(out, ranges.len() as u64);
    for range in ranges {
        put_number(out, range.first);
        put_number(out, range.count);
    }
}

/// Appends [`Record::Returned`].
pub fn put_returned(out: &mut Vec<u8>, queue: QueueId, returned: &[Returned]) {
    put_kind(out, RETURNED, queue);
    put_list_of_returned(out, returned);
}

/// Appends what came back: how many, then place and counts of each.
pub fn put_list_of_returned(out: &mut Vec<u8>, returned: &[Returned]) {
    put_number(out, returned.len() as u64);
    for (index, Attempts { failed, acquired }) in returned {
        for number in [index.0, (*failed).into(), (*acquired).into()] {
            put_number(out, number);
        }
    }
}

/// Reads one item of such a list.
pub fn read_returned(reader: &mut Reader<'_>) -> Option<Returned> {
    let index = MessageIndex(reader.number()?);
    Some((index, Attempts { failed: reader.number32()?, acquired: reader.number32()? }))
}

/// Appends [`Record::Deferred`].
pub fn put_deferred(out: &mut Vec<u8>, queue: QueueId, deferred: &[Deferred]) {
    put_kind(out, DEFERRED, queue);
    put_list_of_deferred(out, deferred);
}

/// Appends what waits: how many, then place and time of each.
pub fn put_list_of_deferred(out: &mut Vec<u8>, deferred: &[Deferred]) {
    put_number(out, deferred.len() as u64);
    for (index, until) in deferred {
        put_number(out, index.0);
        put_number(out, until.0);
    }
}

/// Reads one item of such a list.
pub fn read_deferred(reader: &mut Reader<'_>) -> Option<Deferred> {
    Some((MessageIndex(reader.number()?), Timestamp(reader.number()?)))
}

/// Appends [`Record::Lived`].
pub fn put_lived(out: &mut Vec<u8>, queue: QueueId, lived: &[Lived]) {
    put_kind(out, LIVED, queue);
    put_list_of_lived(out, lived);
}

/// Appends how long messages live: how many, then the place from which on and one more than how long;
/// 0: for ever.
pub fn put_list_of_lived(out: &mut Vec<u8>, lived: &[Lived]) {
    put_number(out, lived.len() as u64);
    for (from, lifetime) in lived {
        put_number(out, from.0);
        put_number(out, lifetime.map_or(0, |lifetime| lifetime.saturating_add(1)));
    }
}

/// Reads one item of such a list.
pub fn read_lived(reader: &mut Reader<'_>) -> Option<Lived> {
    Some((MessageIndex(reader.number()?), reader.number()?.checked_sub(1)))
}

/// Appends [`Record::Meta`].
pub fn put_meta(out: &mut Vec<u8>, changes: &[MetaChange]) {
    out.push(META);
    put_number(out, changes.len() as u64);
    for change in changes {
        put_octets(out, &change.key);
        out.push(u8::from(change.value.is_some()));
        if let Some(value) = &change.value {
            put_octets(out, value);
        }
    }
}

/// Appends [`Record::Seen`].
pub fn put_seen(out: &mut Vec<u8>, key: &[u8], seen: &[Sighting]) {
    out.push(SEEN);
    put_window(out, key, seen);
}

fn put_kind(out: &mut Vec<u8>, kind: u8, queue: QueueId) {
    out.push(kind);
    put_number(out, queue.0);
}

fn put_runs(out: &mut Vec<u8>, kind: u8, queue: QueueId, runs: &[Run]) {
    put_kind(out, kind, queue);
    put_number(out, runs.len() as u64);
    for run in runs {
        put_run(out, run);
    }
}

fn read_range(reader: &mut Reader<'_>) -> Option<Range> {
    let (first, count) = (reader.number()?, reader.number()?);
    first.checked_add(count)?;
    Some(Range { first, count })
}

fn read_change(reader: &mut Reader<'_>) -> Option<MetaChange> {
    let key = reader.octets()?.to_vec();
    let value = match reader.octet()? {
        0 => None,
        1 => Some(reader.octets()?.to_vec()),
        _ => return None,
    };
    Some(MetaChange { key, value })
}

/// A list with its length in front. Nothing is reserved for a length before its octets are read.
pub fn list<'a, T>(
    reader: &mut Reader<'a>,
    item: impl Fn(&mut Reader<'a>) -> Option<T>,
) -> Option<Vec<T>> {
    let count = reader.number()?;
    let mut items = Vec::new();
    for _ in 0..count {
        items.push(item(reader)?);
    }
    Some(items)
}
