//! What a queue knows its messages by, and what it does with a message that it knows already.

use std::collections::HashSet;
use std::sync::Arc;

use foldhash::fast::RandomState;

use super::batch::{Placed, PublishBatch};
use super::journal::accept;
use super::worker::QueueWorker;
use crate::amqp::argument::GroupKey;
use crate::amqp::fingerprint::Fingerprint;
use crate::amqp::id::{ChannelId, MessageIndex, PublishTag};
use crate::amqp::message::{MessageRef, split_address};
use crate::amqp::table::TableRef;
use crate::codec::header::{Properties, parse_header};
use crate::queue::command::{Command, Key};
use crate::store::placement::Octets;
use crate::topology::arguments::values::Values;

/// The header by whose value messages are duplicates of each other.
const DEDUPLICATION_HEADER: &str = "x-deduplication-header";

/// What a queue reads from each of its messages.
#[derive(Clone, Debug)]
pub(super) struct Keys {
    /// What tells duplicates; absent where nothing does.
    value: Option<ValueKey>,
    /// What says which group a message belongs to, if anything does.
    group: Option<GroupKey>,
}

/// What tells duplicates beside the header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ValueKey {
    Header,
    HeaderOrMessageId,
}

impl Keys {
    /// What a queue reads whose arguments say so; `None` if that is nothing.
    pub(super) fn of(values: &Values) -> Option<Self> {
        let value = (values.deduplication == Some(true)).then_some({
            match values.deduplication_by_message_id {
                Some(true) => ValueKey::HeaderOrMessageId,
                _ => ValueKey::Header,
            }
        });
        let group = values.group_key.clone();
        (value.is_some() || group.is_some()).then_some(Self { value, group })
    }

    /// What a message at rest is known by; nothing where its header cannot be read.
    pub(super) fn read(&self, message: &MessageRef<'_>) -> Found {
        let Ok(header) = parse_header(message.header) else { return Found::default() };
        let properties = header.properties;
        Found {
            value: self.value.and_then(|key| key.read(&properties)),
            group: self.group.as_ref().and_then(|key| group(key, message, &properties)),
        }
    }

    /// That of a message that lies in a batch.
    fn read_placed(&self, octets: &Octets, placed: &Placed) -> Found {
        let message = MessageRef::read(octets.resting(placed.segment, placed.offset));
        message.map(|it| self.read(&it)).unwrap_or_default()
    }
}

impl ValueKey {
    fn read(self, properties: &Properties<'_>) -> Option<Fingerprint> {
        let header = |headers: TableRef<'_>| headers.get(DEDUPLICATION_HEADER).map(Fingerprint::of);
        properties.headers().and_then(header).or_else(|| {
            let id = properties.message_id().filter(|_| self == Self::HeaderOrMessageId);
            id.map(Fingerprint::of_octets)
        })
    }
}

/// The group of a message; an empty routing key is none.
fn group(
    key: &GroupKey,
    message: &MessageRef<'_>,
    properties: &Properties<'_>,
) -> Option<Fingerprint> {
    match key {
        GroupKey::RoutingKey => {
            let (_, key) = split_address(message.address);
            (!key.is_empty()).then(|| Fingerprint::of_octets(key))
        }
        GroupKey::CorrelationId => properties.correlation_id().map(Fingerprint::of_octets),
        GroupKey::Header(name) => {
            let fields = properties.headers()?;
            let mut found = fields.iter().filter(|(key, _)| *key == &**name);
            found.next().map(|(_, value)| Fingerprint::of(value))
        }
    }
}

/// What one message is known by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Found {
    value: Option<Fingerprint>,
    group: Option<Fingerprint>,
}

impl Found {
    /// Each key that it has.
    pub(super) fn keys(self) -> impl Iterator<Item = Key> {
        self.value.map(Key::Value).into_iter().chain(self.group.map(Key::Group))
    }
}

impl QueueWorker {
    /// Takes note of what the one message of a batch is known by, which is about to come in place of
    /// another.
    pub(super) fn identify(&mut self, batch: &PublishBatch) {
        let (Some(keys), Some(placed)) = (&self.keys, batch.messages.first()) else { return };
        let found = keys.read_placed(&batch.octets, placed);
        let index = MessageIndex(self.core.next_index());
        self.commands.extend(found.keys().map(|key| Command::Identify { index, key }));
    }

    /// Takes in what is no duplicate. A duplicate is accepted too, not before what it is a
    /// duplicate of: nobody who published a message may think it safe while it is not.
    pub(super) fn publish_known(&mut self, keys: &Keys, batch: &PublishBatch) {
        if keys.value.is_some() {
            self.look_at_all();
        }
        let mut fresh = HashSet::<_, RandomState>::default();
        let mut duplicates = Vec::new();
        let mut messages = Vec::with_capacity(batch.messages.len());
        let first = self.core.next_index();
        for placed in &batch.messages {
            let found = keys.read_placed(&batch.octets, placed);
            let is_new = |value| !self.core.is_known(&value) && fresh.insert(value);
            if !found.value.is_none_or(is_new) {
                duplicates.push(*placed);
                continue;
            }
            let index = MessageIndex(first + messages.len() as u64);
            let before = self.commands.len();
            self.commands.extend(found.keys().map(|key| Command::Identify { index, key }));
            let marked = placed.marked || self.commands.len() > before;
            messages.push(Placed { marked, ..*placed });
        }
        let PublishBatch { octets, publisher, .. } = batch;
        let publisher = Arc::clone(publisher);
        self.enqueue(&PublishBatch { octets: octets.clone(), messages, publisher, fate: None });
        self.accept_duplicates(batch, &duplicates);
    }

    /// Drops and accepts a message if it is a duplicate of one that the queue holds; `false` if it
    /// is none.
    pub(super) fn drop_duplicate(&mut self, batch: &PublishBatch, placed: &Placed) -> bool {
        let keys = self.keys.clone().filter(|keys| keys.value.is_some());
        let Some(keys) = keys else { return false };
        self.look_at_all();
        let value = keys.read_placed(&batch.octets, placed).value;
        let is_known = value.is_some_and(|value| self.core.is_known(&value));
        if is_known {
            self.accept_duplicates(batch, &[*placed]);
        }
        is_known
    }

    fn accept_duplicates(&mut self, batch: &PublishBatch, duplicates: &[Placed]) {
        self.duplicates += duplicates.len() as u64;
        let tags = duplicates.iter().filter_map(|placed| Some((placed.channel, placed.confirm?)));
        let tags: Vec<(ChannelId, PublishTag)> = tags.collect();
        if tags.is_empty() {
            return;
        }
        let publisher = Arc::clone(&batch.publisher);
        match self.backing.as_ref().filter(|backing| backing.journal.is_some()) {
            Some(backing) => {
                let tell = move || accept(&*publisher, tags.into_iter());
                backing.log.barrier().on_done(tell);
            }
            None => accept(&*publisher, tags.into_iter()),
        }
    }

    /// Looks at every message that was not looked at since the queue came back, and waits for it.
    fn look_at_all(&mut self) {
        while let Some(run) = self.core.unseen().copied() {
            let Some(backing) = &self.backing else { return };
            let octets = backing.log.read(&run);
            self.take_in(&run, octets);
            // What is not readable ends the process.
            if self.core.unseen() == Some(&run) {
                return;
            }
        }
    }
}
