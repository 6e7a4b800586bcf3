//! The oldest messages go when there are too many, wherever they are.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::amqp::ack_mode::AckMode;
use crate::amqp::argument::DelayedRetry;
use crate::amqp::fingerprint::Fingerprint;
use crate::amqp::id::{StoreRef, Timestamp};
use crate::queue::command::{Attach, Command, Key, Marks, Settlement, Stored};
use crate::queue::effect::{Budget, Effect};
use crate::queue::later::Retry;
use crate::queue::paging::Loaded;
use crate::queue::settings::Priorities;
use crate::queue::testing::{attach, place, restarted};

/// A queue, its disk, and a naive model of it.
struct Rig {
    queue: Queue,
    effects: Effects,
    now: u64,
    /// Size and deadline of what should be ready.
    ready: BTreeMap<u64, (u32, u64)>,
    unacked: BTreeMap<u64, (u32, u64)>,
    /// What was released, or died and is to be.
    gone: BTreeSet<u64>,
    /// All sizes and deadlines there ever were, as the disk has them.
    disk: BTreeMap<u64, (u32, u64)>,
    loads: u64,
}

impl Rig {
    fn new(settings: Settings) -> Self {
        Self {
            queue: Queue::new().with_settings(settings),
            effects: Effects::new(Budget { messages: 256, bytes: 256 << 10 }),
            now: 1000,
            ready: BTreeMap::new(),
            unacked: BTreeMap::new(),
            gone: BTreeSet::new(),
            disk: BTreeMap::new(),
            loads: 1 << 40,
        }
    }

    fn enqueue(&mut self, bytes: u32) {
        let index = self.queue.next_index();
        let ttl = self.queue.settings().message_ttl;
        let entry = (bytes, ttl.map_or(u64::MAX, |ttl| self.now + ttl));
        self.ready.insert(index, entry);
        self.disk.insert(index, entry);
        self.apply(&[Command::Enqueue(Stored { store: StoreRef(index), bytes })]);
    }

    fn settle(&mut self, nth: usize, outcome: Settlement) {
        let Some((&index, &entry)) = self.unacked.iter().nth(nth) else { return };
        self.unacked.remove(&index);
        if outcome == Settlement::Requeue {
            self.ready.insert(index, entry);
        }
        self.apply(&[Command::Settle { index: MessageIndex(index), outcome }]);
    }

    /// Who is left of what should be ready.
    fn trim(&mut self) {
        let now = self.now;
        self.ready.retain(|_, (_, deadline)| *deadline > now);
        let Settings { max_length, max_bytes, .. } = *self.queue.settings();
        let is_over = |ready: &BTreeMap<u64, (u32, u64)>| {
            let bytes: u64 = ready.values().map(|(bytes, _)| u64::from(*bytes)).sum();
            max_length.is_some_and(|most| ready.len() as u64 > most)
                || max_bytes.is_some_and(|most| bytes > most)
        };
        while is_over(&self.ready) {
            self.ready.pop_first();
        }
    }

    /// Applies commands and loads what is wanted, until nothing is; then checks what is left.
    fn apply(&mut self, commands: &[Command]) {
        let mut commands = commands.to_vec();
        loop {
            self.effects.clear();
            self.queue.apply(Timestamp(self.now), &commands, &mut self.effects);
            commands.clear();
            for effect in self.effects.list() {
                match effect {
                    Effect::Got { delivery, .. } => {
                        let (index, entry) = self.ready.pop_first().unwrap();
                        assert_eq!(delivery.index.0, index);
                        self.unacked.insert(index, entry);
                    }
                    Effect::Died { index, store, .. } => {
                        assert!(!store.is_cold());
                        commands.push(Command::Bury { index: *index });
                    }
                    _ => {}
                }
            }
            let runs = self.effects.released_runs().iter();
            let of_runs = runs.flat_map(|run| run.first.0..run.end().0);
            let single = self.effects.released().iter().map(|(index, _)| index.0);
            for index in single.chain(of_runs) {
                assert!(self.gone.insert(index), "{index} goes twice");
            }
            match self.queue.wanted_anyway() {
                Some(wanted) => self.load(wanted),
                None if commands.is_empty() => break,
                None => {}
            }
        }
        self.trim();
        self.check();
    }

