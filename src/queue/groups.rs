//! Which messages belong together, who holds them, and which wait for others of their group
//! (`x-group-key`).
//!
//! A group is *held* while messages of it are unacked, and its later messages wait then. Its holder
//! may take the first of them; when nobody holds it any more, the first is *offered* to everybody.
//! They go in the order of the queue: where it has priorities, those of a higher one first.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound::{Excluded, Unbounded};

use foldhash::fast::FixedState;

use super::lane::Message;
use super::unacked::Holder;
use crate::amqp::fingerprint::Fingerprint;
use crate::amqp::id::{ConsumerId, MessageIndex};

/// The groups of a queue's messages.
#[derive(Debug, Default)]
pub struct Groups {
    /// The group of each message that has one, until it is released.
    of: BTreeMap<MessageIndex, Fingerprint>,
    /// The groups that are held or have messages that wait.
    by_key: HashMap<Fingerprint, Group, FixedState>,
    /// The first message that waits of each group that a consumer holds.
    own: BTreeSet<(ConsumerId, Standing)>,
}

/// Where a message stands in the order of its queue: by level, the highest first, then by place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Standing {
    level: Reverse<u8>,
    /// Its place.
    pub index: MessageIndex,
}

impl Standing {
    const FIRST: Self = Self::new(u8::MAX, MessageIndex(0));
    const LAST: Self = Self::new(0, MessageIndex(u64::MAX));

    /// That of a place in a level.
    pub const fn new(level: u8, index: MessageIndex) -> Self {
        Self { level: Reverse(level), index }
    }

    /// Whether it is of a lower level than that.
    pub const fn is_below(&self, level: u8) -> bool {
        self.level.0 < level
    }

    /// That of a message.
    pub const fn of(message: &Message) -> Self {
        Self::new(message.priority, message.index)
    }
}

/// A group that is held, or has messages that wait.
#[derive(Debug, Default)]
struct Group {
    /// Who holds it, if anybody does.
    holder: Option<Holder>,
    /// How many messages of it are unacked.
    unacked: usize,
    waiting: BTreeSet<Standing>,
    /// While nobody holds it: the one before those that wait, which is for everybody. It may be one
    /// that is not ready yet.
    offered: Option<Standing>,
}

impl Group {
    /// What its holder may take.
    fn own(&self) -> Option<(ConsumerId, Standing)> {
        match self.holder {
            Some(Holder::Consumer(consumer)) => Some((consumer, *self.waiting.first()?)),
            _ => None,
        }
    }

    /// Offers the first that waits, if nobody holds the group and nothing is offered.
    fn offer(&mut self) -> Option<MessageIndex> {
        if self.unacked > 0 || self.offered.is_some() {
            return None;
        }
        self.holder = None;
        self.offered = self.waiting.pop_first();
        self.offered.map(|offered| offered.index)
    }

    /// Forgets one that waits or is offered.
    fn leave(&mut self, standing: Standing) {
        self.waiting.remove(&standing);
        self.offered = self.offered.filter(|offered| *offered != standing);
    }

    fn is_over(&self) -> bool {
        self.unacked == 0 && self.waiting.is_empty() && self.offered.is_none()
    }
}

impl Groups {
    /// Whether no message belongs to a group.
    #[inline]
    pub fn is_idle(&self) -> bool {
        self.of.is_empty()
    }

    /// Whether a message belongs to a group.
    pub fn has(&self, index: MessageIndex) -> bool {
        self.of.contains_key(&index)
    }

    /// Takes note of a message's group.
    pub fn insert(&mut self, index: MessageIndex, group: Fingerprint) {
        self.of.insert(index, group);
    }

    /// A message that is not ready yet has another place from now on.
    pub fn rename(&mut self, from: MessageIndex, to: MessageIndex) {
        if let Some(group) = self.of.remove(&from) {
            self.of.insert(to, group);
        }
    }

