//! What a queue and its owner tell each other about messages that are only on the disk.
//!
//! The queue never reads a body. It stops before a cold message until its owner has loaded it, and
//! makes messages cold whose place on the disk the owner knows.

use super::core::Queue;
use super::lane::Message;
use super::ready::Ready;
use crate::amqp::id::{MessageIndex, StoreRef, Timestamp};
use crate::amqp::run::Run;

/// What a message in memory counts beside its body, in octets: its entry, and roughly its
/// properties and where it was published.
const BESIDE_BODY: u64 = 64;

/// What to load next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// The beginning of what is cold of the ready lane; answered by [`Queue::load`].
    Run(Run),
    /// A run whose messages have to be looked at before their turn; answered by
    /// [`Queue::look_at`].
    Look(Run),
    /// A message that stands apart or is dying, cold; answered by [`Queue::load_single`].
    Single(Message),
}

/// A message of a run, in memory now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loaded {
    /// The message.
    pub index: MessageIndex,
    /// Where it is in memory.
    pub store: StoreRef,
    /// The size of its body.
    pub bytes: u32,
    /// When it expires.
    pub deadline: Timestamp,
}

/// A message of a run that was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The message.
    pub index: MessageIndex,
    /// Where it is: a cold reference.
    pub position: StoreRef,
    /// The size of its body.
    pub bytes: u32,
    /// When it expires.
    pub deadline: Timestamp,
}

/// What has become cold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unloaded {
    /// How many messages.
    pub count: usize,
    /// Those of them that stand apart now, and the octets that they take on the disk.
    pub apart: Vec<(MessageIndex, u32)>,
}

/// Where on the disk a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Located {
    /// Where it begins: a cold reference.
    pub position: StoreRef,
    /// What it takes there: at least one octet.
    pub octets: u32,
}

/// Something that a queue holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// Ready messages on the disk. Some of them may be settled already.
    Run(Run),
    /// A ready message, cold only if it was returned.
    Ready(Message),
    /// An unacked message. It is said to be redelivered, since it is when it comes back.
    Unacked(Message),
}

impl Queue {
    /// How many messages can be delivered before something has to be loaded, counted up to `limit`.
    pub fn at_hand(&self, limit: usize) -> usize {
        let Ready { lane, apart } = &self.ready;
        if apart.has_cold() || !self.ready.is_apart_before() {
            return self.ready.hot().take(limit).count();
        }
        limit.min(apart.len() + lane.at_hand())
    }

    /// How many ready messages at the front have `octets` in memory, counted as
    /// [`wanted`](Self::wanted) does; all before the next cold one, if they have no more.
    pub fn front(&self, octets: usize) -> usize {
        let Ready { lane, apart } = &self.ready;
        let octets = octets as u64;
        if !apart.has_cold() && self.ready.is_apart_before() {
            let all = apart.len() + lane.at_hand();
            let bytes = apart.bytes() + lane.bytes_at_hand();
            if bytes + all as u64 * BESIDE_BODY <= octets {
                return all;
            }
        }
        let mut before = 0;
        let is_within = |(message, _): &(&Message, bool)| {
            let within = before < octets;
            before += u64::from(message.bytes) + BESIDE_BODY;
            within
        };
        self.ready.hot().take_while(is_within).count()
    }

    /// What to load next, if less than `ahead` octets of messages in memory are before it, each
    /// counted with 64 octets beside its body. With 1 it is what the queue stands still for.
    pub fn wanted(&self, ahead: usize) -> Option<Wanted> {
        let Ready { lane, apart } = &self.ready;
        let mut before = if self.ready.is_apart_next() {
            match self.wanted_of_apart(ahead as u64) {
                Ok(before) => before,
                Err(wanted) => return Some(wanted),
            }
        } else {
            0
        };
        before += lane.bytes_at_hand() + lane.at_hand() as u64 * BESIDE_BODY;
        if before >= ahead as u64 {
            return None;
        }
        match lane.first_run() {
            Some(run) if run.marked => Some(Wanted::Look(*run)),
            Some(run) => Some(Wanted::Run(*run)),
            None if apart.has_cold() => self.wanted_of_apart(ahead as u64).err(),
            None => None,
        }
    }

