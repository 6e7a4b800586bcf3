//! What is more urgent is delivered first, wherever it is.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use crate::amqp::ack_mode::AckMode;
use crate::amqp::id::{ConsumerId, MessageIndex, StoreRef, Timestamp};
use crate::amqp::run::Run;
use crate::queue::command::{
    Attach, ChannelLimit, Command, Exclusivity, Marks, Settlement, Stored,
};
use crate::queue::core::Queue;
use crate::queue::effect::{Budget, Effect, Effects};
use crate::queue::lane::Message;
use crate::queue::paging::{Entry, Loaded, Located, Seen, Wanted};
use crate::queue::settings::{Priorities, Settings};

const OCTETS: u32 = 32;

/// What a message says, and when it expires.
#[derive(Clone, Copy, Debug)]
struct Said {
    marks: Marks,
    deadline: u64,
}

/// A queue, its disk, and what is known of each message.
struct Rig {
    queue: Queue,
    effects: Effects,
    now: u64,
    said: BTreeMap<u64, Said>,
    ready: BTreeSet<u64>,
    unacked: BTreeSet<u64>,
    loads: u64,
    /// How far everything on the disk has moved.
    moved: u64,
}

impl Rig {
    fn new(settings: Settings) -> Self {
        Self {
            queue: Queue::new().with_settings(settings),
            effects: Effects::new(Budget { messages: 256, bytes: 256 << 10 }),
            now: 1000,
            said: BTreeMap::new(),
            ready: BTreeSet::new(),
            unacked: BTreeSet::new(),
            loads: 1 << 40,
            moved: 4096,
        }
    }

    fn place(&self, index: u64) -> Located {
        let position = StoreRef(StoreRef::COLD | (self.moved + index * u64::from(OCTETS)));
        Located { position, octets: OCTETS }
    }

    /// The ready messages in the order of their turns.
    fn order(&self) -> Vec<u64> {
        let priorities = self.queue.settings().priorities;
        let mut order: Vec<u64> = self.ready.iter().copied().collect();
        order.sort_by_key(|index| u8::MAX - priorities.level(self.said[index].marks.priority));
        order
    }

    fn enqueue(&mut self, marks: Marks) {
        let index = self.queue.next_index();
        let stored = Stored { store: StoreRef(index), bytes: 10 };
        let lives = self.queue.settings().message_ttl.into_iter().chain(marks.lifetime).min();
        let deadline = lives.map_or(u64::MAX, |lives| self.now + lives);
        self.said.insert(index, Said { marks, deadline });
        self.ready.insert(index);
        let says_something = marks != Marks::default();
        self.apply(&[if says_something {
            Command::EnqueueMarked(stored, marks)
        } else {
            Command::Enqueue(stored)
        }]);
    }

    /// Takes the first message, and says which; `None` if it is not in memory.
    fn get(&mut self, acks: AckMode) -> Option<u64> {
        self.apply(&[Command::Get { request: 0, acks }]);
        let told = self.effects.list().iter().find_map(|effect| match effect {
            Effect::Got { delivery, .. } => Some(delivery.index.0),
            _ => None,
        });
        let Some(index) = told else {
            let is_empty = self.effects.list().contains(&Effect::GetEmpty { request: 0 });
            assert_eq!(is_empty, self.ready.is_empty());
            return None;
        };
        assert!(self.said[&index].deadline >= self.now, "{index} is delivered late");
        if acks == AckMode::Automatic {
            self.ready.insert(index);
        }
        assert_eq!(self.order().first(), Some(&index));
        self.ready.remove(&index);
        if acks == AckMode::Manual {
            self.unacked.insert(index);
        }
        self.check();
        Some(index)
    }

