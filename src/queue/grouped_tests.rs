//! A group goes to one consumer at a time, in order, and nothing waits without need.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::amqp::argument::DelayedRetry;
use crate::amqp::fingerprint::Fingerprint;
use crate::amqp::id::{StoreRef, Timestamp};
use crate::queue::command::{
    Attach, ChannelLimit, Command, Exclusivity, Key, Marks, Settlement, Stored,
};
use crate::queue::effect::{Budget, Effect};
use crate::queue::later::Retry;
use crate::queue::paging::{Loaded, Seen};
use crate::queue::settings::{Dead, Priorities, Settings};
use crate::queue::testing::{place, restarted};

/// A message, as the model knows it.
#[derive(Clone, Copy, Debug)]
struct Held {
    group: Option<u8>,
    level: u8,
    /// Until when it waits after it came back.
    until: u64,
    deadline: u64,
    /// Absent while it is ready.
    holder: Option<Holder>,
}

#[derive(Clone, Copy, Debug)]
struct Taker {
    prefetch: u16,
}

struct Rig {
    queue: Queue,
    effects: Effects,
    now: u64,
    held: BTreeMap<u64, Held>,
    takers: BTreeMap<u64, Taker>,
    consumers: u64,
    loads: u64,
    purging: bool,
}

fn group_key(group: u8) -> Key {
    Key::Group(Fingerprint::of_octets(&[group]))
}

impl Rig {
    fn new(settings: Settings, messages: u32) -> Self {
        Self {
            queue: Queue::new().with_settings(settings),
            effects: Effects::new(Budget { messages, bytes: 256 << 10 }),
            now: 1000,
            held: BTreeMap::new(),
            takers: BTreeMap::new(),
            consumers: 0,
            loads: 1 << 40,
            purging: false,
        }
    }

    fn enqueue(&mut self, group: Option<u8>, lifetime: Option<u64>, priority: Option<u8>) {
        let index = self.queue.next_index();
        let ttl = self.queue.settings().message_ttl;
        let deadline = ttl.into_iter().chain(lifetime).min();
        let deadline = deadline.map_or(u64::MAX, |lives| self.now + lives);
        let level = self.queue.settings().priorities.level(priority);
        self.held.insert(index, Held { group, level, until: 0, deadline, holder: None });
        let stored = Stored { store: StoreRef(index), bytes: 10 };
        let mut commands = Vec::new();
        let index = MessageIndex(index);
        commands.extend(group.map(|group| Command::Identify { index, key: group_key(group) }));
        commands.push(match (group, lifetime, priority) {
            (None, None, None) => Command::Enqueue(stored),
            _ => Command::EnqueueMarked(stored, Marks { lifetime, priority }),
        });
        self.apply(&commands);
    }

    fn attach(&mut self, prefetch: u16, acks: AckMode) {
        self.consumers += 1;
        self.takers.insert(self.consumers, Taker { prefetch });
        self.apply(&[Command::Attach(Attach {
            consumer: ConsumerId(self.consumers),
            priority: 0,
            prefetch,
            acks,
            exclusivity: Exclusivity::Shared,
            limit: ChannelLimit::Absent,
        })]);
    }

    /// Ends a consumer, and returns what it holds if it `dies`.
    fn detach(&mut self, nth: usize, dies: bool) {
        let Some(&id) = self.takers.keys().nth(nth % self.takers.len().max(1)) else { return };
        self.takers.remove(&id);
        let consumer = ConsumerId(id);
        let mut commands = vec![Command::Detach { consumer }];
        let until = self.until();
        for (index, held) in &mut self.held {
            if dies && held.holder == Some(Holder::Consumer(consumer)) {
                (held.holder, held.until) = (None, until);
                let outcome = Settlement::Requeue;
                commands.push(Command::Settle { index: MessageIndex(*index), outcome });
            }
        }
        self.apply(&commands);
    }

    /// Until when what comes back now has to wait.
    fn until(&self) -> u64 {
        self.queue.settings().retry.map_or(0, |retry| self.now + retry.min)
    }

    fn settle(&mut self, nth: usize, outcome: Settlement) {
        let unacked: Vec<u64> =
            self.held.iter().filter(|(_, it)| it.holder.is_some()).map(|(at, _)| *at).collect();
        let Some(&index) = unacked.get(nth % unacked.len().max(1)) else { return };
        match outcome {
            Settlement::Requeue => {
                let until = self.until();
                let held = self.held.get_mut(&index).unwrap();
                (held.holder, held.until) = (None, until);
            }
            _ => drop(self.held.remove(&index)),
        }
        self.apply(&[Command::Settle { index: MessageIndex(index), outcome }]);
    }

