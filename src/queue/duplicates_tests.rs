//! A value is known exactly as long as its message is in the queue.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::amqp::ack_mode::AckMode;
use crate::amqp::id::{StoreRef, Timestamp};
use crate::amqp::table::Value;
use crate::queue::command::{Command, Key, Marks, Settlement, Stored};
use crate::queue::effect::{Budget, Effect};
use crate::queue::paging::Seen;
use crate::queue::settings::{Dead, Settings};
use crate::queue::testing::{place, restarted};

/// How many different values there are.
const VALUES: u8 = 12;

struct Rig {
    queue: Queue,
    effects: Effects,
    now: u64,
    /// The values of the messages that are there, if they have one.
    held: BTreeMap<u64, Option<u8>>,
    /// Those of them that expire.
    deadlines: BTreeMap<u64, u64>,
    unacked: BTreeSet<u64>,
}

fn fingerprint(value: u8) -> Fingerprint {
    Fingerprint::of(Value::Int(b'b', value.into()))
}

impl Rig {
    fn new(dead: Dead) -> Self {
        let settings = Settings { dead, ..Settings::default() };
        Self {
            queue: Queue::new().with_settings(settings),
            effects: Effects::new(Budget { messages: 256, bytes: 256 << 10 }),
            now: 1000,
            held: BTreeMap::new(),
            deadlines: BTreeMap::new(),
            unacked: BTreeSet::new(),
        }
    }

    /// Publishes as a queue's owner does: it looks at what came back first, and asks.
    fn publish(&mut self, value: Option<u8>, lifetime: Option<u64>) {
        while let Some(run) = self.queue.unseen().copied() {
            self.look(&run);
        }
        if value.is_some_and(|value| self.queue.is_known(&fingerprint(value))) {
            return self.check();
        }
        let index = self.queue.next_index();
        self.held.insert(index, value);
        self.deadlines.extend(lifetime.map(|lifetime| (index, self.now + lifetime)));
        let stored = Stored { store: StoreRef(index), bytes: 10 };
        let mut commands = Vec::new();
        commands.extend(value.map(|value| Command::Identify {
            index: MessageIndex(index),
            key: Key::Value(fingerprint(value)),
        }));
        commands.push(match (value, lifetime) {
            (None, None) => Command::Enqueue(stored),
            _ => Command::EnqueueMarked(stored, Marks { lifetime, ..Marks::default() }),
        });
        self.apply(&commands);
    }

    fn settle(&mut self, nth: usize, outcome: Settlement) {
        let Some(&index) = self.unacked.iter().nth(nth % self.unacked.len().max(1)) else { return };
        self.unacked.remove(&index);
        self.apply(&[Command::Settle { index: MessageIndex(index), outcome }]);
    }

    fn apply(&mut self, commands: &[Command]) {
        let mut commands = commands.to_vec();
        loop {
            self.effects.clear();
            self.queue.apply(Timestamp(self.now), &commands, &mut self.effects);
            commands.clear();
            for effect in self.effects.list() {
                match effect {
                    Effect::Got { delivery, .. } if delivery.acks == AckMode::Manual => {
                        self.unacked.insert(delivery.index.0);
                    }
                    Effect::Died { index, .. } => commands.push(Command::Bury { index: *index }),
                    _ => {}
                }
            }
            for (index, _) in self.effects.released() {
                self.held.remove(&index.0).expect("it is there until it is released");
            }
            for run in self.effects.released_runs() {
                self.held.retain(|index, _| !(run.first.0..run.end().0).contains(index));
            }
            if let Some(crate::queue::paging::Wanted::Single(message)) = self.queue.wanted_anyway()
            {
                let store = StoreRef((1 << 40) + message.index.0);
                assert!(self.queue.load_single(message.index, message.store, store));
            } else if commands.is_empty() {
                break;
            }
        }
        self.check();
    }

