//! The outgoing half of a channel: what it delivered, what it has to confirm, and its credit.

use bytes::BytesMut;

use crate::amqp::ack_mode::AckMode;
use crate::amqp::id::{ChannelId, DeliveryTag, QueueId};
use crate::channel::confirms::{Confirms, Outcome};
use crate::channel::credit::ChannelCredit;
use crate::channel::deliveries::{Deliveries, Reach, Unacked};
use crate::codec::encode;
use crate::queue::command::ChannelLimit;
use crate::vhost::Completer;
use crate::vhost::session::{Credit, Delivery};

/// The outgoing half of a channel.
#[derive(Debug, Default)]
pub(super) struct Sending {
    pub(super) deliveries: Deliveries,
    pub(super) confirms: Confirms,
    /// Whether its publishes are a transaction's, which is answered instead of them.
    pub(super) commit: Option<CommitState>,
    /// Whether a queue has refused something of a transaction.
    pub(super) partial: bool,
    pub(super) credit: ChannelCredit,
    /// Queues that asked in vain for credit.
    pub(super) starved: Vec<QueueId>,
}

/// How far a transaction is that is being committed.
#[derive(Debug)]
pub(super) enum CommitState {
    /// More may be published.
    Publishing,
    /// Completed when the queues have accepted everything.
    Accepting(Completer),
}

impl Sending {
    pub(super) fn limit(&self) -> ChannelLimit {
        if self.credit.is_limited() { ChannelLimit::Present } else { ChannelLimit::Absent }
    }

    pub(super) fn free<'a>(&mut self, settled: impl IntoIterator<Item = &'a Unacked>) {
        let to_consumers = settled.into_iter().filter(|unacked| unacked.consumer.is_some()).count();
        self.credit.release(u32::try_from(to_consumers).unwrap_or(u32::MAX));
    }

    pub(super) fn number(&mut self, queue: QueueId, delivery: &Delivery<'_>) -> DeliveryTag {
        if delivery.credit == Credit::Charge && delivery.acks == AckMode::Manual {
            self.credit.charge(1);
        }
        self.deliveries.deliver(queue, delivery.index, Some(delivery.to.id), delivery.acks)
    }

    pub(super) fn answer(
        &mut self,
        channel: ChannelId,
        output: &mut BytesMut,
    ) -> Option<Completer> {
        if self.commit.is_some() {
            self.confirms.drain(&mut |_, _, _| {});
            let is_accepted = |commit: &mut _| {
                matches!(commit, CommitState::Accepting(_)) && self.confirms.is_empty()
            };
            return match self.commit.take_if(is_accepted) {
                Some(CommitState::Accepting(completer)) => Some(completer),
                _ => None,
            };
        }
        self.confirms.drain(&mut |tag, reach, outcome| {
            let multiple = reach == Reach::UpTo;
            match outcome {
                Outcome::Ack => encode::ack(output, channel, tag, multiple),
                Outcome::Nack => encode::nack(output, channel, tag, multiple),
            }
        });
        None
    }
}
