//! All features of a queue at once: nothing is lost or released twice, and the same commands at the
//! same times lead to the same state.

use std::collections::BTreeSet;
use std::hash::BuildHasher as _;

use foldhash::fast::FixedState;
use proptest::prelude::*;

use super::command::{Attach, ChannelLimit, Command, Exclusivity, Key, Marks, Settlement, Stored};
use super::core::Queue;
use super::effect::{Budget, Effect, Effects};
use super::later::Retry;
use super::settings::{Dead, Priorities, Serving, Settings, Trimming};
use super::single_active::Succession;
use crate::amqp::ack_mode::AckMode;
use crate::amqp::argument::{DelayedRetry, Overflow};
use crate::amqp::fingerprint::Fingerprint;
use crate::amqp::id::{ConsumerId, MessageIndex, StoreRef, Timestamp};

/// What a message may say.
#[derive(Clone, Copy, Debug)]
struct Said {
    lifetime: Option<u64>,
    priority: Option<u8>,
    delay: Option<u64>,
    group: Option<u8>,
    value: Option<u8>,
}

#[derive(Clone, Debug)]
enum Step {
    Publish(Said),
    Attach { priority: i64, prefetch: u16, acks: AckMode },
    Detach(u64),
    Settle(usize, Settlement),
    Get(AckMode),
    Wait(u64),
    Purge,
    Configure { max_length: Option<u64>, message_ttl: Option<u64>, delivery_rate: Option<u64> },
}

fn said() -> impl Strategy<Value = Said> {
    let some = |most: u64| prop_oneof![2 => Just(None), 1 => (0..most).prop_map(Some)];
    let few = |most: u8| prop_oneof![2 => Just(None), 1 => (0..most).prop_map(Some)];
    (some(200), few(12), some(100), few(4), few(6)).prop_map(
        |(lifetime, priority, delay, group, value)| Said {
            lifetime,
            priority,
            delay,
            group,
            value,
        },
    )
}

fn step() -> impl Strategy<Value = Step> {
    let acks = || prop_oneof![3 => Just(AckMode::Manual), 1 => Just(AckMode::Automatic)];
    let outcome = prop_oneof![
        2 => Just(Settlement::Ack),
        1 => Just(Settlement::Requeue),
        1 => Just(Settlement::Fail),
        1 => Just(Settlement::Discard),
    ];
    let some = |most: u64| prop_oneof![Just(None), (1..most).prop_map(Some)];
    prop_oneof![
        12 => said().prop_map(Step::Publish),
        2 => (-1..2_i64, 0..5_u16, acks())
            .prop_map(|(priority, prefetch, acks)| Step::Attach { priority, prefetch, acks }),
        1 => (0..6_u64).prop_map(Step::Detach),
        8 => (0..20_usize, outcome).prop_map(|(nth, outcome)| Step::Settle(nth, outcome)),
        2 => acks().prop_map(Step::Get),
        5 => (0..40_u64).prop_map(Step::Wait),
        1 => Just(Step::Purge),
        1 => (some(10), some(100), some(500)).prop_map(
            |(max_length, message_ttl, delivery_rate)| Step::Configure {
                max_length, message_ttl, delivery_rate
            }),
    ]
}

fn settings() -> impl Strategy<Value = Settings> {
    (
        any::<[bool; 7]>(),
        prop_oneof![Just(0), 1..12_u8],
        prop_oneof![Just(None), (0..4_u32).prop_map(Some)],
    )
        .prop_map(
            |([single, dead, delayed, counts, limited, retry, on], highest, delivery_limit)| {
                Settings {
                    serving: match (single, counts) {
                        (false, _) => Serving::All,
                        (true, false) => Serving::SingleActive(Succession::Gone),
                        (true, true) => Serving::SingleActive(Succession::Outranked),
                    },
                    message_ttl: limited.then_some(90),
                    dead: if dead { Dead::Published } else { Dead::Dropped },
                    max_length: limited.then_some(12),
                    max_bytes: None,
                    overflow: Overflow::DropHead,
                    trimming: if counts { Trimming::Last } else { Trimming::First },
                    counts_attempts: counts,
                    delivery_limit: delivery_limit.filter(|_| counts),
                    priorities: Priorities { highest, absent: 0 },
                    delivery_rate: None,
                    delayed,
                    hands_on: on && dead,
                    retry: retry.then_some(Retry { which: DelayedRetry::All, min: 10, max: 25 }),
                }
            },
        )
}

/// A queue and what is known of its messages.
struct Rig {
    queue: Queue,
    effects: Effects,
    now: u64,
    published: u64,
    attached: u64,
    unacked: Vec<MessageIndex>,
    released: BTreeSet<u64>,
}

impl Rig {
    fn new(settings: Settings) -> Self {
        Self {
            queue: Queue::new().with_settings(settings),
            effects: Effects::new(Budget { messages: 7, bytes: 1000 }),
            now: 1000,
            published: 0,
            attached: 0,
            unacked: Vec::new(),
            released: BTreeSet::new(),
        }
    }

