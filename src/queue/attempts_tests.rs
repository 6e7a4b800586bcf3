//! What comes back is counted, wherever it stands, and dies when it has failed too often.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::amqp::ack_mode::AckMode;
use crate::amqp::id::{StoreRef, Timestamp};
use crate::amqp::run::Run;
use crate::queue::command::{Command, Stored};
use crate::queue::effect::{Budget, Effect};
use crate::queue::paging::{Entry, Loaded, Located, Wanted};
use crate::queue::settings::{Dead, Settings};

const OCTETS: u32 = 32;

/// A queue, its disk, and what is known of each message.
struct Rig {
    queue: Queue,
    effects: Effects,
    limit: Option<u32>,
    /// What came back, and how often.
    living: BTreeMap<u64, Attempts>,
    unacked: BTreeSet<u64>,
    /// Messages that have to die in this call.
    doomed: BTreeSet<u64>,
    loads: u64,
}

fn place(index: u64) -> Located {
    Located { position: StoreRef(StoreRef::COLD | (4096 + index * 32)), octets: OCTETS }
}

impl Rig {
    fn new(limit: Option<u32>) -> Self {
        let settings = Settings {
            dead: Dead::Published,
            counts_attempts: true,
            delivery_limit: limit,
            ..Settings::default()
        };
        Self {
            queue: Queue::new().with_settings(settings),
            effects: Effects::new(Budget { messages: 256, bytes: 256 << 10 }),
            limit,
            living: BTreeMap::new(),
            unacked: BTreeSet::new(),
            doomed: BTreeSet::new(),
            loads: 1 << 40,
        }
    }

    fn enqueue(&mut self) {
        let index = self.queue.next_index();
        self.living.insert(index, Attempts::default());
        self.apply(&[Command::Enqueue(Stored { store: StoreRef(index), bytes: 10 })]);
    }

    fn settle(&mut self, nth: usize, outcome: Settlement) {
        let Some(&index) = self.unacked.iter().nth(nth % self.unacked.len().max(1)) else { return };
        self.unacked.remove(&index);
        let attempts = self.living.get_mut(&index).unwrap();
        match outcome {
            Settlement::Requeue => attempts.acquired += 1,
            Settlement::Fail => {
                *attempts =
                    Attempts { failed: attempts.failed + 1, acquired: attempts.acquired + 1 };
                if self.limit.is_some_and(|limit| attempts.failed > limit) {
                    self.doomed.insert(index);
                }
            }
            Settlement::Ack => drop(self.living.remove(&index)),
            Settlement::Discard => drop(self.doomed.insert(index)),
        }
        self.apply(&[Command::Settle { index: MessageIndex(index), outcome }]);
        let told = self.effects.counted().iter().find(|(told, _)| told.0 == index);
        let expected = self.living.get(&index).filter(|it| it.acquired > 0);
        let is_back = matches!(outcome, Settlement::Requeue | Settlement::Fail);
        assert_eq!(told.map(|(_, attempts)| attempts), expected.filter(|_| is_back));
    }

    fn purge(&mut self) {
        self.living.retain(|index, _| self.unacked.contains(index));
        self.apply(&[Command::Purge { request: 0 }]);
    }

    /// Applies commands and checks what is handed out, who died and what is remembered.
    fn apply(&mut self, commands: &[Command]) {
        self.effects.clear();
        self.queue.apply(Timestamp(1), commands, &mut self.effects);
        let mut again = None;
        for effect in self.effects.list() {
            let told = again.take();
            match effect {
                Effect::Again { attempts } => again = Some(*attempts),
                Effect::Got { delivery, .. } => {
                    let index = delivery.index.0;
                    let attempts = self.living[&index];
                    let came_back = attempts.acquired > 0;
                    assert_eq!(
                        (told, delivery.redelivered),
                        (came_back.then_some(attempts), came_back)
                    );
                    match delivery.acks {
                        AckMode::Manual => assert!(self.unacked.insert(index)),
                        AckMode::Automatic => drop(self.living.remove(&index)),
                    }
                }
                _ => {}
            }
        }
        for index in std::mem::take(&mut self.doomed) {
            self.living.remove(&index);
            while self.queue.dying.has_cold() {
                let wanted = self.queue.wanted_anyway().unwrap();
                self.load(wanted);
            }
            let mut effects = Effects::new(self.effects.budget());
            let bury = Command::Bury { index: MessageIndex(index) };
            self.queue.apply(Timestamp(1), &[bury], &mut effects);
            assert_eq!(effects.released().len(), 1, "{index} should have died");
        }
        assert!(self.queue.dying.is_empty());
        assert_eq!(self.queue.ready() + self.queue.unacked(), self.living.len());
        let counted: BTreeMap<u64, Attempts> =
            self.queue.attempts().map(|(index, attempts)| (index.0, attempts)).collect();
        let came_back = self.living.iter().filter(|(_, attempts)| attempts.acquired > 0);
        assert_eq!(counted, came_back.map(|(index, attempts)| (*index, *attempts)).collect());
    }

