//! Messages that are not ready before their time.
//!
//! Those in memory, and those that are due within a second or two, have an entry in order; the
//! others, which are on the disk, are in a [wheel](super::wheel).

use std::collections::{BTreeMap, BTreeSet};

use super::waiting::{Rank, Waiting};
use super::wheel::{Far, First, Wheel};
use crate::amqp::id::{MessageIndex, StoreRef, Timestamp};
use crate::amqp::run::Run;
use crate::queue::paging::Located;

/// How many messages go on towards their time in one call.
const STEP: usize = 4096;

/// The messages that wait for their time.
#[derive(Debug, Default)]
pub struct Delayed {
    /// Those in memory, and those on the disk that are due soon.
    near: BTreeMap<Rank, Waiting>,
    /// When those in memory are due.
    hot: BTreeMap<MessageIndex, Timestamp>,
    wheel: Wheel,
    /// What has come out of the wheel since its owner last asked.
    coming: Vec<Run>,
    /// How long those live that say so themselves, in milliseconds from when they are due.
    lifetimes: BTreeMap<MessageIndex, u64>,
    len: usize,
    bytes: u64,
}

impl Delayed {
    /// Whether there is none.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// The size of the bodies.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Adds a message, cold or not. It lives for `lifetime` from when it is due.
    pub fn insert(&mut self, mut waiting: Waiting, lifetime: Option<u64>) {
        self.len += 1;
        self.bytes += u64::from(waiting.bytes);
        waiting.mortal = lifetime.is_some();
        self.lifetimes.extend(lifetime.map(|lifetime| (waiting.index, lifetime)));
        if waiting.store.is_cold() && self.wheel.takes(waiting.due) {
            self.wheel.insert(waiting);
            return;
        }
        if !waiting.store.is_cold() {
            self.hot.insert(waiting.index, waiting.due);
        }
        self.near.insert(waiting.rank(), waiting);
    }

    /// Brings those nearer whose time comes.
    pub fn advance(&mut self, now: Timestamp) {
        let Self { near, wheel, coming, .. } = self;
        wheel.turn(now, STEP, |waiting| {
            coming.push(waiting.run());
            near.insert(waiting.rank(), waiting);
        });
    }

    /// What is due within a second or two and has not been told of, as it lies on the disk.
    pub fn coming(&mut self) -> impl Iterator<Item = Run> {
        self.coming.drain(..)
    }

    /// Takes out what is due, with its lifetime: the first, if all before it are near.
    pub fn pop_due(&mut self, now: Timestamp) -> Option<(Waiting, Option<u64>)> {
        let (&rank, _) = self.near.first_key_value()?;
        let is_first = self.wheel.first_due().is_none_or(|far| rank.0 < far);
        if rank.0 > now || !is_first {
            return None;
        }
        self.remove(rank)
    }

    /// When it has something to do.
    pub fn next_wake(&self) -> Option<Timestamp> {
        let near = self.near.first_key_value().map(|((due, _), _)| *due);
        near.into_iter().chain(self.wheel.next_turn()).min()
    }

    /// Takes a message out, with its lifetime; `None` if there is no such one.
    pub fn remove(&mut self, rank: Rank) -> Option<(Waiting, Option<u64>)> {
        let waiting = self.near.remove(&rank).or_else(|| self.wheel.remove(rank))?;
        if !waiting.store.is_cold() {
            self.hot.remove(&waiting.index);
        }
        self.len -= 1;
        self.bytes -= u64::from(waiting.bytes);
        let lifetime = waiting.mortal.then(|| self.lifetimes.remove(&waiting.index)).flatten();
        Some((waiting, lifetime))
    }

    /// The first `limit` behind `after`, in order.
    pub fn list(&self, after: Rank, limit: usize) -> Vec<Waiting> {
        let mut first = First::new(limit);
        let behind = self.near.range(after..).filter(|(rank, _)| **rank > after);
        behind.take(limit).for_each(|(_, waiting)| first.offer(*waiting));
        self.wheel.list(after, &mut first);
        first.into_sorted()
    }

    /// Those in memory, the last to be due first.
    pub fn hot(&self) -> impl Iterator<Item = &Waiting> {
        self.near.values().rev().filter(|waiting| !waiting.store.is_cold())
    }

    /// Makes a message cold; returns where in memory it was, `None` if it is not there.
    pub fn unload(&mut self, index: MessageIndex, located: Located) -> Option<StoreRef> {
        debug_assert!(located.position.is_cold());
        let due = self.hot.remove(&index)?;
        let mut waiting = self.near.remove(&(due, index))?;
        let gone = std::mem::replace(&mut waiting.store, located.position);
        waiting.octets = located.octets;
        if self.wheel.takes(due) {
            self.wheel.insert(waiting);
        } else {
            self.near.insert(waiting.rank(), waiting);
        }
        Some(gone)
    }

    /// Each message, in no order that means anything.
    pub fn iter(&self) -> impl Iterator<Item = &Waiting> {
        self.near().chain(self.iter_far())
    }

    /// Those in memory, and those on the disk that are due soon, in order.
    pub fn near(&self) -> impl Iterator<Item = &Waiting> {
        self.near.values()
    }

    /// The others, in no order that means anything.
    pub fn iter_far(&self) -> impl Iterator<Item = &Waiting> {
        self.wheel.iter()
    }

    /// The others as they are now, for somebody who does not hold on to these.
    pub fn far(&self) -> Far {
        self.wheel.far()
    }

    /// Those in memory, and those on the disk that are due soon, to be pointed elsewhere in the
    /// store. A cold one must stay cold, a hot one hot.
    pub fn near_mut(&mut self) -> impl Iterator<Item = &mut Waiting> {
        self.near.values_mut()
    }

    /// Points others elsewhere: `moved` is asked about those that are due then and about their
    /// neighbours, and says where those are now that have moved.
    pub fn relocate_far(
        &mut self,
        dues: &BTreeSet<Timestamp>,
        moved: impl FnMut(&Waiting) -> Option<StoreRef>,
    ) {
        self.wheel.relocate(dues, moved);
    }

    /// Those of them in memory.
    pub fn hot_mut(&mut self) -> impl Iterator<Item = &mut Waiting> {
        self.near.values_mut().filter(|waiting| !waiting.store.is_cold())
    }
}
