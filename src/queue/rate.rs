//! A queue that delivers no faster than it may (`x-delivery-rate`).

use super::core::Queue;
use super::effect::Effects;
use crate::amqp::id::Timestamp;

const NANOS_PER_SECOND: u64 = 1_000_000_000;
const NANOS_PER_MILLI: u64 = 1_000_000;

/// How late a delivery that was waited for may be and still be made up for, in nanoseconds: a queue
/// is woken up to 16 ms late, and a busy machine is not punctual. So this much of the rate, and one
/// message, come at once at most; after an idle time only one does.
const SLACK: u64 = 32 * NANOS_PER_MILLI;

/// When the next message may be delivered (the generic cell rate algorithm). Each delivery moves
/// that time on by one message's share of a second, so that what was late does not add up.
#[derive(Debug, Default)]
pub struct Pacer {
    /// Nanoseconds for each message; 0 where the rate has no bound.
    period: u64,
    /// When the next one may go, in nanoseconds.
    next: u64,
    /// Since when somebody waits for a message that is there, so that no time may be lost.
    awaited: Option<Timestamp>,
}

impl Pacer {
    /// Has `rate` messages a second go from now on; any number if there is none. Above some ten
    /// million the period of whole nanoseconds is no exact share of a second any more.
    pub fn set(&mut self, rate: Option<u64>) {
        let period = |rate: u64| (NANOS_PER_SECOND / rate).max(1);
        self.period = rate.filter(|rate| *rate > 0).map_or(0, period);
    }

    /// Whether messages may go at any time.
    #[inline]
    pub fn is_off(&self) -> bool {
        self.period == 0
    }

    /// Whether a message may go at that time.
    #[inline]
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.is_off() || self.next <= nanos(now)
    }

    /// How many messages may go at that time.
    fn open(&self, now: Timestamp) -> u64 {
        let (start, now) = (self.start(now), nanos(now));
        if start > now { 0 } else { ((now - start) / self.period.max(1)).saturating_add(1) }
    }

    /// When the next message would have gone at the earliest, in nanoseconds.
    fn start(&self, now: Timestamp) -> u64 {
        let awaited = nanos(self.awaited.unwrap_or(now));
        self.next.max(awaited).max(nanos(now).saturating_sub(SLACK))
    }

    /// Takes note of messages that go at that time, whether they may or not.
    #[inline]
    pub fn pass(&mut self, now: Timestamp, messages: u64) {
        if self.is_off() || messages == 0 {
            return;
        }
        self.next = self.start(now).saturating_add(messages.saturating_mul(self.period));
    }

    /// When the next message may go.
    fn opens(&self) -> Timestamp {
        Timestamp(self.next.div_ceil(NANOS_PER_MILLI))
    }
}

const fn nanos(time: Timestamp) -> u64 {
    time.0.saturating_mul(NANOS_PER_MILLI)
}

impl Queue {
    /// Delivers what consumers can take, and the rate allows.
    #[cold]
    #[inline(never)]
    pub(super) fn deliver_paced(&mut self, effects: &mut Effects) {
        let withheld = effects.withhold(self.pacer.open(self.now));
        let before = effects.room();
        self.deliver_all(effects);
        self.pacer.pass(self.now, (before - effects.room()).into());
        effects.give_back(withheld);
        let is_there = !self.ready.is_empty() || self.is_own_awaited();
        let is_awaited = is_there && self.consumers.is_any_hungry();
        self.pacer.awaited = is_awaited.then(|| self.pacer.awaited.unwrap_or(self.now));
    }

    /// When the rate allows the next message, if somebody waits for it.
    pub(super) fn paced_wake(&self) -> Option<Timestamp> {
        let is_there = self.ready.is_front_hot() || self.is_own_awaited();
        let is_held = is_there && !self.pacer.is_open(self.now);
        (is_held && self.consumers.is_any_hungry()).then(|| self.pacer.opens())
    }
}

#[cfg(test)]
#[path = "rate_tests.rs"]
mod tests;
