//! When deliveries were made, from looks at the clock now and then. A delivery itself costs
//! nothing.

use std::collections::VecDeque;
use std::time::Instant;

/// So many looks are remembered as they are. Of more, old ones are forgotten that lie close together.
const LOOKS: usize = 128;

/// Close is this part of their age: that much younger a delivery may seem.
const CLOSE: u32 = 32;

/// What each look found. A delivery counts from the first look after it.
#[derive(Debug, Default)]
pub(super) struct Ages {
    /// The last tag that was used, and when that was seen; both grow.
    looks: VecDeque<(u64, Instant)>,
    /// How many were left when some were last forgotten.
    left: usize,
}

/// Goes through the looks in the order of the tags.
pub(super) struct Walk<'a> {
    looks: std::iter::Peekable<std::collections::vec_deque::Iter<'a, (u64, Instant)>>,
}

impl Ages {
    /// Takes note that `last` is the last tag used, and `first` the first that is outstanding.
    pub(super) fn look(&mut self, now: Instant, first: u64, last: u64) {
        while self.looks.front().is_some_and(|(seen, _)| *seen < first) {
            self.looks.pop_front();
        }
        if self.looks.back().is_some_and(|(seen, _)| *seen == last) {
            return;
        }
        if self.looks.len() >= LOOKS.max(2 * self.left) {
            self.thin(now);
        }
        self.looks.push_back((last, now));
    }

    /// Forgets each look whose neighbours are close, so that there are as many as the logarithm of
    /// the oldest one's age wants.
    fn thin(&mut self, now: Instant) {
        let mut kept: VecDeque<(u64, Instant)> = VecDeque::with_capacity(self.looks.len());
        let mut looks = self.looks.drain(..).peekable();
        while let Some(look) = looks.next() {
            let close = match (kept.back(), looks.peek()) {
                (Some((_, before)), Some((_, after))) => {
                    let age = now.saturating_duration_since(*after);
                    after.saturating_duration_since(*before) <= age / CLOSE
                }
                _ => false,
            };
            if !close {
                kept.push_back(look);
            }
        }
        drop(looks);
        self.left = kept.len();
        self.looks = kept;
    }

    /// Forgets all, as nothing is outstanding.
    pub(super) fn clear(&mut self) {
        if !self.looks.is_empty() {
            *self = Self::default();
        }
    }

    /// Begins at the first tag.
    pub(super) fn walk(&self) -> Walk<'_> {
        Walk { looks: self.looks.iter().peekable() }
    }
}

impl Walk<'_> {
    /// When the delivery with that tag, which is above those asked for before, had been made;
    /// `None` before the next look.
    pub(super) fn delivered_by(&mut self, tag: u64) -> Option<Instant> {
        while self.looks.next_if(|(seen, _)| *seen < tag).is_some() {}
        self.looks.peek().map(|(_, at)| *at)
    }
}

#[cfg(test)]
#[path = "ages_tests.rs"]
mod tests;
