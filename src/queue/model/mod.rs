//! The queue against a naive model that looks at everything each time.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

mod disk;
mod step;

use proptest::prelude::*;

use self::disk::Disk;
use self::step::{Page, Step, page, step};
use crate::amqp::ack_mode::AckMode;
use crate::amqp::id::{ConsumerId, MessageIndex, StoreRef, Timestamp};
use crate::queue::command::{Attach, ChannelLimit, Command, Exclusivity, Settlement};
use crate::queue::core::Queue;
use crate::queue::effect::{Budget, Delivery, Effect, Effects};
use crate::queue::settings::{Serving, Settings};
use crate::queue::single_active::Succession;

#[derive(Clone, Debug)]
struct ModelConsumer {
    attach: Attach,
    paused: bool,
    allowance: Option<u32>,
    /// Who of its priority was served while this one could have been, since it last was.
    passed_by: BTreeSet<ConsumerId>,
}

#[derive(Debug, Default)]
struct Model {
    /// Index to size and whether it was delivered before.
    ready: BTreeMap<u64, (u32, bool)>,
    unacked: BTreeMap<u64, (u32, Option<ConsumerId>)>,
    consumers: BTreeMap<ConsumerId, ModelConsumer>,
    serving: Serving,
    /// Who is served, where it is one at a time.
    active: Option<ConsumerId>,
    /// Whether that one is sent nothing more, and is replaced once it holds nothing.
    is_leaving: bool,
    messages: u64,
    attached: u64,
    /// Where each living message is now.
    stores: BTreeMap<u64, StoreRef>,
    /// What has gone in any way.
    gone: BTreeSet<u64>,
    /// What is to be released by the call at hand, and from where.
    released: BTreeMap<u64, StoreRef>,
    /// The ready messages from here on were never delivered by this queue.
    lane_start: u64,
    disk: Disk,
}

impl Model {
    fn can_take(&self, id: ConsumerId) -> bool {
        self.room(id) > 0 && self.consumers[&id].allowance != Some(0)
    }

    fn room(&self, id: ConsumerId) -> u32 {
        let consumer = &self.consumers[&id];
        let is_active = self.active == Some(id) && !self.is_leaving;
        let is_served = self.serving == Serving::All || is_active;
        if consumer.paused || !is_served {
            return 0;
        }
        if consumer.attach.acks == AckMode::Automatic || consumer.attach.prefetch == 0 {
            return u32::MAX;
        }
        u32::from(consumer.attach.prefetch).saturating_sub(u32::try_from(self.held(id)).unwrap())
    }

    /// How many messages it has not settled.
    fn held(&self, id: ConsumerId) -> usize {
        self.unacked.values().filter(|(_, holder)| *holder == Some(id)).count()
    }

    fn anybody_can_take(&self) -> bool {
        self.consumers.keys().any(|id| self.can_take(*id))
    }

    fn release(&mut self, index: u64) {
        let store = self.forget(index);
        self.released.insert(index, store);
    }

    fn forget(&mut self, index: u64) -> StoreRef {
        assert!(self.gone.insert(index), "message {index} goes twice");
        self.stores.remove(&index).unwrap()
    }

    fn is_cold(&self, index: u64) -> bool {
        self.stores[&index].is_cold()
    }

    /// How many ready messages come before the first cold one.
    fn at_hand(&self) -> usize {
        self.ready.keys().take_while(|index| !self.is_cold(**index)).count()
    }

