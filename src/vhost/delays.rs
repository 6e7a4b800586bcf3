//! Messages that wait for their time, as a queue's owner sees them: when they are due, how they
//! leave memory, and how they are found, cancelled and given another time.

use bytes::Bytes;

use super::backing::Backing;
use super::marks::marks;
use super::worker::QueueWorker;
use crate::amqp::id::{MessageIndex, StoreRef, Timestamp};
use crate::amqp::message::{MessageRef, split_address};
use crate::amqp::table::Value;
use crate::codec::header::{Properties, parse_header};
use crate::exchange::delayed::{self, DELAY};
use crate::queue::command::{Command, Marks, Stored};
use crate::queue::delays::Ripened;
use crate::queue::lane::Message;
use crate::queue::settings::Settings;
use crate::queue::waiting::{Rank, Waiting};
use crate::store::memory::is_logged;

/// How many messages in memory are looked at in one turn.
const SWEEP: usize = 4096;

/// A message that waits in a queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DelayedMessage {
    /// Where it stands: the list goes on behind it.
    pub rank: Rank,
    /// Its `message-id`, if it has one.
    pub message_id: Option<Vec<u8>>,
    /// The exchange that it was published to.
    pub exchange: Vec<u8>,
    /// Its routing key.
    pub routing_key: Vec<u8>,
    /// The size of its body, in octets.
    pub bytes: u32,
}

impl DelayedMessage {
    /// When it becomes ready.
    pub const fn due(&self) -> Timestamp {
        self.rank.0
    }
}

/// What a message says of when it becomes ready.
#[derive(Clone, Copy, Debug)]
pub(super) struct Delay {
    pub(super) due: Timestamp,
    pub(super) lifetime: Option<u64>,
    pub(super) id: u32,
}

/// How long a message of these properties waits in such a queue, in milliseconds; `None` if not at
/// all. Where it waits for an exchange, it waits as that says; elsewhere what is no integer says
/// nothing.
fn delay(properties: &Properties<'_>, settings: &Settings) -> Option<u64> {
    let headers = properties.headers();
    let is_integer = || matches!(headers?.get(DELAY)?, Value::Int(..)).then_some(());
    if !settings.hands_on {
        is_integer()?;
    }
    delayed::delay(headers)
}

/// The checksum by which a message is found.
fn checksum(message_id: Option<&[u8]>) -> u32 {
    message_id.map_or(0, crc32c::crc32c)
}

impl Delay {
    /// What a message at rest says to such a queue; `None` if it is ready at once. What waits for an
    /// exchange begins to live when it leaves.
    pub(super) fn of(message: &MessageRef<'_>, settings: &Settings) -> Option<Self> {
        let accepted = message.stamp.accepted.filter(|_| settings.delayed)?;
        let properties = parse_header(message.header).ok()?.properties;
        let due = accepted.plus(delay(&properties, settings)?);
        let id = checksum(properties.message_id());
        let lifetime = if settings.hands_on { None } else { marks(message).lifetime };
        Some(Self { due, lifetime, id })
    }
}

/// The command for a message that says something itself.
pub(super) fn enqueue_marked(stored: Stored, octets: &[u8], settings: &Settings) -> Command {
    let Some(message) = MessageRef::read(octets) else {
        return Command::EnqueueMarked(stored, Marks::default());
    };
    match Delay::of(&message, settings) {
        Some(Delay { due, lifetime, id }) => {
            let (lifetime, priority) = (lifetime.unwrap_or(u64::MAX), marks(&message).priority);
            Command::Delay { stored, due, lifetime, id, priority }
        }
        None if settings.hands_on => Command::EnqueueMarked(stored, Marks::default()),
        None => Command::EnqueueMarked(stored, marks(&message)),
    }
}

impl QueueWorker {
    /// Takes note of messages that wait no longer, and has those fetched whose time comes.
    pub(super) fn take_ripened(&mut self) {
        if let Some(backing) = &mut self.backing {
            backing.ripened(self.core.ripened());
            backing.fetching.add(&backing.log, self.core.coming());
        } else {
            self.core.ripened().for_each(drop);
            self.core.coming().for_each(drop);
        }
    }

