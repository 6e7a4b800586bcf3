//! Messages wait for their time, and no longer.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::amqp::ack_mode::AckMode;
use crate::amqp::run::Run;
use crate::queue::command::{Command, Settlement, Stored};
use crate::queue::effect::{Budget, Effect};
use crate::queue::paging::{Loaded, Seen, Wanted};
use crate::queue::settings::Settings;

const OCTETS: u32 = 32;

/// What a message says of itself. It is known by the place under which it came.
#[derive(Clone, Copy, Debug)]
struct Known {
    due: Option<u64>,
    lifetime: Option<u64>,
}

impl Known {
    fn expires(&self) -> u64 {
        self.lifetime.map_or(u64::MAX, |lifetime| self.due.unwrap_or(0) + lifetime)
    }
}

/// A queue, its disk, and what is known of each message that is there.
struct Rig {
    queue: Queue,
    effects: Effects,
    now: u64,
    known: BTreeMap<u64, Known>,
    waiting: BTreeSet<(u64, u64)>,
    /// What each ready message was when it came, by its place.
    ready: BTreeMap<u64, u64>,
    unacked: BTreeMap<u64, u64>,
    /// Whose contents each place in memory has.
    stores: BTreeMap<u64, u64>,
    loads: u64,
}

fn location(origin: u64) -> Located {
    Located { position: StoreRef(StoreRef::COLD | (4096 + origin * 32)), octets: OCTETS }
}

fn origin_at(position: StoreRef) -> u64 {
    ((position.0 & !StoreRef::COLD) - 4096) / 32
}

impl Rig {
    fn new() -> Self {
        let settings = Settings { delayed: true, ..Settings::default() };
        Self {
            queue: Queue::new().with_settings(settings),
            effects: Effects::new(Budget { messages: 256, bytes: 256 << 10 }),
            now: 1 << 40,
            known: BTreeMap::new(),
            waiting: BTreeSet::new(),
            ready: BTreeMap::new(),
            unacked: BTreeMap::new(),
            stores: BTreeMap::new(),
            loads: 1 << 40,
        }
    }

    fn publish(&mut self, delay: Option<u64>, lifetime: Option<u64>) {
        let index = self.queue.next_index();
        self.stores.insert(index, index);
        let stored = Stored { store: StoreRef(index), bytes: 10 };
        let due = delay.map(|delay| self.now + delay);
        self.known.insert(index, Known { due, lifetime });
        let command = if let Some(due) = due {
            self.waiting.insert((due, index));
            let (due, lifetime) = (Timestamp(due), lifetime.unwrap_or(u64::MAX));
            let id = u32::try_from(index % 3).unwrap();
            Command::Delay { stored, due, lifetime, id, priority: None }
        } else {
            self.known.get_mut(&index).unwrap().lifetime = None;
            self.ready.insert(index, index);
            Command::Enqueue(stored)
        };
        self.apply(&[command]);
    }

    fn cancel(&mut self, nth: usize) {
        let Some(&(due, index)) = self.waiting.iter().nth(nth % self.waiting.len().max(1)) else {
            return;
        };
        self.waiting.remove(&(due, index));
        self.known.remove(&index);
        let (index, due) = (MessageIndex(index), Timestamp(due));
        self.apply(&[Command::CancelDelayed { index, due }]);
        let released = self.effects.released().iter().filter(|(released, _)| *released == index);
        assert_eq!(released.count(), 1);
    }

    fn settle(&mut self, nth: usize, outcome: Settlement) {
        let Some((&place, &origin)) = self.unacked.iter().nth(nth % self.unacked.len().max(1))
        else {
            return;
        };
        self.unacked.remove(&place);
        if outcome == Settlement::Requeue {
            self.ready.insert(place, origin);
        } else {
            self.known.remove(&origin);
        }
        self.apply(&[Command::Settle { index: MessageIndex(place), outcome }]);
    }

