//! Messages that expire: each at its time, wherever it stands.

use super::command::Marks;
use super::core::Queue;
use super::dying::Death;
use super::effect::Effects;
use super::lane::Message;
use super::paging::Wanted;
use super::settings::Settings;
use crate::amqp::id::{MessageIndex, Timestamp};

impl Queue {
    /// When it has something to do of its own accord; it is to be applied then, without a command.
    pub fn next_wake(&self) -> Option<Timestamp> {
        let due = self.next_due().into_iter().chain(self.later.first_due());
        let next = self.next_expiry().into_iter().chain(due).min();
        if self.pacer.is_off() {
            return next;
        }
        next.into_iter().chain(self.paced_wake()).min()
    }

    fn next_expiry(&self) -> Option<Timestamp> {
        if self.deadlines.is_idle() && self.settings.message_ttl.is_none() {
            return None;
        }
        let single = self.deadlines.first().map(|(deadline, _)| deadline);
        let first = single.into_iter().chain(self.ready.first_deadline()).min()?;
        (first != Timestamp::NEVER).then_some(first)
    }

    /// Has those die whose deadline is `until` or before.
    pub(super) fn expire(&mut self, until: Timestamp, effects: &mut Effects) {
        if self.deadlines.is_idle() && self.settings.message_ttl.is_none() {
            return;
        }
        while let Some((deadline, index)) = self.deadlines.first()
            && deadline <= until
        {
            let ready = self.ready.remove(index).or_else(|| self.waiting.remove(index));
            let found = ready.or_else(|| self.later.remove(index));
            self.deadlines.forget(deadline, index);
            if let Some(message) = found {
                self.kill(message, Death::Expired, effects);
            }
        }
        while let Some(message) = self.ready.pop_expired(until) {
            self.kill(message, Death::Expired, effects);
        }
        if self.ready.is_empty() && self.waiting.is_empty() && self.later.is_empty() {
            self.forget_deadlines();
        }
    }

    /// What has to be loaded for messages to expire in the order of their places: the first of a
    /// level, when its time is over or not known. Not while as many as may be are on their way
    /// elsewhere.
    pub(super) fn wanted_for_expiry(&self) -> Option<Wanted> {
        let now = self.settings.message_ttl;
        if now.is_none() && self.lifetimes.is_empty() || !self.dying.has_room() {
            return None;
        }
        let is_due = |deadline: Timestamp| deadline <= self.now;
        let first = self.ready.downwards().map(|ready| &ready.lane).find_map(|lane| {
            let wants_first = lane.at_hand() == 0 && lane.first_deadline().is_none_or(is_due);
            let run = lane.first_run().filter(|_| wants_first);
            run.filter(|run| self.lifetimes.of(run.first, now).is_some())
        });
        first.copied().map(Wanted::Run)
    }

    /// When a message expires that was read from the disk: the settings when it came count, as far
    /// back as the last restart.
    pub fn deadline_of(&self, index: MessageIndex, accepted: Timestamp, marks: Marks) -> Timestamp {
        let message_ttl = self.lifetimes.of(index, self.settings.message_ttl);
        Settings { message_ttl, ..self.settings }.deadline(accepted, marks)
    }

    /// What comes from now on has another lifetime.
    pub(super) fn lifetime_ended(&mut self) {
        let next = MessageIndex(self.next_index);
        let firsts = self.ready.downwards().filter_map(|ready| ready.lane.first_index());
        let first = firsts.min().unwrap_or(next);
        self.lifetimes.ended(first, next, self.settings.message_ttl);
    }

    /// No message is ready.
    pub(super) fn forget_deadlines(&mut self) {
        self.lifetimes.clear();
        if !self.deadlines.is_idle() {
            self.deadlines.clear();
            self.ready.forget_deadlines();
        }
    }

    /// Puts a message that was found on the disk among those that stand apart.
    pub(super) fn set_apart(&mut self, message: Message) {
        self.deadlines.add(&message);
        self.ready.set_apart(message);
    }
}

#[cfg(test)]
#[path = "expiry_tests.rs"]
mod tests;