    /// Has a consumer come, take what it can and go.
    fn serve(&mut self, prefetch: u16) {
        let most = if prefetch == 0 { usize::MAX } else { prefetch.into() };
        let order = self.order();
        let first = &order[..self.hot().min(most)];
        let consumer = ConsumerId(1);
        let attach = Attach {
            consumer,
            priority: 0,
            prefetch,
            acks: AckMode::Manual,
            exclusivity: Exclusivity::Shared,
            limit: ChannelLimit::Absent,
        };

        self.apply(&[Command::Attach(attach)]);

        let told = self.effects.list().iter().filter_map(|effect| match effect {
            Effect::Deliver { delivery, .. } => Some(delivery.index.0),
            _ => None,
        });
        assert_eq!(told.collect::<Vec<_>>(), first);
        self.ready.retain(|index| !first.contains(index));
        self.unacked.extend(first);
        self.check();
        self.apply(&[Command::Detach { consumer }]);
    }

    fn settle(&mut self, nth: usize, outcome: Settlement) {
        let Some(&index) = self.unacked.iter().nth(nth % self.unacked.len().max(1)) else { return };
        self.unacked.remove(&index);
        if outcome == Settlement::Requeue {
            self.ready.insert(index);
        }
        self.apply(&[Command::Settle { index: MessageIndex(index), outcome }]);
        self.check();
    }

    fn apply(&mut self, commands: &[Command]) {
        self.effects.clear();
        self.queue.apply(Timestamp(self.now), commands, &mut self.effects);
        let runs = self.effects.released_runs().iter().flat_map(|run| run.first.0..run.end().0);
        let released = self.effects.released().iter().map(|(index, _)| index.0).chain(runs);
        for index in released {
            self.ready.remove(&index);
        }
    }

    /// Reads what is wanted; returns whether anything was.
    fn load(&mut self, ahead: usize) -> bool {
        let wanted = self.queue.wanted_anyway().or_else(|| self.queue.wanted(ahead));
        let Some(wanted) = wanted else { return false };
        self.loads += 1000;
        let loads = self.loads;
        let deadline = |index: u64| Timestamp(self.said[&index].deadline);
        match wanted {
            Wanted::Run(run) => {
                let loaded = (run.first.0..run.end().0).map(|index| {
                    assert!(!self.said[&index].marks.is_any(), "{index} says something");
                    let (store, deadline) = (StoreRef(loads + index), deadline(index));
                    Loaded { index: MessageIndex(index), store, bytes: 10, deadline }
                });
                assert!(self.queue.load(&run, &loaded.collect::<Vec<_>>()));
            }
            Wanted::Look(run) => {
                let seen = (run.first.0..run.end().0).map(|index| Seen {
                    index: MessageIndex(index),
                    located: self.place(index),
                    bytes: 10,
                    deadline: deadline(index),
                    marks: self.said[&index].marks,
                    known: false,
                });
                let apart = self.queue.look_at(&run, &seen.collect::<Vec<_>>());
                assert!(apart.unwrap().iter().all(|(_, octets)| *octets == OCTETS));
            }
            Wanted::Single(message) => {
                let store = StoreRef(loads);
                assert!(self.queue.load_single(message.index, message.store, store));
            }
        }
        self.check();
        true
    }

    /// How many of the first messages are in memory.
    fn hot(&self) -> usize {
        let is_unknown = |entry: Entry| matches!(entry, Entry::Run(Run { marked: true, .. }));
        if self.queue.entries().any(is_unknown) {
            return 0;
        }
        let hot = self.queue.entries().filter_map(|entry| match entry {
            Entry::Ready(Message { index, store, .. }) if !store.is_cold() => Some(index.0),
            _ => None,
        });
        let hot: BTreeSet<u64> = hot.collect();
        self.order().iter().take_while(|index| hot.contains(index)).count()
    }

