//! Deliveries that wait for their acknowledgement (spec 1.8.3.13; RabbitMQ:
//! `rabbit_channel:collect_acks/3`).

use std::fmt;
use std::time::Instant;

use super::ages::Ages;
use super::ring::Ring;
use crate::amqp::ack_mode::AckMode;
use crate::amqp::exception::Exception;
use crate::amqp::id::{ConsumerId, DeliveryTag, MessageIndex, QueueId};
use crate::amqp::reply_code::ReplyCode;

/// How far a tag in an ack, a nack or a confirm reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reach {
    /// The tag alone.
    One,
    /// The tag and all before it (`multiple`).
    UpTo,
}

/// A delivery that is not settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unacked {
    /// Its number within the channel.
    pub tag: DeliveryTag,
    /// The queue it came from.
    pub queue: QueueId,
    /// The message within that queue.
    pub index: MessageIndex,
    /// Who it was delivered to; absent for a get.
    pub consumer: Option<ConsumerId>,
}

/// A settlement names a delivery that is not outstanding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownDeliveryTag(pub DeliveryTag);

impl fmt::Display for UnknownDeliveryTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown delivery tag {}", self.0)
    }
}

impl std::error::Error for UnknownDeliveryTag {}

impl From<UnknownDeliveryTag> for Exception {
    fn from(unknown: UnknownDeliveryTag) -> Self {
        Self::new(ReplyCode::PreconditionFailed, unknown.to_string())
    }
}

/// What has been delivered on a channel and not settled, in the order of the tags.
#[derive(Debug, Default)]
pub struct Deliveries {
    last: u64,
    unacked: Ring<Sent>,
    ages: Ages,
}

/// [`Unacked`] without its tag.
#[derive(Clone, Copy, Debug)]
struct Sent {
    queue: QueueId,
    index: MessageIndex,
    consumer: Option<ConsumerId>,
}

impl Sent {
    fn with_tag(self, tag: u64) -> Unacked {
        let Self { queue, index, consumer } = self;
        Unacked { tag: DeliveryTag(tag), queue, index, consumer }
    }
}

impl Deliveries {
    /// Numbers a delivery, and keeps it until it is settled if it has to be.
    pub fn deliver(
        &mut self,
        queue: QueueId,
        index: MessageIndex,
        consumer: Option<ConsumerId>,
        acks: AckMode,
    ) -> DeliveryTag {
        self.last += 1;
        if acks == AckMode::Manual {
            self.unacked.push(self.last, Sent { queue, index, consumer });
        }
        DeliveryTag(self.last)
    }

    /// Takes what a settlement names out, appending it to `out` in the order of the tags. Tag 0
    /// with [`Reach::UpTo`] is all there is, which may be nothing.
    ///
    /// # Errors
    /// The tag itself is not outstanding; then nothing is taken.
    pub fn take(
        &mut self,
        tag: DeliveryTag,
        reach: Reach,
        out: &mut Vec<Unacked>,
    ) -> Result<(), UnknownDeliveryTag> {
        match reach {
            Reach::UpTo if tag.0 == 0 => self.take_all(out),
            Reach::UpTo => {
                if !self.unacked.contains(tag.0) {
                    return Err(UnknownDeliveryTag(tag));
                }
                self.take_up_to(tag.0, out);
            }
            Reach::One => {
                let sent = self.unacked.remove(tag.0).ok_or(UnknownDeliveryTag(tag))?;
                out.push(sent.with_tag(tag.0));
            }
        }
        Ok(())
    }

    /// Takes all that is outstanding, appending it to `out` in the order of the tags.
    pub fn take_all(&mut self, out: &mut Vec<Unacked>) {
        self.take_up_to(u64::MAX, out);
    }

    /// Puts what was taken back in its place, as `tx.rollback` does; in any order.
    pub fn restore(&mut self, taken: impl IntoIterator<Item = Unacked>) {
        self.unacked.restore(taken.into_iter().map(|unacked| {
            let Unacked { tag, queue, index, consumer } = unacked;
            (tag.0, Sent { queue, index, consumer })
        }));
    }

    /// Takes note of the time: what has been delivered since the last call is from now on known to
    /// have been delivered by `now`.
    pub fn look(&mut self, now: Instant) {
        match self.unacked.front() {
            Some((first, _)) => self.ages.look(now, first, self.last),
            None => self.ages.clear(),
        }
    }

    /// What is outstanding and the times by which it had been delivered, in the order of the tags,
    /// as far as looks have been made.
    pub fn aged(&self) -> impl Iterator<Item = (Unacked, Instant)> {
        let mut ages = self.ages.walk();
        self.unacked
            .iter()
            .map_while(move |(tag, sent)| Some((sent.with_tag(tag), ages.delivered_by(tag)?)))
    }

    /// How many deliveries are outstanding.
    pub fn len(&self) -> usize {
        self.unacked.len()
    }

    /// Whether none is outstanding.
    pub fn is_empty(&self) -> bool {
        self.unacked.is_empty()
    }

