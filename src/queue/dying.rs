//! Messages that have died and stay until their dead letter is where it has to go.
//!
//! Only some are told of at a time, so that what is on its way stays within bounds however many die.

use std::collections::{BTreeMap, VecDeque};

use super::lane::Message;
use crate::amqp::id::{MessageIndex, StoreRef};

/// How many messages are on their way at most, and how many octets their bodies have.
const TOLD_MAX: usize = 1024;
const TOLD_BYTES_MAX: u64 = 8 << 20;

/// Why a message died.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Death {
    /// A consumer refused it.
    Rejected,
    /// Its time was over.
    Expired,
    /// There were too many.
    MaxLength,
    /// Its deliveries have failed too often.
    DeliveryLimit,
    /// Its time has come, and it goes where it has to.
    Due,
}

/// The dying messages.
#[derive(Debug, Default)]
pub struct Dying {
    by_index: BTreeMap<MessageIndex, Dead>,
    /// Those in memory that the outside has not been told of, and some that are not, or not there.
    untold: VecDeque<MessageIndex>,
    /// How many are in memory and not told of.
    waiting: usize,
    /// How many are told of, and the octets of their bodies.
    told: usize,
    told_bytes: u64,
    /// How many are cold.
    cold: usize,
    /// The octets of all their bodies.
    bytes: u64,
}

#[derive(Debug)]
struct Dead {
    message: Message,
    death: Death,
    told: bool,
}

impl Dead {
    const fn is_waiting(&self) -> bool {
        !self.told && !self.message.store.is_cold()
    }
}

