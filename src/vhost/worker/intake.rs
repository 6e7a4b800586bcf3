//! The worker's intake: what is published becomes octets in memory and commands for the core.

use super::QueueWorker;
use crate::queue::command::{Command, Stored};
use crate::store::memory::Durability;
use crate::vhost::batch::{Placed, PublishBatch};
use crate::vhost::delays::enqueue_marked;
use crate::vhost::journal::accept;
use crate::vhost::marks::urgency;

impl QueueWorker {
    pub(super) fn publish(&mut self, batch: &PublishBatch) {
        match self.core.vacancy() {
            None => self.take(batch),
            Some(vacancy) => self.publish_within(vacancy, batch),
        }
    }

    /// Takes in a batch for which there is room.
    pub(in crate::vhost) fn take(&mut self, batch: &PublishBatch) {
        match self.keys.clone().filter(|_| !self.closed) {
            None => self.enqueue(batch),
            Some(keys) => self.publish_known(&keys, batch),
        }
    }

    /// Takes messages in, and has their publisher hear of it.
    pub(in crate::vhost) fn enqueue(&mut self, batch: &PublishBatch) {
        if !self.closed {
            let settings = *self.core.settings();
            self.gather(batch, |stored, message, octets| match octets {
                None => Command::Enqueue(stored),
                Some(octets) if message.marked => enqueue_marked(stored, octets, &settings),
                Some(octets) => Command::EnqueueMarked(stored, urgency(octets)),
            });
            if let Some(journal) = self.backing.as_mut().and_then(|it| it.journal.as_mut()) {
                journal.enqueue(batch, self.core.next_index());
            }
            self.run();
        }
        let logged = self.is_durable();
        let accepted = batch.messages.iter().filter(|message| !(logged && message.persistent));
        accept(&*batch.publisher, accepted.filter_map(|m| Some((m.channel, m.confirm?))));
    }

    /// Puts a batch's messages into memory, and gathers a command for each, which is given the
    /// octets of those that may say something that the queue goes by.
    pub(in crate::vhost) fn gather(
        &mut self,
        batch: &PublishBatch,
        command: impl Fn(Stored, &Placed, Option<&[u8]>) -> Command,
    ) {
        let is_durable = self.is_durable();
        let reads_all = self.core.settings().reads_all();
        let mut intake = self.store.take_in(&batch.octets);
        let mut store = |message: &Placed| {
            let logged = is_durable && message.persistent;
            let durability = if logged { Durability::Logged } else { Durability::Transient };
            let store = intake.insert(message.segment, message.offset, durability);
            Stored { store, bytes: message.body_len }
        };
        let messages = batch.messages.iter();
        if !reads_all && messages.clone().all(|message| !message.marked) {
            self.commands.extend(messages.map(|message| command(store(message), message, None)));
            return;
        }
        self.commands.extend(messages.map(|message| {
            let resting = || batch.octets.resting(message.segment, message.offset);
            let read = (message.marked || reads_all).then(resting);
            command(store(message), message, read)
        }));
    }

    fn is_durable(&self) -> bool {
        self.backing.as_ref().is_some_and(|backing| backing.journal.is_some())
    }
}
