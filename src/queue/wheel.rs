//! Messages on the disk by when they are due: many, far ahead, and each as small as it can be.
//!
//! ```text
//!   taken out <--- slots of a second <--- slots of 37 hours
//! ```
//! A slot is not in order. Its messages are moved to finer slots, and in the end taken out, in
//! steps of bounded length before they are due.

use std::collections::{BTreeMap, BinaryHeap};

use super::waiting::{Rank, Waiting};
use crate::amqp::id::Timestamp;

/// The widths of the slots are these powers of two, in milliseconds.
const FINE: u32 = 10;
const COARSE: u32 = 27;

/// How long before its beginning a coarse slot is divided, in milliseconds: time enough for many
/// millions of messages, a step at a time.
const LEAD: u64 = 1 << 20;

/// Entries in a full chunk of a slot.
const CHUNK: usize = 1024;

/// Messages by when they are due.
#[derive(Debug, Default)]
pub struct Wheel {
    fine: BTreeMap<u64, Slot>,
    coarse: BTreeMap<u64, Slot>,
    len: usize,
    /// What is due before this is not taken in any more.
    near: u64,
    /// What is due before this goes to a fine slot.
    divided: u64,
}

impl Wheel {
    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Whether it takes a message that is due then; else it is due too soon.
    pub fn takes(&self, due: Timestamp) -> bool {
        due.0 >= self.near
    }

    /// Adds a message that it [takes](Self::takes).
    pub fn insert(&mut self, waiting: Waiting) {
        self.len += 1;
        let due = waiting.due.0;
        let slot = if due < self.divided {
            self.fine.entry(due >> FINE).or_default()
        } else {
            self.coarse.entry(due >> COARSE).or_default()
        };
        slot.push(waiting);
    }

    /// Moves up to `limit` messages on whose time comes near; `near` gets those that are due within
    /// a second or two.
    pub fn turn(&mut self, now: Timestamp, mut limit: usize, mut near: impl FnMut(Waiting)) {
        self.near = self.near.max(((now.0 >> FINE) + 2) << FINE);
        self.divided = self.divided.max(((now.0.saturating_add(LEAD) >> COARSE) + 1) << COARSE);
        while let Some(mut slot) = self.coarse.first_entry()
            && slot.key() << COARSE < self.divided
            && limit > 0
        {
            while let Some(waiting) = slot.get_mut().pop() {
                self.fine.entry(waiting.due.0 >> FINE).or_default().push(waiting);
                limit -= 1;
                if limit == 0 {
                    return;
                }
            }
            slot.remove();
        }
        while let Some(mut slot) = self.fine.first_entry()
            && slot.key() << FINE < self.near
        {
            while let Some(waiting) = slot.get_mut().pop() {
                self.len -= 1;
                near(waiting);
                limit = limit.saturating_sub(1);
                if limit == 0 {
                    return;
                }
            }
            slot.remove();
        }
    }

    /// No message in it is due before.
    pub fn first_due(&self) -> Option<Timestamp> {
        let fine = self.fine.first_key_value().map(|(key, _)| key << FINE);
        let coarse = self.coarse.first_key_value().map(|(key, _)| key << COARSE);
        fine.into_iter().chain(coarse).min().map(Timestamp)
    }

    /// When it is to be turned next.
    pub fn next_turn(&self) -> Option<Timestamp> {
        let fine = self.fine.first_key_value().map(|(key, _)| key.saturating_sub(1) << FINE);
        let coarse = self.coarse.first_key_value();
        let coarse = coarse.map(|(key, _)| (key << COARSE).saturating_sub(LEAD));
        fine.into_iter().chain(coarse).min().map(Timestamp)
    }

    /// Takes a message out; `None` if it is not there. Searches its slot.
    pub fn remove(&mut self, (due, index): Rank) -> Option<Waiting> {
        let by_width = [(&mut self.fine, FINE), (&mut self.coarse, COARSE)];
        for (slots, width) in by_width {
            let Some(slot) = slots.get_mut(&(due.0 >> width)) else { continue };
            let Some(found) = slot.remove((due, index)) else { continue };
            if slot.is_empty() {
                slots.remove(&(due.0 >> width));
            }
            self.len -= 1;
            return Some(found);
        }
        None
    }