impl Dying {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.by_index.is_empty()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.by_index.len()
    }

    /// The octets of their bodies.
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Whether any is cold.
    pub fn has_cold(&self) -> bool {
        self.cold > 0
    }

    /// Whether another that came into memory would be told of at once.
    pub fn has_room(&self) -> bool {
        self.waiting == 0 && self.may_tell()
    }

    const fn may_tell(&self) -> bool {
        self.told < TOLD_MAX && self.told_bytes < TOLD_BYTES_MAX
    }

    /// Adds a message, cold or not.
    pub fn insert(&mut self, message: Message, death: Death) {
        if message.store.is_cold() {
            self.cold += 1;
        } else {
            self.wait(message.index);
        }
        self.bytes += u64::from(message.bytes);
        self.by_index.insert(message.index, Dead { message, death, told: false });
    }

    fn wait(&mut self, index: MessageIndex) {
        self.waiting += 1;
        self.untold.push_back(index);
    }

    /// Takes a message out; `None` if there is no such one.
    pub fn remove(&mut self, index: MessageIndex) -> Option<Message> {
        let dead = self.by_index.remove(&index)?;
        self.waiting -= usize::from(dead.is_waiting());
        let Dead { message, told, .. } = dead;
        self.bytes -= u64::from(message.bytes);
        if told {
            self.told -= 1;
            self.told_bytes -= u64::from(message.bytes);
        }
        self.cold -= usize::from(message.store.is_cold());
        Some(message)
    }

    /// Puts a message that is cold at `position` into memory at `store`; `false` if there is none.
    pub fn load(&mut self, index: MessageIndex, position: StoreRef, store: StoreRef) -> bool {
        let found = self.by_index.get_mut(&index).filter(|it| it.message.store == position);
        let Some(dead) = found else { return false };
        dead.message.store = store;
        self.cold -= 1;
        self.wait(index);
        true
    }

    /// Makes a message cold that is in memory and not told of; returns where it was.
    pub fn unload(&mut self, index: MessageIndex, position: StoreRef) -> Option<StoreRef> {
        let dead = self.by_index.get_mut(&index).filter(|it| it.is_waiting())?;
        self.cold += 1;
        self.waiting -= 1;
        Some(std::mem::replace(&mut dead.message.store, position))
    }

    /// Those in memory that were not told before, as many as may be on their way.
    pub fn tell(&mut self, mut tell: impl FnMut(&Message, Death)) {
        while self.waiting > 0
            && self.may_tell()
            && let Some(index) = self.untold.pop_front()
        {
            let dead = self.by_index.get_mut(&index).filter(|dead| dead.is_waiting());
            let Some(Dead { message, death, told }) = dead else { continue };
            *told = true;
            self.waiting -= 1;
            self.told += 1;
            self.told_bytes += u64::from(message.bytes);
            tell(message, *death);
        }
        if self.waiting == 0 {
            self.untold.clear();
        }
    }

    /// Each message in memory that was not told of, in the order of their places.
    pub fn waiting(&self) -> impl Iterator<Item = (&Message, Death)> {
        let waiting = self.by_index.values().filter(|dead| dead.is_waiting());
        waiting.map(|dead| (&dead.message, dead.death))
    }

    /// Each message in memory that was not told of, from that place of the queue on.
    pub fn waiting_from(&self, from: MessageIndex) -> impl Iterator<Item = &Message> {
        let waiting = (self.waiting > 0).then(|| self.by_index.range(from..));
        let waiting = waiting.into_iter().flatten().map(|(_, dead)| dead);
        waiting.filter(|dead| dead.is_waiting()).map(|dead| &dead.message)
    }

    /// Each message.
    pub fn iter(&self) -> impl Iterator<Item = &Message> {
        self.by_index.values().map(|dead| &dead.message)
    }

    /// Each message from that place of the queue on.
    pub fn iter_from(&self, from: MessageIndex) -> impl Iterator<Item = &Message> {
        self.by_index.range(from..).map(|(_, dead)| &dead.message)
    }

    /// Each message, to be pointed elsewhere in the store. A cold one must stay cold, a hot one hot.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Message> {
        self.by_index.values_mut().map(|dead| &mut dead.message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POSITION: StoreRef = StoreRef(StoreRef::COLD | 7);

    fn message(index: u64, bytes: u32) -> Message {
        Message::new(MessageIndex(index), StoreRef(index), bytes)
    }

    fn told(dying: &mut Dying) -> Vec<u64> {
        let mut told = Vec::new();
        dying.tell(|message, _| told.push(message.index.0));
        told
    }

    fn dying(count: u64, bytes: u32) -> Dying {
        let mut dying = Dying::default();
        (0..count).for_each(|index| dying.insert(message(index, bytes), Death::Expired));
        dying
    }

    #[test]
    fn each_is_told_once_in_the_order_of_their_deaths() {
        let mut dying = Dying::default();
        for index in [3, 1, 2] {
            dying.insert(message(index, 1), Death::Rejected);
        }

        assert_eq!([told(&mut dying), told(&mut dying)], [vec![3, 1, 2], vec![]]);
    }

    #[test]
    fn so_many_are_told_and_more_when_some_have_arrived() {
        let mut dying = dying(TOLD_MAX as u64 + 10, 1);

        assert_eq!(told(&mut dying).len(), TOLD_MAX);
        assert!(told(&mut dying).is_empty() && !dying.has_room());
        assert!(dying.remove(MessageIndex(5)).is_some());
        assert_eq!(told(&mut dying), [TOLD_MAX as u64]);
    }

    #[test]
    fn large_ones_are_told_in_smaller_numbers() {
        let mut dying = dying(10, 3 << 20);

        assert_eq!(told(&mut dying), [0, 1, 2]);
        dying.remove(MessageIndex(1));
        assert_eq!(told(&mut dying), [3]);
    }

    #[test]
    fn what_left_memory_is_told_when_it_is_back() {
        let mut dying = dying(2, 1);

        assert_eq!(dying.unload(MessageIndex(0), POSITION), Some(StoreRef(0)));
        assert_eq!(told(&mut dying), [1]);
        assert_eq!(dying.unload(MessageIndex(1), POSITION), None);
        assert!(dying.has_cold() && dying.has_room());
        assert!(dying.load(MessageIndex(0), POSITION, StoreRef(9)));
        assert_eq!(told(&mut dying), [0]);
    }
}
