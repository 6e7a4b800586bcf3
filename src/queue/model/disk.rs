//! The model's disk, and what the owner does with it.

use std::collections::BTreeMap;

use proptest::sample::Index;

use super::{Model, Page};
use crate::amqp::id::{MessageIndex, StoreRef, Timestamp};
use crate::amqp::run::Run;
use crate::queue::core::Queue;
use crate::queue::lane::Message;
use crate::queue::paging::{Entry, Loaded, Located, Wanted};
use crate::queue::settings::Settings;

/// What counts for a message in memory beside its body.
const BESIDE_BODY: usize = 64;

#[derive(Clone, Copy, Debug)]
struct Place {
    located: Located,
    bytes: u32,
}

/// Where each message is written, in order, with gaps.
#[derive(Debug)]
pub(super) struct Disk {
    places: BTreeMap<u64, Place>,
    end: u64,
    /// The messages before this can be located, but for some.
    written: u64,
    loads: u64,
    wanted: Option<Wanted>,
}

impl Default for Disk {
    fn default() -> Self {
        let end = StoreRef::COLD | 1 << 32 | 4096;
        Self { places: BTreeMap::new(), end, written: 0, loads: 0, wanted: None }
    }
}

impl Disk {
    pub(super) fn add(&mut self, index: u64, bytes: u32) {
        if index % 6 == 5 {
            self.end += 4096;
        }
        self.place(index, bytes);
    }

    /// The messages of a run, and where each is.
    pub(super) fn messages_of(&self, run: &Run) -> Vec<(u64, StoreRef)> {
        let mut position = run.position.0;
        let mut messages = Vec::new();
        for index in run.first.0..run.end().0 {
            messages.push((index, StoreRef(position)));
            position += u64::from(self.places[&index].located.octets);
        }
        assert_eq!(position - run.position.0, u64::from(run.octets));
        assert_eq!(self.bytes(run.first.0..run.end().0), run.bytes);
        messages
    }

    fn bytes(&self, mut range: std::ops::Range<u64>) -> u64 {
        let sum: u64 = range.by_ref().map(|index| u64::from(self.places[&index].bytes)).sum();
        sum
    }

    fn place(&mut self, index: u64, bytes: u32) {
        // Large enough that a run of a few messages is as long as it may be.
        let octets = (bytes + 8) << 12;
        let located = Located { position: StoreRef(self.end), octets };
        self.end += u64::from(octets);
        self.places.insert(index, Place { located, bytes });
    }

    fn locate(&self, index: u64) -> Option<Located> {
        (index < self.written && index % 23 != 22).then(|| self.places[&index].located)
    }

    /// The beginning of a run.
    fn part(&self, run: Run, part: Option<&Index>) -> Run {
        let Some(part) = part else { return run };
        let count = u32::try_from(part.index(run.count as usize)).unwrap() + 1;
        let end = run.first.0 + u64::from(count);
        let range = run.first.0..end;
        let octets = range.clone().map(|index| self.places[&index].located.octets).sum();
        Run { count, octets, bytes: self.bytes(range), ..run }
    }

    /// One run for each message where it is now, joined where no gap is.
    fn runs(&self, indices: &[u64], redelivered: impl Fn(u64) -> bool) -> Vec<Run> {
        let mut runs: Vec<Run> = Vec::new();
        for &index in indices {
            let Place { located: Located { position, octets }, bytes } = self.places[&index];
            let (bytes, redelivered) = (u64::from(bytes), redelivered(index));
            if let Some(last) = runs.last_mut()
                && last.end().0 == index
                && last.position.0 + u64::from(last.octets) == position.0
                && last.redelivered == redelivered
            {
                last.count += 1;
                last.octets += octets;
                last.bytes += bytes;
            } else {
                let first = MessageIndex(index);
                let marked = false;
                runs.push(Run { first, count: 1, octets, position, bytes, redelivered, marked });
            }
        }
        runs
    }
}

