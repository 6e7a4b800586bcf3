//! What has to be carried out after a batch of commands.

use super::dying::Death;
use crate::amqp::ack_mode::AckMode;
use crate::amqp::attempts::Attempts;
use crate::amqp::id::{ConsumerId, MessageIndex, StoreRef, Timestamp};
use crate::amqp::run::Run;

/// The capacity, in effects and in releases, that is kept from batch to batch.
const KEPT_CAPACITY: usize = 16 * 1024;

/// One thing to carry out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Send the message to the consumer.
    Deliver {
        /// The consumer.
        consumer: ConsumerId,
        /// The message.
        delivery: Delivery,
    },
    /// The delivery or get that comes next is of a message that came back so often.
    Again {
        /// The counts.
        attempts: Attempts,
    },
    /// Answer a get with the message.
    Got {
        /// The get's number.
        request: u32,
        /// How many ready messages are left.
        remaining: u32,
        /// The message.
        delivery: Delivery,
    },
    /// Answer a get: there is no ready message.
    GetEmpty {
        /// The get's number.
        request: u32,
    },
    /// A get took nothing: there are ready messages, but the first has to be loaded. Ask again when
    /// it is.
    GetCold {
        /// The get's number.
        request: u32,
    },
    /// Answer a purge.
    Purged {
        /// The purge's number.
        request: u32,
        /// How many messages were removed.
        count: u32,
    },
    /// The consumer was not started: the queue is in exclusive use.
    Refused {
        /// The consumer.
        consumer: ConsumerId,
    },
    /// Part of a consumer's allowance was not used.
    Unspent {
        /// The consumer.
        consumer: ConsumerId,
        /// Messages.
        credit: u32,
    },
    /// A message died, and is to be published elsewhere; answered by [`Command::Bury`](super::command::Command::Bury).
    Died {
        /// The message.
        index: MessageIndex,
        /// Where the store keeps it.
        store: StoreRef,
        /// Why.
        death: Death,
    },
    /// The last consumer has gone.
    Unused,
}

/// A message that leaves its queue's ready messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The message.
    pub index: MessageIndex,
    /// Where the store keeps it.
    pub store: StoreRef,
    /// The size of its body.
    pub bytes: u32,
    /// Whether it was delivered before.
    pub redelivered: bool,
    /// `Manual`: it is unacked now. `Automatic`: it is gone, and its store reference is among the
    /// released.
    pub acks: AckMode,
}

/// How much one call may deliver to consumers. A call that reaches either bound stops after the
/// message that reached it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Messages.
    pub messages: u32,
    /// Octets of bodies.
    pub bytes: u64,
}

/// The effects of the calls since it was last cleared. It belongs to the caller and is reused.
#[derive(Debug)]
pub struct Effects {
    list: Vec<Effect>,
    released: Vec<(MessageIndex, StoreRef)>,
    released_runs: Vec<Run>,
    counted: Vec<(MessageIndex, Attempts)>,
    deferred: Vec<(MessageIndex, Timestamp)>,
    budget: Budget,
    left: Budget,
}

impl Effects {
    /// No effects, and room for `budget`.
    pub fn new(budget: Budget) -> Self {
        Self {
            list: Vec::new(),
            released: Vec::new(),
            released_runs: Vec::new(),
            counted: Vec::new(),
            deferred: Vec::new(),
            budget,
            left: budget,
        }
    }

    /// Forgets the effects and gives the whole budget back.
    pub fn clear(&mut self) {
        self.list.clear();
        self.list.shrink_to(KEPT_CAPACITY);
        self.released.clear();
        self.released.shrink_to(KEPT_CAPACITY);
        self.released_runs = Vec::new();
        self.counted = Vec::new();
        self.deferred = Vec::new();
        self.left = self.budget;
    }

    /// What one call may deliver when nothing was delivered yet.
    pub fn budget(&self) -> Budget {
        self.budget
    }

    /// What has to be carried out, in this order.
    pub fn list(&self) -> &[Effect] {
        &self.list
    }

    /// The messages to release from the store once all of the list is carried out.
    pub fn released(&self) -> &[(MessageIndex, StoreRef)] {
        &self.released
    }

    /// The cold runs to release besides: what a purge removed without looking at each message.
    pub fn released_runs(&self) -> &[Run] {
        &self.released_runs
    }

    /// The messages whose counts have changed, and what they come to.
    pub fn counted(&self) -> &[(MessageIndex, Attempts)] {
        &self.counted
    }

    /// The messages that came back and wait from now on, and until when.
    pub fn deferred(&self) -> &[(MessageIndex, Timestamp)] {
        &self.deferred
    }

    /// Whether no effect, no release and no count is pending.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
            && self.released.is_empty()
            && self.released_runs.is_empty()
            && self.counted.is_empty()
    }

    pub(super) fn push(&mut self, effect: Effect) {
        self.list.push(effect);
    }

    pub(super) fn release(&mut self, index: MessageIndex, store: StoreRef) {
        self.released.push((index, store));
    }

    pub(super) fn release_runs(&mut self, runs: impl Iterator<Item = Run>) {
        self.released_runs.extend(runs);
    }

    pub(super) fn count(&mut self, index: MessageIndex, attempts: Attempts) {
        self.counted.push((index, attempts));
    }

    pub(super) fn defer(&mut self, index: MessageIndex, until: Timestamp) {
        self.deferred.push((index, until));
    }

    /// Sets messages of the budget aside, all but `messages`; returns how many.
    pub(super) fn withhold(&mut self, messages: u64) -> u32 {
        let kept = u32::try_from(messages).unwrap_or(u32::MAX).min(self.left.messages);
        let withheld = self.left.messages - kept;
        self.left.messages = kept;
        withheld
    }

    /// Puts back what was withheld.
    pub(super) fn give_back(&mut self, withheld: u32) {
        self.left.messages += withheld;
    }

    /// How many more deliveries fit, whatever their size.
    pub(super) fn room(&self) -> u32 {
        self.left.messages
    }

    /// Whether another delivery to a consumer fits.
    pub(super) fn has_room(&self) -> bool {
        self.left.messages > 0 && self.left.bytes > 0
    }

    /// Hands a message to a consumer, at the budget's cost.
    pub(super) fn deliver(&mut self, consumer: ConsumerId, delivery: Delivery) {
        self.left.messages = self.left.messages.saturating_sub(1);
        self.left.bytes = self.left.bytes.saturating_sub(u64::from(delivery.bytes));
        self.push(Effect::Deliver { consumer, delivery });
        if delivery.acks == AckMode::Automatic {
            self.release(delivery.index, delivery.store);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_effect_stays_small() {
        assert!(size_of::<Effect>() <= 40);
        assert!(size_of::<super::super::command::Command>() <= 48);
    }
}
