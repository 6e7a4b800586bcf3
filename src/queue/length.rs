//! Limits of length: what becomes of ready messages that are too many, or have too many octets.
//!
//! A queue drops the oldest of the highest priority, as RabbitMQ does, or its owner asks before each
//! publish whether there is [room](Queue::vacancy). Unacked messages do not count; those that came
//! back and wait do, and are not dropped meanwhile (RabbitMQ:
//! `rabbit_fifo:messages_ready_plus_delayed/1`).

use super::core::Queue;
use super::dying::Death;
use super::effect::Effects;
use super::groups::Standing;
use super::lane::Message;
use super::paging::Wanted;
use super::settings::{Dead, Settings, Trimming};
use crate::amqp::argument::Overflow;
use crate::amqp::id::MessageIndex;
use crate::amqp::run::Run;

/// What a queue can still take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Vacancy {
    messages: u64,
    bytes: u64,
}

impl Vacancy {
    /// Takes the place of a message with a body of `bytes`; `false` if it does not fit.
    pub fn take(&mut self, bytes: u32) -> bool {
        let bytes = u64::from(bytes);
        let fits = self.messages > 0 && bytes <= self.bytes;
        if fits {
            self.messages -= 1;
            self.bytes -= bytes;
        }
        fits
    }
}

/// By how much a queue is over its limits; 0 where it is not.
#[derive(Clone, Copy, Debug)]
struct Excess {
    messages: u64,
    bytes: u64,
}

impl Excess {
    /// Whether every message of a run is too much when those before it have gone. Were the octets
    /// just enough, its last message could be an empty one that may stay.
    fn covers(self, run: &Run) -> bool {
        u64::from(run.count) <= self.messages || run.bytes < self.bytes
    }
}

impl Settings {
    /// Whether there is a limit.
    const fn is_limited(&self) -> bool {
        self.max_length.is_some() || self.max_bytes.is_some()
    }

    /// Whether they go before consumers are served, where there are too many because messages came
    /// back.
    pub fn trims_first(&self) -> bool {
        self.trimming == Trimming::First && self.drops_head()
    }

    /// Whether the oldest messages have to go when there are too many.
    #[inline]
    fn drops_head(&self) -> bool {
        self.is_limited() && self.overflow == Overflow::DropHead
    }
}

impl Queue {
    /// What it can still take; `None` where nothing is refused. What has died takes room where it
    /// is kept until it is elsewhere (RabbitMQ: `rabbit_fifo:is_over_limit/1`). It is for one publish after the
    /// other: what consumers are sent in between makes room.
    pub fn vacancy(&self) -> Option<Vacancy> {
        let settings = &self.settings;
        if settings.overflow == Overflow::DropHead || !settings.is_limited() {
            return None;
        }
        let (mut messages, mut bytes) = self.present();
        if settings.dead == Dead::Kept {
            messages += self.dying.len() as u64;
            bytes += self.dying.bytes();
        }
        let left = |most: Option<u64>, have| most.map_or(u64::MAX, |it| it.saturating_sub(have));
        let messages = left(settings.max_length, messages);
        let bytes = left(settings.max_bytes, bytes);
        Some(Vacancy { messages, bytes })
    }

    /// What counts of those that live: how many messages, and the octets of their bodies.
    fn present(&self) -> (u64, u64) {
        let messages = self.ready() + self.later.len();
        (messages as u64, self.ready_bytes() + self.later.bytes())
    }

    /// Whether there is more than it may hold, and the oldest have to go.
    pub fn is_overfull(&self) -> bool {
        self.settings.drops_head() && self.excess().is_some()
    }

    /// Whether a call without commands would drop something, or deliver what is too much. It does
    /// when the budget of the last one was used up, as consumers are served first.
    pub fn has_excess(&self) -> bool {
        self.settings.drops_head()
            && (self.ready.is_front_hot() || self.first_waiting().is_some())
            && self.excess().is_some()
    }

    /// Has the oldest ready messages die until the rest is within the limits: after the consumers
    /// have been served, and [before](Settings::trims_first) where messages came back.
    #[inline]
    pub(super) fn trim(&mut self, effects: &mut Effects) {
        if self.settings.drops_head() {
            if !effects.has_room() {
                return;
            }
            while let Some(excess) = self.excess() {
                if !self.drop_first(excess, effects) {
                    return;
                }
            }
        }
        self.trims_first = false;
    }

    /// What has to be loaded to be dropped.
    pub(super) fn wanted_for_length(&self) -> Option<Wanted> {
        if !self.settings.drops_head() || self.ready.is_front_hot() {
            return None;
        }
        self.excess()?;
        self.ready.next()?.wanted(1).err()
    }

    /// The place of the message that comes before all in line, in memory or not, and waits for
    /// others of its group.
    fn first_waiting(&self) -> Option<MessageIndex> {
        let waiting = Standing::of(self.waiting.foremost()?);
        let next = self.ready.next();
        let front = next.and_then(|next| Some(Standing::new(next.level, next.first_index()?)));
        front.is_none_or(|front| waiting < front).then_some(waiting.index)
    }

    /// Takes the first message, if it is in memory, stands apart or waits for others of its group.
    fn take_first(&mut self) -> Option<Message> {
        match self.first_waiting() {
            Some(index) => self.waiting.remove(index),
            None => self.ready.take_front(),
        }
    }

    /// After a restart, what waits for its time is counted as ready until it was looked at.
    fn excess(&self) -> Option<Excess> {
        if self.ready.wanted_look().is_some() {
            return None;
        }
        let over = |most: Option<u64>, have: u64| most.map_or(0, |most| have.saturating_sub(most));
        let (messages, bytes) = self.present();
        let messages = over(self.settings.max_length, messages);
        let bytes = over(self.settings.max_bytes, bytes);
        (messages > 0 || bytes > 0).then_some(Excess { messages, bytes })
    }

    /// Drops the first message, or the run that comes first if all of it has to go; `false` if it
    /// has to be loaded before.
    fn drop_first(&mut self, excess: Excess, effects: &mut Effects) -> bool {
        if let Some(message) = self.take_first() {
            self.deadlines.remove(&message);
            self.kill(message, Death::MaxLength, effects);
            return true;
        }
        let dropped = |run: &&Run| self.settings.dead == Dead::Dropped && excess.covers(run);
        let next = self.ready.next().and_then(|ready| ready.lane.first_run());
        let Some(run) = next.filter(dropped).copied() else { return false };
        let is_gone = self.ready.replace_run(&run, &[]);
        effects.release_runs(is_gone.then_some(run).into_iter());
        is_gone
    }
}

#[cfg(test)]
#[path = "length_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "trimming_tests.rs"]
mod trimming_tests;
