//! What the records of the log come to, queue by queue.

use std::collections::BTreeMap;

use super::error::Loss;
use super::walk::{Walk, parts, walk};
use crate::amqp::attempts::Attempts;
use crate::amqp::id::{MessageIndex, QueueId, Timestamp};
use crate::amqp::run::Run;
use crate::store::format::checkpoint::{Checkpoint, QueueImage};
use crate::store::format::position::Position;
use crate::store::format::record::{Deferred, Lived, Record, Returned};
use crate::store::format::seen::{Windows, keep_latest};
use crate::store::meta::MetaChange;

/// Topology and users: entries by their keys.
pub type Meta = BTreeMap<Vec<u8>, Vec<u8>>;

/// A state that records are applied to. Records that are in it already change nothing.
#[derive(Debug, Default)]
pub struct State {
    /// Topology and users.
    pub meta: Meta,
    queues: BTreeMap<QueueId, Image>,
    /// What exchanges have seen; a value may be there several times.
    seen: Windows,
}

#[derive(Debug, Default)]
struct Image {
    /// Messages before this place are in the image already, if they live.
    floor: u64,
    /// Above the place of every message so far.
    end: u64,
    /// By first place; no two overlap.
    slices: BTreeMap<u64, Slice>,
    /// What came back, by place; of messages that went, too.
    returned: BTreeMap<u64, Attempts>,
    /// Until when they wait, by place.
    deferred: BTreeMap<u64, Timestamp>,
    /// How long messages live, by the place from which on.
    lived: BTreeMap<MessageIndex, Option<u64>>,
}

/// Consecutive messages of a run. Where they begin is known only for a whole run: the others are
/// found by reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slice {
    /// The run.
    pub run: Run,
    /// Messages of the run before the slice.
    pub skip: u32,
    /// Messages of the slice.
    pub count: u32,
}

/// What is left in a queue.
#[derive(Clone, Debug)]
pub struct Contents {
    /// The queue.
    pub queue: QueueId,
    /// Above the place of every message so far.
    pub next_index: u64,
    /// The messages, in order of their places.
    pub slices: Vec<Slice>,
    /// Those of them that came back, in order of their places, and how often.
    pub returned: Vec<Returned>,
    /// Those of them that wait before they are ready again, in order of their places.
    pub deferred: Vec<Deferred>,
    /// How long they live, in order of their places.
    pub lived: Vec<Lived>,
}

