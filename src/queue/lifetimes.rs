//! How long messages live by the queue's settings, which may change: each for as long as they said
//! when it came (RabbitMQ: `rabbit_amqqueue_process:message_properties/3`).
//!
//! A message in memory has its deadline. One that is read from the disk has only the time at which
//! it was accepted.

use std::collections::VecDeque;

use crate::amqp::id::MessageIndex;

/// The lifetimes that do not hold any more, as far as messages may have them.
#[derive(Debug, Default)]
pub struct Lifetimes {
    /// Each for the messages before that place, and from the one before it on.
    past: VecDeque<(MessageIndex, Option<u64>)>,
}

impl Lifetimes {
    /// Whether all messages have the lifetime that holds now.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.past.is_empty()
    }

    /// Takes note that `lifetime` has held for what came before `next`. None of the messages before
    /// `first` is looked for any more.
    pub fn ended(&mut self, first: MessageIndex, next: MessageIndex, lifetime: Option<u64>) {
        while self.past.front().is_some_and(|(end, _)| *end <= first) {
            self.past.pop_front();
        }
        if self.past.back().map_or(first, |(end, _)| *end) < next {
            self.past.push_back((next, lifetime));
        }
    }

    /// The lifetime of the message in that place, where `now` holds for what comes now.
    pub fn of(&self, index: MessageIndex, now: Option<u64>) -> Option<u64> {
        let past = self.past.iter().find(|(end, _)| index < *end);
        past.map_or(now, |(_, lifetime)| *lifetime)
    }

    /// Forgets all: no message is looked for any more.
    pub fn clear(&mut self) {
        self.past.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_message_has_the_lifetime_under_which_it_came() {
        let mut lifetimes = Lifetimes::default();
        lifetimes.ended(MessageIndex(5), MessageIndex(10), Some(100));
        lifetimes.ended(MessageIndex(5), MessageIndex(20), None);
        // Nothing came meanwhile.
        lifetimes.ended(MessageIndex(5), MessageIndex(20), Some(1));

        let of = |lifetimes: &Lifetimes| {
            [5, 9, 10, 19, 20].map(|index| lifetimes.of(MessageIndex(index), Some(300)))
        };
        assert_eq!(of(&lifetimes), [Some(100), Some(100), None, None, Some(300)]);
        lifetimes.ended(MessageIndex(10), MessageIndex(20), Some(300));
        assert_eq!(lifetimes.past.len(), 1);
        lifetimes.ended(MessageIndex(20), MessageIndex(20), Some(300));
        assert!(lifetimes.is_empty());
    }
}