    fn check(&mut self) {
        assert_eq!(self.queue.ready(), self.ready.len());
        assert_eq!(self.queue.ready_bytes(), 10 * self.ready.len() as u64);
        assert_eq!(self.queue.unacked(), self.unacked.len());
        let mut told: Vec<u64> = Vec::new();
        for entry in self.queue.entries() {
            match entry {
                Entry::Run(run) => {
                    assert_eq!(run.position, self.place(run.first.0).position);
                    told.extend(run.first.0..run.end().0);
                }
                Entry::Ready(message) | Entry::Unacked(message) => {
                    let position = self.place(message.index.0).position;
                    assert!(!message.store.is_cold() || message.store == position);
                    told.push(message.index.0);
                }
            }
        }
        told.sort_unstable();
        assert!(told.iter().eq(self.ready.union(&self.unacked)));
        let hot = self.hot();
        assert_eq!((self.queue.at_hand(usize::MAX), self.queue.front(usize::MAX)), (hot, hot));
        assert_eq!(self.queue.at_hand(2), hot.min(2));
        assert_eq!(self.queue.wanted(1).is_some(), hot == 0 && !self.ready.is_empty());
        let is_hot = |entry: &Entry| match entry {
            Entry::Run(_) => false,
            Entry::Ready(message) | Entry::Unacked(message) => !message.store.is_cold(),
        };
        let in_memory = self.queue.entries().filter(is_hot).count();
        assert_eq!(self.queue.stores_mut().count(), in_memory);
    }

    fn unload(&mut self, keep: usize) {
        let before = self.hot();
        let places: BTreeMap<u64, Located> =
            self.ready.iter().map(|index| (*index, self.place(*index))).collect();
        let looked: Vec<u64> = self.queue.unloadable(keep).map(|it| it.index.0).collect();
        let mut located = Vec::new();

        let unloaded = self.queue.unload(keep, |message| {
            located.push(message.index.0);
            places.get(&message.index.0).copied()
        });

        assert_eq!((unloaded.count, &located), (looked.len(), &looked));
        assert!(self.hot() >= before.min(keep));
        self.check();
    }

    fn unload_held(&mut self, keep: usize) {
        let before = self.hot();
        let held = self.queue.held_from(MessageIndex(0), keep);
        let held: Vec<MessageIndex> = held.map(|message| message.index).collect();
        for index in held {
            self.queue.unload_held(index, self.place(index.0).position);
        }
        assert!(self.hot() >= before.min(keep));
        self.check();
    }

    /// Moves everything that is cold.
    fn relocate(&mut self) {
        self.moved += 1 << 32;
        self.queue.runs_mut().for_each(|(_, position)| position.0 += 1 << 32);
        self.queue.cold_held_mut().for_each(|(_, position)| position.0 += 1 << 32);
        self.check();
    }

    /// What there is as it would be after a restart.
    fn restart(&mut self) {
        let settings = *self.queue.settings();
        let one = |message: &Message| Run {
            first: message.index,
            count: 1,
            octets: OCTETS,
            position: self.place(message.index.0).position,
            bytes: 10,
            redelivered: message.redelivered,
            marked: message.marked,
        };
        let runs = self.queue.entries().map(|entry| match entry {
            Entry::Run(run) => run,
            Entry::Ready(message) | Entry::Unacked(message) => one(&message),
        });
        let mut runs: Vec<Run> = runs.collect();
        runs.sort_unstable_by_key(|run| run.first);
        runs.dedup_by(|next, last| last.extend(next, 5 * OCTETS));
        self.ready.append(&mut self.unacked);
        self.queue = Queue::restored(self.queue.next_index(), runs).with_settings(settings);
        self.check();
    }
}

#[derive(Clone, Debug)]
enum Step {
    Enqueue(Marks),
    Get(AckMode),
    Serve(u16),
    Settle(usize, Settlement),
    Wait(u64),
    Unload(usize),
    UnloadHeld(usize),
    Load(usize),
    Relocate,
    Restart,
    Purge,
}

