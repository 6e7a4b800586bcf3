//! A broker between two starts: the real one, without threads.

use std::collections::BTreeMap;
use std::sync::Arc;

use leveret::amqp::confirm::Confirm;
use leveret::amqp::id::QueueId;
use leveret::amqp::run::Run;
use leveret::amqp::table::{Table, TableRef};
use leveret::auth::password::PasswordHash;
use leveret::auth::user::Users;
use leveret::broker::node::{Marks, Node};
use leveret::broker::storage::Storage;
use leveret::store::disk::Disk;
use leveret::store::format::run::messages;
use leveret::store::keeper::Queues as _;
use leveret::store::log::Log;
use leveret::store::recovery::error::OpenError;
use leveret::store::recovery::open::open_with;
use leveret::store::residence::Residence;
use leveret::store::sizes::Sizes;
use leveret::store::writer::Writer;
use leveret::vhost::host::Vhost;
use leveret::vhost::queue::Queue;

use super::payload::Payload;

/// Small, so that few octets make many files, batches and runs.
pub const SIZES: Sizes = Sizes { file: 32 << 10, batch: 8 << 10, run: 4 << 10, unsynced: 24 << 10 };

/// Octets of messages that stay in memory.
const MEMORY: usize = 8 << 10;

#[derive(Clone, Debug)]
pub struct Broker {
    pub log: Arc<Log>,
    pub node: Arc<Node>,
    pub residence: Arc<Residence>,
    pub vhost: Arc<Vhost>,
    /// Whether the one before was stopped in order.
    pub clean: bool,
}

/// What a durable queue holds on the disk.
#[derive(Debug)]
pub struct Found {
    pub queue: Arc<Queue>,
    pub next_index: u64,
    /// By place; what is damaged says so.
    pub messages: BTreeMap<u64, Result<Payload, String>>,
}

impl Broker {
    pub fn open(disk: &Arc<dyn Disk>) -> Result<(Self, Writer), OpenError> {
        let opened = open_with(disk, SIZES)?;
        let clean = opened.report.clean;
        let mut storage = Storage::of(opened, MEMORY, Confirm::Synced);
        let store = storage.store.clone();
        let mut node = Node::new(Users::new([]), Vec::new(), Marks::NEVER, None, store.clone());
        storage.restore(&mut node).unwrap();
        drop(node.bootstrap("guest", PasswordHash::new(b"guest", [0; 4]), "/").unwrap());
        let vhost = node.admit("/").unwrap();
        let (log, residence, node) = (store.log.unwrap(), store.residence, Arc::new(node));
        let broker = Self { log, node, residence, vhost, clean };
        Ok((broker, storage.into_writer()))
    }

    /// The queues, in an order that does not change.
    pub fn queues(&self) -> Vec<Arc<Queue>> {
        let mut queues = self.vhost.queues();
        queues.sort_unstable_by_key(|queue| queue.id);
        queues
    }

    /// What the queues have on the disk, lasting or not.
    pub fn living(&self) -> Vec<Run> {
        let holdings = (0..=self.log.end().file).flat_map(|file| self.node.holdings(file));
        holdings.flat_map(|holding| holding.runs).collect()
    }

    /// What the durable queues hold, as far as it is written.
    pub fn survey(&self) -> BTreeMap<QueueId, Found> {
        let queues = self.queues();
        queues.iter().filter_map(|queue| Some((queue.id, self.look_into(queue)?))).collect()
    }

    fn look_into(&self, queue: &Arc<Queue>) -> Option<Found> {
        let image = queue.image()?;
        let next_index = image.next_index;
        let mut found = Found { queue: Arc::clone(queue), next_index, messages: BTreeMap::new() };
        for run in image.runs {
            let octets = self.log.read(&run).unwrap();
            let mut at = messages(&octets);
            for index in run.first.0..run.end().0 {
                let payload = match at.next() {
                    Some(Ok((_, octets))) => Payload::read(octets),
                    _ => Err(format!("damaged in {run:?}")),
                };
                let again = found.messages.insert(index, payload);
                assert!(again.is_none(), "queue {}: message {index} twice", queue.name);
            }
            let damaged = found.messages.values().any(Result::is_err);
            assert!(damaged || at.next().is_none(), "more messages than {run:?} says");
        }
        Some(found)
    }
}

/// The arguments of a queue that confirms so.
pub fn arguments(confirm: Confirm) -> Table {
    match confirm {
        Confirm::Synced => Table::default(),
        Confirm::Written => {
            TableRef::parse(b"\x09x-confirmS\x00\x00\x00\x07written").unwrap().to_owned()
        }
    }
}