/// Whether the message that is `nth` of a run is one that the mask chooses.
fn chosen(mask: u64, nth: u64) -> bool {
    mask >> (nth % 64) & 1 == 1
}

fn runs_of(queue: &Queue) -> Vec<Run> {
    let run = |entry| match entry {
        Entry::Run(run) => Some(run),
        _ => None,
    };
    queue.entries().filter_map(run).collect()
}

fn begins_with(run: &Run, part: &Run) -> bool {
    (run.first, run.position) == (part.first, part.position) && part.count <= run.count
}

impl Model {
    /// Begins with these messages on the disk: size, and whether delivered before.
    pub(super) fn restore(&mut self, messages: &[(u32, bool)]) -> Queue {
        for &(bytes, redelivered) in messages {
            let index = self.messages;
            self.disk.add(index, bytes);
            self.ready.insert(index, (bytes, redelivered));
            self.stores.insert(index, self.disk.places[&index].located.position);
            self.messages += 1;
        }
        let indices: Vec<u64> = (0..self.messages).collect();
        let runs = self.disk.runs(&indices, |index| self.ready[&index].1);
        let settings = Settings { serving: self.serving, ..Settings::default() };
        let queue = Queue::restored(self.messages, runs).with_settings(settings);
        self.check_state(&queue);
        queue
    }

    pub(super) fn page(&mut self, queue: &mut Queue, page: &Page) {
        match *page {
            Page::Write(ref to) => {
                let left = usize::try_from(self.messages - self.disk.written).unwrap();
                self.disk.written += to.index(left + 1) as u64;
            }
            Page::Unload { keep } => self.unload(queue, keep),
            Page::UnloadHeld { from, limit } => self.unload_held(queue, from, limit),
            Page::Want { ahead } => self.disk.wanted = queue.wanted(ahead),
            Page::Load { ref part, missing } => match self.disk.wanted.take() {
                Some(Wanted::Run(run) | Wanted::Look(run)) => {
                    self.load(queue, run, part.as_ref(), missing);
                }
                Some(Wanted::Single(message)) => self.load_returned(queue, &message),
                None => {}
            },
            Page::Move { ref run, ref part, gaps, missing } => {
                let runs = runs_of(queue);
                if !runs.is_empty() {
                    let run = self.disk.part(*run.get(&runs), part.as_ref());
                    self.move_run(queue, run, gaps, missing);
                }
            }
            Page::MoveAll => self.move_all(queue),
        }
        self.check_state(queue);
    }

    fn unload(&mut self, queue: &mut Queue, keep: usize) {
        let lane: Vec<u64> = self.ready.range(self.lane_start..).map(|(index, _)| *index).collect();
        let kept = keep.saturating_sub(self.ready.len() - lane.len());
        let is_cold = |index: &u64| self.is_cold(*index);
        let is_located = |index: &&u64| self.disk.locate(**index).is_some();
        let expected: Vec<u64> = match lane.iter().position(is_cold) {
            None => lane.iter().skip(kept).take_while(is_located).copied().collect(),
            Some(first) => {
                let last = lane.iter().rposition(is_cold).unwrap();
                let tail = lane[last + 1..].iter().take_while(is_located);
                let head = lane[..first].iter().skip(kept).rev().take_while(is_located);
                tail.chain(head).copied().collect()
            }
        };
        let mut unloadable = queue.unloadable(keep).map(|message| message.index.0);
        assert!(expected.iter().all(|index| unloadable.any(|told| told == *index)));
        drop(unloadable);
        let mut told = Vec::new();

        let unloaded = queue.unload(keep, |message| {
            let located = self.locate(message)?;
            told.push(message.index.0);
            Some(located)
        });

        assert_eq!((unloaded.count, &told), (told.len(), &expected));
        assert!(unloaded.apart.is_empty());
        self.make_cold(&told);
    }