    fn take_up_to(&mut self, last: u64, out: &mut Vec<Unacked>) {
        while self.unacked.front().is_some_and(|(tag, _)| tag <= last) {
            let Some((tag, sent)) = self.unacked.pop_front() else { return };
            out.push(sent.with_tag(tag));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn deliver(deliveries: &mut Deliveries, index: u64) -> DeliveryTag {
        deliveries.deliver(QueueId(1), MessageIndex(index), Some(ConsumerId(7)), AckMode::Manual)
    }

    fn taken(deliveries: &mut Deliveries, tag: u64, reach: Reach) -> Option<Vec<u64>> {
        let mut out = Vec::new();
        deliveries.take(DeliveryTag(tag), reach, &mut out).ok()?;
        Some(out.iter().map(|unacked| unacked.tag.0).collect())
    }

    #[test]
    fn automatic_deliveries_use_a_tag_and_are_not_kept() {
        let mut deliveries = Deliveries::default();

        let first = deliveries.deliver(QueueId(1), MessageIndex(0), None, AckMode::Automatic);
        let second = deliver(&mut deliveries, 1);

        assert_eq!((first, second), (DeliveryTag(1), DeliveryTag(2)));
        assert_eq!(deliveries.len(), 1);
        assert_eq!(taken(&mut deliveries, 1, Reach::One), None);
    }

    #[test]
    fn tag_zero_with_multiple_is_all_there_is_and_no_error_when_that_is_nothing() {
        let mut deliveries = Deliveries::default();
        deliver(&mut deliveries, 0);
        deliver(&mut deliveries, 1);

        assert_eq!(taken(&mut deliveries, 0, Reach::One), None);
        assert_eq!(taken(&mut deliveries, 0, Reach::UpTo), Some(vec![1, 2]));
        assert_eq!(taken(&mut deliveries, 0, Reach::UpTo), Some(vec![]));
    }

    #[test]
    fn multiple_with_a_tag_that_is_not_outstanding_takes_nothing() {
        let mut deliveries = Deliveries::default();
        for index in 0..3 {
            deliver(&mut deliveries, index);
        }
        taken(&mut deliveries, 2, Reach::One).unwrap();

        let mut out = Vec::new();
        let error = deliveries.take(DeliveryTag(2), Reach::UpTo, &mut out).unwrap_err();

        assert_eq!(
            Exception::from(error).reply_text(),
            "PRECONDITION_FAILED - unknown delivery tag 2"
        );
        assert!(out.is_empty());
        assert_eq!(deliveries.len(), 2);
    }

    #[test]
    fn one_delivery_that_is_never_settled_does_not_make_the_ring_grow() {
        let mut deliveries = Deliveries::default();
        deliver(&mut deliveries, 0);

        for index in 1..10_000 {
            let tag = deliver(&mut deliveries, index);
            taken(&mut deliveries, tag.0, Reach::One).unwrap();
        }

        assert_eq!(deliveries.len(), 1);
        assert!(deliveries.unacked.slots() <= 64);
    }

    #[derive(Clone, Debug)]
    enum Step {
        Deliver(AckMode),
        Take(u64, Reach),
        Restore,
    }

    fn step() -> impl Strategy<Value = Step> {
        let reach = prop_oneof![4 => Just(Reach::One), 1 => Just(Reach::UpTo)];
        prop_oneof![
            6 => Just(Step::Deliver(AckMode::Manual)),
            1 => Just(Step::Deliver(AckMode::Automatic)),
            6 => (0..200_u64, reach).prop_map(|(tag, reach)| Step::Take(tag, reach)),
            1 => Just(Step::Restore),
        ]
    }

    fn naive_take(model: &mut BTreeMap<u64, u64>, tag: u64, reach: Reach) -> Option<Vec<u64>> {
        if !(model.contains_key(&tag) || (tag == 0 && reach == Reach::UpTo)) {
            return None;
        }
        let hit = |candidate: u64| match reach {
            Reach::One => candidate == tag,
            Reach::UpTo => tag == 0 || candidate <= tag,
        };
        let tags: Vec<u64> = model.keys().copied().filter(|tag| hit(*tag)).collect();
        model.retain(|tag, _| !hit(*tag));
        Some(tags)
    }

    proptest! {
        #[test]
        fn they_behave_as_a_sorted_map_would(steps in prop::collection::vec(step(), 1..400)) {
            let mut deliveries = Deliveries::default();
            let mut model = BTreeMap::new();
            let mut last = 0;
            let mut kept = Vec::new();

            for (index, step) in (0..).zip(steps) {
                match step {
                    Step::Deliver(acks) => {
                        last += 1;
                        let tag = deliveries.deliver(QueueId(1), MessageIndex(index), None, acks);
                        prop_assert_eq!(tag.0, last);
                        if acks == AckMode::Manual {
                            model.insert(last, index);
                        }
                    }
                    Step::Take(tag, reach) => {
                        let before = model.clone();
                        let mut out = Vec::new();
                        let result = deliveries.take(DeliveryTag(tag), reach, &mut out);
                        let expected = naive_take(&mut model, tag, reach);
                        prop_assert_eq!(result.is_ok(), expected.is_some());
                        let tags: Vec<u64> = out.iter().map(|unacked| unacked.tag.0).collect();
                        prop_assert_eq!(tags, expected.unwrap_or_default());
                        prop_assert!(out.iter().all(|one| before[&one.tag.0] == one.index.0));
                        kept.extend(out);
                    }
                    Step::Restore => {
                        model.extend(kept.iter().map(|one| (one.tag.0, one.index.0)));
                        deliveries.restore(kept.drain(..));
                    }
                }
                prop_assert_eq!(deliveries.len(), model.len());
                prop_assert!(deliveries.unacked.slots() <= 64.max(2 * model.len()));
            }
        }
    }
}