    fn load(&mut self, wanted: Wanted) {
        self.loads += 1000;
        let store = |index: u64| StoreRef(self.loads + index);
        match wanted {
            Wanted::Run(run) | Wanted::Look(run) => {
                let loaded = (run.first.0..run.end().0).map(|index| Loaded {
                    index: MessageIndex(index),
                    store: store(index),
                    bytes: 10,
                    deadline: Timestamp::NEVER,
                });
                assert!(self.queue.load(&run, &loaded.collect::<Vec<_>>()));
            }
            Wanted::Single(message) => {
                let store = store(message.index.0);
                assert!(self.queue.load_single(message.index, message.store, store));
            }
        }
    }

    fn unload(&mut self, keep: usize) {
        self.queue.unload(keep, |message| Some(place(message.index.0)));
        let held: Vec<_> =
            self.queue.held_from(MessageIndex(0), 0).map(|message| message.index).collect();
        for index in held {
            self.queue.unload_held(index, place(index.0).position);
        }
    }

    /// What it holds as it would be after a restart, with what was counted.
    fn restart(&mut self) {
        let settings = *self.queue.settings();
        let one = |message: &Message| Run {
            first: message.index,
            count: 1,
            octets: OCTETS,
            position: place(message.index.0).position,
            bytes: 10,
            redelivered: self.living[&message.index.0].acquired > 0,
            marked: message.marked,
        };
        let runs = self.queue.entries().map(|entry| match entry {
            Entry::Run(run) => run,
            Entry::Ready(message) | Entry::Unacked(message) => one(&message),
        });
        let mut runs: Vec<Run> = runs.collect();
        runs.sort_unstable_by_key(|run| run.first);
        runs.dedup_by(|next, last| last.extend(next, u32::MAX));
        let attempts: Vec<_> = self.queue.attempts().collect();
        self.unacked.clear();
        let queue = Queue::restored(self.queue.next_index(), runs);
        self.queue = queue.with_attempts(attempts).with_settings(settings);
        self.apply(&[]);
    }
}

#[derive(Clone, Debug)]
enum Step {
    Enqueue,
    Get(AckMode),
    Settle(usize, Settlement),
    Purge,
    Unload(usize),
    Want,
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    let outcome = prop_oneof![
        1 => Just(Settlement::Ack),
        4 => Just(Settlement::Requeue),
        8 => Just(Settlement::Fail),
        1 => Just(Settlement::Discard),
    ];
    prop_oneof![
        20 => Just(Step::Enqueue),
        60 => Just(Step::Get(AckMode::Manual)),
        4 => Just(Step::Get(AckMode::Automatic)),
        60 => (0..10_usize, outcome).prop_map(|(nth, outcome)| Step::Settle(nth, outcome)),
        1 => Just(Step::Purge),
        5 => (0..4_usize).prop_map(Step::Unload),
        20 => Just(Step::Want),
        2 => Just(Step::Restart),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn each_message_is_handed_out_with_its_counts_until_it_has_failed_too_often(
        limit in prop_oneof![Just(None), (0..4_u32).prop_map(Some)],
        steps in prop::collection::vec(step(), 1..200),
    ) {
        let mut rig = Rig::new(limit);
        for step in steps {
            match step {
                Step::Enqueue => rig.enqueue(),
                Step::Get(acks) => rig.apply(&[Command::Get { request: 0, acks }]),
                Step::Settle(nth, outcome) => rig.settle(nth, outcome),
                Step::Purge => rig.purge(),
                Step::Unload(keep) => rig.unload(keep),
                Step::Want => if let Some(wanted) = rig.queue.wanted(100) {
                    rig.load(wanted);
                },
                Step::Restart => rig.restart(),
            }
        }
    }
}

#[test]
fn a_queue_that_does_not_count_remembers_nothing() {
    let mut rig = Rig::new(None);
    let settings =
        Settings { counts_attempts: false, delivery_limit: Some(0), ..Settings::default() };
    rig.queue = Queue::new().with_settings(settings);
    let settle = Command::Settle { index: MessageIndex(0), outcome: Settlement::Fail };
    let get = Command::Get { request: 0, acks: AckMode::Manual };
    let enqueue = Command::Enqueue(Stored { store: StoreRef(0), bytes: 10 });

    rig.queue.apply(Timestamp(1), &[enqueue, get, settle, get], &mut rig.effects);

    assert_eq!(rig.queue.attempts().count(), 0);
    assert!(rig.effects.counted().is_empty());
    assert!(matches!(rig.effects.list(), [Effect::Got { .. }, Effect::Got { .. }]));
}