    fn run(&mut self, step: &Step) {
        let index = MessageIndex(self.queue.next_index());
        match *step {
            Step::Publish(said) => {
                let commands = self.publish(index, said);
                self.apply(&commands);
            }
            Step::Attach { priority, prefetch, acks } => {
                self.attached += 1;
                let attach = Attach {
                    consumer: ConsumerId(self.attached),
                    priority,
                    prefetch,
                    acks,
                    exclusivity: Exclusivity::Shared,
                    limit: ChannelLimit::Absent,
                };
                self.apply(&[Command::Attach(attach)]);
            }
            Step::Detach(id) => self.apply(&[Command::Detach { consumer: ConsumerId(id) }]),
            Step::Settle(nth, outcome) => {
                if !self.unacked.is_empty() {
                    let index = self.unacked.swap_remove(nth % self.unacked.len());
                    self.apply(&[Command::Settle { index, outcome }]);
                }
            }
            Step::Get(acks) => self.apply(&[Command::Get { request: 0, acks }]),
            Step::Wait(time) => {
                self.now += time;
                self.apply(&[]);
            }
            Step::Purge => self.apply(&[Command::Purge { request: 0 }]),
            Step::Configure { max_length, message_ttl, delivery_rate } => {
                let settings = *self.queue.settings();
                self.queue.configure(Settings {
                    message_ttl,
                    max_length,
                    delivery_rate,
                    ..settings
                });
                self.apply(&[]);
            }
        }
    }

    /// What the owner makes of a publish; nothing of a duplicate.
    fn publish(&mut self, index: MessageIndex, said: Said) -> Vec<Command> {
        let Said { lifetime, priority, delay, group, value } = said;
        let value = value.map(|value| Fingerprint::of_octets(&[value]));
        if value.is_some_and(|value| self.queue.is_known(&value)) {
            return Vec::new();
        }
        let stored = Stored { store: StoreRef(self.published), bytes: 10 };
        self.published += 1;
        let group = group.map(|group| Key::Group(Fingerprint::of_octets(&[b'g', group])));
        let keys = value.map(Key::Value).into_iter().chain(group);
        let mut commands: Vec<_> = keys.map(|key| Command::Identify { index, key }).collect();
        let due = delay.map(|delay| Timestamp(self.now + delay));
        commands.push(match due.filter(|_| self.queue.settings().delayed) {
            Some(due) => {
                let lifetime = lifetime.unwrap_or(u64::MAX);
                Command::Delay { stored, due, lifetime, id: 0, priority }
            }
            None if said.is_silent() => Command::Enqueue(stored),
            None => Command::EnqueueMarked(stored, Marks { lifetime, priority }),
        });
        commands
    }

    fn apply(&mut self, commands: &[Command]) {
        let mut commands = commands.to_vec();
        loop {
            self.effects.clear();
            self.queue.apply(Timestamp(self.now), &commands, &mut self.effects);
            self.queue.ripened().for_each(drop);
            commands.clear();
            for effect in self.effects.list() {
                match effect {
                    Effect::Deliver { delivery, .. } | Effect::Got { delivery, .. }
                        if delivery.acks == AckMode::Manual =>
                    {
                        self.unacked.push(delivery.index);
                    }
                    Effect::Died { index, .. } => commands.push(Command::Bury { index: *index }),
                    _ => {}
                }
            }
            for (_, store) in self.effects.released() {
                assert!(self.released.insert(store.0), "{store} is released twice");
            }
            if commands.is_empty() && !self.queue.has_deliverable() {
                break;
            }
        }
        self.check();
    }

    /// Each message is in the queue, or was released.
    fn check(&mut self) {
        let held: BTreeSet<u64> = self.queue.stores_mut().map(|store| store.0).collect();
        assert!(held.is_disjoint(&self.released));
        assert_eq!((held.len() + self.released.len()) as u64, self.published);
        let counted = self.queue.ready()
            + self.queue.unacked()
            + self.queue.delayed()
            + self.queue.deferred();
        assert_eq!(counted, held.len());
        assert_eq!(self.queue.unacked(), self.unacked.len());
    }

    fn state(&self) -> u64 {
        FixedState::default().hash_one(format!("{:?}", self.queue))
    }
}

impl Said {
    fn is_silent(self) -> bool {
        let Self { lifetime, priority, group, value, .. } = self;
        lifetime.is_none() && priority.is_none() && group.is_none() && value.is_none()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn the_same_commands_lead_to_the_same_state_and_no_message_is_lost(
        settings in settings(),
        steps in prop::collection::vec(step(), 1..150),
    ) {
        let mut rigs = [Rig::new(settings), Rig::new(settings)];
        for step in steps {
            for rig in &mut rigs {
                rig.run(&step);
            }
            let [first, second] = &rigs;
            prop_assert_eq!(first.effects.list(), second.effects.list());
            prop_assert_eq!(first.state(), second.state());
        }
    }
}