    /// Applies commands, and again as long as something is due; checks what follows.
    fn apply(&mut self, commands: &[Command]) {
        let mut commands = commands.to_vec();
        let mut released = Vec::new();
        loop {
            self.effects.clear();
            self.queue.apply(Timestamp(self.now), &commands, &mut self.effects);
            commands.clear();
            let ripened: Vec<_> = self.queue.ripened().collect();
            for Ripened { from, place, octets } in ripened {
                if from != place {
                    let first = self.waiting.pop_first().unwrap();
                    assert_eq!(first.1, from.0, "one became ready before its turn");
                    assert!(first.0 <= self.now, "{from} became ready before its time");
                    assert!(octets == OCTETS || octets == 0);
                    assert!(self.ready.insert(place.0, from.0).is_none());
                }
            }
            let now = self.now;
            self.ready.retain(|_, origin| self.known[origin].expires() > now);
            for effect in self.effects.list() {
                if let Effect::Got { delivery, .. } = effect {
                    let (place, origin) = self.ready.pop_first().unwrap();
                    assert_eq!(delivery.index.0, place);
                    assert_eq!(self.stores[&delivery.store.0], origin);
                    self.unacked.insert(place, origin);
                }
            }
            released.extend_from_slice(self.effects.released());
            match self.queue.wanted_anyway() {
                Some(wanted) => self.load(wanted),
                None if self.queue.next_wake().is_some_and(|wake| wake.0 <= self.now) => {}
                None => break,
            }
        }
        self.check();
    }

    fn load(&mut self, wanted: Wanted) {
        self.loads += 1_000_000;
        match wanted {
            Wanted::Run(run) => {
                let loaded = (run.first.0..run.end().0).map(|index| {
                    self.stores.insert(self.loads + index, index);
                    let store = StoreRef(self.loads + index);
                    let deadline = Timestamp::NEVER;
                    Loaded { index: MessageIndex(index), store, bytes: 10, deadline }
                });
                let loaded: Vec<_> = loaded.collect();
                assert!(self.queue.load(&run, &loaded));
            }
            Wanted::Look(run) => self.look(&run),
            Wanted::Single(message) => {
                self.stores.insert(self.loads, origin_at(message.store));
                let store = StoreRef(self.loads);
                assert!(self.queue.load_single(message.index, message.store, store));
            }
        }
    }

    fn look(&mut self, run: &Run) {
        let mut seen = Vec::new();
        let mut waiting = Vec::new();
        for index in run.first.0..run.end().0 {
            let position = location(index).position;
            let Known { due, lifetime } = self.known[&index];
            if let Some(due) = due {
                let index = MessageIndex(index);
                let message = Waiting::new(Timestamp(due), index, position, 10);
                let redelivered = run.redelivered;
                waiting.push((Waiting { octets: OCTETS, redelivered, ..message }, lifetime));
            } else {
                let deadline = Timestamp::NEVER;
                seen.push(Seen {
                    index: MessageIndex(index),
                    located: location(index),
                    bytes: 10,
                    deadline,
                    marks: Marks { lifetime: Some(1), priority: None },
                    known: false,
                });
            }
        }
        assert!(self.queue.look_at(run, &seen).is_some());
        for (message, lifetime) in waiting {
            self.waiting.insert((message.due.0, message.index.0));
            self.queue.restore_delayed(message, lifetime);
        }
    }

    fn check(&self) {
        assert!(self.waiting.first().is_none_or(|(due, _)| *due > self.now));
        assert_eq!(self.queue.delayed(), self.waiting.len());
        assert_eq!(self.queue.delayed_bytes(), 10 * self.waiting.len() as u64);
        let counts = (self.queue.ready(), self.queue.unacked());
        assert_eq!(counts, (self.ready.len(), self.unacked.len()));
        if let Some((first, _)) = self.waiting.first() {
            assert!(self.queue.next_wake().unwrap().0 <= *first);
        }
        let mut after = (Timestamp(0), MessageIndex(0));
        let mut listed = Vec::new();
        loop {
            let page = self.queue.list_delayed(after, 3);
            let Some(last) = page.last() else { break };
            after = last.rank();
            listed.extend(page.iter().map(|waiting| (waiting.due.0, waiting.index.0)));
        }
        assert_eq!(listed, self.waiting.iter().copied().collect::<Vec<_>>());
    }