    fn unload_held(&mut self, queue: &mut Queue, from: u64, limit: usize) {
        let held: Vec<Message> = queue.held_from(MessageIndex(from), 0).copied().collect();
        let returned = self.ready.range(from..self.lane_start.max(from)).map(|(index, _)| *index);
        let mut told: Vec<u64> = held.iter().map(|message| message.index.0).collect();
        assert!(returned.clone().eq(told.iter().copied().take(returned.clone().count())));
        let mut expected: Vec<u64> =
            returned.chain(self.unacked.range(from..).map(|(index, _)| *index)).collect();
        expected.sort_unstable();
        told.sort_unstable();
        assert_eq!(told, expected);
        for message in held.iter().take(limit) {
            let is_cold = message.store.is_cold();
            if let Some(located) = self.disk.locate(message.index.0) {
                let gone = queue.unload_held(message.index, located.position);
                assert_eq!(gone, (!is_cold).then_some(message.store));
                if !is_cold {
                    self.make_cold(&[message.index.0]);
                }
            }
        }
        let ready =
            self.ready.range(self.lane_start..).next().map(|(index, _)| MessageIndex(*index));
        let place = StoreRef(StoreRef::COLD);
        assert!(ready.is_none_or(|index| queue.unload_held(index, place).is_none()));
    }

    /// Where a message is that the queue asks for.
    fn locate(&self, message: &Message) -> Option<Located> {
        let index = message.index.0;
        assert_eq!(message.store, self.stores[&index]);
        assert!(!message.store.is_cold());
        self.disk.locate(index)
    }

    fn make_cold(&mut self, told: &[u64]) {
        for index in told {
            assert!(!self.is_cold(*index), "{index} was unloaded twice");
            self.stores.insert(*index, self.disk.places[index].located.position);
        }
    }

    fn load(&mut self, queue: &mut Queue, wanted: Run, part: Option<&Index>, missing: u64) {
        let run = self.disk.part(wanted, part);
        let indices = (run.first.0..run.end().0).map(|index| (index, index - run.first.0));
        let (lost, found): (Vec<_>, Vec<_>) = indices.partition(|(_, nth)| chosen(missing, *nth));
        let hot = |disk: &mut Disk, index: u64| {
            disk.loads += 1;
            let store = StoreRef(1 << 40 | disk.loads);
            let bytes = disk.places[&index].bytes;
            Loaded { index: MessageIndex(index), store, bytes, deadline: Timestamp::NEVER }
        };
        let loaded: Vec<Loaded> = found.iter().map(|(i, _)| hot(&mut self.disk, *i)).collect();
        let expected = runs_of(queue).first().is_some_and(|first| begins_with(first, &run));

        assert_eq!(queue.load(&run, &loaded), expected);

        if expected {
            self.lose(lost.iter().map(|(index, _)| *index));
            self.stores.extend(loaded.iter().map(|loaded| (loaded.index.0, loaded.store)));
        }
    }

    fn load_returned(&mut self, queue: &mut Queue, wanted: &Message) {
        let Message { index, store: position, .. } = *wanted;
        let expected =
            self.ready.contains_key(&index.0) && self.stores.get(&index.0) == Some(&position);
        self.disk.loads += 1;
        let store = StoreRef(1 << 40 | self.disk.loads);

        assert_eq!(queue.load_single(index, position, store), expected);

        if expected {
            self.stores.insert(index.0, store);
        }
    }

    fn move_run(&mut self, queue: &mut Queue, run: Run, gaps: u64, missing: u64) {
        let (first, all) = (run.first.0, run.first.0..run.end().0);
        let (lost, left): (Vec<u64>, Vec<u64>) =
            all.partition(|index| chosen(missing, index - first));
        for index in &left {
            self.disk.place(*index, self.disk.places[index].bytes);
            self.disk.end += if chosen(gaps, index - first) { 4096 } else { 0 };
            self.stores.insert(*index, self.disk.places[index].located.position);
        }
        let moved = self.disk.runs(&left, |_| run.redelivered);

        assert!(queue.replace_run(&run, &moved));
        assert!(!queue.replace_run(&run, &moved));

        self.lose(lost.into_iter());
    }