    fn look(&mut self, run: &Run) {
        let deadline =
            |index| self.deadlines.get(&index).copied().map_or(Timestamp::NEVER, Timestamp);
        let seen = (run.first.0..run.end().0).map(|index| Seen {
            index: MessageIndex(index),
            located: place(index),
            bytes: 10,
            deadline: deadline(index),
            marks: Marks::default(),
            known: self.held.get(&index).copied().flatten().is_some(),
        });
        let seen: Vec<Seen> = seen.collect();
        assert!(self.queue.look_at(run, &seen).is_some());
        for Seen { index, .. } in seen {
            if let Some(value) = self.held.get(&index.0).copied().flatten() {
                self.queue.identify(index, Key::Value(fingerprint(value)));
            }
        }
    }

    fn check(&self) {
        if self.queue.unseen().is_some() {
            return;
        }
        let held: BTreeSet<u8> = self.held.values().filter_map(|value| *value).collect();
        let known = |value: &u8| self.queue.is_known(&fingerprint(*value));
        assert_eq!((0..VALUES).filter(known).collect::<BTreeSet<_>>(), held);
        assert_eq!(self.queue.known.len(), held.len());
    }

    /// What is there comes back, all of it ready and on the disk.
    fn restart(&mut self) {
        self.unacked.clear();
        self.queue = restarted(&self.queue, u32::MAX);
    }
}

#[derive(Clone, Debug)]
enum Step {
    Publish(Option<u8>, Option<u64>),
    Get(AckMode),
    Settle(usize, Settlement),
    Wait(u64),
    Unload(usize),
    Purge,
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    let outcome =
        prop_oneof![Just(Settlement::Ack), Just(Settlement::Requeue), Just(Settlement::Discard)];
    let acks = prop_oneof![3 => Just(AckMode::Manual), 1 => Just(AckMode::Automatic)];
    let value = prop_oneof![3 => (0..VALUES).prop_map(Some), 1 => Just(None)];
    let lifetime = prop_oneof![3 => Just(None), 1 => (0..100_u64).prop_map(Some)];
    prop_oneof![
        12 => (value, lifetime).prop_map(|(value, lifetime)| Step::Publish(value, lifetime)),
        5 => acks.prop_map(Step::Get),
        4 => (0..10_usize, outcome).prop_map(|(nth, outcome)| Step::Settle(nth, outcome)),
        2 => (0..60_u64).prop_map(Step::Wait),
        2 => (0..4_usize).prop_map(Step::Unload),
        1 => Just(Step::Purge),
        1 => Just(Step::Restart),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn a_value_is_known_as_long_as_its_message_is_there(
        dead in prop_oneof![Just(Dead::Dropped), Just(Dead::Published)],
        steps in prop::collection::vec(step(), 1..120),
    ) {
        let mut rig = Rig::new(dead);
        for step in steps {
            match step {
                Step::Publish(value, lifetime) => rig.publish(value, lifetime),
                Step::Get(acks) => rig.apply(&[Command::Get { request: 0, acks }]),
                Step::Settle(nth, outcome) => rig.settle(nth, outcome),
                Step::Wait(time) => rig.now += time,
                Step::Unload(keep) => {
                    rig.queue.unload(keep, |message| Some(place(message.index.0)));
                }
                Step::Purge => rig.apply(&[Command::Purge { request: 0 }]),
                Step::Restart => rig.restart(),
            }
            rig.apply(&[]);
        }
    }
}

#[test]
fn what_died_makes_no_duplicate_though_its_dead_letter_is_on_its_way() {
    let mut rig = Rig::new(Dead::Published);
    rig.publish(Some(1), None);
    rig.apply(&[Command::Get { request: 0, acks: AckMode::Manual }]);

    let (index, outcome) = (MessageIndex(0), Settlement::Discard);
    rig.effects.clear();
    rig.queue.apply(Timestamp(rig.now), &[Command::Settle { index, outcome }], &mut rig.effects);

    assert!(rig.queue.is_dying() && !rig.queue.is_known(&fingerprint(1)));
}

#[test]
fn a_value_takes_at_most_100_octets() {
    let entries = size_of::<(Fingerprint, MessageIndex)>() + 1;
    // A hash map is at least half full, a tree of ascending keys too.
    assert!(2 * entries + 2 * size_of::<(MessageIndex, Fingerprint)>() <= 100);
}