    fn check(&self) {
        let bytes: u64 = self.ready.values().map(|(bytes, _)| u64::from(*bytes)).sum();
        assert_eq!(self.queue.ready(), self.ready.len());
        assert_eq!(self.queue.ready_bytes(), bytes);
        assert_eq!(self.queue.unacked(), self.unacked.len());
        let is_gone = |index: &u64| self.gone.contains(index);
        assert!(!self.ready.keys().chain(self.unacked.keys()).any(is_gone));
        let left = self.ready.len() + self.unacked.len();
        assert_eq!(self.gone.len() as u64, self.queue.next_index() - left as u64);
    }

    fn load(&mut self, wanted: Wanted) {
        self.loads += 1000;
        match wanted {
            Wanted::Run(run) => {
                let loaded = (run.first.0..run.end().0).map(|index| Loaded {
                    index: MessageIndex(index),
                    store: StoreRef(self.loads + index),
                    bytes: self.disk[&index].0,
                    deadline: Timestamp(self.disk[&index].1),
                });
                assert!(self.queue.load(&run, &loaded.collect::<Vec<_>>()));
            }
            Wanted::Single(message) => {
                let store = StoreRef(self.loads);
                assert!(self.queue.load_single(message.index, message.store, store));
            }
            Wanted::Look(run) => unreachable!("{run:?} is not marked"),
        }
    }

    /// What is ready as it would be after a restart, when what was unacked is ready again.
    fn restart(&mut self) {
        self.ready.append(&mut self.unacked);
        self.queue = restarted(&self.queue, 5);
        self.apply(&[]);
    }
}

#[derive(Clone, Debug)]
enum Step {
    Enqueue(u32),
    Get,
    Settle(usize, Settlement),
    Wait(u64),
    Configure(Option<u64>),
    Unload(usize),
    UnloadHeld,
    Want,
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    let outcome =
        prop_oneof![Just(Settlement::Ack), Just(Settlement::Requeue), Just(Settlement::Discard)];
    prop_oneof![
        12 => (0..20_u32).prop_map(Step::Enqueue),
        3 => Just(Step::Get),
        2 => (0..4_usize, outcome).prop_map(|(nth, outcome)| Step::Settle(nth, outcome)),
        1 => (0..60_u64).prop_map(Step::Wait),
        1 => limit(20).prop_map(Step::Configure),
        3 => (0..4_usize).prop_map(Step::Unload),
        1 => Just(Step::UnloadHeld),
        1 => Just(Step::Want),
        1 => Just(Step::Restart),
    ]
}