impl State {
    /// The state of a checkpoint.
    pub fn new(checkpoint: Checkpoint) -> Self {
        let Checkpoint { meta, seen, .. } = checkpoint;
        let mut state = Self { meta, queues: BTreeMap::new(), seen };
        for QueueImage { queue, next_index, runs, returned, deferred, lived } in checkpoint.images {
            let image = state.queues.entry(queue).or_default();
            (image.floor, image.end) = (next_index, next_index);
            for run in runs {
                image.add(run);
            }
            image.give_back(returned);
            image.defer(deferred);
            image.lived.extend(lived);
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
                        image.settle(range.first, range.first.saturating_add(range.count));
                    }
                }
            }
            Record::Moved(queue, runs) => {
                if let Some(image) = self.queues.get_mut(&queue) {
                    for run in runs {
                        image.relocate(run);
                    }
                }
            }
            Record::Returned(queue, returned) => {
                if let Some(image) = self.queues.get_mut(&queue) {
                    image.give_back(returned);
                }
            }
            Record::Deferred(queue, deferred) => {
                if let Some(image) = self.queues.get_mut(&queue) {
                    image.defer(deferred);
                }
            }
            Record::Lived(queue, lived) => {
                self.queues.entry(queue).or_default().lived.extend(lived);
            }
            Record::Deleted(queue) => drop(self.queues.remove(&queue)),
            Record::Meta(changes) => {
                for change in changes {
                    self.change(change);
                }
            }
            Record::Seen(window) => {
                self.seen.entry(window.key).or_default().extend(window.seen);
            }
        }
    }

    fn change(&mut self, MetaChange { key, value }: MetaChange) {
        if let Some(value) = value {
            self.meta.insert(key, value);
        } else {
            self.meta.remove(&key);
            self.seen.remove(&key);
        }
    }

    /// Takes out what the exchanges that are there have seen.
    pub fn take_seen(&mut self) -> Windows {
        let mut windows = std::mem::take(&mut self.seen);
        windows.retain(|key, _| self.meta.contains_key(key));
        windows.values_mut().for_each(keep_latest);
        windows
    }

    /// Takes in messages as if they had come into the queue just now.
    pub fn adopt(&mut self, queue: QueueId, slice: Slice) {
        let image = self.queues.entry(queue).or_default();
        image.carve(slice.first(), slice.end());
        image.insert(slice);
    }

    /// The meta map, and what is left in each queue.
    pub fn into_parts(self) -> (Meta, Vec<Contents>) {
        let contents = |(queue, image): (QueueId, Image)| Contents {
            queue,
            next_index: image.end,
            returned: image.living(&image.returned),
            deferred: image.living(&image.deferred),
            lived: image.lived(),
            slices: image.slices.into_values().collect(),
        };
        (self.meta, self.queues.into_iter().map(contents).collect())
    }

    /// The queues' contents, in which parts of runs are runs of their own. `read` has to return the
    /// octets of a run.
    ///
    /// # Errors
    /// `read` failed, or what it read is not what the run says.
    pub fn resolve<E>(
        self,
        mut read: impl FnMut(&Run) -> Result<Vec<u8>, E>,
        damaged: impl Fn(Position, Vec<Loss>) -> E,
    ) -> Result<(Meta, Vec<QueueImage>), E> {
        let (meta, contents) = self.into_parts();
        let mut images = Vec::with_capacity(contents.len());
        for Contents { queue, next_index, slices, returned, deferred, lived } in contents {
            let mut runs: Vec<Run> = Vec::with_capacity(slices.len());
            // Slices of one run mostly come one after the other; it is walked over once for them.
            let mut last: Option<(Run, Walk)> = None;
            for slice in slices {
                if slice.is_whole() {
                    runs.push(slice.run);
                    continue;
                }
                let found = match last.take() {
                    Some((run, found)) if run == slice.run => found,
                    _ => walk(&slice.run, &read(&slice.run)?),
                };
                if let Some(offset) = found.damaged {
                    let position = Position::of(slice.run.position).plus(offset);
                    return Err(damaged(position, slice.losses(queue, &slice.parts(&found))));
                }
                runs.extend(slice.parts(&found));
                last = Some((slice.run, found));
            }
            images.push(QueueImage { queue, next_index, runs, returned, deferred, lived });
        }
        Ok((meta, images))
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

    fn settle(&mut self, from: u64, to: u64) {
        self.carve(from, to);
        if from < to {
            let gone: Vec<u64> = self.returned.range(from..to).map(|(index, _)| *index).collect();
            for index in gone {
                self.returned.remove(&index);
                self.deferred.remove(&index);
            }
        }
    }

    /// Takes note of messages that came back. A record may be older than what is known.
    fn give_back(&mut self, returned: Vec<Returned>) {
        for (MessageIndex(index), attempts) in returned {
            let known = self.returned.entry(index).or_default();
            *known = known.max(attempts);
        }
    }

    /// Takes note of messages that wait. A record may be older than what is known.
    fn defer(&mut self, deferred: Vec<Deferred>) {
        for (MessageIndex(index), until) in deferred {
            let known = self.deferred.entry(index).or_default();
            *known = until.max(*known);
        }
    }

    /// How long messages live, those that are still to come too: places that the crash took are
    /// given out once more.
    fn lived(&self) -> Vec<Lived> {
        let end = MessageIndex(self.end);
        let within = self.lived.iter().map(|(from, lifetime)| (end.min(*from), *lifetime));
        within.collect::<BTreeMap<_, _>>().into_iter().collect()
    }

    /// What is noted of the messages that are there.
    fn living<T: Copy>(&self, noted: &BTreeMap<u64, T>) -> Vec<(MessageIndex, T)> {
        let is_there = |index: u64| {
            let before = self.slices.range(..=index).next_back();
            before.is_some_and(|(_, slice)| index < slice.end())
        };
        let living = noted.iter().filter(|(index, _)| is_there(**index));
        living.map(|(index, noted)| (MessageIndex(*index), *noted)).collect()
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
    /// All of a run.
    pub const fn whole(run: Run) -> Self {
        Self { run, skip: 0, count: run.count }
    }

    /// Whether it is all of its run.
    pub const fn is_whole(&self) -> bool {
        self.count == self.run.count
    }

    /// The place of its first message.
    pub const fn first(&self) -> u64 {
        self.run.first.0 + self.skip as u64
    }

    /// The place behind its last message's.
    pub const fn end(&self) -> u64 {
        self.first() + self.count as u64
    }

    /// What of it lies between these places.
    pub fn part(&self, from: u64, to: u64) -> Option<Self> {
        let (first, end) = (self.first().max(from), self.end().min(to));
        let skip = u32::try_from(first.checked_sub(self.run.first.0)?).ok()?;
        let count = u32::try_from(end.checked_sub(first)?).ok().filter(|count| *count > 0)?;
        Some(Self { run: self.run, skip, count })
    }

    /// What of it is found, as runs of their own.
    pub fn parts(&self, found: &Walk) -> Vec<Run> {
        parts(&self.run, &found.messages, self.skip, self.count)
    }

    /// What of it is not among `found`, which are parts of it.
    pub fn losses(&self, queue: QueueId, found: &[Run]) -> Vec<Loss> {
        let mut next = self.first();
        let mut losses = Vec::new();
        let ends = found.iter().map(|run| (run.first.0, run.end().0));
        for (first, end) in ends.chain([(self.end(), self.end())]) {
            if next < first {
                losses.push(Loss { queue, first: next, count: first - next });
            }
            next = end;
        }
        losses
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::amqp::fingerprint::Fingerprint;
    use crate::amqp::id::StoreRef;
    use crate::amqp::sighting::Sighting;
    use crate::store::format::record::Range;
    use crate::store::format::seen::Window;

    const QUEUE: QueueId = QueueId(1);

    fn run(first: u64, count: u32) -> Run {
        let position = Position { file: 1, offset: 4096 }.store_ref();
        Run {
            first: MessageIndex(first),
            count,
            octets: 32 * count,
            position: StoreRef(position.0 + first * 32),
            bytes: 0,
            redelivered: false,
            marked: false,
        }
    }

    fn back(index: u64, failed: u32, acquired: u32) -> Record {
        Record::Returned(QUEUE, vec![(MessageIndex(index), Attempts { failed, acquired })])
    }

    fn waits(index: u64, until: u64) -> Record {
        Record::Deferred(QUEUE, vec![(MessageIndex(index), Timestamp(until))])
    }

    fn meta(value: Option<&[u8]>) -> Record {
        let value = value.map(<[u8]>::to_vec);
        Record::Meta(vec![MetaChange { key: b"x".to_vec(), value }])
    }

    fn seen(key: &[u8], value: u8, until: u64) -> Record {
        let value = Fingerprint::of_octets(&[value]);
        let seen = vec![Sighting { value, until }];
        Record::Seen(Box::new(Window { key: key.to_vec(), seen }))
    }

    #[test]
    fn what_an_exchange_has_seen_goes_with_its_entry() {
        let mut state = State::default();
        for record in [
            meta(Some(b"")),
            seen(b"x", 1, 5),
            meta(None),
            meta(Some(b"")),
            seen(b"x", 2, 6),
            seen(b"y", 3, 7),
        ] {
            state.apply(record);
        }

        let value = Fingerprint::of_octets(&[2]);
        let expected = vec![Sighting { value, until: 6 }];
        assert_eq!(state.take_seen(), Windows::from([(b"x".to_vec(), expected)]));
    }

    /// A checkpoint may have what follows it in the log.
    #[test]
    fn a_sighting_that_is_known_already_changes_nothing() {
        let records = [meta(Some(b"")), seen(b"x", 1, 5), seen(b"x", 2, 6), seen(b"x", 1, 9)];
        let once = || {
            let mut state = State::default();
            for record in &records {
                state.apply(record.clone());
            }
            state.take_seen()
        };
        let seen = once();

        let checkpoint = Checkpoint {
            meta: [(b"x".to_vec(), Vec::new())].into(),
            seen,
            ..Checkpoint::default()
        };
        let mut state = State::new(checkpoint);
        for record in records.iter().skip(2) {
            state.apply(record.clone());
        }

        assert_eq!(state.take_seen(), once());
    }

    #[test]
    fn lifetimes_hold_from_places_that_are_given_out_or_come_next() {
        let mut state = State::default();
        let lived = |lived: &[(u64, Option<u64>)]| {
            lived.iter().map(|(from, lifetime)| (MessageIndex(*from), *lifetime)).collect()
        };
        for record in [
            Record::Lived(QUEUE, lived(&[(0, None)])),
            Record::Enqueued(QUEUE, vec![run(0, 5)]),
            Record::Lived(QUEUE, lived(&[(2, Some(9)), (4, Some(0))])),
            Record::Lived(QUEUE, lived(&[(2, Some(7))])),
            // What came before is not in the log.
            Record::Lived(QUEUE, lived(&[(6, Some(1))])),
            Record::Lived(QUEUE, lived(&[(8, Some(3))])),
        ] {
            state.apply(record);
        }

        let (_, contents) = state.into_parts();

        let expected: Vec<_> = lived(&[(0, None), (2, Some(7)), (4, Some(0)), (5, Some(3))]);
        assert_eq!(contents[0].lived, expected);
    }

    #[test]
    fn the_highest_counts_and_latest_times_are_known_of_messages_that_are_there() {
        let mut state = State::default();
        let settled = Record::Settled(QUEUE, vec![Range { first: 2, count: 2 }]);
        for record in [
            back(0, 9, 9),
            Record::Enqueued(QUEUE, vec![run(0, 5)]),
            back(1, 1, 2),
            back(3, 1, 1),
            back(1, 2, 4),
            settled,
            back(1, 1, 3),
            back(7, 1, 1),
            waits(1, 7),
            waits(4, 9),
            waits(1, 5),
            waits(2, 9),
            waits(7, 9),
        ] {
            state.apply(record);
        }

        let (_, contents) = state.into_parts();

        let expected = vec![(MessageIndex(1), Attempts { failed: 2, acquired: 4 })];
        assert_eq!(contents[0].returned, expected);
        let expected = [(1, 7), (4, 9)].map(|(at, until)| (MessageIndex(at), Timestamp(until)));
        assert_eq!(contents[0].deferred, expected);
    }
}
