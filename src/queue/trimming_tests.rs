//! Messages that come back to a full queue, against a naive model with one consumer.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::amqp::id::{StoreRef, Timestamp};
use crate::queue::command::{Attach, Command, Settlement, Stored};
use crate::queue::effect::{Budget, Effect};
use crate::queue::settings::Trimming;
use crate::queue::testing::attach;

#[derive(Clone, Debug)]
enum Step {
    Publish,
    Ack(usize),
    /// In one request, those of the unacked that the mask says.
    Requeue(u8),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => Just(Step::Publish),
        1 => (0..4_usize).prop_map(Step::Ack),
        2 => any::<u8>().prop_map(Step::Requeue),
    ]
}

#[derive(Debug)]
struct Model {
    max_length: u64,
    trimming: Trimming,
    prefetch: usize,
    ready: BTreeSet<u64>,
    unacked: BTreeSet<u64>,
    dropped: BTreeSet<u64>,
}

impl Model {
    fn carry_out(&mut self, step: &Step, next_index: u64) -> Vec<Command> {
        let nth = |at: usize| self.unacked.iter().copied().nth(at);
        let settle = |place, outcome| Command::Settle { index: MessageIndex(place), outcome };
        match *step {
            Step::Publish => {
                self.ready.insert(next_index);
                let stored = Stored { store: StoreRef(next_index), bytes: 1 };
                vec![Command::Enqueue(stored)]
            }
            Step::Ack(at) => {
                let place = nth(at);
                self.unacked.retain(|held| Some(*held) != place);
                place.map(|place| settle(place, Settlement::Ack)).into_iter().collect()
            }
            Step::Requeue(mask) => {
                let places: Vec<u64> =
                    (0..8).filter(|at| mask >> at & 1 == 1).filter_map(nth).collect();
                self.unacked.retain(|held| !places.contains(held));
                self.ready.extend(&places);
                if self.trimming == Trimming::First && !places.is_empty() {
                    self.trim();
                }
                places.iter().map(|place| settle(*place, Settlement::Requeue)).collect()
            }
        }
    }

    /// Who is served now.
    fn serve(&mut self) -> Vec<u64> {
        let mut served = Vec::new();
        while self.unacked.len() < self.prefetch
            && let Some(place) = self.ready.pop_first()
        {
            self.unacked.insert(place);
            served.push(place);
        }
        self.trim();
        served
    }

    fn trim(&mut self) {
        while self.ready.len() as u64 > self.max_length {
            self.dropped.extend(self.ready.pop_first());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn what_comes_back_makes_the_oldest_go_before_or_after_the_consumer_is_served(
        trimming in prop_oneof![Just(Trimming::First), Just(Trimming::Last)],
        max_length in 0..4_u64,
        prefetch in 1..4_u16,
        steps in prop::collection::vec(step(), 1..60),
    ) {
        let settings = Settings { max_length: Some(max_length), trimming, ..Settings::default() };
        let mut queue = Queue::new().with_settings(settings);
        let mut effects = Effects::new(Budget { messages: 2, bytes: 1000 });
        let Command::Attach(attach) = attach() else { unreachable!() };
        queue.apply(Timestamp(0), &[Command::Attach(Attach { prefetch, ..attach })], &mut effects);
        let (ready, unacked, dropped) = Default::default();
        let prefetch = usize::from(prefetch);
        let mut model = Model { max_length, trimming, prefetch, ready, unacked, dropped };
        for step in steps {
            let is_ack = matches!(step, Step::Ack(_));
            let mut commands = model.carry_out(&step, queue.next_index());
            let (mut served, mut dropped) = (Vec::new(), BTreeSet::new());
            loop {
                effects.clear();
                queue.apply(Timestamp(0), &commands, &mut effects);
                commands.clear();
                served.extend(effects.list().iter().filter_map(|effect| match effect {
                    Effect::Deliver { delivery, .. } => Some(delivery.index.0),
                    _ => None,
                }));
                dropped.extend(effects.released().iter().map(|(index, _)| index.0));
                if !queue.has_deliverable() && !queue.has_excess() {
                    break;
                }
            }
            prop_assert_eq!(served, model.serve());
            if !is_ack {
                prop_assert_eq!(dropped, std::mem::take(&mut model.dropped));
            }
            prop_assert_eq!(queue.ready(), model.ready.len());
        }
    }
}
