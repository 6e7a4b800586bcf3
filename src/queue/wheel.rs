//! Messages on the disk by when they are due: many, far ahead, and each as small as it can be.
//!
//! ```text
//!   taken out <--- slots of a second <--- slots of 37 hours
//! ```
//! A slot is not in order. Its messages are moved to finer slots, and in the end taken out, in
//! steps of bounded length before they are due.
//!
//! Slots and their parts are shared with copies of the wheel until one of both changes them, so that
//! whoever wants to go through all of them gets them [as they are](Wheel::far) at once, and takes
//! his time.

mod slot;

use std::collections::{BTreeSet, BinaryHeap};
use std::sync::Arc;

use imbl::OrdMap;

use self::slot::Slot;
use super::waiting::{Rank, Waiting};
use crate::amqp::id::{StoreRef, Timestamp};

/// The widths of the slots are these powers of two, in milliseconds.
const FINE: u32 = 10;
const COARSE: u32 = 27;

/// How long before its beginning a coarse slot is divided, in milliseconds: time enough for many
/// millions of messages, a step at a time.
const LEAD: u64 = 1 << 20;

/// Slots by their time, in their width.
type Slots = OrdMap<u64, Arc<Slot>>;

/// Messages by when they are due.
#[derive(Debug, Default)]
pub struct Wheel {
    far: Far,
    /// What is due before this is not taken in any more.
    near: u64,
    /// What is due before this goes to a fine slot.
    divided: u64,
}

impl Wheel {
    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.far.len == 0
    }

    /// Whether it takes a message that is due then; else it is due too soon.
    pub fn takes(&self, due: Timestamp) -> bool {
        due.0 >= self.near
    }

    /// Adds a message that it [takes](Self::takes).
    pub fn insert(&mut self, waiting: Waiting) {
        let Far { fine, coarse, len } = &mut self.far;
        *len += 1;
        if waiting.due.0 < self.divided {
            push(fine, FINE, waiting);
        } else {
            push(coarse, COARSE, waiting);
        }
    }

    /// Moves up to `limit` messages on whose time comes near; `near` gets those that are due within
    /// a second or two.
    pub fn turn(&mut self, now: Timestamp, mut limit: usize, mut near: impl FnMut(Waiting)) {
        self.near = self.near.max(((now.0 >> FINE) + 2) << FINE);
        self.divided = self.divided.max(((now.0.saturating_add(LEAD) >> COARSE) + 1) << COARSE);
        let Far { fine, coarse, len } = &mut self.far;
        while limit > 0
            && let Some(key) = first_key(coarse)
            && key << COARSE < self.divided
        {
            limit -= take(coarse, key, limit, |waiting| push(fine, FINE, waiting));
        }
        while limit > 0
            && let Some(key) = first_key(fine)
            && key << FINE < self.near
        {
            let taken = take(fine, key, limit, &mut near);
            *len -= taken;
            limit -= taken;
        }
    }

    /// No message in it is due before.
    pub fn first_due(&self) -> Option<Timestamp> {
        let fine = first_key(&self.far.fine).map(|key| key << FINE);
        let coarse = first_key(&self.far.coarse).map(|key| key << COARSE);
        fine.into_iter().chain(coarse).min().map(Timestamp)
    }

    /// When it is to be turned next.
    pub fn next_turn(&self) -> Option<Timestamp> {
        let fine = first_key(&self.far.fine).map(|key| key.saturating_sub(1) << FINE);
        let coarse = first_key(&self.far.coarse);
        let coarse = coarse.map(|key| (key << COARSE).saturating_sub(LEAD));
        fine.into_iter().chain(coarse).min().map(Timestamp)
    }

    /// Takes a message out; `None` if it is not there. Searches its slot.
    pub fn remove(&mut self, (due, index): Rank) -> Option<Waiting> {
        let Far { fine, coarse, len } = &mut self.far;
        for (slots, width) in [(fine, FINE), (coarse, COARSE)] {
            let key = due.0 >> width;
            let Some(slot) = slots.get_mut(&key).map(Arc::make_mut) else { continue };
            let Some(found) = slot.remove((due, index)) else { continue };
            if slot.is_empty() {
                slots.remove(&key);
            }
            *len -= 1;
            return Some(found);
        }
        None
    }

    /// Points messages elsewhere on the disk: `moved` is asked about all that are in a slot with one
    /// that is due at one of these times, and says where those are now that have moved.
    pub fn relocate(
        &mut self,
        dues: &BTreeSet<Timestamp>,
        mut moved: impl FnMut(&Waiting) -> Option<StoreRef>,
    ) {
        let Far { fine, coarse, .. } = &mut self.far;
        for (slots, width) in [(fine, FINE), (coarse, COARSE)] {
            let keys: BTreeSet<u64> = dues.iter().map(|due| due.0 >> width).collect();
            for key in keys {
                if let Some(slot) = slots.get_mut(&key) {
                    Arc::make_mut(slot).relocate(&mut moved);
                }
            }
        }
    }

    /// All of it as it is now. Costs next to nothing.
    pub fn far(&self) -> Far {
        self.far.clone()
    }

    /// Adds those behind `after` to `first`, as far as they are among the first.
    pub fn list(&self, after: Rank, first: &mut First) {
        for (slots, width) in [(&self.far.fine, FINE), (&self.far.coarse, COARSE)] {
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
        self.far.iter()
    }
}

/// What a wheel holds at one moment. It shares with the wheel whatever neither of them changes.
#[derive(Clone, Debug, Default)]
pub struct Far {
    fine: Slots,
    coarse: Slots,
    len: usize,
}

impl Far {
    /// How many messages it has.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Each message, in no order that means anything.
    pub fn iter(&self) -> impl Iterator<Item = &Waiting> {
        self.fine.values().chain(self.coarse.values()).flat_map(|slot| slot.iter())
    }
}

fn first_key(slots: &Slots) -> Option<u64> {
    slots.get_min().map(|(key, _)| *key)
}

fn push(slots: &mut Slots, width: u32, waiting: Waiting) {
    let key = waiting.due.0 >> width;
    if let Some(slot) = slots.get_mut(&key) {
        Arc::make_mut(slot).push(waiting);
    } else {
        let mut slot = Slot::default();
        slot.push(waiting);
        slots.insert(key, Arc::new(slot));
    }
}

/// Takes up to `limit` messages out of a slot, and the slot when it has no more; returns how many.
fn take(slots: &mut Slots, key: u64, limit: usize, mut taken: impl FnMut(Waiting)) -> usize {
    let Some(slot) = slots.get_mut(&key).map(Arc::make_mut) else { return 0 };
    let mut count = 0;
    while count < limit
        && let Some(waiting) = slot.pop()
    {
        taken(waiting);
        count += 1;
    }
    if slot.is_empty() {
        slots.remove(&key);
    }
    count
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

#[cfg(test)]
#[path = "wheel_tests.rs"]
mod tests;
