//! Messages expire at their time, wherever they stand.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::amqp::ack_mode::AckMode;
use crate::amqp::id::{MessageIndex, StoreRef};
use crate::queue::command::{Command, Marks, Settlement, Stored};
use crate::queue::effect::{Budget, Effect, Effects};
use crate::queue::paging::{Loaded, Seen};
use crate::queue::settings::{Dead, Priorities, Settings};
use crate::queue::testing::{attach, place, restarted_as};

/// A queue, its disk, and what is known of each message.
struct Rig {
    queue: Queue,
    effects: Effects,
    now: u64,
    /// Deadlines of the messages that are there: ready or unacked.
    living: BTreeMap<u64, u64>,
    /// When each message was accepted, and what it says: what the disk has of it.
    kept: BTreeMap<u64, (u64, Marks)>,
    unacked: BTreeSet<u64>,
    /// What died and was not released yet.
    dying: BTreeSet<u64>,
    loads: u64,
}

impl Rig {
    fn new(settings: Settings) -> Self {
        let budget = Budget { messages: 256, bytes: 256 << 10 };
        Self {
            queue: Queue::new().with_settings(settings),
            effects: Effects::new(budget),
            now: 1000,
            living: BTreeMap::new(),
            kept: BTreeMap::new(),
            unacked: BTreeSet::new(),
            dying: BTreeSet::new(),
            loads: 1 << 40,
        }
    }

    fn enqueue(&mut self, lifetime: Option<u64>) {
        let index = self.queue.next_index();
        let stored = Stored { store: StoreRef(index), bytes: 10 };
        let ttl = self.queue.settings().message_ttl;
        let levels = u64::from(self.queue.settings().priorities.highest) + 1;
        let priority = u8::try_from(index % levels).ok().filter(|priority| *priority > 0);
        let marks = Marks { lifetime, priority };
        self.kept.insert(index, (self.now, marks));
        let lives = ttl.into_iter().chain(lifetime).min();
        self.living.insert(index, lives.map_or(u64::MAX, |lives| self.now + lives));
        self.apply(&[match marks {
            Marks { lifetime: None, priority: None } => Command::Enqueue(stored),
            marks => Command::EnqueueMarked(stored, marks),
        }]);
    }

    /// Has messages that come from now on live so long.
    fn change(&mut self, message_ttl: Option<u64>) {
        self.queue.configure(Settings { message_ttl, ..*self.queue.settings() });
        self.apply(&[]);
    }

    /// Has all go to the disk but the first so many that are ready.
    fn unload(&mut self, keep: usize) {
        let unloaded = self.queue.unload(keep, |message| Some(place(message.index.0)));
        assert!(unloaded.apart.len() <= unloaded.count);
    }

    fn get(&mut self) {
        self.apply(&[Command::Get { request: 0, acks: AckMode::Manual }]);
    }

    fn settle(&mut self, nth: usize, outcome: Settlement) {
        let Some(&index) = self.unacked.iter().nth(nth % self.unacked.len().max(1)) else { return };
        self.unacked.remove(&index);
        match outcome {
            Settlement::Requeue | Settlement::Fail => {}
            Settlement::Ack => drop(self.living.remove(&index)),
            Settlement::Discard => {
                self.living.insert(index, 0);
            }
        }
        let index = MessageIndex(index);
        self.apply(&[Command::Settle { index, outcome }]);
    }

    /// Applies commands, loads what is wanted for messages to expire, and checks who is left.
    fn apply(&mut self, commands: &[Command]) {
        let mut commands = commands.to_vec();
        loop {
            self.effects.clear();
            self.queue.apply(Timestamp(self.now), &commands, &mut self.effects);
            commands.clear();
            for effect in self.effects.list() {
                match effect {
                    Effect::Got { delivery, .. } | Effect::Deliver { delivery, .. } => {
                        let index = delivery.index.0;
                        assert!(self.living[&index] >= self.now, "{index} is delivered late");
                        assert!(self.unacked.insert(index));
                    }
                    Effect::Died { index, store, .. } => {
                        assert!(!store.is_cold());
                        assert!(self.living.remove(&index.0).unwrap() <= self.now);
                        assert!(self.dying.insert(index.0));
                        commands.push(Command::Bury { index: *index });
                    }
                    _ => {}
                }
            }
            for (index, _) in self.effects.released() {
                let died =
                    self.living.remove(&index.0).is_some_and(|deadline| deadline <= self.now);
                let buried = self.dying.remove(&index.0);
                let acked = !self.unacked.contains(&index.0);
                assert!(died || buried || acked, "{index} is gone");
            }
            match self.queue.wanted_anyway() {
                Some(wanted) => self.load(wanted),
                None if commands.is_empty() => break,
                None => {}
            }
        }
        self.check();
    }