fn step() -> impl Strategy<Value = Step> {
    let outcome =
        prop_oneof![Just(Settlement::Ack), Just(Settlement::Requeue), Just(Settlement::Discard)];
    let priority = prop_oneof![1 => Just(None), 3 => (0..7_u8).prop_map(Some)];
    let lifetime = prop_oneof![4 => Just(None), 1 => (0..200_u64).prop_map(Some)];
    let marks = (priority, lifetime).prop_map(|(priority, lifetime)| Marks { lifetime, priority });
    prop_oneof![
        14 => marks.prop_map(Step::Enqueue),
        4 => Just(Step::Get(AckMode::Manual)),
        1 => Just(Step::Get(AckMode::Automatic)),
        1 => (0..6_u16).prop_map(Step::Serve),
        3 => (0..10_usize, outcome).prop_map(|(nth, outcome)| Step::Settle(nth, outcome)),
        2 => (0..40_u64).prop_map(Step::Wait),
        3 => (0..6_usize).prop_map(Step::Unload),
        1 => (0..3_usize).prop_map(Step::UnloadHeld),
        4 => (0..400_usize).prop_map(Step::Load),
        1 => Just(Step::Relocate),
        1 => Just(Step::Restart),
        1 => prop_oneof![1 => Just(Step::Purge), 5 => Just(Step::Load(1))],
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn a_message_comes_after_those_more_urgent_and_those_of_its_level_before_it(
        highest in prop_oneof![0..6_u8, Just(255)],
        absent in prop_oneof![3 => Just(0), 1 => Just(4_u8)],
        message_ttl in prop_oneof![2 => Just(None), 1 => (50..150_u64).prop_map(Some)],
        steps in prop::collection::vec(step(), 1..150),
    ) {
        let priorities = Priorities { highest, absent };
        let mut rig = Rig::new(Settings { message_ttl, priorities, ..Settings::default() });
        for step in steps {
            match step {
                Step::Enqueue(marks) => rig.enqueue(marks),
                Step::Get(acks) => drop(rig.get(acks)),
                Step::Serve(prefetch) => rig.serve(prefetch),
                Step::Settle(nth, outcome) => rig.settle(nth, outcome),
                Step::Wait(time) => rig.now += time,
                Step::Unload(keep) => rig.unload(keep),
                Step::UnloadHeld(keep) => rig.unload_held(keep),
                Step::Load(ahead) => drop(rig.load(ahead)),
                Step::Relocate => rig.relocate(),
                Step::Restart => rig.restart(),
                Step::Purge => {
                    rig.apply(&[Command::Purge { request: 0 }]);
                    prop_assert!(rig.ready.is_empty());
                }
            }
            rig.apply(&[]);
            rig.check();
        }
        // Whatever is left can be had, but for what expires.
        while !rig.ready.is_empty() {
            let before = rig.ready.len();
            if rig.get(AckMode::Automatic).is_none() {
                prop_assert!(rig.load(1) || rig.ready.len() < before);
            }
        }
    }

    #[test]
    fn what_is_due_dies_at_once_on_every_level(
        message_ttl in prop_oneof![Just(None), (50..150_u64).prop_map(Some)],
        steps in prop::collection::vec(step(), 1..100),
    ) {
        let priorities = Priorities { highest: 3, absent: 0 };
        let mut rig = Rig::new(Settings { message_ttl, priorities, ..Settings::default() });
        for step in steps {
            match step {
                Step::Enqueue(marks) => rig.enqueue(marks),
                Step::Get(acks) => drop(rig.get(acks)),
                Step::Serve(prefetch) => rig.serve(prefetch),
                Step::Settle(nth, outcome) => rig.settle(nth, outcome),
                Step::Wait(time) => rig.now += time,
                Step::Unload(keep) => rig.unload(keep),
                Step::Restart => rig.restart(),
                _ => {}
            }
            rig.apply(&[]);
            while rig.load(0) {
                rig.apply(&[]);
            }
            let first = rig.ready.iter().map(|index| rig.said[index].deadline).min();
            prop_assert!(first.is_none_or(|first| first > rig.now));
            let wake = first.filter(|first| *first < u64::MAX).map(Timestamp);
            prop_assert_eq!(rig.queue.next_wake(), wake);
        }
    }
}
