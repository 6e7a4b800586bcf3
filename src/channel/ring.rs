//! Entries in the order of their tags, with holes where entries have gone.
//!
//! Tags grow, entries are added at the back and leave mostly from the front. One that stays for
//! long does not make the ring grow without bound: when more than half of it is holes, they are
//! squeezed out. Each entry that leaves pays for at most two steps of that.

use std::collections::VecDeque;

/// Rings shorter than this are not worth squeezing.
const SQUEEZE_MIN: usize = 64;

/// A ring whose entries are found by tag.
#[derive(Debug)]
pub struct Ring<T> {
    /// Ordered by tag. The first entry is never a hole.
    slots: VecDeque<(u64, Option<T>)>,
    holes: usize,
}

impl<T> Default for Ring<T> {
    fn default() -> Self {
        Self { slots: VecDeque::new(), holes: 0 }
    }
}

impl<T> Ring<T> {
    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.slots.len() - self.holes
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds an entry at the back. `tag` is above all that were added before.
    pub fn push(&mut self, tag: u64, entry: T) {
        debug_assert!(self.slots.back().is_none_or(|(last, _)| *last < tag), "tags grow");
        self.slots.push_back((tag, Some(entry)));
    }

    /// Puts entries back in their places; none of them is in the ring.
    pub fn restore(&mut self, entries: impl IntoIterator<Item = (u64, T)>) {
        self.squeeze();
        self.slots.extend(entries.into_iter().map(|(tag, entry)| (tag, Some(entry))));
        self.slots.make_contiguous().sort_unstable_by_key(|(tag, _)| *tag);
    }

    /// Whether an entry has that tag.
    pub fn contains(&self, tag: u64) -> bool {
        self.position(tag).is_some_and(|at| matches!(self.slots.get(at), Some((_, Some(_)))))
    }

    /// The entry with that tag.
    pub fn get_mut(&mut self, tag: u64) -> Option<&mut T> {
        let at = self.position(tag)?;
        self.slots.get_mut(at)?.1.as_mut()
    }

    /// The first entry and its tag.
    pub fn front(&self) -> Option<(u64, &T)> {
        self.slots.front().and_then(|(tag, entry)| Some((*tag, entry.as_ref()?)))
    }

    /// The entries and their tags, in order.
    pub fn iter(&self) -> impl Iterator<Item = (u64, &T)> {
        self.slots.iter().filter_map(|(tag, entry)| Some((*tag, entry.as_ref()?)))
    }

    /// Takes the first entry.
    pub fn pop_front(&mut self) -> Option<(u64, T)> {
        let (tag, entry) = self.slots.pop_front()?;
        self.trim_front();
        Some((tag, entry?))
    }

    /// Takes the entry with that tag.
    pub fn remove(&mut self, tag: u64) -> Option<T> {
        let at = self.position(tag)?;
        let entry = self.slots.get_mut(at)?.1.take()?;
        self.holes += 1;
        self.trim_front();
        Some(entry)
    }

    /// Where the tag is. While no tag was left out and nothing was squeezed, that is its distance
    /// from the first.
    fn position(&self, tag: u64) -> Option<usize> {
        let (first, _) = self.slots.front()?;
        let guess = usize::try_from(tag.checked_sub(*first)?).ok()?;
        if self.slots.get(guess).is_some_and(|(found, _)| *found == tag) {
            return Some(guess);
        }
        self.slots.binary_search_by_key(&tag, |(tag, _)| *tag).ok()
    }

    /// Restores both invariants: the first is no hole, and at most half are.
    fn trim_front(&mut self) {
        while matches!(self.slots.front(), Some((_, None))) {
            self.slots.pop_front();
            self.holes -= 1;
        }
        if self.slots.len() >= SQUEEZE_MIN && self.holes * 2 > self.slots.len() {
            self.squeeze();
        }
    }

    fn squeeze(&mut self) {
        if self.holes > 0 {
            self.slots.retain(|(_, entry)| entry.is_some());
            self.holes = 0;
        }
    }

    #[cfg(test)]
    pub(super) fn slots(&self) -> usize {
        self.slots.len()
    }
}