    /// Carries a command out, and says what it must be answered with.
    fn command(&mut self, command: Command) -> Option<Effect> {
        let unspent =
            |consumer, credit| (credit > 0).then_some(Effect::Unspent { consumer, credit });
        match command {
            Command::Enqueue(stored) => {
                self.ready.insert(self.messages, (stored.bytes, false));
                self.stores.insert(self.messages, stored.store);
                self.disk.add(self.messages, stored.bytes);
                self.messages += 1;
            }
            Command::EnqueueMarked(..)
            | Command::Identify { .. }
            | Command::Refuse(_)
            | Command::Bury { .. }
            | Command::Delay { .. }
            | Command::CancelDelayed { .. } => {
                unreachable!("not in the model")
            }
            Command::Attach(attach) => return self.attach(attach),
            Command::Detach { consumer } => {
                let gone = self.consumers.remove(&consumer).is_some();
                self.choose_active();
                return (gone && self.consumers.is_empty()).then_some(Effect::Unused);
            }
            Command::Get { request, acks } => return Some(self.get(request, acks)),
            Command::Settle { index, outcome } => {
                let (bytes, _) = self.unacked.remove(&index.0)?;
                if outcome == Settlement::Requeue {
                    self.ready.insert(index.0, (bytes, true));
                } else {
                    self.release(index.0);
                }
                self.choose_active();
            }
            Command::Pause { consumer } => self.consumers.get_mut(&consumer)?.paused = true,
            Command::Resume { consumer } => self.consumers.get_mut(&consumer)?.paused = false,
            Command::Grant { consumer, credit } => {
                match self.consumers.get_mut(&consumer).and_then(|it| it.allowance.as_mut()) {
                    Some(allowance) => *allowance += credit,
                    None => return unspent(consumer, credit),
                }
            }
            Command::LimitChannel { consumer, limit } => {
                let consumer = self.consumers.get_mut(&consumer)?;
                let counts = consumer.attach.acks == AckMode::Manual;
                consumer.allowance = (counts && limit == ChannelLimit::Present).then_some(0);
            }
            Command::Purge { request } => {
                let count = u32::try_from(self.ready.len()).unwrap();
                while let Some((index, _)) = self.ready.pop_first() {
                    self.release(index);
                }
                return Some(Effect::Purged { request, count });
            }
        }
        None
    }

    fn attach(&mut self, attach: Attach) -> Option<Effect> {
        self.attached += 1;
        let alone = |it: &ModelConsumer| it.attach.exclusivity == Exclusivity::Exclusive;
        let wants_alone = attach.exclusivity == Exclusivity::Exclusive;
        let is_single = self.serving != Serving::All;
        let in_use = is_single || !self.consumers.is_empty();
        if wants_alone && in_use || self.consumers.values().any(alone) {
            return Some(Effect::Refused { consumer: attach.consumer });
        }
        let limited = attach.acks == AckMode::Manual && attach.limit == ChannelLimit::Present;
        let allowance = limited.then_some(0);
        let consumer =
            ModelConsumer { attach, paused: false, allowance, passed_by: BTreeSet::new() };
        self.consumers.insert(attach.consumer, consumer);
        self.choose_active();
        None
    }

    /// Who is active stays so; otherwise it is the first by rank. Where it is replaced when one of a
    /// higher priority is there, it holds nothing before it is.
    fn choose_active(&mut self) {
        let active = self.active.filter(|active| self.consumers.contains_key(active));
        let is_ranked = self.serving == Serving::SingleActive(Succession::Outranked);
        let outranks = |active| self.consumers.keys().any(|id| self.priority(*id) > active);
        let outranked = is_ranked && active.is_some_and(|active| outranks(self.priority(active)));
        self.is_leaving = active.is_some() && (self.is_leaving || outranked);
        if active.is_none_or(|active| self.is_leaving && self.held(active) == 0) {
            let rank = |(id, it): &(&ConsumerId, &ModelConsumer)| {
                let room = if it.attach.prefetch == 0 { 2000 } else { it.attach.prefetch };
                (it.attach.priority, if is_ranked { room } else { 0 }, Reverse(**id))
            };
            self.active = self.consumers.iter().max_by_key(rank).map(|(id, _)| *id);
            self.is_leaving = false;
        }
    }

    fn priority(&self, id: ConsumerId) -> i64 {
        self.consumers[&id].attach.priority
    }

    fn get(&mut self, request: u32, acks: AckMode) -> Effect {
        let Some(delivery) = self.hand_out(None, acks) else {
            return match self.ready.len() {
                0 => Effect::GetEmpty { request },
                _ => Effect::GetCold { request },
            };
        };
        let remaining = u32::try_from(self.ready.len()).unwrap();
        Effect::Got { request, remaining, delivery }
    }

    fn hand_out(&mut self, holder: Option<ConsumerId>, acks: AckMode) -> Option<Delivery> {
        let first = self.ready.first_entry().filter(|first| !self.stores[first.key()].is_cold())?;
        let (index, (bytes, redelivered)) = first.remove_entry();
        self.lane_start = self.lane_start.max(index + 1);
        let store = self.stores[&index];
        match acks {
            AckMode::Manual => drop(self.unacked.insert(index, (bytes, holder))),
            AckMode::Automatic => self.release(index),
        }
        let index = MessageIndex(index);
        Some(Delivery { index, store, bytes, redelivered, acks })
    }