    fn load(&mut self, wanted: Wanted) {
        self.loads += 1000;
        let loads = self.loads;
        let deadline = |index: u64, marks: Marks| {
            self.queue.deadline_of(MessageIndex(index), Timestamp(self.kept[&index].0), marks)
        };
        match wanted {
            Wanted::Run(run) => {
                let loaded = (run.first.0..run.end().0).map(|index| Loaded {
                    index: MessageIndex(index),
                    store: StoreRef(loads + index),
                    bytes: 10,
                    deadline: deadline(index, Marks::default()),
                });
                assert!(self.queue.load(&run, &loaded.collect::<Vec<_>>()));
            }
            Wanted::Look(run) => {
                let seen = (run.first.0..run.end().0).map(|index| {
                    let marks = self.kept[&index].1;
                    Seen {
                        index: MessageIndex(index),
                        located: place(index),
                        bytes: 10,
                        deadline: deadline(index, marks),
                        marks,
                        known: false,
                    }
                });
                assert!(self.queue.look_at(&run, &seen.collect::<Vec<_>>()).is_some());
            }
            Wanted::Single(message) => {
                let store = StoreRef(loads);
                assert!(self.queue.load_single(message.index, message.store, store));
            }
        }
    }

    fn check(&self) {
        for (index, deadline) in &self.living {
            let is_ready = !self.unacked.contains(index);
            assert!(!is_ready || *deadline > self.now, "{index} should have expired");
        }
        assert_eq!(self.queue.ready() + self.queue.unacked(), self.living.len());
        let first = self.living.iter().filter(|(index, _)| !self.unacked.contains(index));
        let first = first.map(|(_, deadline)| *deadline).min().filter(|first| *first < u64::MAX);
        assert_eq!(self.queue.next_wake(), first.map(Timestamp));
    }

    /// What is ready as it would be after a restart, with these settings from then on.
    fn restart(&mut self, message_ttl: Option<u64>) {
        self.unacked.clear();
        let settings = Settings { message_ttl, ..*self.queue.settings() };
        self.queue = restarted_as(&self.queue, settings, u32::MAX);
    }
}

#[derive(Clone, Debug)]
enum Step {
    Enqueue(Option<u64>),
    Get,
    Settle(usize, Settlement),
    Wait(u64),
    Unload(usize),
    UnloadHeld,
    Want,
    /// For what comes from now on.
    Live(Option<u64>),
    Restart,
    /// With another time for what comes from then on, and something comes before anything was looked
    /// at.
    RestartAs(Option<u64>),
}

fn step() -> impl Strategy<Value = Step> {
    let outcome =
        prop_oneof![Just(Settlement::Ack), Just(Settlement::Requeue), Just(Settlement::Discard)];
    prop_oneof![
        8 => prop_oneof![Just(None), (0..200_u64).prop_map(Some)].prop_map(Step::Enqueue),
        3 => Just(Step::Get),
        2 => (0..10_usize, outcome).prop_map(|(nth, outcome)| Step::Settle(nth, outcome)),
        4 => (0..60_u64).prop_map(Step::Wait),
        2 => (0..4_usize).prop_map(Step::Unload),
        1 => Just(Step::UnloadHeld),
        2 => Just(Step::Want),
    ]
}

fn message_ttl() -> impl Strategy<Value = Option<u64>> {
    prop_oneof![Just(None), (0..150_u64).prop_map(Some)]
}

fn changing_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        24 => step(),
        2 => message_ttl().prop_map(Step::Live),
        1 => Just(Step::Restart),
        1 => message_ttl().prop_map(Step::RestartAs),
    ]
}

