//! How long messages live by the queue's settings, which may change: each for as long as they said
//! when it came (RabbitMQ: `rabbit_amqqueue_process:message_properties/3`).
//!
//! A message in memory has its deadline. One that is read from the disk has only the time at which
//! it was accepted.

use std::collections::VecDeque;

use crate::amqp::id::MessageIndex;

/// A place, and how long the messages from there on live, in milliseconds.
pub type Lifetime = (MessageIndex, Option<u64>);

/// The lifetimes that messages have, and the one that holds now.
#[derive(Debug, Default)]
pub struct Lifetimes {
    /// In the order of the places.
    since: VecDeque<Lifetime>,
}

impl Lifetimes {
    /// Those that are known from before a restart.
    pub fn restored(since: impl IntoIterator<Item = Lifetime>) -> Self {
        Self { since: since.into_iter().collect() }
    }

    /// What comes from `next` on lives for `lifetime`. None of the messages before `first` is there
    /// any more. Where nothing is known yet, it is so from the start.
    pub fn begin(&mut self, first: MessageIndex, next: MessageIndex, lifetime: Option<u64>) {
        while self.since.get(1).is_some_and(|(from, _)| *from <= first) {
            self.since.pop_front();
        }
        match self.since.back() {
            None => self.since.push_back((MessageIndex(0), lifetime)),
            Some((_, last)) if *last == lifetime => {}
            Some((from, _)) => {
                if *from == next {
                    self.since.pop_back();
                }
                self.since.push_back((next, lifetime));
            }
        }
    }

    /// The lifetime of the message in that place.
    pub fn of(&self, index: MessageIndex) -> Option<u64> {
        self.before(index).next_back().and_then(|(_, lifetime)| *lifetime)
    }

    /// Whether the message in that place lives shorter by the settings than others in front of it: it
    /// may expire before them.
    pub fn is_overtaking(&self, index: MessageIndex) -> bool {
        let own = self.before(index).next_back();
        own.is_some_and(|(from, own)| self.longest_before(*from) > own.unwrap_or(u64::MAX))
    }

    /// Whether that holds for one of the messages from `first` to before `end`.
    pub fn is_any_overtaking(&self, first: MessageIndex, end: MessageIndex) -> bool {
        let begun = self.since.iter().map(|(from, _)| *from);
        let within = begun.filter(|from| (first..end).contains(from));
        std::iter::once(first).chain(within).any(|index| self.is_overtaking(index))
    }

    /// How long messages before that place live at most by the settings: without end, `u64::MAX`.
    pub fn longest_before(&self, end: MessageIndex) -> u64 {
        let before = self.since.iter().take_while(|(from, _)| *from < end);
        before.map(|(_, lifetime)| lifetime.unwrap_or(u64::MAX)).max().unwrap_or(0)
    }

    /// Whether messages may expire that say nothing themselves.
    #[inline]
    pub fn are_limited(&self) -> bool {
        self.since.iter().any(|(_, lifetime)| lifetime.is_some())
    }

    /// All of them.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = Lifetime> {
        self.since.iter().copied()
    }

    /// Those that hold for places up to that one.
    fn before(&self, index: MessageIndex) -> impl DoubleEndedIterator<Item = &Lifetime> {
        let end = self.since.partition_point(|(from, _)| *from <= index);
        self.since.range(..end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lifetimes(since: &[(u64, Option<u64>)]) -> Lifetimes {
        Lifetimes::restored(since.iter().map(|(from, lifetime)| (MessageIndex(*from), *lifetime)))
    }

    #[test]
    fn each_message_has_the_lifetime_under_which_it_came() {
        let mut lifetimes = Lifetimes::default();
        let mut begin = |first, next, lifetime| {
            lifetimes.begin(MessageIndex(first), MessageIndex(next), lifetime);
            [0, 5, 9, 10, 19, 20].map(|index| lifetimes.of(MessageIndex(index)))
        };

        assert_eq!(begin(5, 5, Some(100)), [Some(100); 6]);
        begin(5, 10, None);
        // Nothing comes meanwhile.
        begin(5, 20, Some(1));
        let all = [Some(100), Some(100), Some(100), None, None, Some(300)];
        assert_eq!(begin(5, 20, Some(300)), all);
        assert_eq!(begin(9, 30, Some(300)), all);
        // Nobody has the first any more.
        assert_eq!(begin(10, 30, Some(300))[..3], [None; 3]);
        assert_eq!(begin(30, 30, Some(300))[5], Some(300));
        assert_eq!(lifetimes.iter().count(), 1);
    }

    #[test]
    fn what_lives_shorter_than_what_is_in_front_of_it_overtakes() {
        let lifetimes = lifetimes(&[(0, Some(5)), (10, Some(9)), (20, Some(7)), (30, None)]);
        let overtaking = |index| lifetimes.is_overtaking(MessageIndex(index));
        let any = |first, end| lifetimes.is_any_overtaking(MessageIndex(first), MessageIndex(end));

        let expected = [false, false, false, true, true, false];
        assert_eq!([0, 10, 19, 20, 29, 30].map(overtaking), expected);
        assert!(!any(0, 20) && any(0, 21) && any(25, 26) && !any(30, 99));
        let longest = [0, 1, 10, 30, 31].map(|end| lifetimes.longest_before(MessageIndex(end)));
        assert_eq!(longest, [0, 5, 5, 9, u64::MAX]);
        assert!(lifetimes.are_limited() && !self::lifetimes(&[(0, None)]).are_limited());
    }
}