    /// Carries out a delivery that the queue decided on, if it was lawful and fair.
    fn deliver(&mut self, id: ConsumerId, told: Delivery) {
        assert!(self.can_take(id), "{id} cannot take a message");
        let priority = self.priority(id);
        for other in self.consumers.keys().copied().collect::<Vec<_>>() {
            let (eligible, others) = (self.can_take(other), self.priority(other));
            let passed_by = &mut self.consumers.get_mut(&other).unwrap().passed_by;
            if other == id || !eligible {
                passed_by.clear();
            } else {
                assert!(others <= priority, "{id} is served before {other}, which ranks higher");
                let first = others < priority || passed_by.insert(id);
                assert!(first, "{id} is served twice while {other} waits");
            }
        }
        let consumer = self.consumers.get_mut(&id).unwrap();
        consumer.allowance = consumer.allowance.map(|allowance| allowance - 1);
        let acks = consumer.attach.acks;
        assert_eq!(self.hand_out(Some(id), acks), Some(told));
    }

    /// Those that cannot take a message now may be passed over afresh.
    fn forget_turns(&mut self) {
        for id in self.consumers.keys().copied().collect::<Vec<_>>() {
            if !self.can_take(id) {
                self.consumers.get_mut(&id).unwrap().passed_by.clear();
            }
        }
    }

    /// Checks a call's deliveries, then takes the allowances back.
    fn check_rest(&mut self, effects: &[Effect], budget: Budget) {
        let delivers = |effect: &&Effect| matches!(effect, Effect::Deliver { .. });
        let count = effects.iter().take_while(delivers).count();
        let mut bytes = 0;
        for effect in &effects[..count] {
            let Effect::Deliver { consumer, delivery } = effect else { unreachable!() };
            assert!(bytes < budget.bytes, "over budget");
            bytes += u64::from(delivery.bytes);
            self.deliver(*consumer, *delivery);
        }
        let count = u32::try_from(count).unwrap();
        assert!(count <= budget.messages, "over budget");
        let spent = count == budget.messages || bytes >= budget.bytes;
        assert!(spent || self.at_hand() == 0 || !self.anybody_can_take(), "stopped early");

        let rest: BTreeMap<ConsumerId, u32> = effects[count as usize..]
            .iter()
            .map(|effect| match effect {
                Effect::Unspent { consumer, credit } => (*consumer, *credit),
                other => panic!("unexpected {other:?}"),
            })
            .collect();
        let mut expected = BTreeMap::new();
        for (id, consumer) in &mut self.consumers {
            if let Some(allowance) = &mut consumer.allowance
                && *allowance > 0
            {
                expected.insert(*id, std::mem::take(allowance));
            }
        }
        assert_eq!(rest, expected);
        self.forget_turns();
    }

    fn check_state(&self, queue: &Queue) {
        assert_eq!(queue.ready(), self.ready.len());
        assert_eq!(queue.unacked(), self.unacked.len());
        assert_eq!(queue.consumers(), self.consumers.len());
        let ready_bytes: u64 = self.ready.values().map(|(bytes, _)| u64::from(*bytes)).sum();
        let unacked_bytes: u64 = self.unacked.values().map(|(bytes, _)| u64::from(*bytes)).sum();
        assert_eq!((queue.ready_bytes(), queue.unacked_bytes()), (ready_bytes, unacked_bytes));
        assert_eq!(queue.has_deliverable(), self.at_hand() > 0 && self.anybody_can_take());
        let limited = self.consumers.iter().filter(|(_, it)| it.allowance.is_some());
        let wanting = limited.map(|(id, _)| (*id, self.room(*id))).filter(|(_, room)| *room > 0);
        let told = queue.wanting().map(|it| (it.consumer, it.room));
        assert_eq!(told.collect::<BTreeMap<_, _>>(), wanting.collect());
        assert!(queue.wanting().all(|it| it.priority == self.priority(it.consumer)));
        assert!(queue.wanting().is_sorted_by_key(|it| Reverse(it.priority)));
        assert_eq!(queue.next_index(), self.messages);
        self.check_entries(queue);
        self.check_wanted(queue);
    }

