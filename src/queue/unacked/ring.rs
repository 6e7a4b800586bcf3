//! Unacked messages in the order of their places, with holes where a settlement came early.

use std::collections::VecDeque;

use super::Holder;
use crate::amqp::id::MessageIndex;
use crate::queue::lane::Message;

/// A ring of at most this capacity is never shrunk, and one of fewer holes never compacted.
const SMALL: usize = 256;

/// What stands in one place of the ring.
#[derive(Clone, Copy, Debug)]
struct Slot {
    message: Message,
    /// `None` once it is settled.
    holder: Option<Holder>,
}

/// Messages in rising order.
#[derive(Debug, Default)]
pub(super) struct Ring {
    /// Rising by index. Neither the first nor the last slot is a hole.
    slots: VecDeque<Slot>,
    holes: usize,
}

impl Ring {
    pub(super) fn len(&self) -> usize {
        self.slots.len() - self.holes
    }

    /// The place of the first message.
    #[inline]
    pub(super) fn first(&self) -> Option<MessageIndex> {
        self.slots.front().map(|slot| slot.message.index)
    }

    /// Adds a message at the end; `false` if its place is not there.
    #[inline]
    pub(super) fn insert(&mut self, message: Message, holder: Holder) -> bool {
        let is_last = self.slots.back().is_none_or(|last| last.message.index < message.index);
        if is_last {
            self.slots.push_back(Slot { message, holder: Some(holder) });
        }
        is_last
    }

    /// Takes a message out; `None` when it is not here.
    pub(super) fn remove(&mut self, index: MessageIndex) -> Option<(Message, Holder)> {
        let (message, holder) = if self.first() == Some(index) {
            let first = self.slots.pop_front()?;
            (first.message, first.holder?)
        } else {
            let position = self.position(index)?;
            let slot = self.slots.get_mut(position)?;
            let holder = slot.holder.take()?;
            self.holes += 1;
            (slot.message, holder)
        };
        if self.holes > 0 {
            self.trim();
        }
        self.shrink();
        Some((message, holder))
    }

    pub(super) fn get_mut(&mut self, index: MessageIndex) -> Option<&mut Message> {
        let slot = self.position(index).and_then(|at| self.slots.get_mut(at))?;
        slot.holder.is_some().then_some(&mut slot.message)
    }

    /// Each message, to be pointed elsewhere in the store.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Message> {
        let held = self.slots.iter_mut().filter(|slot| slot.holder.is_some());
        held.map(|slot| &mut slot.message)
    }

    /// Each message from that place of the queue on.
    pub(super) fn iter_from(&self, from: MessageIndex) -> impl Iterator<Item = &Message> {
        let start = self.slots.partition_point(|slot| slot.message.index < from);
        let held = self.slots.range(start..).filter(|slot| slot.holder.is_some());
        held.map(|slot| &slot.message)
    }

    fn position(&self, index: MessageIndex) -> Option<usize> {
        let distance = index.0.checked_sub(self.slots.front()?.message.index.0)?;
        // Indices rise by one or more, so that no message stands beyond its distance.
        let furthest = usize::try_from(distance).unwrap_or(usize::MAX).min(self.slots.len() - 1);
        if self.slots.get(furthest)?.message.index == index {
            return Some(furthest);
        }
        self.slots.binary_search_by_key(&index, |slot| slot.message.index).ok()
    }

    /// Takes the holes from both ends, and from within once they are the greater part.
    fn trim(&mut self) {
        while self.slots.front().is_some_and(|slot| slot.holder.is_none()) {
            self.slots.pop_front();
            self.holes -= 1;
        }
        while self.slots.back().is_some_and(|slot| slot.holder.is_none()) {
            self.slots.pop_back();
            self.holes -= 1;
        }
        if self.holes > SMALL && self.holes > self.slots.len() / 2 {
            self.slots.retain(|slot| slot.holder.is_some());
            self.holes = 0;
        }
    }

    #[inline]
    fn shrink(&mut self) {
        let capacity = self.slots.capacity();
        if capacity > SMALL && self.slots.len() < capacity / 8 {
            self.slots.shrink_to(capacity / 4);
        }
    }

    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        self.slots.capacity()
    }
}
