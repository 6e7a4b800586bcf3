//! A wheel, and what was in it when somebody asked.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::amqp::id::MessageIndex;

/// A wheel beside a plain map, and copies of both from before.
#[derive(Default)]
struct Rig {
    wheel: Wheel,
    expected: BTreeMap<Rank, StoreRef>,
    copies: Vec<(Far, BTreeMap<Rank, StoreRef>)>,
    now: u64,
    next: u64,
}

fn contents(far: &Far) -> BTreeMap<Rank, StoreRef> {
    let found: BTreeMap<_, _> = far.iter().map(|it| (it.rank(), it.store)).collect();
    assert_eq!(found.len(), far.len());
    found
}

#[derive(Clone, Debug)]
enum Step {
    Insert { delay: u64, count: u64 },
    Turn { pass: u64, limit: usize },
    Remove { nth: usize },
    Relocate { nth: usize, count: usize },
    Copy,
    Forget,
}

/// Spans of time of every order, up to weeks.
fn span() -> impl Strategy<Value = u64> {
    prop_oneof![0..20_000_u64, 0..3_000_000_u64, 0..1_000_000_000_u64]
}

fn step() -> impl Strategy<Value = Step> {
    let nth = || 0..5000_usize;
    prop_oneof![
        4 => (span(), prop_oneof![4 => 1..5_u64, 1 => 900..3000_u64])
            .prop_map(|(delay, count)| Step::Insert { delay, count }),
        3 => (span(), 1..3000_usize).prop_map(|(pass, limit)| Step::Turn { pass, limit }),
        2 => nth().prop_map(|nth| Step::Remove { nth }),
        2 => (nth(), 1..5_usize).prop_map(|(nth, count)| Step::Relocate { nth, count }),
        2 => Just(Step::Copy),
        1 => Just(Step::Forget),
    ]
}

impl Rig {
    fn nth(&self, nth: usize) -> impl Iterator<Item = Rank> {
        self.expected.keys().copied().skip(nth % self.expected.len().max(1))
    }

    fn take(&mut self, step: &Step) {
        match *step {
            Step::Insert { delay, count } => {
                for index in self.next..self.next + count {
                    let due = Timestamp(self.now + delay + index % 7);
                    if self.wheel.takes(due) {
                        let store = StoreRef(StoreRef::COLD | index << 10);
                        let waiting = Waiting::new(due, MessageIndex(index), store, 1);
                        self.wheel.insert(waiting);
                        self.expected.insert(waiting.rank(), store);
                    }
                }
                self.next += count;
            }
            Step::Turn { pass, limit } => {
                self.now += pass;
                let mut near = Vec::new();
                self.wheel.turn(Timestamp(self.now), limit, |waiting| near.push(waiting));
                assert!(near.len() <= limit);
                for waiting in near {
                    assert_eq!(self.expected.remove(&waiting.rank()), Some(waiting.store));
                }
            }
            Step::Remove { nth } => {
                let rank = self.nth(nth).next();
                for rank in rank.into_iter().chain([(Timestamp(self.now), MessageIndex(1 << 40))]) {
                    let removed = self.wheel.remove(rank).map(|waiting| waiting.store);
                    assert_eq!(removed, self.expected.remove(&rank));
                }
            }
            Step::Relocate { nth, count } => {
                let ranks: Vec<Rank> = self.nth(nth).take(count).collect();
                let dues = ranks.iter().map(|rank| rank.0).collect();
                self.wheel.relocate(&dues, |waiting| {
                    let is_meant = ranks.contains(&waiting.rank());
                    is_meant.then_some(StoreRef(waiting.store.0 + 1))
                });
                for rank in ranks {
                    self.expected.get_mut(&rank).unwrap().0 += 1;
                }
            }
            Step::Copy => self.copies.push((self.wheel.far(), self.expected.clone())),
            Step::Forget => drop(self.copies.pop()),
        }
    }

    fn check(&self) {
        assert_eq!(contents(&self.wheel.far()), self.expected);
        assert_eq!(self.wheel.is_empty(), self.expected.is_empty());
        let first = self.expected.first_key_value().map(|(rank, _)| rank.0);
        assert!(first.is_none_or(|first| self.wheel.first_due().unwrap() <= first));
        for (far, then) in &self.copies {
            assert_eq!(&contents(far), then);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn what_was_there_stays_in_a_copy_whatever_becomes_of_the_wheel(
        steps in prop::collection::vec(step(), 1..30),
    ) {
        let mut rig = Rig { now: 1 << 40, ..Rig::default() };
        for step in steps {
            rig.take(&step);
        }
        rig.check();
    }
}
