//! Messages that expire: each at its time, wherever it stands.

use super::command::Marks;
use super::core::Queue;
use super::deadlines::Deadlines;
use super::dying::Death;
use super::effect::Effects;
use super::lane::Message;
use super::lifetimes::{Lifetime, Lifetimes};
use super::paging::{Entry, Wanted};
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
        if !self.lifetimes.are_limited() || !self.dying.has_room() {
            return None;
        }
        let is_due = |deadline: Timestamp| deadline <= self.now;
        let first = self.ready.downwards().map(|ready| &ready.lane).find_map(|lane| {
            let wants_first = lane.at_hand() == 0 && lane.first_deadline().is_none_or(is_due);
            let run = lane.first_run().filter(|_| wants_first);
            run.filter(|run| self.lifetimes.of(run.first).is_some())
        });
        first.copied().map(Wanted::Run)
    }

    /// When a message expires that was read from the disk: the settings when it came count.
    pub fn deadline_of(&self, index: MessageIndex, accepted: Timestamp, marks: Marks) -> Timestamp {
        let message_ttl = self.lifetimes.of(index);
        Settings { message_ttl, ..self.settings }.deadline(accepted, marks)
    }

    /// The same queue, `now` after a restart, whose messages have these lifetimes, in the order of
    /// their places. A run of which messages may expire before others in front of it is looked at.
    #[must_use]
    pub fn with_lifetimes(
        mut self,
        now: Timestamp,
        lifetimes: impl IntoIterator<Item = Lifetime>,
    ) -> Self {
        let lifetimes = Lifetimes::restored(lifetimes);
        self.ready.mark_runs(|run| lifetimes.is_any_overtaking(run.first, run.end()));
        (self.now, self.lifetimes) = (now, lifetimes);
        self
    }

    /// How long messages live by the settings, each from that place on; the last holds for what comes
    /// now.
    pub fn lifetimes(&self) -> impl DoubleEndedIterator<Item = Lifetime> {
        self.lifetimes.iter()
    }

    /// What comes from now on lives as the settings say.
    pub(super) fn begin_lifetime(&mut self) {
        let next = MessageIndex(self.next_index);
        let places = self.entries_but_far().map(|entry| match entry {
            Entry::Run(run) => run.first,
            Entry::Ready(message) | Entry::Unacked(message) => message.index,
        });
        let first = places.min().unwrap_or(next);
        self.lifetimes.begin(first, next, self.settings.message_ttl);
    }

    /// What is on the disk expires in the order of its places, as far as it was not marked.
    pub(super) fn expect_deadlines(&mut self) {
        if self.lifetimes.are_limited() {
            let longest = self.lifetimes.longest_before(MessageIndex(self.next_index));
            self.deadlines = Deadlines::in_order();
            self.ready.expect_deadlines(self.now.plus(longest));
        }
    }

    /// Whether a message in the lane would be held up by those before it.
    pub(super) fn overtakes(&self, message: &Message) -> bool {
        let is_mortal = message.deadline != Timestamp::NEVER;
        is_mortal && self.lifetimes.is_overtaking(message.index)
    }

    /// No message is ready.
    pub(super) fn forget_deadlines(&mut self) {
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