    /// Applies commands, loads whatever is wanted, and goes on until nothing happens any more.
    fn apply(&mut self, commands: &[Command]) {
        let mut commands = commands;
        loop {
            self.effects.clear();
            self.queue.apply(Timestamp(self.now), commands, &mut self.effects);
            commands = &[];
            self.carry_out();
            let wanted = self.queue.wanted_anyway().or_else(|| self.queue.wanted(1));
            if let Some(wanted) = wanted {
                self.load(wanted);
            } else if !self.queue.has_deliverable() {
                break;
            }
        }
        self.check();
    }

    fn carry_out(&mut self) {
        let effects = self.effects.list().iter();
        let sent = effects.filter_map(|effect| match effect {
            Effect::Deliver { consumer, delivery } => {
                Some((Holder::Consumer(*consumer), *delivery))
            }
            Effect::Got { delivery, .. } => Some((Holder::Get, *delivery)),
            _ => None,
        });
        let sent: Vec<_> = sent.collect();
        for (index, _) in self.effects.released() {
            if sent.iter().all(|(_, delivery)| delivery.index != *index) {
                let gone = self.held.remove(&index.0);
                let is_due = |it: Held| it.deadline <= self.now || self.purging;
                assert!(gone.is_none_or(|it| it.holder.is_none() && is_due(it)), "{index:?}");
            }
        }
        for run in self.effects.released_runs() {
            self.held
                .retain(|at, it| it.holder.is_some() || !(run.first.0..run.end().0).contains(at));
        }
        for (holder, delivery) in sent {
            self.send(holder, delivery.index.0, delivery.acks);
        }
    }

    fn send(&mut self, holder: Holder, index: u64, acks: AckMode) {
        let message = self.held[&index];
        assert_eq!(message.holder, None, "{index} is delivered twice");
        assert!(message.until <= self.now, "{index} is delivered too early");
        assert!(self.may_have(holder, index), "{index} is out of its turn for {holder:?}");
        match acks {
            AckMode::Manual => self.held.get_mut(&index).unwrap().holder = Some(holder),
            AckMode::Automatic => drop(self.held.remove(&index)),
        }
    }

    /// Whether a ready message is the first of its group, which nobody else holds.
    fn may_have(&self, holder: Holder, index: u64) -> bool {
        let Held { group: Some(group), level, .. } = self.held[&index] else { return true };
        let mut others =
            self.held.iter().filter(|(at, it)| **at != index && it.group == Some(group));
        others.all(|(at, it)| match it.holder {
            None => (Reverse(it.level), *at) > (Reverse(level), index),
            Some(other) => other == holder && holder != Holder::Get,
        })
    }

    /// Nobody waits for what could be had.
    fn check(&self) {
        let unacked = self.held.values().filter(|it| it.holder.is_some()).count();
        assert_eq!(self.queue.unacked(), unacked);
        let waits = |it: &Held| it.holder.is_none() && it.until > self.now;
        let waiting = self.held.values().filter(|it| waits(it)).count();
        assert_eq!(self.queue.deferred(), waiting);
        assert_eq!(self.queue.ready(), self.held.len() - unacked - waiting);
        for (id, Taker { prefetch }) in &self.takers {
            let holder = Holder::Consumer(ConsumerId(*id));
            let has = self.held.values().filter(|it| it.holder == Some(holder)).count();
            if *prefetch > 0 && has >= usize::from(*prefetch) {
                continue;
            }
            let ready = self.held.iter().filter(|(_, it)| it.holder.is_none() && !waits(it));
            let mut could = ready.filter(|(at, _)| self.may_have(holder, **at));
            assert_eq!(could.next().map(|(at, _)| at), None, "{id} could have it");
        }
    }

    fn load(&mut self, wanted: Wanted) {
        self.loads += 1000;
        let loads = self.loads;
        let deadline = |index: u64| {
            self.held.get(&index).map_or(Timestamp::NEVER, |it| Timestamp(it.deadline))
        };
        match wanted {
            Wanted::Run(run) => {
                let loaded = (run.first.0..run.end().0).map(|index| Loaded {
                    index: MessageIndex(index),
                    store: StoreRef(loads + index),
                    bytes: 10,
                    deadline: deadline(index),
                });
                assert!(self.queue.load(&run, &loaded.collect::<Vec<_>>()));
            }
            Wanted::Look(run) => {
                let seen = (run.first.0..run.end().0).map(|index| Seen {
                    index: MessageIndex(index),
                    located: place(index),
                    bytes: 10,
                    deadline: deadline(index),
                    marks: Marks {
                        priority: self.held.get(&index).map(|it| it.level),
                        ..Marks::default()
                    },
                    known: self.held[&index].group.is_some(),
                });
                assert!(self.queue.look_at(&run, &seen.collect::<Vec<_>>()).is_some());
                for index in run.first.0..run.end().0 {
                    if let Some(group) = self.held[&index].group {
                        self.queue.identify(MessageIndex(index), group_key(group));
                    }
                }
            }
            Wanted::Single(message) => {
                let store = StoreRef(loads);
                assert!(self.queue.load_single(message.index, message.store, store));
            }
        }
    }