    fn check_released(&mut self, effects: &Effects) {
        let singles = effects.released().iter().map(|(index, store)| (index.0, *store));
        let runs = effects.released_runs().iter().flat_map(|run| self.disk.messages_of(run));
        let told: Vec<(u64, StoreRef)> = singles.chain(runs).collect();
        assert_eq!(told.len(), self.released.len());
        assert_eq!(
            told.into_iter().collect::<BTreeMap<_, _>>(),
            std::mem::take(&mut self.released)
        );
    }

    /// Applies a command, or goes on, until nothing can be delivered.
    fn run(&mut self, queue: &mut Queue, command: Option<Command>, effects: &mut Effects) {
        let (budget, mut command) = (effects.budget(), command);
        loop {
            effects.clear();
            queue.apply(Timestamp(0), command.as_slice(), effects);

            let mut rest = effects.list();
            if let Some(answer) = command.take().and_then(|command| self.command(command)) {
                assert_eq!(rest.first(), Some(&answer));
                rest = &rest[1..];
            }
            self.forget_turns();
            self.check_rest(rest, budget);
            self.check_state(queue);
            self.check_released(effects);
            if !queue.has_deliverable() {
                return;
            }
        }
    }
}

fn serving() -> impl Strategy<Value = Serving> {
    prop_oneof![
        3 => Just(Serving::All),
        1 => Just(Serving::SingleActive(Succession::Gone)),
        2 => Just(Serving::SingleActive(Succession::Outranked)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn a_queue_does_what_the_model_allows(
        serving in serving(),
        restored in prop::collection::vec((0..100_u32, any::<bool>()), 0..20),
        steps in prop::collection::vec(prop_oneof![
            2 => step().prop_map(Ok),
            1 => page().prop_map(Err),
        ], 1..200),
        messages in 1..4_u32,
        bytes in 1..200_u64,
    ) {
        let mut model = Model { serving, ..Model::default() };
        let mut queue = model.restore(&restored);
        let mut effects = Effects::new(Budget { messages, bytes });
        for step in steps {
            let command = match step {
                Ok(step) => Some(step.command(model.attached, model.messages)),
                Err(page) => {
                    model.page(&mut queue, &page);
                    None
                }
            };
            model.run(&mut queue, command, &mut effects);
        }
        // Whatever is left can be had, in order.
        let get = Command::Get { request: 1, acks: AckMode::Automatic };
        for _ in 0..3 * queue.ready() {
            model.run(&mut queue, Some(get), &mut effects);
            model.page(&mut queue, &Page::Want { ahead: 1 });
            model.page(&mut queue, &Page::Load { part: None, missing: 0 });
            model.run(&mut queue, None, &mut effects);
        }
        prop_assert_eq!(queue.ready(), 0);
        prop_assert!(model.ready.is_empty());
    }

    #[test]
    fn the_same_batches_have_the_same_effects_and_lose_no_message(
        serving in serving(),
        batches in prop::collection::vec(prop::collection::vec(step(), 0..30), 1..20),
    ) {
        let queue = || Queue::new().with_settings(Settings { serving, ..Settings::default() });
        let mut queues = [queue(), queue()];
        let budget = Budget { messages: 7, bytes: 1000 };
        let mut effects = [Effects::new(budget), Effects::new(budget)];
        let (mut messages, mut consumers) = (0, 0);
        let mut released = BTreeSet::new();
        for batch in batches {
            let mut commands = Vec::new();
            for step in batch {
                commands.push(step.command(consumers, messages));
                messages += u64::from(matches!(step, Step::Enqueue(_)));
                consumers += u64::from(matches!(step, Step::Attach { .. }));
            }
            for (queue, effects) in queues.iter_mut().zip(&mut effects) {
                effects.clear();
                queue.apply(Timestamp(0), &commands, effects);
            }

            prop_assert_eq!(effects[0].list(), effects[1].list());
            prop_assert_eq!(effects[0].released(), effects[1].released());
            for (_, store) in effects[0].released() {
                prop_assert!(released.insert(*store));
            }
            released.extend(queues[0].stores_mut().map(|store| *store));
            prop_assert!(released.iter().copied().eq((0..messages).map(StoreRef)));
            let kept: BTreeSet<StoreRef> = queues[0].stores_mut().map(|store| *store).collect();
            released.retain(|store| !kept.contains(store));
        }
    }
}
