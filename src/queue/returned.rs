//! The messages that were delivered and requeued: they go before the ready lane, by index.

use std::collections::BTreeMap;

use super::lane::Message;
use super::paging::{Located, Sweep};
use crate::amqp::id::{MessageIndex, StoreRef};

/// The returned messages.
#[derive(Debug, Default)]
pub struct Returned {
    by_index: BTreeMap<MessageIndex, Message>,
    bytes: u64,
    /// How many are cold.
    cold: usize,
    sweep: Sweep,
}

impl Returned {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.by_index.len()
    }

    /// Whether there is none.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.by_index.is_empty()
    }

    /// The size of the bodies.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Whether one of them has to be loaded before it can be delivered.
    pub fn has_cold(&self) -> bool {
        self.cold > 0
    }

    /// The first.
    pub fn first(&self) -> Option<&Message> {
        self.by_index.first_key_value().map(|(_, message)| message)
    }

    /// Adds a message, cold or not.
    pub fn insert(&mut self, message: Message) {
        self.bytes += u64::from(message.bytes);
        self.cold += usize::from(message.store.is_cold());
        self.by_index.insert(message.index, message);
    }

    /// Takes the first message, if it is in memory.
    pub fn pop_front(&mut self) -> Option<Message> {
        let first = self.by_index.first_entry().filter(|first| !first.get().store.is_cold())?;
        let message = first.remove();
        self.bytes -= u64::from(message.bytes);
        Some(message)
    }

    /// Says where in memory a cold message is now; `false` if there is no such message.
    pub fn load(&mut self, index: MessageIndex, store: StoreRef) -> bool {
        debug_assert!(!store.is_cold());
        let Some(message) = self.by_index.get_mut(&index).filter(|it| it.store.is_cold()) else {
            return false;
        };
        message.store = store;
        self.cold -= 1;
        true
    }

    /// Makes messages cold. It looks at no more than `limit`, beginning behind those that it looked
    /// at last, and returns how many it changed.
    pub fn unload(
        &mut self,
        limit: usize,
        locate: impl FnMut(&Message) -> Option<Located>,
    ) -> usize {
        let messages = self.by_index.range_mut(self.sweep.from()..).map(|(_, message)| message);
        let unloaded = self.sweep.unload(limit, messages, locate);
        self.cold += unloaded;
        unloaded
    }

    /// Takes everything out.
    pub fn drain(&mut self) -> impl Iterator<Item = Message> {
        std::mem::take(self).by_index.into_values()
    }

    /// Each message.
    pub fn iter(&self) -> impl Iterator<Item = &Message> {
        self.by_index.values()
    }

    /// Each message, to be pointed elsewhere in the store. A cold one must stay cold, a hot one hot.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Message> {
        self.by_index.values_mut()
    }
}