    fn unload(&mut self, keep: usize) {
        self.queue.unload(keep, |message| Some(place(message.index.0)));
        let held = self.queue.held_from(MessageIndex(0), keep).map(|message| message.index);
        for index in held.collect::<Vec<_>>() {
            self.queue.unload_held(index, place(index.0).position);
        }
    }

    /// Everything is ready again and on the disk, and there are no consumers.
    fn restart(&mut self) {
        self.takers.clear();
        self.held.values_mut().for_each(|it| it.holder = None);
        self.queue = restarted(&self.queue, u32::MAX);
        self.apply(&[]);
    }
}

#[derive(Clone, Debug)]
enum Step {
    Enqueue(Option<u8>, Option<u64>, Option<u8>),
    Attach(u16, AckMode),
    Detach(usize, bool),
    Get(AckMode),
    Settle(usize, Settlement),
    Wait(u64),
    Unload(usize),
    Purge,
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    let outcome = prop_oneof![4 => Just(Settlement::Ack), 2 => Just(Settlement::Requeue), 1 => Just(Settlement::Discard)];
    let acks = || prop_oneof![5 => Just(AckMode::Manual), 1 => Just(AckMode::Automatic)];
    let group = prop_oneof![6 => (0..4_u8).prop_map(Some), 1 => Just(None)];
    let lifetime = prop_oneof![5 => Just(None), 1 => (0..100_u64).prop_map(Some)];
    let priority = prop_oneof![1 => Just(None), 1 => (0..4_u8).prop_map(Some)];
    prop_oneof![
        20 => (group, lifetime, priority)
            .prop_map(|(group, lifetime, priority)| Step::Enqueue(group, lifetime, priority)),
        3 => (0..4_u16, acks()).prop_map(|(prefetch, acks)| Step::Attach(prefetch, acks)),
        2 => (0..4_usize, any::<bool>()).prop_map(|(nth, dies)| Step::Detach(nth, dies)),
        3 => acks().prop_map(Step::Get),
        14 => (0..20_usize, outcome).prop_map(|(nth, outcome)| Step::Settle(nth, outcome)),
        2 => (0..40_u64).prop_map(Step::Wait),
        3 => (0..4_usize).prop_map(Step::Unload),
        1 => Just(Step::Purge),
        1 => Just(Step::Restart),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn each_group_is_one_consumers_at_a_time_and_in_order(
        message_ttl in prop_oneof![4 => Just(None), 1 => (0..150_u64).prop_map(Some)],
        highest in prop_oneof![Just(0_u8), Just(3)],
        retries in any::<bool>(),
        budget in prop_oneof![Just(1_u32), Just(3), Just(256)],
        steps in prop::collection::vec(step(), 1..120),
    ) {
        let retry = Retry { which: DelayedRetry::All, min: 30, max: 30 };
        let settings = Settings {
            message_ttl,
            dead: Dead::Dropped,
            priorities: Priorities { highest, absent: 0 },
            counts_attempts: retries,
            retry: retries.then_some(retry),
            ..Settings::default()
        };
        let mut rig = Rig::new(settings, budget);
        for step in steps {
            match step {
                Step::Enqueue(group, lifetime, priority) => rig.enqueue(group, lifetime, priority),
                Step::Attach(prefetch, acks) => rig.attach(prefetch, acks),
                Step::Detach(nth, dies) => rig.detach(nth, dies),
                Step::Get(acks) => rig.apply(&[Command::Get { request: 0, acks }]),
                Step::Settle(nth, outcome) => rig.settle(nth, outcome),
                Step::Wait(time) => {
                    rig.now += time;
                    rig.apply(&[]);
                }
                Step::Unload(keep) => rig.unload(keep),
                Step::Purge => {
                    rig.purging = true;
                    rig.apply(&[Command::Purge { request: 0 }]);
                    rig.purging = false;
                }
                Step::Restart => rig.restart(),
            }
        }
        rig.now += 1000;
        rig.apply(&[]);
        rig.attach(0, AckMode::Manual);
        while rig.queue.unacked() > 0 {
            rig.settle(0, Settlement::Ack);
        }
        prop_assert_eq!((rig.queue.ready(), rig.held.len()), (0, 0));
        prop_assert!(rig.queue.groups.is_idle());
    }
}