    /// What is there as it would be after a restart: what became ready waits once more, for a time
    /// that is over.
    fn restart(&mut self) {
        let settings = *self.queue.settings();
        let places: BTreeMap<u64, u64> = self
            .ready
            .iter()
            .chain(&self.unacked)
            .map(|(place, origin)| (*place, *origin))
            .collect();
        let one = |message: &Message| {
            let origin = places.get(&message.index.0).copied().unwrap_or(message.index.0);
            Run {
                first: MessageIndex(origin),
                count: 1,
                octets: OCTETS,
                position: location(origin).position,
                bytes: 10,
                redelivered: message.redelivered,
                marked: message.marked,
            }
        };
        let runs = self.queue.entries().map(|entry| match entry {
            Entry::Run(run) => run,
            Entry::Ready(message) | Entry::Unacked(message) => one(&message),
        });
        let mut runs: Vec<Run> = runs.collect();
        runs.sort_unstable_by_key(|run| run.first);
        runs.dedup_by(|next, last| last.extend(next, 3 * OCTETS));
        self.waiting.clear();
        self.unacked.clear();
        self.ready.clear();
        let unmarked = self.known.iter().filter(|(_, known)| known.due.is_none());
        self.ready.extend(unmarked.map(|(origin, _)| (*origin, *origin)));
        self.queue = Queue::restored(self.queue.next_index(), runs).with_settings(settings);
        self.apply(&[]);
    }
}

#[derive(Clone, Debug)]
enum Step {
    Publish(Option<u64>, Option<u64>),
    Get,
    Settle(usize, Settlement),
    Cancel(usize),
    Wait(u64),
    Unload(usize),
    UnloadHeld,
    UnloadDelayed(usize),
    Want,
    Purge,
    Restart,
}

/// Spans of time of every order, up to weeks.
fn span() -> impl Strategy<Value = u64> {
    prop_oneof![0..300_u64, 0..20_000_u64, 0..3_000_000_u64, 0..1_000_000_000_u64]
}

fn step() -> impl Strategy<Value = Step> {
    let outcome =
        prop_oneof![Just(Settlement::Ack), Just(Settlement::Requeue), Just(Settlement::Discard)];
    let lifetime = prop_oneof![3 => Just(None), 1 => (0..5000_u64).prop_map(Some)];
    prop_oneof![
        10 => (prop_oneof![1 => Just(None), 4 => span().prop_map(Some)], lifetime)
            .prop_map(|(delay, lifetime)| Step::Publish(delay, lifetime)),
        4 => Just(Step::Get),
        2 => (0..10_usize, outcome).prop_map(|(nth, outcome)| Step::Settle(nth, outcome)),
        1 => (0..10_usize).prop_map(Step::Cancel),
        5 => span().prop_map(Step::Wait),
        1 => (0..4_usize).prop_map(Step::Unload),
        1 => Just(Step::UnloadHeld),
        4 => (0..8_usize).prop_map(Step::UnloadDelayed),
        2 => Just(Step::Want),
        1 => Just(Step::Purge),
        1 => Just(Step::Restart),
    ]
}

