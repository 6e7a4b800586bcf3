//! Delivery where messages belong to groups: each group to one consumer at a time, in order.

use super::consumers::Turn;
use super::core::Queue;
use super::effect::Effects;
use super::groups::Standing;
use super::lane::Message;
use super::paging::Wanted;
use super::unacked::Holder;
use crate::amqp::ack_mode::AckMode;
use crate::amqp::id::{ConsumerId, MessageIndex};

impl Queue {
    /// Sets aside what stands first and has to wait for others of its group, so that what comes
    /// next can be delivered.
    pub fn pass_over(&mut self) {
        if self.groups.is_idle() {
            return;
        }
        while let Some(index) = self.ready.front_index()
            && self.groups.must_wait(index)
            && let Some(message) = self.ready.take_front()
        {
            self.deadlines.add(&message);
            if self.groups.overtake(Standing::of(&message)) {
                self.ready.set_apart(message);
            } else {
                self.groups.wait(Standing::of(&message));
                self.waiting.insert(message);
            }
        }
    }

    /// Delivers what consumers can take of groups that they hold or nobody does.
    pub(super) fn deliver_grouped(&mut self, effects: &mut Effects) {
        loop {
            self.pass_over();
            if !effects.has_room() {
                return;
            }
            let Some((consumer, acks, message)) = self.next_grouped() else { return };
            let holder = Holder::Consumer(consumer);
            self.join(&message, holder, acks);
            let delivery = self.hand_out(message, holder, acks, effects);
            effects.deliver(consumer, delivery);
        }
    }

    /// Whose turn it is, and what that consumer gets: the first message that may be its.
    fn next_grouped(&mut self) -> Option<(ConsumerId, AckMode, Message)> {
        if !self.ready.is_front_hot() {
            let (consumer, own) = self.own_at_hand()?;
            let acks = self.consumers.take_for(consumer)?;
            return Some((consumer, acks, self.waiting.remove(own.index)?));
        }
        let front = self.ready.next()?;
        let front = Standing::new(front.level, front.front_index()?);
        let Turn { consumer, acks, .. } = self.consumers.take_turn()?;
        let own = self.hot_own(consumer).filter(|own| *own < front);
        let message = match own {
            Some(own) => self.waiting.remove(own.index),
            None => self.ready.pop_front(),
        };
        Some((consumer, acks, message?))
    }

    /// Has `holder` hold the group of a message that it is sent, until it settles it.
    pub(super) fn join(&mut self, message: &Message, holder: Holder, acks: AckMode) {
        match acks {
            AckMode::Manual => self.groups.hold(Standing::of(message), holder),
            AckMode::Automatic => self.leave_group(message),
        }
    }

    /// A message is gone that was not unacked; what waited for it may be delivered.
    pub(super) fn leave_group(&mut self, message: &Message) {
        let next = self.groups.pass(Standing::of(message));
        self.offer(next);
    }

    /// A message is not unacked any more.
    pub(super) fn settle_group(&mut self, message: &Message) {
        let index = message.index;
        if !self.groups.has(index) {
            return;
        }
        let returned = self.ready.remove_apart(index);
        // One that waits before it is ready again holds the group up.
        let is_deferred = self.later.messages.get(index).is_some();
        let is_back = returned.is_some() || is_deferred;
        let next = self.groups.settle(Standing::of(message), is_back);
        if let Some(message) = returned {
            self.waiting.insert(message);
        }
        self.offer(next);
    }

    /// A message that was found after a restart holds its group up, if it waits before it is ready
    /// again.
    pub(super) fn hold_up(&mut self, index: MessageIndex) {
        let Some(standing) = self.later.messages.get(index).map(Standing::of) else { return };
        if !self.groups.overtake(standing) {
            let next = self.groups.hold_up(standing);
            self.offer(next);
        }
    }

    fn offer(&mut self, next: Option<MessageIndex>) {
        if let Some(message) = next.and_then(|next| self.waiting.remove(next)) {
            self.ready.set_apart(message);
        }
    }

    /// Whether a consumer can take a message of a group that it holds.
    pub(super) fn has_own(&self) -> bool {
        !self.groups.is_idle() && self.own_at_hand().is_some()
    }

    /// Whether a consumer could take a message in memory of a group that it holds, with an allowance
    /// if it needs one.
    pub(super) fn is_own_awaited(&self) -> bool {
        let mut hungry = self.groups.holders().filter(|id| self.consumers.has_room(*id));
        hungry.any(|id| self.hot_own(id).is_some())
    }

    /// What the holder of a group has to have loaded.
    pub(super) fn wanted_of_groups(&self) -> Option<Wanted> {
        let mut hungry = self.groups.holders().filter(|id| self.consumers.has_room(*id));
        hungry.find_map(|id| {
            // One that is not ready yet holds up its group alone.
            let first = self.groups.own(id).find_map(|own| self.waiting.get(own.index))?;
            first.store.is_cold().then_some(Wanted::Single(*first))
        })
    }

    /// A consumer that can take a message, and the first that waits for it and is in memory. None of
    /// a lower level than what is ready: among that may be more of its group.
    fn own_at_hand(&self) -> Option<(ConsumerId, Standing)> {
        let level = self.ready.next().map_or(0, |ready| ready.level);
        let mut able = self.groups.holders().filter(|id| self.consumers.can_take(*id));
        able.find_map(|id| Some((id, self.hot_own(id).filter(|own| !own.is_below(level))?)))
    }

    fn hot_own(&self, consumer: ConsumerId) -> Option<Standing> {
        let is_hot = |own: &Standing| {
            self.waiting.get(own.index).is_some_and(|message| !message.store.is_cold())
        };
        self.groups.own(consumer).find(is_hot)
    }
}

#[cfg(test)]
#[path = "grouped_tests.rs"]
mod tests;
