//! Publisher confirms of one channel: each publish is answered once, after all queues that it was
//! routed to have answered (RabbitMQ: `rabbit_channel:coalesce_and_send/4`).

use super::deliveries::Reach;
use super::ring::Ring;
use crate::amqp::id::PublishTag;

/// How a publish ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Every queue has it.
    Ack,
    /// At least one queue refused it.
    Nack,
}

/// The publishes that have not been answered, by tag.
#[derive(Debug, Default)]
pub struct Confirms {
    last: u64,
    open: Ring<Open>,
    /// Complete and not yet drained, in the order in which they completed.
    complete: Vec<u64>,
}

#[derive(Clone, Copy, Debug)]
struct Open {
    pending: u32,
    outcome: Outcome,
}

impl Confirms {
    /// Numbers a publish that `pending` queues have to answer. With none it is complete at once.
    pub fn publish(&mut self, pending: u32) -> PublishTag {
        self.last += 1;
        self.open.push(self.last, Open { pending, outcome: Outcome::Ack });
        if pending == 0 {
            self.complete.push(self.last);
        }
        PublishTag(self.last)
    }

    /// Notes the answer of one queue. A tag that waits for none is passed over.
    pub fn settle(&mut self, tag: PublishTag, outcome: Outcome) {
        let Some(open) = self.open.get_mut(tag.0) else { return };
        if open.pending == 0 {
            return;
        }
        open.pending -= 1;
        if outcome == Outcome::Nack {
            open.outcome = Outcome::Nack;
        }
        if open.pending == 0 {
            self.complete.push(tag.0);
        }
    }

    /// Hands what is complete to `out`, each publish once. Only what lies below the lowest
    /// incomplete publish is put together, a run of one outcome at a time; such an answer may
    /// cover publishes that were answered before. The others go singly, lowest first.
    pub fn drain(&mut self, out: &mut impl FnMut(PublishTag, Reach, Outcome)) {
        if self.complete.is_empty() {
            return;
        }
        let prefix = self.drain_prefix(out);
        self.complete.retain(|tag| *tag > prefix);
        self.complete.sort_unstable();
        for tag in self.complete.drain(..) {
            if let Some(open) = self.open.remove(tag) {
                out(PublishTag(tag), Reach::One, open.outcome);
            }
        }
    }

    /// How many publishes wait for an answer of a queue, or to be drained.
    pub fn len(&self) -> usize {
        self.open.len()
    }

