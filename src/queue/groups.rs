//! Which messages belong together, who holds them, and which wait for others of their group
//! (`x-group-key`).
//!
//! A group is *held* while messages of it are unacked, and its later messages wait then. Its holder
//! may take the first of them; when nobody holds it any more, the first is *offered* to everybody.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound::{Excluded, Unbounded};

use foldhash::fast::FixedState;

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
    own: BTreeSet<(ConsumerId, MessageIndex)>,
}

/// A group that is held, or has messages that wait.
#[derive(Debug, Default)]
struct Group {
    /// Who holds it, if anybody does.
    holder: Option<Holder>,
    /// How many messages of it are unacked.
    unacked: usize,
    waiting: BTreeSet<MessageIndex>,
    /// While nobody holds it: the one before those that wait, which is for everybody.
    offered: Option<MessageIndex>,
}

impl Group {
    /// What its holder may take.
    fn own(&self) -> Option<(ConsumerId, MessageIndex)> {
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
        self.offered
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
        group.is_some_and(|group| group.offered != Some(index))
    }

    /// Has a message wait that [must](Self::must_wait).
    pub fn wait(&mut self, index: MessageIndex) {
        self.change(index, |group| group.waiting.insert(index));
    }

    /// A message was sent to `holder`, who holds its group from now on.
    pub fn hold(&mut self, index: MessageIndex, holder: Holder) {
        self.change(index, |group| {
            group.waiting.remove(&index);
            group.offered = group.offered.filter(|offered| *offered != index);
            group.holder = Some(holder);
            group.unacked += 1;
        });
    }

    /// A message that was not unacked is gone. Returns the one that is for everybody now and waited
    /// before.
    pub fn pass(&mut self, index: MessageIndex) -> Option<MessageIndex> {
        self.change(index, |group| {
            group.waiting.remove(&index);
            group.offered = group.offered.filter(|offered| *offered != index);
            group.offer()
        })?
    }

    /// A message is unacked no more; it waits if it was `returned`. Returns the one that is for
    /// everybody now and waited before.
    pub fn settle(&mut self, index: MessageIndex, returned: bool) -> Option<MessageIndex> {
        self.change(index, |group| {
            group.unacked = group.unacked.saturating_sub(1);
            if returned {
                group.waiting.insert(index);
            }
            group.offer()
        })?
    }

    /// A message that is not unacked, and not ready, holds its group up. Returns the one that is for everybody
    /// now and waited before.
    pub fn hold_up(&mut self, index: MessageIndex) -> Option<MessageIndex> {
        self.change(index, |group| {
            group.waiting.insert(index);
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
            from = Excluded((consumer, MessageIndex(u64::MAX)));
            Some(consumer)
        })
    }

    /// What waits for that consumer alone: the first message of each group that it holds.
    pub fn own(&self, consumer: ConsumerId) -> impl Iterator<Item = MessageIndex> {
        let all = (consumer, MessageIndex(0))..=(consumer, MessageIndex(u64::MAX));
        self.own.range(all).map(|(_, index)| *index)
    }

    /// Whether a message waits for one consumer alone.
    pub fn is_own(&self, index: MessageIndex) -> bool {
        let group = self.of.get(&index).and_then(|key| self.by_key.get(key));
        group.and_then(Group::own).is_some_and(|(_, own)| own == index)
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