    /// Whether a ready message has to wait for others of its group.
    pub fn must_wait(&self, index: MessageIndex) -> bool {
        let group = self.of.get(&index).and_then(|key| self.by_key.get(key));
        group.is_some_and(|group| group.offered.map(|offered| offered.index) != Some(index))
    }

    /// Has a message wait that [must](Self::must_wait).
    pub fn wait(&mut self, standing: Standing) {
        self.change(standing.index, |group| group.waiting.insert(standing));
    }

    /// Offers a message in place of one that stands behind it and waits from now on, ready or not,
    /// without being set aside; `false` if there is none.
    pub fn overtake(&mut self, standing: Standing) -> bool {
        let overtaken = self.change(standing.index, |group| {
            let behind = group.offered.filter(|offered| standing < *offered)?;
            group.leave(standing);
            group.offered = Some(standing);
            group.waiting.insert(behind);
            Some(())
        });
        overtaken.flatten().is_some()
    }

    /// A message was sent to `holder`, who holds its group from now on.
    pub fn hold(&mut self, standing: Standing, holder: Holder) {
        self.change(standing.index, |group| {
            group.leave(standing);
            group.holder = Some(holder);
            group.unacked += 1;
        });
    }

    /// A message that was not unacked is gone. Returns the one that is for everybody now and waited
    /// before.
    pub fn pass(&mut self, standing: Standing) -> Option<MessageIndex> {
        self.change(standing.index, |group| {
            group.leave(standing);
            group.offer()
        })?
    }

    /// A message is unacked no more; it waits if it was `returned`. Returns the one that is for
    /// everybody now and waited before.
    pub fn settle(&mut self, standing: Standing, returned: bool) -> Option<MessageIndex> {
        self.change(standing.index, |group| {
            group.unacked = group.unacked.saturating_sub(1);
            if returned {
                group.waiting.insert(standing);
            }
            group.offer()
        })?
    }

    /// A message that is not unacked, and not ready, holds up those of its group behind it. Returns
    /// the one that is for everybody now and waited before.
    pub fn hold_up(&mut self, standing: Standing) -> Option<MessageIndex> {
        self.change(standing.index, |group| {
            group.waiting.insert(standing);
            group.offer()
        })?
    }

    /// Forgets a message that was released.
    pub fn remove(&mut self, index: MessageIndex) {
        self.of.remove(&index);
    }

    /// No message is ready any more.
    pub fn forget_waiting(&mut self) {
        self.own.clear();
        self.by_key.retain(|_, group| {
            group.waiting.clear();
            group.offered = None;
            group.unacked > 0
        });
    }

    /// The consumers that hold groups of which messages wait.
    pub fn holders(&self) -> impl Iterator<Item = ConsumerId> {
        let mut from = Unbounded;
        std::iter::from_fn(move || {
            let (consumer, _) = *self.own.range((from, Unbounded)).next()?;
            from = Excluded((consumer, Standing::LAST));
            Some(consumer)
        })
    }

    /// What waits for that consumer alone: the first message of each group that it holds.
    pub fn own(&self, consumer: ConsumerId) -> impl Iterator<Item = Standing> {
        let all = (consumer, Standing::FIRST)..=(consumer, Standing::LAST);
        self.own.range(all).map(|(_, standing)| *standing)
    }

    /// Whether a message waits for one consumer alone.
    pub fn is_own(&self, index: MessageIndex) -> bool {
        let group = self.of.get(&index).and_then(|key| self.by_key.get(key));
        group.and_then(Group::own).is_some_and(|(_, own)| own.index == index)
    }

    /// Changes the group of a message, if it has one.
    fn change<T>(
        &mut self,
        index: MessageIndex,
        change: impl FnOnce(&mut Group) -> T,
    ) -> Option<T> {
        let key = *self.of.get(&index)?;
        let group = self.by_key.entry(key).or_default();
        let before = group.own();
        let result = change(group);
        let after = group.own();
        if before != after {
            if let Some(before) = before {
                self.own.remove(&before);
            }
            self.own.extend(after);
        }
        if group.is_over() {
            self.by_key.remove(&key);
        }
        Some(result)
    }
}
