//! The unacked messages of a queue, found by index.
//!
//! Deliveries come in rising order but for those of returned messages, and settlements come nearly
//! in the order of the deliveries: a ring in index order, with holes where a settlement came early,
//! finds almost every message by its distance from the front.

use std::collections::{BTreeMap, VecDeque};

use super::lane::Message;
use crate::amqp::id::{ConsumerId, MessageIndex, StoreRef};

/// A ring of at most this capacity is never shrunk, and one of fewer holes never compacted.
const SMALL: usize = 256;

/// Who holds an unacked message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    /// A consumer, perhaps one that has gone since.
    Consumer(ConsumerId),
    /// A channel that asked with basic.get.
    Get,
}

/// What stands in one place of the ring.
#[derive(Clone, Copy, Debug)]
struct Slot {
    message: Message,
    /// `None` once it is settled.
    holder: Option<Holder>,
}

/// The unacked messages.
#[derive(Debug, Default)]
pub struct Unacked {
    /// Rising by index. Neither the first nor the last slot is a hole.
    ring: VecDeque<Slot>,
    holes: usize,
    /// Messages delivered again while later ones were in the ring.
    late: BTreeMap<MessageIndex, (Message, Holder)>,
}

impl Unacked {
    /// How many messages there are.
    pub fn len(&self) -> usize {
        self.ring.len() - self.holes + self.late.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds a message that `holder` was sent.
    #[inline]
    pub fn insert(&mut self, message: Message, holder: Holder) {
        if self.ring.back().is_none_or(|last| last.message.index < message.index) {
            self.ring.push_back(Slot { message, holder: Some(holder) });
        } else {
            self.late.insert(message.index, (message, holder));
        }
    }

    /// Takes a message out; `None` when it is not unacked.
    pub fn remove(&mut self, index: MessageIndex) -> Option<(Message, Holder)> {
        self.remove_from_ring(index).or_else(|| self.late.remove(&index))
    }

    /// Each message, to be pointed elsewhere in the store.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Message> {
        let held = self.ring.iter_mut().filter(|slot| slot.holder.is_some());
        held.map(|slot| &mut slot.message).chain(self.late.values_mut().map(|(message, _)| message))
    }

    /// Each message.
    pub fn iter(&self) -> impl Iterator<Item = &Message> {
        let held = self.ring.iter().filter(|slot| slot.holder.is_some());
        held.map(|slot| &slot.message).chain(self.late.values().map(|(message, _)| message))
    }

    /// Each message from that place of the queue on, those that were delivered again last.
    pub fn iter_from(&self, from: MessageIndex) -> impl Iterator<Item = &Message> {
        let start = self.ring.partition_point(|slot| slot.message.index < from);
        let held = self.ring.range(start..).filter(|slot| slot.holder.is_some());
        let late = self.late.range(from..).map(|(_, (message, _))| message);
        held.map(|slot| &slot.message).chain(late)
    }

    /// Makes a message cold; returns where in memory it was, `None` if there is no such message.
    pub fn unload(&mut self, index: MessageIndex, position: StoreRef) -> Option<StoreRef> {
        debug_assert!(position.is_cold());
        let in_ring = self.position(index).and_then(|at| self.ring.get_mut(at));
        let message = match in_ring.filter(|slot| slot.holder.is_some()) {
            Some(slot) => &mut slot.message,
            None => &mut self.late.get_mut(&index)?.0,
        };
        (!message.store.is_cold()).then(|| std::mem::replace(&mut message.store, position))
    }

    fn remove_from_ring(&mut self, index: MessageIndex) -> Option<(Message, Holder)> {
        let position = self.position(index)?;
        let slot = self.ring.get_mut(position)?;
        let (message, holder) = (slot.message, slot.holder.take()?);
        self.holes += 1;
        self.trim();
        Some((message, holder))
    }

    fn position(&self, index: MessageIndex) -> Option<usize> {
        let distance = index.0.checked_sub(self.ring.front()?.message.index.0)?;
        // Indices rise by one or more, so that no message stands beyond its distance.
        let furthest = usize::try_from(distance).unwrap_or(usize::MAX).min(self.ring.len() - 1);
        if self.ring.get(furthest)?.message.index == index {
            return Some(furthest);
        }
        self.ring.binary_search_by_key(&index, |slot| slot.message.index).ok()
    }

    /// Takes the holes from both ends, and from within once they are the greater part.
    fn trim(&mut self) {
        while self.ring.front().is_some_and(|slot| slot.holder.is_none()) {
            self.ring.pop_front();
            self.holes -= 1;
        }
        while self.ring.back().is_some_and(|slot| slot.holder.is_none()) {
            self.ring.pop_back();
            self.holes -= 1;
        }
        if self.holes > SMALL && self.holes > self.ring.len() / 2 {
            self.ring.retain(|slot| slot.holder.is_some());
            self.holes = 0;
        }
        let capacity = self.ring.capacity();
        if capacity > SMALL && self.ring.len() < capacity / 8 {
            self.ring.shrink_to(capacity / 4);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::amqp::id::StoreRef;

    fn message(index: u64) -> Message {
        Message::new(MessageIndex(index), StoreRef(index), 1)
    }

    #[test]
    fn a_message_is_found_whatever_was_settled_before_it() {
        let mut unacked = Unacked::default();
        (0..100).filter(|i| i % 3 != 0).for_each(|i| unacked.insert(message(i), Holder::Get));

        let odd: Vec<bool> =
            (0..100).step_by(2).map(|i| unacked.remove(MessageIndex(i)).is_some()).collect();

        assert!(odd.iter().enumerate().all(|(half, found)| *found == (half * 2 % 3 != 0)));
        assert!(unacked.remove(MessageIndex(2)).is_none());
        assert_eq!(unacked.remove(MessageIndex(7)), Some((message(7), Holder::Get)));
        assert_eq!(unacked.len(), unacked.iter_mut().count());
    }

    #[test]
    fn a_message_delivered_again_behind_later_ones_is_found_once() {
        let mut unacked = Unacked::default();
        (0..5).for_each(|i| unacked.insert(message(i), Holder::Get));
        unacked.remove(MessageIndex(2));

        unacked.insert(message(2), Holder::Consumer(ConsumerId(1)));

        assert_eq!(unacked.len(), 5);
        let found = unacked.remove(MessageIndex(2));
        assert_eq!(found, Some((message(2), Holder::Consumer(ConsumerId(1)))));
        assert_eq!(unacked.remove(MessageIndex(2)), None);
    }

    #[test]
    fn one_message_that_stays_unacked_does_not_make_the_ring_grow() {
        let mut unacked = Unacked::default();
        unacked.insert(message(0), Holder::Get);

        for index in 1..100_000 {
            unacked.insert(message(index), Holder::Get);
            unacked.insert(message(index + 1_000_000), Holder::Get);
            unacked.remove(MessageIndex(index + 1_000_000));
            if index > 10 {
                unacked.remove(MessageIndex(index - 10));
            }
        }

        assert!(unacked.ring.capacity() <= 4 * SMALL, "{}", unacked.ring.capacity());
        assert_eq!(unacked.len(), 11);
    }
}