    /// What to load whether it is to be delivered or not: what died, what has to be looked at,
    /// what is too much, and what may have expired.
    pub fn wanted_anyway(&self) -> Option<Wanted> {
        if self.dying.has_cold() && self.dying.has_room() {
            let mut cold = self.dying.iter().filter(|message| message.store.is_cold());
            return cold.next().copied().map(Wanted::Single);
        }
        let marked = self.ready.lane.first_marked_run().copied().map(Wanted::Look);
        marked.or_else(|| self.wanted_for_length()).or_else(|| self.wanted_for_expiry())
    }

    /// Takes the messages of a run in. `run` is what was wanted and read, or its beginning;
    /// `messages`, in memory and in index order, are those of it that were not settled before.
    ///
    /// `false`: this is not what the cold part of the ready lane begins with, since it was purged or
    /// moved meanwhile. Nothing has changed, and what was read is to be forgotten.
    #[must_use]
    pub fn load(&mut self, run: &Run, messages: &[Loaded]) -> bool {
        self.ready.lane.load(run, messages)
    }

    /// Takes a run out of the lane, whose messages stand apart from now on, still cold. `run` is
    /// what was wanted and read, `seen` those of it that were not settled before.
    ///
    /// `false`: there is no such run any more, and nothing has changed.
    #[must_use]
    pub fn look_at(&mut self, run: &Run, seen: &[Seen]) -> bool {
        if !self.ready.lane.replace_run(run, &[]) {
            return false;
        }
        for &Seen { index, position, bytes, deadline } in seen {
            let message = Message::new(index, position, bytes);
            let redelivered = run.redelivered;
            self.set_apart(Message { deadline, redelivered, marked: true, ..message });
        }
        true
    }

    /// Takes a message in that stands apart or is dying, which was read at `position` and is in
    /// memory at `store` now. `false`: none is wanted from there any more; what was read is to be
    /// forgotten.
    #[must_use]
    pub fn load_single(
        &mut self,
        index: MessageIndex,
        position: StoreRef,
        store: StoreRef,
    ) -> bool {
        self.ready.apart.load(index, position, store) || self.dying.load(index, position, store)
    }

    /// Makes messages of the ready lane cold, those behind the first `keep` ready ones. `keep` should
    /// be more than a run's messages, lest what was loaded goes out again.
    ///
    /// `locate` says where on the disk a message is, and the queue has then no use for the place in
    /// memory any more. It stops at the first message that `locate` does not know, oldest first (but
    /// newest first where cold messages follow already), so that the cold part stays in one piece.
    pub fn unload(
        &mut self,
        keep: usize,
        locate: impl FnMut(&Message) -> Option<Located>,
    ) -> Unloaded {
        let keep = self.kept_of_lane(keep);
        let Self { ready: Ready { lane, apart }, deadlines, .. } = self;
        let mut told = Vec::new();
        let count = lane.unload(keep, locate, |message, located| {
            let is_single = message.marked || deadlines.is_single(message);
            if is_single {
                told.push((message.index, located.octets));
                deadlines.add(message);
                apart.insert(Message { store: located.position, ..*message });
            }
            is_single
        });
        Unloaded { count, apart: told }
    }

    /// What [`unload`](Self::unload) looks at, in its order.
    pub fn unloadable(&self, keep: usize) -> impl Iterator<Item = &Message> {
        self.ready.lane.unloadable(self.kept_of_lane(keep))
    }

    /// How many of the first `keep` ready messages are in the lane.
    fn kept_of_lane(&self, keep: usize) -> usize {
        if self.ready.is_apart_before() {
            return keep.saturating_sub(self.ready.apart.len());
        }
        self.ready.hot().take(keep).filter(|(_, is_apart)| !is_apart).count()
    }

    /// The messages from that place on that stand apart, or else that are dying, in order.
    pub fn singles_from(&self, from: MessageIndex) -> impl Iterator<Item = &Message> {
        let is_dying = self.dying.has_cold() && self.dying.has_room();
        let dying = if is_dying { Some(self.dying.iter_from(from)) } else { None };
        let apart = if !is_dying { Some(self.ready.apart.iter_from(from)) } else { None };
        dying.into_iter().flatten().chain(apart.into_iter().flatten())
    }