    /// Adds those behind `after` to `first`, as far as they are among the first.
    pub fn list(&self, after: Rank, first: &mut First) {
        for (slots, width) in [(&self.fine, FINE), (&self.coarse, COARSE)] {
            for (key, slot) in slots.range(after.0.0 >> width..) {
                if first.is_before(Timestamp(key << width)) {
                    break;
                }
                slot.iter().filter(|it| it.rank() > after).for_each(|it| first.offer(*it));
            }
        }
    }

    /// Each message, in no order that means anything.
    pub fn iter(&self) -> impl Iterator<Item = &Waiting> {
        self.fine.values().chain(self.coarse.values()).flat_map(Slot::iter)
    }

    /// Each message, to be pointed elsewhere on the disk.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Waiting> {
        self.fine.values_mut().chain(self.coarse.values_mut()).flat_map(Slot::iter_mut)
    }
}

/// The first few of many messages, by when they are due.
#[derive(Debug)]
pub struct First {
    limit: usize,
    /// The last of them on top.
    ranks: BinaryHeap<(Rank, usize)>,
    found: Vec<Waiting>,
}

impl First {
    /// None yet, and at most `limit`.
    pub fn new(limit: usize) -> Self {
        Self { limit, ranks: BinaryHeap::new(), found: Vec::new() }
    }

    /// Whether all of them are found when the others are due from that time on.
    fn is_before(&self, due: Timestamp) -> bool {
        let is_full = self.ranks.len() >= self.limit;
        is_full && self.ranks.peek().is_none_or(|(last, _)| last.0 < due)
    }

    /// Takes a message in if it is among the first.
    pub fn offer(&mut self, waiting: Waiting) {
        if self.ranks.len() < self.limit {
            self.ranks.push((waiting.rank(), self.found.len()));
            self.found.push(waiting);
        } else if let Some(mut last) = self.ranks.peek_mut()
            && waiting.rank() < last.0
            && let Some(place) = self.found.get_mut(last.1)
        {
            *last = (waiting.rank(), last.1);
            *place = waiting;
        }
    }

    /// They, in order.
    pub fn into_sorted(mut self) -> Vec<Waiting> {
        self.found.sort_unstable_by_key(Waiting::rank);
        self.found
    }
}

/// Messages that are due in the same span of time.
#[derive(Debug, Default)]
struct Slot {
    full: Vec<Vec<Waiting>>,
    last: Vec<Waiting>,
}

impl Slot {
    fn is_empty(&self) -> bool {
        self.last.is_empty() && self.full.is_empty()
    }

    fn push(&mut self, waiting: Waiting) {
        if self.last.len() >= CHUNK {
            self.full.push(std::mem::take(&mut self.last));
        }
        if self.last.len() == self.last.capacity() {
            let more = (self.last.len() / 4).max(4);
            self.last.reserve_exact(more);
        }
        self.last.push(waiting);
    }

    /// Takes any out.
    fn pop(&mut self) -> Option<Waiting> {
        let popped = self.last.pop();
        if self.last.is_empty() {
            self.last = self.full.pop().unwrap_or_default();
        }
        popped
    }

    fn remove(&mut self, rank: Rank) -> Option<Waiting> {
        let other = self.pop()?;
        if other.rank() == rank {
            return Some(other);
        }
        if let Some(place) = self.iter_mut().find(|it| it.rank() == rank) {
            return Some(std::mem::replace(place, other));
        }
        self.push(other);
        None
    }

    fn iter(&self) -> impl Iterator<Item = &Waiting> {
        self.full.iter().flatten().chain(&self.last)
    }

    fn iter_mut(&mut self) -> impl Iterator<Item = &mut Waiting> {
        self.full.iter_mut().flatten().chain(&mut self.last)
    }
}
