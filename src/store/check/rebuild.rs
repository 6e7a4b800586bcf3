//! What the files of the log come to by themselves, without a checkpoint.
//!
//! Files are missing then in which nothing lived any more, but that said what had become of messages
//! in others. So what was settled may come back, and what was moved is taken for what came.

use std::collections::{BTreeMap, BTreeSet};

use crate::amqp::id::QueueId;
use crate::store::disk::Disk;
use crate::store::format::checkpoint::Replay;
use crate::store::format::record::Record;
use crate::store::recovery::error::{Damage, OpenError};
use crate::store::recovery::image::{Slice, State};
use crate::store::recovery::scan::scan_each;

/// What the files come to.
#[derive(Debug, Default)]
pub(super) struct Rebuilt {
    pub(super) state: State,
    /// The highest id of a queue.
    pub(super) last_queue: u64,
    /// Where the log goes on; absent when there is none.
    pub(super) end: Option<Replay>,
    pub(super) batches: u64,
    known: BTreeMap<QueueId, Places>,
    gone: BTreeSet<QueueId>,
}

/// Places in a queue of which is known what came of them: ends by beginnings, apart from another.
#[derive(Debug, Default)]
struct Places(BTreeMap<u64, u64>);

/// Replays all files, beginning with the oldest. Messages in them that are damaged are handed to
/// `damaged`.
///
/// # Errors
/// The disk failed, or a newer version has written.
pub(super) fn rebuild(
    disk: &dyn Disk,
    files: &[u32],
    damaged: &mut dyn FnMut(Damage),
) -> Result<Rebuilt, OpenError> {
    let mut rebuilt = Rebuilt::default();
    rebuilt.end = scan_each(disk, files, &mut |batch| {
        rebuilt.batches += 1;
        batch.records.into_iter().for_each(|record| rebuilt.apply(record));
        batch.damage.into_iter().for_each(&mut *damaged);
        Ok(())
    })?;
    Ok(rebuilt)
}

impl Rebuilt {
    fn apply(&mut self, record: Record) {
        match &record {
            Record::Enqueued(queue, runs) => {
                let known = self.note(*queue);
                for run in runs {
                    known.add(run.first.0, run.end().0);
                }
            }
            Record::Settled(queue, ranges) => {
                let known = self.note(*queue);
                for range in ranges {
                    known.add(range.first, range.first.saturating_add(range.count));
                }
            }
            Record::Moved(queue, runs) => {
                let known = self.note(*queue);
                let mut adopted = Vec::new();
                for run in runs {
                    for (from, to) in known.missing(run.first.0, run.end().0) {
                        adopted.extend(Slice::whole(*run).part(from, to));
                        known.add(from, to);
                    }
                }
                if !self.gone.contains(queue) {
                    for slice in adopted {
                        self.state.adopt(*queue, slice);
                    }
                }
            }
            Record::Deleted(queue) => {
                self.note(*queue);
                self.gone.insert(*queue);
            }
            Record::Returned(queue, _) | Record::Deferred(queue, _) | Record::Lived(queue, _) => {
                self.note(*queue);
            }
            Record::Meta(_) | Record::Seen(_) => {}
        }
        self.state.apply(record);
    }

    fn note(&mut self, queue: QueueId) -> &mut Places {
        self.last_queue = self.last_queue.max(queue.0);
        self.known.entry(queue).or_default()
    }
}

impl Places {
    /// Takes in the places from `from` to `to`.
    fn add(&mut self, mut from: u64, mut to: u64) {
        if from >= to {
            return;
        }
        while let Some((&first, &end)) = self.0.range(..=to).next_back().filter(|it| *it.1 >= from)
        {
            self.0.remove(&first);
            (from, to) = (from.min(first), to.max(end));
        }
        self.0.insert(from, to);
    }

    /// What is not known of the places from `from` to `to`.
    fn missing(&self, mut from: u64, to: u64) -> Vec<(u64, u64)> {
        let before = self.0.range(..=from).next_back().map_or(from, |(_, end)| *end);
        from = from.max(before);
        let mut missing = Vec::new();
        for (&first, &end) in self.0.range(from.min(to)..to) {
            if from < first {
                missing.push((from, first));
            }
            from = from.max(end);
        }
        if from < to {
            missing.push((from, to));
        }
        missing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_known_once_and_what_lies_between_is_missing() {
        let mut places = Places::default();
        for (from, to) in [(5, 7), (9, 12), (7, 8), (20, 20), (30, 40), (31, 33)] {
            places.add(from, to);
        }

        assert_eq!(places.0, BTreeMap::from([(5, 8), (9, 12), (30, 40)]));
        assert_eq!(places.missing(0, 50), [(0, 5), (8, 9), (12, 30), (40, 50)]);
        assert_eq!(places.missing(6, 10), [(8, 9)]);
        assert_eq!(places.missing(32, 40), []);
        places.add(0, 35);
        assert_eq!(places.0, BTreeMap::from([(0, 40)]));
    }
}
