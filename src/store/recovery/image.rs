//! What the records of the log come to, queue by queue.

use std::collections::BTreeMap;

use crate::amqp::id::{MessageIndex, QueueId};
use crate::amqp::message::MessageRef;
use crate::amqp::run::Run;
use crate::store::format::checkpoint::{Checkpoint, QueueImage};
use crate::store::format::position::Position;
use crate::store::format::record::Record;
use crate::store::format::run::messages;
use crate::store::meta::MetaChange;

/// A state that records are applied to. Records that are in it already change nothing.
#[derive(Debug, Default)]
pub struct State {
    /// Topology and users.
    pub meta: BTreeMap<Vec<u8>, Vec<u8>>,
    queues: BTreeMap<QueueId, Image>,
}

#[derive(Debug, Default)]
struct Image {
    /// Messages before this place are in the image already, if they live.
    floor: u64,
    /// Above the place of every message so far.
    end: u64,
    /// By first place; no two overlap.
    slices: BTreeMap<u64, Slice>,
}

/// Consecutive messages of a run. Where they begin is known only for a whole run: the others are
/// found by reading it.
#[derive(Clone, Copy, Debug)]
struct Slice {
    run: Run,
    /// Messages of the run before the slice.
    skip: u32,
    count: u32,
}

impl State {
    /// The state of a checkpoint.
    pub fn new(checkpoint: Checkpoint) -> Self {
        let mut state = Self { meta: checkpoint.meta, queues: BTreeMap::new() };
        for QueueImage { queue, next_index, runs } in checkpoint.images {
            let image = state.queues.entry(queue).or_default();
            (image.floor, image.end) = (next_index, next_index);
            runs.into_iter().for_each(|run| image.add(run));
        }
        state
    }

    /// Applies a record.
    pub fn apply(&mut self, record: Record) {
        match record {
            Record::Enqueued(queue, runs) => {
                let image = self.queues.entry(queue).or_default();
                let floor = image.floor;
                for run in runs.into_iter().filter(|run| run.first.0 >= floor) {
                    image.add(run);
                }
            }
            Record::Settled(queue, ranges) => {
                if let Some(image) = self.queues.get_mut(&queue) {
                    for range in ranges {
                        image.carve(range.first, range.first.saturating_add(range.count));
                    }
                }
            }
            Record::Moved(queue, runs) => {
                if let Some(image) = self.queues.get_mut(&queue) {
                    runs.into_iter().for_each(|run| image.relocate(run));
                }
            }
            Record::Deleted(queue) => drop(self.queues.remove(&queue)),
            Record::Meta(changes) => changes.into_iter().for_each(|change| self.change(change)),
        }
    }

    fn change(&mut self, MetaChange { key, value }: MetaChange) {
        match value {
            Some(value) => drop(self.meta.insert(key, value)),
            None => drop(self.meta.remove(&key)),
        }
    }

    /// The queues' contents, in which parts of runs are runs of their own. `read` has to return the
    /// octets of a run.
    ///
    /// # Errors
    /// `read` failed, or what it read is not what the run says.
    pub fn resolve<E>(
        self,
        mut read: impl FnMut(&Run) -> Result<Vec<u8>, E>,
        damaged: impl Fn(Position) -> E,
    ) -> Result<(BTreeMap<Vec<u8>, Vec<u8>>, Vec<QueueImage>), E> {
        let mut images = Vec::with_capacity(self.queues.len());
        for (queue, image) in self.queues {
            let mut runs: Vec<Run> = Vec::with_capacity(image.slices.len());
            let mut last: Option<(Run, Vec<u8>)> = None;
            for slice in image.slices.into_values() {
                let run = if slice.is_whole() {
                    slice.run
                } else {
                    if last.as_ref().is_none_or(|(run, _)| *run != slice.run) {
                        last = Some((slice.run, read(&slice.run)?));
                    }
                    let octets = last.as_ref().map_or(&[][..], |(_, octets)| octets);
                    slice.find(octets).map_err(|offset| {
                        damaged(Position::of(slice.run.position).plus(offset))
                    })?
                };
                runs.push(run);
            }
            images.push(QueueImage { queue, next_index: image.end, runs });
        }
        Ok((self.meta, images))
    }
}

impl Image {
    fn add(&mut self, run: Run) {
        self.carve(run.first.0, run.end().0);
        self.insert(Slice::whole(run));
    }

    fn insert(&mut self, slice: Slice) {
        self.end = self.end.max(slice.end());
        self.slices.insert(slice.first(), slice);
    }

    /// Takes the places from `from` to `to` out.
    fn carve(&mut self, from: u64, to: u64) {
        for slice in self.overlapping(from, to) {
            self.slices.remove(&slice.first());
            for part in [slice.part(0, from), slice.part(to, u64::MAX)].into_iter().flatten() {
                self.slices.insert(part.first(), part);
            }
        }
    }

    /// Has the messages of `run` that are still there lie where it says.
    fn relocate(&mut self, run: Run) {
        let (from, to) = (run.first.0, run.end().0);
        let living: Vec<_> =
            self.overlapping(from, to).iter().filter_map(|slice| slice.part(from, to)).collect();
        self.carve(from, to);
        for part in living {
            let moved = Slice::whole(Run { redelivered: part.run.redelivered, ..run });
            if let Some(moved) = moved.part(part.first(), part.end()) {
                self.insert(moved);
            }
        }
    }

    fn overlapping(&self, from: u64, to: u64) -> Vec<Slice> {
        if from >= to {
            return Vec::new();
        }
        let before = self.slices.range(..from).next_back().map(|(_, slice)| *slice);
        let before = before.filter(|slice| slice.end() > from);
        before.into_iter().chain(self.slices.range(from..to).map(|(_, slice)| *slice)).collect()
    }
}

impl Slice {
    const fn whole(run: Run) -> Self {
        Self { run, skip: 0, count: run.count }
    }

    const fn is_whole(&self) -> bool {
        self.count == self.run.count
    }

    const fn first(&self) -> u64 {
        self.run.first.0 + self.skip as u64
    }

    const fn end(&self) -> u64 {
        self.first() + self.count as u64
    }

    /// What of it lies between these places.
    fn part(&self, from: u64, to: u64) -> Option<Self> {
        let (first, end) = (self.first().max(from), self.end().min(to));
        let skip = u32::try_from(first.checked_sub(self.run.first.0)?).ok()?;
        let count = u32::try_from(end.checked_sub(first)?).ok().filter(|count| *count > 0)?;
        Some(Self { run: self.run, skip, count })
    }

    /// The slice as a run of its own, by the octets of its run; else where they are not as they
    /// should be.
    fn find(&self, octets: &[u8]) -> Result<Run, u32> {
        let (mut start, mut size, mut bytes, mut seen) = (0, 0, 0, 0);
        for message in messages(octets) {
            let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
            let (at, message) = message.map_err(|damaged| offset(damaged.offset))?;
            if seen == self.skip {
                start = offset(at);
            }
            if seen >= self.skip && seen - self.skip < self.count {
                size += offset(message.len());
                bytes += MessageRef::read(message).map_or(0, |message| message.body.len() as u64);
            }
            seen += 1;
        }
        if seen != self.run.count {
            return Err(u32::try_from(octets.len()).unwrap_or(u32::MAX));
        }
        Ok(Run {
            first: MessageIndex(self.first()),
            count: self.count,
            octets: size,
            position: Position::of(self.run.position).plus(start).store_ref(),
            bytes,
            redelivered: self.run.redelivered,
        })
    }
}
