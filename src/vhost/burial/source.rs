//! What a queue does for its dead letters.

use std::sync::Arc;

use super::letter::{DeadLetters, Letter, reason};
use crate::amqp::id::{MessageIndex, StoreRef, Timestamp};
use crate::queue::command::Command;
use crate::queue::dying::Death;
use crate::queue::effect::Effect;
use crate::store::memory::MemoryStore;
use crate::vhost::worker::QueueWorker;

impl QueueWorker {
    /// Leaves the letters of those that died with the errands. Where there is no exchange for them any
    /// more, they are gone.
    #[inline]
    pub(in crate::vhost) fn send_letters(&mut self) {
        if self.core.is_dying() {
            self.send_all_letters();
        }
    }

    fn send_all_letters(&mut self) {
        let at = self.alarm.now();
        let mut letters = Vec::new();
        for effect in self.effects.list() {
            let Effect::Died { index, store, death } = *effect else { continue };
            match letter(&self.store, self.dead_letters.as_ref(), (index, store, death), at) {
                Some(letter) => letters.push(letter),
                None => self.commands.push(Command::Bury { index }),
            }
        }
        self.alarm.errands().send(letters);
    }

    /// The same for those that were still to be told of when the queue was deleted. What had left
    /// memory goes with it.
    pub(in crate::vhost) fn send_last_letters(&mut self) {
        let at = self.alarm.now();
        let last = self.core.last_deaths().filter_map(|(message, death)| {
            let died = (message.index, message.store, death);
            letter(&self.store, self.dead_letters.as_ref(), died, at)
        });
        let last = last.collect();
        self.alarm.errands().send(last);
    }

    /// Has the letters forgotten of those that were purged. Others on their way go on.
    pub(in crate::vhost) fn forget_letters(&self) {
        let terms = self.dead_letters.as_ref().filter(|terms| terms.keeps());
        if let Some(source) = terms.and_then(|terms| terms.source.upgrade()) {
            source.purge_letters();
        }
    }

    /// Takes out what has arrived elsewhere.
    pub(in crate::vhost) fn bury(&mut self, buried: Vec<MessageIndex>) {
        self.commands.extend(buried.into_iter().map(|index| Command::Bury { index }));
        self.run();
    }
}

/// The letter of a message in memory.
fn letter(
    store: &MemoryStore,
    terms: Option<&Arc<DeadLetters>>,
    (index, at_rest, death): (MessageIndex, StoreRef, Death),
    at: Timestamp,
) -> Option<Letter> {
    let terms = Arc::clone(terms?);
    let segment = store.read(at_rest)?.segment;
    let octets = segment.slice_ref(store.octets(at_rest));
    let source = if terms.keeps() { terms.source.upgrade() } else { None };
    let purges = source.map_or(0, |source| source.letter_purges());
    Some(Letter { terms, index, octets, reason: reason(death), at, purges })
}