    /// Has messages that wait go out of memory, the last to be due first, as far as they are on the
    /// disk; returns those that are in memory alone. It looks at some thousands.
    pub(super) fn unload_delayed(&mut self) -> Vec<Message> {
        let Self { core, store, backing: Some(backing), .. } = self else { return Vec::new() };
        let written = backing.written_up_to(core.next_index());
        let looked: Vec<_> = core.hot_delayed().take(SWEEP).collect();
        let (logged, alone): (Vec<_>, Vec<_>) =
            looked.into_iter().partition(|message| is_logged(message.store));
        let mut gone: Vec<StoreRef> = Vec::new();
        for message in logged {
            if let Some(located) = super::paging::locate(store, &message, written) {
                gone.extend(core.unload_delayed(message.index, located));
            }
        }
        self.forget(&gone);
        alone
    }

    /// The first `limit` messages that wait behind `after`.
    pub(super) fn list_delayed(&self, after: Rank, limit: usize) -> Vec<DelayedMessage> {
        let waiting = self.core.list_delayed(after, limit);
        waiting.iter().filter_map(|it| listed(it, &self.read_waiting(it)?)).collect()
    }

    /// Removes the messages that wait with that `message-id`; returns how many.
    pub(super) fn cancel_delayed(&mut self, message_id: &[u8]) -> usize {
        let found = self.find_delayed(message_id);
        for (Waiting { index, due, .. }, _) in &found {
            self.commands.push(Command::CancelDelayed { index: *index, due: *due });
        }
        self.run();
        found.len()
    }

    /// The messages that wait with that `message-id`, each as it rests.
    pub(super) fn find_delayed(&self, message_id: &[u8]) -> Vec<(Waiting, Bytes)> {
        let found = self.core.find_delayed(checksum(Some(message_id))).into_iter();
        let read = found.filter_map(|waiting| Some((waiting, self.read_waiting(&waiting)?)));
        read.filter(|(_, octets)| id_of(octets).as_deref() == Some(message_id)).collect()
    }

    /// A message that waits, as it rests.
    fn read_waiting(&self, waiting: &Waiting) -> Option<Bytes> {
        if !waiting.store.is_cold() {
            return Some(Bytes::copy_from_slice(self.store.octets(waiting.store)));
        }
        let run = waiting.run();
        let read = self.backing.as_ref()?.log.read(&run);
        read.inspect_err(|why| self.cannot_read(&run, &why.to_string())).ok()
    }
}

fn id_of(octets: &[u8]) -> Option<Vec<u8>> {
    let header = parse_header(MessageRef::read(octets)?.header).ok()?;
    header.properties.message_id().map(<[u8]>::to_vec)
}

fn listed(waiting: &Waiting, octets: &[u8]) -> Option<DelayedMessage> {
    let message = MessageRef::read(octets)?;
    let (exchange, routing_key) = split_address(message.address);
    Some(DelayedMessage {
        rank: waiting.rank(),
        message_id: id_of(octets),
        exchange: exchange.to_vec(),
        routing_key: routing_key.to_vec(),
        bytes: waiting.bytes,
    })
}

/// The message with another time of acceptance, so that it is due then; `None` if it is none that
/// waits.
pub(super) fn due_at(octets: &[u8], due: Timestamp, settings: &Settings) -> Option<(Bytes, bool)> {
    let mut message = MessageRef::read(octets)?;
    let properties = parse_header(message.header).ok()?.properties;
    let delay = delay(&properties, settings)?;
    message.stamp.accepted = Some(Timestamp(due.0.saturating_sub(delay)));
    Some((message.to_bytes(), properties.delivery_mode() == Some(2)))
}

impl Backing {
    /// Takes note of messages that have another place in the queue now.
    fn ripened(&mut self, ripened: impl Iterator<Item = Ripened>) {
        for Ripened { from, place, octets } in ripened {
            if from != place && self.journal.is_some() {
                self.origins.insert(place, from);
            }
            if octets > 0 {
                self.held.insert(place, octets);
            }
        }
    }

    /// Under which place a message was logged.
    pub(super) fn origin(&self, index: MessageIndex) -> MessageIndex {
        if self.origins.is_empty() {
            return index;
        }
        self.origins.get(&index).copied().unwrap_or(index)
    }
}