impl Rig {
    fn take(&mut self, step: &Step) {
        match *step {
            Step::Publish(delay, lifetime) => self.publish(delay, lifetime),
            Step::Get => self.apply(&[Command::Get { request: 0, acks: AckMode::Manual }]),
            Step::Settle(nth, outcome) => self.settle(nth, outcome),
            Step::Cancel(nth) => self.cancel(nth),
            Step::Wait(time) => self.now += time,
            Step::Unload(keep) => {
                let Self { queue, ready, .. } = self;
                queue.unload(keep, |message| {
                    let index = message.index.0;
                    Some(location(ready.get(&index).copied().unwrap_or(index)))
                });
            }
            Step::UnloadHeld => {
                let held = self.queue.held_from(MessageIndex(0), 0);
                let held: Vec<u64> = held.map(|message| message.index.0).collect();
                for place in held {
                    let origin = self.ready.get(&place).or_else(|| self.unacked.get(&place));
                    let position = location(*origin.unwrap()).position;
                    self.queue.unload_held(MessageIndex(place), position);
                }
            }
            Step::UnloadDelayed(count) => {
                let hot: Vec<_> = self.queue.hot_delayed().take(count).collect();
                for message in hot {
                    let gone = self.queue.unload_delayed(message.index, location(message.index.0));
                    assert_eq!(gone, Some(message.store));
                }
            }
            Step::Want => {
                if let Some(wanted) = self.queue.wanted(100) {
                    self.load(wanted);
                }
            }
            Step::Purge => {
                for (_, origin) in std::mem::take(&mut self.ready) {
                    self.known.remove(&origin);
                }
                self.apply(&[Command::Purge { request: 0 }]);
            }
            Step::Restart => self.restart(),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn each_message_becomes_ready_at_its_time_behind_what_was_ready(
        steps in prop::collection::vec(step(), 1..120),
    ) {
        let mut rig = Rig::new();
        for step in steps {
            rig.take(&step);
            rig.apply(&[]);
        }
        rig.now += 2_000_000_000;
        rig.apply(&[]);
        prop_assert!(rig.waiting.is_empty());
    }
}

#[test]
fn what_waits_is_found_by_the_checksum_of_its_id() {
    let mut rig = Rig::new();
    (0..9).for_each(|n| rig.publish(Some(1000 - n), None));

    let found = rig.queue.find_delayed(1);

    assert_eq!(found.iter().map(|it| it.index.0).collect::<Vec<_>>(), [7, 4, 1]);
}

#[test]
fn many_that_are_due_at_once_become_ready_in_steps() {
    let mut rig = Rig::new();
    let (mut applied, count) = (0, 3 * STEP);
    for index in 0..count as u64 {
        let due = Timestamp(rig.now + 5_000_000_000 + index % 1000);
        let position = location(index).position;
        rig.queue.restore_delayed(Waiting::new(due, MessageIndex(index), position, 1), None);
    }

    rig.now += 6_000_000_000;
    while rig.queue.next_wake().is_some_and(|wake| wake.0 <= rig.now) {
        let before = rig.queue.ready();
        rig.queue.apply(Timestamp(rig.now), &[], &mut rig.effects);
        assert!(rig.queue.ready() - before <= STEP);
        applied += 1;
    }

    let times: Vec<u64> = rig.queue.ripened().map(|it| it.from.0 % 1000).collect();
    assert!(times.is_sorted() && times.len() == count && applied >= 3);
}

#[test]
fn what_is_due_soon_is_told_of_once_and_where_it_lies() {
    let mut rig = Rig::new();
    rig.apply(&[]);
    for (index, delay) in [(0, 3_600_000), (1, 5000), (2, 5001)] {
        let (due, position) = (Timestamp(rig.now + delay), location(index).position);
        let waiting = Waiting::new(due, MessageIndex(index), position, 1);
        rig.queue.restore_delayed(Waiting { octets: OCTETS, ..waiting }, None);
    }

    let mut told = Vec::new();
    for pass in [1000, 3500, 100] {
        rig.now += pass;
        rig.queue.apply(Timestamp(rig.now), &[], &mut rig.effects);
        let mut coming: Vec<_> = rig.queue.coming().map(|it| (it.position, it.octets)).collect();
        coming.sort_unstable();
        told.push(coming);
    }

    let expected = [1, 2].map(|index| (location(index).position, OCTETS));
    assert_eq!(told, [vec![], expected.to_vec(), vec![]]);
}
