//! Messages that have died and stay until their dead letter is where it has to go.

use std::collections::BTreeMap;

use super::lane::Message;
use crate::amqp::id::{MessageIndex, StoreRef};

/// Why a message died.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Death {
    /// A consumer refused it.
    Rejected,
    /// Its time was over.
    Expired,
}

/// The dying messages.
#[derive(Debug, Default)]
pub struct Dying {
    by_index: BTreeMap<MessageIndex, (Message, Death)>,
    /// Those in memory that the outside has not been told of.
    untold: Vec<MessageIndex>,
    /// How many are cold.
    cold: usize,
}

impl Dying {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.by_index.is_empty()
    }

    /// Whether one has to be loaded before it can be told of.
    pub fn has_cold(&self) -> bool {
        self.cold > 0
    }

    /// Adds a message, cold or not.
    pub fn insert(&mut self, message: Message, death: Death) {
        if message.store.is_cold() {
            self.cold += 1;
        } else {
            self.untold.push(message.index);
        }
        self.by_index.insert(message.index, (message, death));
    }

    /// Takes a message out; `None` if there is no such one.
    pub fn remove(&mut self, index: MessageIndex) -> Option<Message> {
        let (message, _) = self.by_index.remove(&index)?;
        self.cold -= usize::from(message.store.is_cold());
        Some(message)
    }

    /// Puts a message that is cold at `position` into memory at `store`; `false` if there is none.
    pub fn load(&mut self, index: MessageIndex, position: StoreRef, store: StoreRef) -> bool {
        let found = self.by_index.get_mut(&index).filter(|(it, _)| it.store == position);
        let Some((message, _)) = found else { return false };
        message.store = store;
        self.cold -= 1;
        self.untold.push(index);
        true
    }

    /// Those in memory that were not told before.
    pub fn tell(&mut self, mut tell: impl FnMut(&Message, Death)) {
        for index in self.untold.drain(..) {
            if let Some((message, death)) = self.by_index.get(&index) {
                tell(message, *death);
            }
        }
    }

    /// Each message.
    pub fn iter(&self) -> impl Iterator<Item = &Message> {
        self.by_index.values().map(|(message, _)| message)
    }

    /// Each message from that place of the queue on.
    pub fn iter_from(&self, from: MessageIndex) -> impl Iterator<Item = &Message> {
        self.by_index.range(from..).map(|(_, (message, _))| message)
    }

    /// Each message, to be pointed elsewhere in the store. A cold one must stay cold, a hot one hot.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Message> {
        self.by_index.values_mut().map(|(message, _)| message)
    }
}
