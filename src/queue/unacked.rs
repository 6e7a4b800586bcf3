//! The unacked messages of a queue, found by index.
//!
//! Deliveries of one level come in rising order but for those of returned messages, and settlements
//! come nearly in the order of the deliveries: a ring in index order for each level finds almost
//! every message at once.

mod ring;

use std::collections::BTreeMap;

use super::lane::Message;
use super::levels::by_index;
use crate::amqp::id::{ConsumerId, MessageIndex, StoreRef};
use ring::Ring;

/// The highest level that has a ring. A settlement may have to look at all of them.
const RINGS: u8 = 31;

/// Who holds an unacked message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    /// A consumer, perhaps one that has gone since.
    Consumer(ConsumerId),
    /// A channel that asked with basic.get.
    Get,
}

/// The unacked messages.
#[derive(Debug, Default)]
pub struct Unacked {
    lowest: Ring,
    /// Those of level 1 and up, as far as there were messages of them.
    above: Vec<Ring>,
    /// The level of which the last message was settled: that of the next is mostly the same.
    last: usize,
    /// Messages delivered again while later ones were in the ring, and those of high levels.
    late: BTreeMap<MessageIndex, (Message, Holder)>,
    bytes: u64,
}

impl Unacked {
    /// How many messages there are.
    pub fn len(&self) -> usize {
        self.rings().map(Ring::len).sum::<usize>() + self.late.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The size of the bodies.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Adds a message that `holder` was sent.
    #[inline]
    pub fn insert(&mut self, message: Message, holder: Holder) {
        self.bytes += u64::from(message.bytes);
        let is_late = match message.priority {
            0 => !self.lowest.insert(message, holder),
            level => !self.insert_above(level, message, holder),
        };
        if is_late {
            self.late.insert(message.index, (message, holder));
        }
    }

    fn insert_above(&mut self, level: u8, message: Message, holder: Holder) -> bool {
        if level > RINGS {
            return false;
        }
        let place = usize::from(level) - 1;
        if self.above.len() <= place {
            self.above.resize_with(place + 1, Ring::default);
        }
        self.above.get_mut(place).is_some_and(|ring| ring.insert(message, holder))
    }

    /// Takes a message out; `None` when it is not unacked.
    pub fn remove(&mut self, index: MessageIndex) -> Option<(Message, Holder)> {
        let in_ring = if self.above.is_empty() {
            self.lowest.remove(index)
        } else {
            self.remove_from_rings(index)
        };
        let found = in_ring.or_else(|| self.late.remove(&index))?;
        self.bytes -= u64::from(found.0.bytes);
        Some(found)
    }

    #[inline(never)]
    fn remove_from_rings(&mut self, index: MessageIndex) -> Option<(Message, Holder)> {
        let found = self.ring_mut(self.last).and_then(|ring| ring.remove(index));
        if found.is_some() {
            return found;
        }
        let first = self.rings().position(|ring| ring.first() == Some(index));
        if let Some(level) = first {
            self.last = level;
            return self.ring_mut(level)?.remove(index);
        }
        let take = |(level, ring): (usize, &mut Ring)| Some((level, ring.remove(index)?));
        let (level, found) = self.rings_mut().enumerate().find_map(take)?;
        self.last = level;
        Some(found)
    }

    /// Each message, to be pointed elsewhere in the store.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Message> {
        let Self { lowest, above, late, .. } = self;
        let rings = std::iter::once(lowest).chain(above).flat_map(Ring::iter_mut);
        rings.chain(late.values_mut().map(|(message, _)| message))
    }

    /// Each message.
    pub fn iter(&self) -> impl Iterator<Item = &Message> {
        let late = self.late.values().map(|(message, _)| message);
        self.rings().flat_map(|ring| ring.iter_from(MessageIndex(0))).chain(late)
    }

    /// Each message from that place of the queue on, in order, those that were delivered again last.
    pub fn iter_from(&self, from: MessageIndex) -> impl Iterator<Item = &Message> {
        let rings = self.rings().map(|ring| ring.iter_from(from).peekable()).collect();
        by_index(rings).chain(self.late.range(from..).map(|(_, (message, _))| message))
    }

    /// Makes a message cold; returns where in memory it was, `None` if there is no such message.
    pub fn unload(&mut self, index: MessageIndex, position: StoreRef) -> Option<StoreRef> {
        debug_assert!(position.is_cold());
        let Self { lowest, above, late, .. } = self;
        let in_ring = std::iter::once(lowest).chain(above).find_map(|ring| ring.get_mut(index));
        let message = match in_ring {
            Some(message) => message,
            None => &mut late.get_mut(&index)?.0,
        };
        (!message.store.is_cold()).then(|| std::mem::replace(&mut message.store, position))
    }

    /// The ring of a level.
    fn ring_mut(&mut self, level: usize) -> Option<&mut Ring> {
        match level.checked_sub(1) {
            None => Some(&mut self.lowest),
            Some(place) => self.above.get_mut(place),
        }
    }

    fn rings(&self) -> impl Iterator<Item = &Ring> {
        std::iter::once(&self.lowest).chain(&self.above)
    }

    fn rings_mut(&mut self) -> impl Iterator<Item = &mut Ring> {
        std::iter::once(&mut self.lowest).chain(&mut self.above)
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

        assert!(unacked.lowest.capacity() <= 4 * 256);
        assert_eq!(unacked.len(), 11);
    }

    #[test]
    fn messages_of_many_levels_are_found_in_any_order() {
        let mut unacked = Unacked::default();
        let level = |index: u64| u8::try_from(index * 7 % 40).unwrap();
        let of_level = |index| Message { priority: level(index), ..message(index) };
        let mut delivered: Vec<u64> = (0..1000).collect();
        delivered.sort_by_key(|index| u8::MAX - level(*index));
        for index in &delivered {
            unacked.insert(of_level(*index), Holder::Get);
        }

        assert_eq!(
            (unacked.len(), unacked.iter().count(), unacked.iter_mut().count()),
            (1000, 1000, 1000)
        );
        let rings = unacked.iter_from(MessageIndex(500)).take_while(|it| it.priority <= RINGS);
        assert!(rings.map(|it| it.index.0).is_sorted());
        assert_eq!(unacked.iter_from(MessageIndex(500)).count(), 500);
        let place = StoreRef(StoreRef::COLD);
        assert_eq!(unacked.unload(MessageIndex(777), place), Some(StoreRef(777)));
        assert_eq!(unacked.unload(MessageIndex(777), place), None);
        for index in delivered.iter().step_by(2).chain(delivered.iter().skip(1).step_by(2).rev()) {
            let (found, _) = unacked.remove(MessageIndex(*index)).unwrap();
            assert_eq!((found.index.0, found.priority), (*index, level(*index)));
            assert_eq!(unacked.remove(MessageIndex(*index)), None);
        }
        assert!(unacked.is_empty());
    }
}