    /// The messages that stand apart but for the first `keep` ready ones, then the unacked ones and
    /// the dying ones that nobody has been told of; all from that place of the queue on.
    pub fn held_from(&self, from: MessageIndex, keep: usize) -> impl Iterator<Item = &Message> {
        let Ready { apart, .. } = &self.ready;
        let start = if self.ready.is_apart_before() {
            apart.iter().nth(keep).map(|message| message.index)
        } else {
            let behind = self.ready.hot().nth(keep).map(|(message, _)| message.index);
            behind.or_else(|| apart.first().map(|message| message.index))
        };
        let start = start.map(|start| start.max(from));
        let apart = start.into_iter().flat_map(|start| apart.iter_from(start));
        apart.chain(self.unacked.iter_from(from)).chain(self.dying.waiting_from(from))
    }

    /// Makes a message cold that [`held_from`](Self::held_from) gives. Returns where in memory it was,
    /// of which the queue has no use any more; `None` if it does not hold such a message in memory.
    pub fn unload_held(&mut self, index: MessageIndex, position: StoreRef) -> Option<StoreRef> {
        let apart = self.ready.apart.unload(index, position);
        let held = apart.or_else(|| self.unacked.unload(index, position));
        held.or_else(|| self.dying.unload(index, position))
    }

    /// Everything it holds: what stands apart and what is in the lane, each in order, what is dying,
    /// then what is unacked.
    pub fn entries(&self) -> impl Iterator<Item = Entry> {
        let Ready { lane, apart } = &self.ready;
        let before = apart.iter().chain(lane.head()).copied().map(Entry::Ready);
        let runs = lane.runs().copied().map(Entry::Run);
        let behind = lane.tail().chain(self.dying.iter()).copied().map(Entry::Ready);
        let unacked = self.unacked.iter();
        before
            .chain(runs)
            .chain(behind)
            .chain(unacked.map(|message| Entry::Unacked(Message { redelivered: true, ..*message })))
    }

    /// Where in memory each message is, to be replaced when the store moves them. No reference that
    /// an earlier effect told may be used afterwards. Cold messages are not among them.
    pub fn stores_mut(&mut self) -> impl Iterator<Item = &mut StoreRef> {
        let Self { ready: Ready { lane, apart }, unacked, dying, .. } = self;
        let held = apart.iter_mut().chain(unacked.iter_mut()).chain(dying.iter_mut());
        let hot = held.filter(|message| !message.store.is_cold()).chain(lane.iter_mut());
        hot.map(|message| &mut message.store)
    }

    /// Each cold run of the ready lane as it is, and its position, to be replaced when all of it
    /// has moved.
    pub fn runs_mut(&mut self) -> impl Iterator<Item = (Run, &mut StoreRef)> {
        self.ready.lane.runs_mut()
    }

    /// Each cold message outside the lane, and its position, to be replaced when it has moved.
    pub fn cold_held_mut(&mut self) -> impl Iterator<Item = (MessageIndex, &mut StoreRef)> {
        let Self { ready: Ready { apart, .. }, unacked, dying, .. } = self;
        let held = apart.iter_mut().chain(unacked.iter_mut()).chain(dying.iter_mut());
        let cold = held.filter(|message| message.store.is_cold());
        cold.map(|message| (message.index, &mut message.store))
    }

    /// Replaces a cold run, or its beginning, by others that hold the same messages, or those of
    /// them that were not settled before, in index order. `run` is what was read and moved.
    ///
    /// `false`: there is no such run any more, and nothing has changed.
    #[must_use]
    pub fn replace_run(&mut self, run: &Run, moved: &[Run]) -> bool {
        self.ready.lane.replace_run(run, moved)
    }

    /// The first cold message that stands apart, unless `ahead` octets of those in memory come
    /// before it; else how many octets there are.
    fn wanted_of_apart(&self, ahead: u64) -> Result<u64, Wanted> {
        let apart = &self.ready.apart;
        if !apart.has_cold() {
            return Ok(apart.bytes() + apart.len() as u64 * BESIDE_BODY);
        }
        let mut before = 0;
        for message in apart.iter() {
            if before >= ahead {
                break;
            }
            if message.store.is_cold() {
                return Err(Wanted::Single(*message));
            }
            before += u64::from(message.bytes) + BESIDE_BODY;
        }
        Ok(before)
    }
}

#[cfg(test)]
#[path = "paging_tests.rs"]
mod tests;
