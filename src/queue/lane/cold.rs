//! The part of a lane that is on the disk: runs in index order.

use std::collections::VecDeque;

use super::Message;
use crate::amqp::id::{StoreRef, Timestamp};
use crate::amqp::run::Run;
use crate::queue::paging::Located;

/// How long a run may become by joining, in octets on the disk. It bounds what one load reads.
const MAX_OCTETS: u32 = 1 << 20;

/// A list of at most this capacity is never shrunk.
const SMALL: usize = 64;

/// Cold runs.
#[derive(Debug, Default)]
pub(super) struct Cold {
    runs: VecDeque<Run>,
    messages: usize,
    bytes: u64,
    /// How many of the runs are marked.
    marked: usize,
    /// When the first message expires, where that is known.
    first_deadline: Option<Timestamp>,
}

impl Cold {
    /// Runs that are in index order.
    pub(super) fn restored(runs: impl IntoIterator<Item = Run>) -> Self {
        let mut cold = Self::default();
        runs.into_iter().for_each(|run| cold.add(run));
        debug_assert!(cold.runs.iter().is_sorted_by(|a, b| a.end() <= b.first));
        cold
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// How many messages the runs have.
    pub(super) fn messages(&self) -> usize {
        self.messages
    }

    /// The size of their bodies.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// When the first message expires; `None` where that is not known.
    pub(super) fn first_deadline(&self) -> Option<Timestamp> {
        self.first_deadline
    }

    #[inline]
    pub(super) fn has_marked(&self) -> bool {
        self.marked > 0
    }

    /// Marks the runs for which `which` holds.
    pub(super) fn mark(&mut self, mut which: impl FnMut(&Run) -> bool) {
        for run in &mut self.runs {
            let is_new = !run.marked && which(run);
            run.marked |= is_new;
            self.marked += usize::from(is_new);
        }
    }

    pub(super) fn first(&self) -> Option<&Run> {
        self.runs.front()
    }

    /// Adds a message behind all others.
    pub(super) fn push_back(&mut self, message: &Message, located: Located) {
        let run = run_of(message, located);
        if self.runs.is_empty() {
            self.first_deadline = Some(message.deadline);
        }
        match self.runs.back_mut().and_then(|last| Some((joined(last, &run)?, last))) {
            Some((longer, last)) => {
                self.messages += 1;
                self.bytes += run.bytes;
                *last = longer;
            }
            None => self.add(run),
        }
    }

    /// Adds a message before all others.
    pub(super) fn push_front(&mut self, message: &Message, located: Located) {
        let run = run_of(message, located);
        self.first_deadline = Some(message.deadline);
        self.messages += 1;
        self.bytes += run.bytes;
        let joined = self.runs.front_mut().and_then(|first| Some((joined(&run, first)?, first)));
        if let Some((longer, first)) = joined {
            *first = longer;
            return;
        }
        self.marked += usize::from(run.marked);
        self.runs.push_front(run);
    }

    /// Adds a message in its place.
    pub(super) fn insert(&mut self, message: &Message, located: Located) {
        let place = self.runs.partition_point(|run| run.first < message.index);
        if place == self.runs.len() {
            return self.push_back(message, located);
        }
        let Some(before) = place.checked_sub(1).and_then(|before| self.runs.get_mut(before)) else {
            return self.push_front(message, located);
        };
        let run = run_of(message, located);
        if let Some(longer) = joined(before, &run) {
            *before = longer;
            self.messages += 1;
            self.bytes += run.bytes;
        } else {
            self.count(&run);
            self.runs.insert(place, run);
        }
    }

    /// Takes out the first run, or its beginning; `false` if it does not begin with `part`.
    pub(super) fn take_first(&mut self, part: &Run) -> bool {
        let Some(first) = self.runs.front_mut().filter(|first| begins_with(first, part)) else {
            return false;
        };
        let taken = *first;
        let rest = behind(first, part);
        self.first_deadline = None;
        self.subtract(&taken);
        self.runs.pop_front();
        if let Some(rest) = rest {
            self.count(&rest);
            self.runs.push_front(rest);
        }
        self.shrink();
        true
    }

    /// Replaces a run, or its beginning, by others that are in index order and hold no message that
    /// it did not; `false` if no run begins with `part`.
    pub(super) fn replace(&mut self, part: &Run, moved: &[Run]) -> bool {
        debug_assert!(moved.iter().all(|run| part.first <= run.first && run.end() <= part.end()));
        debug_assert!(moved.is_sorted_by(|a, b| a.end() <= b.first));
        let found = self.runs.binary_search_by_key(&part.first, |run| run.first);
        let Some((place, run)) = found.ok().and_then(|place| Some((place, self.runs.get(place)?)))
        else {
            return false;
        };
        if !begins_with(run, part) {
            return false;
        }
        let (replaced, rest) = (*run, behind(run, part));
        if place == 0 && moved.first().is_none_or(|run| run.first != part.first) {
            self.first_deadline = None;
        }
        self.subtract(&replaced);
        if let ([only], None) = (moved, rest)
            && let Some(run) = self.runs.get_mut(place)
        {
            *run = *only;
            self.count(only);
            return true;
        }
        let mut later = self.runs.split_off(place + 1);
        self.runs.pop_back();
        moved.iter().copied().chain(rest).for_each(|run| self.add(run));
        self.runs.append(&mut later);
        self.shrink();
        true
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Run> {
        self.runs.iter()
    }

    /// Each run as it is, and its position, to be replaced.
    pub(super) fn positions_mut(&mut self) -> impl Iterator<Item = (Run, &mut StoreRef)> {
        self.runs.iter_mut().map(|run| (*run, &mut run.position))
    }

    pub(super) fn into_runs(self) -> impl Iterator<Item = Run> {
        self.runs.into_iter()
    }

    fn add(&mut self, run: Run) {
        debug_assert!(run.count > 0 && run.position.is_cold());
        self.count(&run);
        self.runs.push_back(run);
    }

    fn count(&mut self, run: &Run) {
        self.messages += run.count as usize;
        self.bytes += run.bytes;
        self.marked += usize::from(run.marked);
    }

    fn subtract(&mut self, run: &Run) {
        self.messages -= run.count as usize;
        self.bytes -= run.bytes;
        self.marked -= usize::from(run.marked);
    }

    fn shrink(&mut self) {
        let capacity = self.runs.capacity();
        if capacity > SMALL && self.runs.len() < capacity / 8 {
            self.runs.shrink_to(capacity / 4);
        }
    }
}

/// A message that lies there, as a run.
pub(in crate::queue) fn run_of(message: &Message, located: Located) -> Run {
    debug_assert!(located.position.is_cold());
    Run {
        first: message.index,
        count: 1,
        octets: located.octets,
        position: located.position,
        bytes: message.bytes.into(),
        redelivered: message.redelivered,
        marked: message.marked,
    }
}

/// Both as one, if `next` follows at once in the queue and on the disk, and the sum is not too long.
fn joined(run: &Run, next: &Run) -> Option<Run> {
    let octets = run.octets.checked_add(next.octets).filter(|sum| *sum <= MAX_OCTETS)?;
    let follows = run.end() == next.first
        && run.position.0.checked_add(run.octets.into()) == Some(next.position.0)
        && (run.redelivered, run.marked) == (next.redelivered, next.marked);
    if !follows {
        return None;
    }
    let count = run.count.checked_add(next.count)?;
    Some(Run { count, octets, bytes: run.bytes + next.bytes, ..*run })
}

/// Whether `part` is the beginning of `run`, or all of it. A run that somebody has read may have
/// become longer since, by what was unloaded behind it.
fn begins_with(run: &Run, part: &Run) -> bool {
    let identity = |run: &Run| (run.first, run.position, run.redelivered, run.marked);
    identity(part) == identity(run)
        && (part.count == run.count
            || part.count < run.count && part.octets < run.octets && part.bytes <= run.bytes)
}

/// What of `run` comes behind `part`, its beginning.
fn behind(run: &Run, part: &Run) -> Option<Run> {
    (part.count < run.count).then(|| Run {
        first: part.end(),
        count: run.count - part.count,
        octets: run.octets - part.octets,
        position: StoreRef(run.position.0 + u64::from(part.octets)),
        bytes: run.bytes - part.bytes,
        ..*run
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_takes_at_most_48_octets() {
        assert!(size_of::<Run>() <= 48);
    }
}
