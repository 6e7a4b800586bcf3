//! The ready messages of one level: a lane, and those that stand apart from it, both in one order.

mod paging;

use std::ops::ControlFlow;

use super::apart::Apart;
use super::lane::{Lane, Message};
use crate::amqp::id::{MessageIndex, Timestamp};

/// Ready messages in the order of their places.
#[derive(Debug, Default)]
pub struct Ready {
    /// What came in order, mostly.
    pub(super) lane: Lane,
    /// What was requeued, or cannot be part of a run.
    pub(super) apart: Apart,
    /// The priority of all of them.
    pub(super) level: u8,
    /// The last deadline in the lane; `None` where no message of it could expire.
    pub(super) last_deadline: Option<Timestamp>,
}

impl Ready {
    /// An empty level.
    pub fn of_level(level: u8) -> Self {
        Self { level, ..Self::default() }
    }

    /// The lowest level with messages on the disk.
    pub fn restored(lane: Lane) -> Self {
        Self { lane, ..Self::default() }
    }

    /// How many there are, in memory or not.
    pub fn len(&self) -> usize {
        self.apart.len() + self.lane.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The size of the bodies.
    pub fn bytes(&self) -> u64 {
        self.apart.bytes() + self.lane.bytes()
    }

    /// Whether there is a first message, and in memory.
    #[inline]
    pub fn is_front_hot(&self) -> bool {
        if self.is_apart_next() {
            self.apart.first().is_some_and(|message| !message.store.is_cold())
        } else {
            self.lane.at_hand() > 0
        }
    }

    /// Takes the first message, if it is in memory.
    #[inline]
    pub fn pop_front(&mut self) -> Option<Message> {
        if self.is_apart_next() { self.apart.pop_front() } else { self.lane.pop_front() }
    }

    /// Takes messages until the next is not in memory, or `take` breaks off; returns whether it did.
    #[inline]
    pub fn take_each(&mut self, take: &mut impl FnMut(Message) -> ControlFlow<()>) -> bool {
        while let Some(message) = self.pop_front() {
            if take(message).is_break() {
                return true;
            }
        }
        false
    }

    /// Takes the first message, if it is in memory or stands apart.
    pub fn take_front(&mut self) -> Option<Message> {
        if !self.is_apart_next() {
            return self.lane.pop_front();
        }
        let first = self.apart.first()?.index;
        self.apart.remove(first)
    }

    /// Adds a message at the end of the lane. Returns whether it expires behind those before it.
    pub fn append(&mut self, message: Message) -> bool {
        let last = self.last_deadline.unwrap_or(Timestamp::NEVER);
        // After a restart the last deadline is not known, only that of a message that says nothing
        // itself is behind it.
        let in_order = self.lane.is_empty() || message.deadline >= last && !message.marked;
        // One out of order holds up those behind it, too, once it is the first.
        self.last_deadline =
            Some(if in_order { message.deadline } else { last.max(message.deadline) });
        self.lane.push_back(message);
        in_order
    }

    /// Takes the first message of the lane, if it is in memory and expires at `until` or before.
    pub fn pop_expired(&mut self, until: Timestamp) -> Option<Message> {
        let is_due = self.lane.first_deadline().is_some_and(|deadline| deadline <= until);
        if is_due { self.lane.pop_front() } else { None }
    }

    /// Takes a message out, if it is in memory or stands apart.
    pub fn remove(&mut self, index: MessageIndex) -> Option<Message> {
        self.apart.remove(index).or_else(|| self.lane.remove(index))
    }

    /// The place of the first in line, in memory or not.
    pub(super) fn first_index(&self) -> Option<MessageIndex> {
        if self.is_apart_next() {
            return self.apart.first().map(|message| message.index);
        }
        self.lane.first_index()
    }

    /// The place of the first in line, if it is in memory or stands apart.
    pub(super) fn front_index(&self) -> Option<MessageIndex> {
        if self.is_apart_next() {
            return self.apart.first().map(|message| message.index);
        }
        self.lane.first_index().filter(|_| self.lane.at_hand() > 0)
    }

    /// Whether the first message stands apart.
    #[inline]
    pub(super) fn is_apart_next(&self) -> bool {
        !self.apart.is_empty() && self.comes_first(self.apart.first())
    }

    /// Whether all that stands apart comes before the lane, as what was requeued does.
    pub(super) fn is_apart_before(&self) -> bool {
        self.apart.is_empty() || self.comes_first(self.apart.last())
    }

    fn comes_first(&self, apart: Option<&Message>) -> bool {
        let first = self.lane.first_index();
        apart.is_some_and(|message| first.is_none_or(|first| message.index < first))
    }

    /// The messages in order up to the first cold one, each with whether it stands apart.
    pub(super) fn hot(&self) -> impl Iterator<Item = (&Message, bool)> {
        let mut apart = self.apart.iter().peekable();
        let mut head = self.lane.head().peekable();
        let behind_head = self.lane.runs().next().map(|run| run.first);
        let next = move || {
            let bound = head.peek().map(|message| message.index).or(behind_head);
            let is_first = |message: &&Message| bound.is_none_or(|bound| message.index < bound);
            match apart.next_if(is_first) {
                Some(message) => Some((message, true)),
                None => head.next().map(|message| (message, false)),
            }
        };
        std::iter::from_fn(next).take_while(|(message, _)| !message.store.is_cold())
    }
}
