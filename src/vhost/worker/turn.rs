//! The worker's turn: commands are applied, and what follows from them is carried out.

use super::QueueWorker;
use super::consumers::Attached;
use crate::queue::command::Command;
use crate::queue::consumers::Wanting;
use crate::queue::effect::{Budget, Effect};
use crate::vhost::credit::{Share, deal};

/// What is delivered between two looks at whether the receivers still have room.
pub(super) const BUDGET: Budget = Budget { messages: 256, bytes: 256 << 10 };

impl QueueWorker {
    /// Applies the commands gathered and carries out what follows, until no consumer has to be
    /// paused for it; returns the number of messages delivered.
    pub(in crate::vhost) fn run(&mut self) -> usize {
        let mut delivered = 0;
        loop {
            self.apply();
            delivered += self.deliver();
            self.settle_accounts();
            if self.commands.is_empty() && !self.core.has_excess() && !self.page() {
                return delivered;
            }
        }
    }

    /// Ends what [`Self::apply`] and [`Self::deliver`] began.
    pub(super) fn finish(&mut self) {
        self.settle_accounts();
        if !self.commands.is_empty() || self.core.has_excess() {
            self.run();
        }
    }

    pub(super) fn apply(&mut self) {
        self.grant();
        self.effects.clear();
        if self.closed {
            self.commands.clear();
            return;
        }
        self.core.apply(self.alarm.now(), &self.commands, &mut self.effects);
        self.commands.clear();
        if self.core.settings().delayed {
            self.take_ripened();
        }
        self.alarm.set(self.core.next_wake());
    }

    /// Sets channel credit aside for the deliveries to come. What the core does not use of it
    /// comes back as an effect.
    fn grant(&mut self) {
        if self.core.wanting().next().is_none() {
            return;
        }
        let is_enqueue =
            |it: &&Command| matches!(it, Command::Enqueue(_) | Command::EnqueueMarked(..));
        let enqueued = self.commands.iter().filter(is_enqueue);
        let at_hand = self.core.at_hand(BUDGET.messages as usize);
        let ready = u32::try_from(at_hand + enqueued.count()).unwrap_or(u32::MAX);
        if ready == 0 {
            return;
        }
        let mut shares = std::mem::take(&mut self.shares);
        for Wanting { consumer: id, priority, room } in self.core.wanting() {
            let Some(Attached { consumer, .. }) = self.consumers.get(&id) else { continue };
            let channel = (consumer.session.id(), consumer.channel);
            shares.push(Share { channel, priority, place: shares.len(), id, room, credit: 0 });
        }
        deal(&mut shares, ready.min(BUDGET.messages), |id, wanted| {
            self.consumers.get(&id).map_or(0, |Attached { consumer, .. }| {
                consumer.session.reserve_credit(self.queue, consumer.channel, wanted)
            })
        });
        let granted = shares.drain(..).filter(|share| share.credit > 0);
        self.commands.extend(
            granted.map(|share| Command::Grant { consumer: share.id, credit: share.credit }),
        );
        self.shares = shares;
    }

    /// Gives back unused credit and the messages that are gone.
    fn settle_accounts(&mut self) {
        self.send_letters();
        for effect in self.effects.list() {
            if let Effect::Unspent { consumer, credit } = effect
                && let Some(Attached { consumer, .. }) = self.consumers.get(consumer)
            {
                consumer.session.release_credit(consumer.channel, *credit);
            }
        }
        if let Some(backing) = &mut self.backing {
            backing.settle(&self.effects, &self.store);
        }
        for (_, store) in self.effects.released() {
            self.store.release(*store);
        }
        if self.store.is_wasteful() {
            self.store.compact(self.core.stores_mut());
        }
    }
}