    /// Whether everything has been answered.
    pub fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// Drains what is complete at the front, and says up to which tag.
    fn drain_prefix(&mut self, out: &mut impl FnMut(PublishTag, Reach, Outcome)) -> u64 {
        let mut prefix = 0;
        while let Some((_, &Open { pending: 0, outcome })) = self.open.front() {
            let mut run = 0_usize;
            while let Some((tag, open)) = self.open.front() {
                if open.pending > 0 || open.outcome != outcome {
                    break;
                }
                prefix = tag;
                run += 1;
                self.open.pop_front();
            }
            let reach = if run == 1 { Reach::One } else { Reach::UpTo };
            out(PublishTag(prefix), reach, outcome);
        }
        prefix
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn drained(confirms: &mut Confirms) -> Vec<(u64, Reach, Outcome)> {
        let mut out = Vec::new();
        confirms.drain(&mut |tag, reach, outcome| out.push((tag.0, reach, outcome)));
        out
    }

    #[test]
    fn what_lies_below_the_lowest_open_publish_goes_out_as_one() {
        let mut confirms = Confirms::default();
        let tags: Vec<PublishTag> = (0..6).map(|_| confirms.publish(1)).collect();

        for at in [5, 2, 1, 0] {
            confirms.settle(tags[at], Outcome::Ack);
        }

        let expected = [(3, Reach::UpTo, Outcome::Ack), (6, Reach::One, Outcome::Ack)];
        assert_eq!(drained(&mut confirms), expected);
        assert_eq!(confirms.len(), 2);
    }

    #[test]
    fn runs_of_one_outcome_are_kept_apart() {
        let mut confirms = Confirms::default();
        let tags: Vec<PublishTag> = (0..5).map(|_| confirms.publish(1)).collect();

        for (at, tag) in tags.iter().enumerate() {
            confirms.settle(*tag, if at == 2 { Outcome::Nack } else { Outcome::Ack });
        }

        let expected = [
            (2, Reach::UpTo, Outcome::Ack),
            (3, Reach::One, Outcome::Nack),
            (5, Reach::UpTo, Outcome::Ack),
        ];
        assert_eq!(drained(&mut confirms), expected);
    }

    #[test]
    fn one_refusal_among_several_queues_makes_a_nack_once_all_have_answered() {
        let mut confirms = Confirms::default();
        let tag = confirms.publish(2);

        confirms.settle(tag, Outcome::Nack);
        assert_eq!(drained(&mut confirms), []);
        confirms.settle(tag, Outcome::Ack);

        assert_eq!(drained(&mut confirms), [(1, Reach::One, Outcome::Nack)]);
    }

    #[test]
    fn a_publish_that_no_queue_answers_is_complete_at_once() {
        let mut confirms = Confirms::default();

        confirms.publish(0);
        confirms.publish(0);

        assert_eq!(drained(&mut confirms), [(2, Reach::UpTo, Outcome::Ack)]);
        assert!(confirms.is_empty());
    }

    #[test]
    fn one_publish_that_is_never_answered_does_not_make_the_ring_grow() {
        let mut confirms = Confirms::default();
        confirms.publish(1);

        for _ in 0..10_000 {
            confirms.publish(0);
            drained(&mut confirms);
        }

        assert!(confirms.open.slots() <= 64);
    }

    #[derive(Clone, Debug)]
    enum Step {
        Publish(u32),
        Settle(u64, Outcome),
        Drain,
    }

    fn step() -> impl Strategy<Value = Step> {
        let outcome = prop_oneof![3 => Just(Outcome::Ack), 1 => Just(Outcome::Nack)];
        prop_oneof![
            4 => (0..3_u32).prop_map(Step::Publish),
            6 => (1..100_u64, outcome).prop_map(|(tag, outcome)| Step::Settle(tag, outcome)),
            2 => Just(Step::Drain),
        ]
    }

    proptest! {
        /// The model keeps what is open, and a client's view of what it has been told.
        #[test]
        fn a_client_learns_each_outcome_once_and_only_when_complete(
            steps in prop::collection::vec(step(), 1..400),
        ) {
            let mut confirms = Confirms::default();
            let mut model: BTreeMap<u64, (u32, Outcome)> = BTreeMap::new();
            let mut last = 0;

            for step in steps {
                match step {
                    Step::Publish(pending) => {
                        last += 1;
                        prop_assert_eq!(confirms.publish(pending).0, last);
                        model.insert(last, (pending, Outcome::Ack));
                    }
                    Step::Settle(tag, outcome) => {
                        confirms.settle(PublishTag(tag), outcome);
                        if let Some((pending, so_far)) = model.get_mut(&tag) && *pending > 0 {
                            *pending -= 1;
                            if outcome == Outcome::Nack {
                                *so_far = outcome;
                            }
                        }
                    }
                    Step::Drain => {
                        for (tag, reach, outcome) in drained(&mut confirms) {
                            let covered: Vec<u64> = match reach {
                                Reach::One => vec![tag],
                                Reach::UpTo => model.range(..=tag).map(|(tag, _)| *tag).collect(),
                            };
                            prop_assert!(reach == Reach::One || covered.len() > 1);
                            for tag in covered {
                                prop_assert_eq!(model.remove(&tag), Some((0, outcome)));
                            }
                        }
                        prop_assert!(model.values().all(|(pending, _)| *pending > 0));
                    }
                }
                prop_assert_eq!(confirms.len(), model.len());
            }
        }
    }
}
