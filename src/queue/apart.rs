//! Ready messages that stand apart from the lane, each with an entry of its own whether it is in
//! memory or not: those that were requeued, and those that the lane cannot keep in runs.

use std::collections::{BTreeMap, BTreeSet};

use super::groups::Standing;
use super::lane::Message;
use crate::amqp::id::{MessageIndex, StoreRef};

/// Ready messages by their places.
#[derive(Debug, Default)]
pub struct Apart {
    by_index: BTreeMap<MessageIndex, Message>,
    bytes: u64,
    /// How many are cold.
    cold: usize,
    /// Where each stands, if they are of many levels.
    standings: Option<BTreeSet<Standing>>,
}

impl Apart {
    /// None yet, and they may be of many levels.
    pub fn of_many_levels() -> Self {
        Self { standings: Some(BTreeSet::new()), ..Self::default() }
    }

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

    /// The last.
    pub fn last(&self) -> Option<&Message> {
        self.by_index.last_key_value().map(|(_, message)| message)
    }

    /// The first by level, then by place. Only those of many levels are told apart by level.
    pub fn foremost(&self) -> Option<&Message> {
        let Some(standings) = &self.standings else { return self.first() };
        self.get(standings.first()?.index)
    }

    /// The one with the first place.
    pub fn first(&self) -> Option<&Message> {
        self.by_index.first_key_value().map(|(_, message)| message)
    }

    /// The message at that place.
    pub fn get(&self, index: MessageIndex) -> Option<&Message> {
        self.by_index.get(&index)
    }

    /// Adds a message, cold or not.
    pub fn insert(&mut self, message: Message) {
        self.bytes += u64::from(message.bytes);
        self.cold += usize::from(message.store.is_cold());
        if let Some(standings) = &mut self.standings {
            standings.insert(Standing::of(&message));
        }
        self.by_index.insert(message.index, message);
    }

    /// Takes the one with the first place, if it is in memory.
    pub fn pop_front(&mut self) -> Option<Message> {
        let first = self.first().filter(|first| !first.store.is_cold())?.index;
        self.remove(first)
    }

    /// Takes a message, cold or not.
    pub fn remove(&mut self, index: MessageIndex) -> Option<Message> {
        let message = self.by_index.remove(&index)?;
        self.bytes -= u64::from(message.bytes);
        self.cold -= usize::from(message.store.is_cold());
        if let Some(standings) = &mut self.standings {
            standings.remove(&Standing::of(&message));
        }
        Some(message)
    }

    /// Puts a message that is cold at `position` into memory at `store`; `false` if there is none.
    pub fn load(&mut self, index: MessageIndex, position: StoreRef, store: StoreRef) -> bool {
        debug_assert!(position.is_cold() && !store.is_cold());
        let found = self.by_index.get_mut(&index).filter(|message| message.store == position);
        let Some(message) = found else { return false };
        message.store = store;
        self.cold -= 1;
        true
    }

    /// Makes a message cold; returns where in memory it was, `None` if there is no such message.
    pub fn unload(&mut self, index: MessageIndex, position: StoreRef) -> Option<StoreRef> {
        debug_assert!(position.is_cold());
        let message = self.by_index.get_mut(&index).filter(|it| !it.store.is_cold())?;
        self.cold += 1;
        Some(std::mem::replace(&mut message.store, position))
    }

    /// Takes everything out.
    pub fn drain(&mut self) -> impl Iterator<Item = Message> {
        let standings = self.standings.as_ref().map(|_| BTreeSet::new());
        let empty = Self { standings, ..Self::default() };
        std::mem::replace(self, empty).by_index.into_values()
    }

    /// Each message.
    pub fn iter(&self) -> impl Iterator<Item = &Message> {
        self.by_index.values()
    }

    /// Each message from that place of the queue on.
    pub fn iter_from(&self, from: MessageIndex) -> impl Iterator<Item = &Message> {
        self.by_index.range(from..).map(|(_, message)| message)
    }

    /// Each message, to be pointed elsewhere in the store. A cold one must stay cold, a hot one hot.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Message> {
        self.by_index.values_mut()
    }
}
