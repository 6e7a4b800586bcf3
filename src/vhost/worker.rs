//! What stands behind a queue's lock: the core decides, the worker carries out.

mod consumers;
mod delivery;
mod intake;
mod requests;
mod turn;

use std::collections::HashMap;
use std::sync::Arc;

use self::consumers::Attached;
pub use self::consumers::{NotAttached, Terms};
use self::turn::BUDGET;
use super::alarm::Alarm;
use super::backing::Backing;
use super::batch::Task;
use super::burial::letter::DeadLetters;
use super::credit::Share;
use super::inbox::Worker;
use super::keys::Keys;
use super::lease::Lease;
use super::session::Consumer;
use crate::amqp::id::{ConnectionId, ConsumerId, QueueId};
use crate::queue::command::Command;
use crate::queue::core::Queue;
use crate::queue::effect::Effects;
use crate::queue::settings::Settings;
use crate::store::memory::MemoryStore;

/// How many of each a queue holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    /// Messages ready for delivery.
    pub ready: u64,
    /// Messages delivered and not settled.
    pub unacked: u64,
    /// Consumers.
    pub consumers: u32,
}

/// A queue's core and the contents of its messages.
#[derive(Debug)]
pub(super) struct QueueWorker {
    queue: QueueId,
    pub(super) core: Queue,
    pub(super) store: MemoryStore,
    /// Its part in the store, if there is one.
    pub(super) backing: Option<Backing>,
    consumers: HashMap<ConsumerId, Attached, foldhash::fast::RandomState>,
    pub(super) commands: Vec<Command>,
    pub(super) effects: Effects,
    /// Consumers' sessions and the places of their deliveries among the effects.
    grouped: Vec<(ConnectionId, usize)>,
    /// Scratch for granting channel credit.
    shares: Vec<Share>,
    pub(super) alarm: Alarm,
    /// Where what dies in it is published, if anywhere.
    pub(super) dead_letters: Option<Arc<DeadLetters>>,
    /// How long it stays without being used, if its owner wants to know.
    pub(super) lease: Option<Lease>,
    /// What it knows its messages by, if by anything.
    pub(super) keys: Option<Keys>,
    /// How many duplicates came.
    pub(super) duplicates: u64,
    closed: bool,
}

impl Worker for QueueWorker {
    type Task = Task;

    fn work(&mut self, task: Task) {
        match task {
            Task::Publish(batch) => {
                self.publish(&batch);
                if let Some(fate) = &batch.fate {
                    fate.turn();
                }
            }
            Task::Settle(settled) => {
                self.commands.extend(
                    settled.into_iter().map(|(index, outcome)| Command::Settle { index, outcome }),
                );
                self.run();
            }
            Task::Loaded(read) => self.loaded(read),
            Task::Left(copied) => self.left(copied),
            Task::Relieve => self.relieve(),
            Task::Tick => {
                self.alarm.rung();
                self.run();
            }
            Task::Buried(buried) => self.bury(buried),
            Task::Resume(session) => {
                self.each_of(session, |consumer| Command::Resume { consumer });
                self.run();
            }
        }
    }

    fn advance(&mut self) -> usize {
        if self.core.has_deliverable()
            || (self.core.at_hand(1) > 0 && self.core.wanting().next().is_some())
        {
            self.run()
        } else {
            0
        }
    }
}

impl QueueWorker {
    /// The worker of a queue that holds what `core` does.
    pub(super) fn new(queue: QueueId, core: Queue, backing: Option<Backing>, alarm: Alarm) -> Self {
        Self {
            queue,
            core,
            store: MemoryStore::default(),
            backing,
            consumers: HashMap::default(),
            commands: Vec::new(),
            effects: Effects::new(BUDGET),
            grouped: Vec::new(),
            shares: Vec::new(),
            alarm,
            dead_letters: None,
            lease: None,
            keys: None,
            duplicates: 0,
            closed: false,
        }
    }

    /// Has it work as `settings` say from now on.
    pub(super) fn configure(&mut self, settings: Settings, dead_letters: Option<Arc<DeadLetters>>) {
        self.dead_letters = dead_letters;
        self.core.configure(settings);
        if let Some(backing) = &mut self.backing {
            backing.live(&self.core);
        }
        self.run();
    }

    /// Whether it has something to do though nobody asks for anything.
    pub(super) fn is_restless(&self) -> bool {
        self.core.wanted_anyway().is_some() || self.core.next_wake().is_some()
    }

    pub(super) fn counts(&self) -> Counts {
        Counts {
            ready: self.core.ready() as u64,
            unacked: self.core.unacked() as u64,
            consumers: u32::try_from(self.consumers.len()).unwrap_or(u32::MAX),
        }
    }

    /// Drops everything; returns the consumers that were left.
    pub(super) fn close(&mut self) -> Vec<Consumer> {
        self.closed = true;
        self.send_last_letters();
        self.lease = None;
        let mut consumers: Vec<_> =
            self.consumers.drain().map(|(_, attached)| attached.consumer).collect();
        consumers.sort_unstable_by_key(|consumer| consumer.id);
        if let Some(backing) = self.backing.take() {
            backing.delete(&self.core, &self.store);
        }
        self.core = Queue::default();
        self.store = MemoryStore::default();
        consumers
    }
}

#[cfg(test)]
mod tests;