/// Carries steps out, and waits for what expires at last.
fn carry_out(mut rig: Rig, steps: Vec<Step>) {
    for step in steps {
        match step {
            Step::Enqueue(lifetime) => rig.enqueue(lifetime),
            Step::Get => rig.get(),
            Step::Settle(nth, outcome) => rig.settle(nth, outcome),
            Step::Wait(time) => rig.now += time,
            Step::Unload(keep) => rig.unload(keep),
            Step::UnloadHeld => {
                let held = rig.queue.held_from(MessageIndex(0), 0);
                let held: Vec<MessageIndex> = held.map(|message| message.index).collect();
                for index in held {
                    rig.queue.unload_held(index, place(index.0).position);
                }
            }
            Step::Want => {
                if let Some(wanted) = rig.queue.wanted(100) {
                    rig.load(wanted);
                }
            }
            Step::Live(message_ttl) => rig.change(message_ttl),
            Step::Restart => rig.restart(rig.queue.settings().message_ttl),
            Step::RestartAs(message_ttl) => {
                rig.restart(message_ttl);
                rig.enqueue(None);
            }
        }
        rig.apply(&[]);
    }
    rig.now += 1000;
    rig.apply(&[]);
    let never = |index: &u64| rig.unacked.contains(index) || rig.living[index] == u64::MAX;
    assert!(rig.living.keys().all(never));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn each_message_expires_at_its_time_and_no_other(
        message_ttl in message_ttl(),
        dead in prop_oneof![Just(Dead::Dropped), Just(Dead::Published)],
        steps in prop::collection::vec(
            prop_oneof![24 => step(), 1 => Just(Step::Restart)],
            1..120,
        ),
    ) {
        carry_out(Rig::new(Settings { message_ttl, dead, ..Settings::default() }), steps);
    }

    #[test]
    fn it_does_so_whatever_the_settings_say_of_those_that_come_later(
        message_ttl in message_ttl(),
        highest in prop_oneof![3 => Just(0), 1 => Just(2_u8)],
        steps in prop::collection::vec(changing_step(), 1..120),
    ) {
        let priorities = Priorities { highest, absent: 0 };
        carry_out(Rig::new(Settings { message_ttl, priorities, ..Settings::default() }), steps);
    }
}

/// As in RabbitMQ 3.10.
#[test]
fn what_is_on_the_disk_expires_as_it_was_to_when_it_came_and_what_came_later_does_not() {
    let mut rig = Rig::new(Settings { message_ttl: Some(100), ..Settings::default() });
    for _ in 0..3 {
        rig.enqueue(None);
    }
    rig.unload(0);

    rig.change(None);
    rig.enqueue(None);
    rig.unload(0);

    assert_eq!(rig.queue.next_wake(), Some(Timestamp(rig.now + 100)));
    rig.now += 99;
    rig.apply(&[]);
    assert_eq!((rig.queue.ready(), rig.queue.wanted_anyway()), (4, None));
    rig.now += 1;
    rig.apply(&[]);
    assert_eq!((rig.queue.ready(), rig.queue.next_wake()), (1, None));
    rig.now += 1000;
    rig.apply(&[]);
    assert_eq!((rig.queue.ready(), rig.queue.wanted_anyway()), (1, None));
}

#[test]
fn a_lifetime_that_is_given_later_has_nothing_loaded() {
    let mut rig = Rig::new(Settings::default());
    rig.enqueue(None);
    rig.unload(0);

    rig.change(Some(100));
    rig.now += 1000;
    rig.apply(&[]);

    assert_eq!((rig.queue.ready(), rig.queue.at_hand(1)), (1, 0));
}

#[test]
fn a_message_without_time_is_delivered_to_who_waits_or_dies() {
    let mut rig = Rig::new(Settings { message_ttl: Some(0), ..Settings::default() });

    rig.enqueue(None);

    assert_eq!((rig.queue.ready(), rig.living.len()), (0, 0));
}

#[test]
fn what_expired_while_it_was_unacked_dies_when_it_comes_back_whoever_waits() {
    for (counts_attempts, outcome) in
        [(false, Settlement::Requeue), (false, Settlement::Fail), (true, Settlement::Fail)]
    {
        let message_ttl = Some(100);
        let mut rig = Rig::new(Settings { message_ttl, counts_attempts, ..Settings::default() });
        rig.queue.apply(Timestamp(rig.now), &[attach()], &mut rig.effects);
        rig.enqueue(None);
        assert_eq!(rig.queue.unacked(), 1);

        rig.now += 100;
        rig.settle(0, outcome);

        assert_eq!((rig.queue.unacked(), rig.queue.ready(), rig.living.len()), (0, 0, 0));
    }
}