    fn move_all(&mut self, queue: &mut Queue) {
        for place in self.disk.places.values_mut() {
            place.located.position.0 += 1 << 50;
        }
        self.disk.end += 1 << 50;
        for store in self.stores.values_mut().filter(|store| store.is_cold()) {
            store.0 += 1 << 50;
        }
        queue.runs_mut().for_each(|(_, position)| position.0 += 1 << 50);
        for (index, position) in queue.cold_held_mut() {
            position.0 += 1 << 50;
            assert_eq!(*position, self.stores[&index.0]);
        }
        let mut hot: Vec<StoreRef> = queue.stores_mut().map(|store| *store).collect();
        hot.sort_unstable();
        let mut expected: Vec<_> = self.stores.values().filter(|it| !it.is_cold()).collect();
        expected.sort_unstable();
        assert!(hot.iter().eq(expected));
    }

    fn lose(&mut self, lost: impl Iterator<Item = u64>) {
        for index in lost {
            self.ready.remove(&index);
            self.forget(index);
        }
    }

    /// Everything is told, where it is, and nothing else.
    pub(super) fn check_entries(&self, queue: &Queue) {
        let (mut ready, mut unacked) = (Vec::new(), Vec::new());
        for entry in queue.entries() {
            match entry {
                Entry::Run(run) => {
                    let tell = |(index, store)| (index, store, run.redelivered);
                    ready.extend(self.disk.messages_of(&run).into_iter().map(tell));
                }
                Entry::Ready(message) => {
                    assert_eq!(message.bytes, self.ready[&message.index.0].0);
                    ready.push((message.index.0, message.store, message.redelivered));
                }
                Entry::Unacked(message) => {
                    assert_eq!(message.bytes, self.unacked[&message.index.0].0);
                    unacked.push((message.index.0, message.store, message.redelivered));
                }
            }
        }
        let tell = |index: &u64, redelivered| (*index, self.stores[index], redelivered);
        assert!(ready.into_iter().eq(self.ready.iter().map(|(index, (_, it))| tell(index, *it))));
        unacked.sort_unstable();
        assert!(unacked.into_iter().eq(self.unacked.keys().map(|index| tell(index, true))));
    }

    pub(super) fn check_wanted(&self, queue: &Queue) {
        let hot: Vec<u32> =
            self.ready.values().take(self.at_hand()).map(|(bytes, _)| *bytes).collect();
        let before: usize = hot.iter().map(|bytes| *bytes as usize + BESIDE_BODY).sum();
        let first_cold = self.ready.keys().nth(hot.len());
        for ahead in [0, 1, before, before + 1, usize::MAX] {
            let wanted = queue.wanted(ahead);
            let index = wanted.map(|wanted| match wanted {
                Wanted::Run(run) | Wanted::Look(run) => {
                    assert!(run.first.0 >= self.lane_start);
                    run.first.0
                }
                Wanted::Single(Message { index, store, bytes, .. }) => {
                    assert!(index.0 < self.lane_start);
                    let message = (self.stores[&index.0], self.ready[&index.0].0);
                    assert_eq!((store, bytes), message);
                    index.0
                }
            });
            assert_eq!(index, first_cold.filter(|_| before < ahead).copied());
        }
        for limit in [0, 1, 3, usize::MAX] {
            assert_eq!(queue.at_hand(limit), hot.len().min(limit));
        }
        let willing = self.anybody_can_take();
        let stuck = willing && !queue.has_deliverable() && queue.wanted(1).is_none();
        assert!(!stuck || self.ready.is_empty(), "ready messages, but nothing to do");
    }
}