fn limit(most: u64) -> impl Strategy<Value = Option<u64>> {
    prop_oneof![1 => Just(None), 3 => (0..most).prop_map(Some)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn what_is_within_the_limits_stays_and_the_oldest_go(
        max_length in limit(20),
        max_bytes in limit(200),
        message_ttl in prop_oneof![2 => Just(None), 1 => (0..150_u64).prop_map(Some)],
        dead in prop_oneof![Just(Dead::Dropped), Just(Dead::Published)],
        steps in prop::collection::vec(step(), 1..150),
    ) {
        let settings = Settings { message_ttl, max_length, max_bytes, dead, ..Settings::default() };
        let mut rig = Rig::new(settings);
        for step in steps {
            match step {
                Step::Enqueue(bytes) => rig.enqueue(bytes),
                Step::Get => rig.apply(&[Command::Get { request: 0, acks: AckMode::Manual }]),
                Step::Settle(nth, outcome) => rig.settle(nth, outcome),
                Step::Wait(time) => rig.now += time,
                Step::Configure(max_length) => {
                    let settings = Settings { max_length, ..*rig.queue.settings() };
                    rig.queue.configure(settings);
                }
                Step::Unload(keep) => {
                    rig.queue.unload(keep, |message| Some(place(message.index.0)));
                }
                Step::UnloadHeld => {
                    let held: Vec<MessageIndex> =
                        rig.queue.held_from(MessageIndex(0), 0).map(|message| message.index).collect();
                    for index in held {
                        rig.queue.unload_held(index, place(index.0).position);
                    }
                }
                Step::Want => {
                    if let Some(wanted) = rig.queue.wanted(100) {
                        rig.load(wanted);
                    }
                }
                Step::Restart => rig.restart(),
            }
            rig.apply(&[]);
        }
    }

    #[test]
    fn a_vacancy_takes_what_leaves_the_queue_within_its_limits(
        max_length in limit(10),
        max_bytes in limit(100),
        sizes in prop::collection::vec(0..30_u32, 0..20),
    ) {
        let overflow = Overflow::RejectPublish;
        let mut rig = Rig::new(Settings { overflow, ..Settings::default() });
        prop_assert_eq!(rig.queue.vacancy(), None);
        rig.queue.configure(Settings { max_length, max_bytes, overflow, ..Settings::default() });
        let (mut count, mut sum) = (0, 0);
        for bytes in sizes {
            let fits = max_length.is_none_or(|most| count < most)
                && max_bytes.is_none_or(|most| sum + u64::from(bytes) <= most);
            let mut vacancy = rig.queue.vacancy();
            prop_assert_eq!(vacancy.is_some(), max_length.is_some() || max_bytes.is_some());
            prop_assert_eq!(vacancy.as_mut().is_none_or(|it| it.take(bytes)), fits);
            if fits {
                let store = StoreRef(count);
                (count, sum) = (count + 1, sum + u64::from(bytes));
                let enqueue = Command::Enqueue(Stored { store, bytes });
                rig.queue.apply(Timestamp(0), &[enqueue], &mut rig.effects);
            }
        }
        prop_assert_eq!(rig.queue.ready() as u64, count);
    }
}

#[test]
fn what_a_consumer_can_take_is_not_too_much() {
    let settings = Settings { max_length: Some(0), ..Settings::default() };
    let mut queue = Queue::new().with_settings(settings);
    let mut effects = Effects::new(Budget { messages: 10, bytes: 1000 });
    let enqueue = |n| Command::Enqueue(Stored { store: StoreRef(n), bytes: 1 });
    let commands: Vec<_> = std::iter::once(attach()).chain((0..25).map(enqueue)).collect();

    queue.apply(Timestamp(0), &commands, &mut effects);
    let mut calls = 1;
    while queue.has_excess() {
        effects.clear();
        queue.apply(Timestamp(0), &[], &mut effects);
        calls += 1;
    }

    assert_eq!((queue.ready(), queue.unacked(), calls), (0, 25, 3));
}

#[test]
fn a_refused_message_is_dead_lettered_where_there_is_a_place_for_it() {
    for (dead, deaths) in [(Dead::Dropped, 0), (Dead::Published, 1)] {
        let mut rig = Rig::new(Settings { dead, ..Settings::default() });

        let refuse = Command::Refuse(Stored { store: StoreRef(7), bytes: 1 });
        rig.queue.apply(Timestamp(0), &[refuse], &mut rig.effects);

        assert_eq!((rig.queue.ready(), rig.effects.list().len()), (0, deaths));
        assert_eq!(rig.effects.released().len(), 1 - deaths);
    }
}

/// A full queue that refuses publishes, whose one message, of 10 octets, has died.
fn full_of_dead(dead: Dead, max_length: Option<u64>, max_bytes: Option<u64>) -> (Queue, Effects) {
    let overflow = Overflow::RejectPublish;
    let settings = Settings { max_length, max_bytes, overflow, dead, ..Settings::default() };
    let mut queue = Queue::new().with_settings(settings);
    let mut effects = Effects::new(Budget { messages: 10, bytes: 1000 });
    let enqueue = Command::Enqueue(Stored { store: StoreRef(7), bytes: 10 });
    let discard = Command::Settle { index: MessageIndex(0), outcome: Settlement::Discard };
    queue.apply(Timestamp(0), &[attach(), enqueue], &mut effects);
    queue.apply(Timestamp(0), &[discard], &mut effects);
    effects.clear();
    (queue, effects)
}

#[test]
fn what_died_takes_room_where_it_is_kept_until_it_is_elsewhere() {
    for (dead, has_room) in [(Dead::Published, true), (Dead::Kept, false)] {
        for (max_length, max_bytes) in [(Some(1), None), (None, Some(10))] {
            let (mut queue, mut effects) = full_of_dead(dead, max_length, max_bytes);

            assert_eq!(queue.vacancy().unwrap().take(10), has_room);
            queue.apply(Timestamp(0), &[Command::Bury { index: MessageIndex(0) }], &mut effects);

            assert!(queue.vacancy().unwrap().take(10));
        }
    }
}

/// A queue with a limit of two messages, of which one came back and waits for 50 ms.
fn retrying(overflow: Overflow) -> (Queue, Effects) {
    let retry = Some(Retry { which: DelayedRetry::All, min: 50, max: 50 });
    let limits = Settings { max_length: Some(2), overflow, ..Settings::default() };
    let settings = Settings { counts_attempts: true, retry, ..limits };
    let mut queue = Queue::new().with_settings(settings);
    let mut effects = Effects::new(Budget { messages: 10, bytes: 1000 });
    let enqueue = Command::Enqueue(Stored { store: StoreRef(0), bytes: 10 });
    let get = Command::Get { request: 0, acks: AckMode::Manual };
    let outcome = Settlement::Requeue;
    let nack = Command::Settle { index: MessageIndex(0), outcome };
    queue.apply(Timestamp(0), &[enqueue, get, nack], &mut effects);
    effects.clear();
    (queue, effects)
}

#[test]
fn what_came_back_and_waits_takes_room() {
    let (mut queue, mut effects) = retrying(Overflow::RejectPublish);
    let mut vacancy = queue.vacancy().unwrap();
    assert_eq!([vacancy.take(1), vacancy.take(1)], [true, false]);

    let (mut head, mut dropped) = retrying(Overflow::DropHead);
    let enqueue = |store| Command::Enqueue(Stored { store: StoreRef(store), bytes: 10 });
    head.apply(Timestamp(1), &[enqueue(1), enqueue(2)], &mut dropped);
    assert_eq!(dropped.released(), [(MessageIndex(1), StoreRef(1))]);
    head.apply(Timestamp(50), &[], &mut dropped);
    assert_eq!((head.ready(), head.deferred(), dropped.released().len()), (2, 0, 1));

    queue.configure(Settings {
        max_length: Some(0),
        overflow: Overflow::DropHead,
        ..*queue.settings()
    });
    queue.apply(Timestamp(1), &[], &mut effects);
    assert!(effects.released().is_empty() && !queue.has_excess());
    queue.apply(Timestamp(50), &[], &mut effects);
    assert_eq!(effects.released().len(), 1);
}

#[test]
fn a_purge_takes_the_dead_where_they_are_kept_and_makes_room() {
    for (dead, purged) in [(Dead::Published, 0), (Dead::Kept, 1)] {
        let (mut queue, mut effects) = full_of_dead(dead, Some(1), None);

        queue.apply(Timestamp(0), &[Command::Purge { request: 0 }], &mut effects);

        assert_eq!(effects.list(), [Effect::Purged { request: 0, count: purged }]);
        assert_eq!(effects.released().len(), purged as usize);
        assert_eq!(queue.is_dying(), purged == 0);
        assert!(queue.vacancy().unwrap().take(10));
    }
}

/// A queue with priorities up to 9 and a limit of length whose only consumer is full: it holds a
/// message of group 0.
struct Crowd {
    queue: Queue,
    effects: Effects,
    /// What should be ready: by level, the highest first, then by place.
    ready: BTreeSet<(Reverse<u8>, u64)>,
    dropped: BTreeSet<u64>,
}

impl Crowd {
    fn new(max_length: u64, dead: Dead) -> Self {
        let priorities = Priorities { highest: 9, absent: 0 };
        let settings =
            Settings { max_length: Some(max_length), dead, priorities, ..Settings::default() };
        let mut queue = Queue::new().with_settings(settings);
        let mut effects = Effects::new(Budget { messages: 10, bytes: 1000 });
        let Command::Attach(attach) = attach() else { unreachable!() };
        queue.apply(
            Timestamp(0),
            &[Command::Attach(Attach { prefetch: 1, ..attach })],
            &mut effects,
        );
        let mut crowd = Self { queue, effects, ready: BTreeSet::new(), dropped: BTreeSet::new() };
        crowd.publish(0, Some(0));
        let held = crowd.ready.pop_first();
        assert_eq!((held, crowd.queue.unacked()), (Some((Reverse(0), 0)), 1));
        crowd
    }

    fn publish(&mut self, level: u8, group: Option<u8>) {
        let place = self.queue.next_index();
        let index = MessageIndex(place);
        let stored = Stored { store: StoreRef(place), bytes: 1 };
        let key = |group| Key::Group(Fingerprint::of_octets(&[group]));
        let mut commands: Vec<_> =
            group.map(|group| Command::Identify { index, key: key(group) }).into_iter().collect();
        let marks = Marks { priority: Some(level), ..Marks::default() };
        commands.push(Command::EnqueueMarked(stored, marks));
        self.ready.insert((Reverse(level), place));
        self.apply(commands);
    }

    /// Applies commands, loads what is wanted and buries what died, until there is nothing to do.
    fn apply(&mut self, mut commands: Vec<Command>) {
        loop {
            self.effects.clear();
            self.queue.apply(Timestamp(0), &commands, &mut self.effects);
            commands.clear();
            for effect in self.effects.list() {
                if let Effect::Died { index, .. } = effect {
                    commands.push(Command::Bury { index: *index });
                }
            }
            self.dropped.extend(self.effects.released().iter().map(|(index, _)| index.0));
            let runs = self.effects.released_runs().iter();
            self.dropped.extend(runs.flat_map(|run| run.first.0..run.end().0));
            match self.queue.wanted_anyway() {
                Some(Wanted::Run(run)) => {
                    let loaded = (run.first.0..run.end().0).map(|index| Loaded {
                        index: MessageIndex(index),
                        store: StoreRef((1 << 40) + index),
                        bytes: 1,
                        deadline: Timestamp::NEVER,
                    });
                    assert!(self.queue.load(&run, &loaded.collect::<Vec<_>>()));
                }
                Some(Wanted::Single(message)) => {
                    let store = StoreRef((1 << 40) + message.index.0);
                    assert!(self.queue.load_single(message.index, message.store, store));
                }
                Some(Wanted::Look(run)) => unreachable!("{run:?} is not marked"),
                None if commands.is_empty() => break,
                None => {}
            }
        }
        assert!(!self.queue.has_excess());
    }

    fn unload(&mut self, keep: usize) {
        self.queue.unload(keep, |message| Some(place(message.index.0)));
        let held = self.queue.held_from(MessageIndex(0), 0);
        let held: Vec<_> = held.map(|message| message.index).collect();
        for index in held {
            self.queue.unload_held(index, place(index.0).position);
        }
    }
}

#[test]
fn the_oldest_of_the_highest_priority_goes_first_even_if_it_waits_for_its_group() {
    for groups in [[None; 3], [Some(0), None, None], [None, Some(0), None], [Some(0); 3]] {
        for levels in [[5, 0, 3], [0, 5, 3], [0, 3, 5]] {
            let mut crowd = Crowd::new(2, Dead::Dropped);

            for (level, group) in levels.into_iter().zip(groups) {
                crowd.publish(level, group);
            }

            let highest = levels.iter().position(|level| *level == 5).unwrap() as u64 + 1;
            assert_eq!(crowd.dropped, BTreeSet::from([highest]), "{levels:?} of {groups:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn the_first_by_priority_and_place_goes_wherever_it_is(
        max_length in 0..6_u64,
        dead in prop_oneof![Just(Dead::Dropped), Just(Dead::Published)],
        steps in prop::collection::vec(
            (0..4_u8, prop::option::of(0..2_u8), prop::option::of(0..4_usize)), 1..40),
    ) {
        let mut crowd = Crowd::new(max_length, dead);
        let mut dropped = BTreeSet::new();
        for (level, group, unload) in steps {
            crowd.publish(level, group);
            while crowd.ready.len() as u64 > max_length {
                dropped.extend(crowd.ready.pop_first().map(|(_, place)| place));
            }
            prop_assert_eq!(&crowd.dropped, &dropped);
            prop_assert_eq!(crowd.queue.ready(), crowd.ready.len());
            if let Some(keep) = unload {
                crowd.unload(keep);
            }
        }
    }
}
