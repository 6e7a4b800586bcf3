//! What a queue and its owner tell each other about messages that are only on the disk.
//!
//! The queue never reads a body. It stops before a cold message until its owner has loaded it, and
//! makes messages cold whose place on the disk the owner knows.

use super::command::Marks;
use super::core::Queue;
use super::lane::{Message, run_of};
use super::ready::Ready;
use crate::amqp::id::{MessageIndex, StoreRef, Timestamp};
use crate::amqp::run::Run;

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
    /// Where it is.
    pub located: Located,
    /// The size of its body.
    pub bytes: u32,
    /// When it expires.
    pub deadline: Timestamp,
    /// What it says itself.
    pub marks: Marks,
    /// Whether it is [identified](Queue::identify) by something, so that it has to be looked at
    /// after the next restart too.
    pub known: bool,
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
        let in_line = self.ready.at_hand(limit);
        limit.min(in_line + self.waiting.len())
    }

    /// How many ready messages at the front have `octets` in memory, counted as
    /// [`wanted`](Self::wanted) does; all before the next cold one, if they have no more.
    pub fn front(&self, octets: usize) -> usize {
        self.ready.front(octets)
    }

    /// What to load next, if less than `ahead` octets of messages in memory are before it, each
    /// counted with 64 octets beside its body. With 1 it is what the queue stands still for.
    pub fn wanted(&self, ahead: usize) -> Option<Wanted> {
        let of_groups = if self.groups.is_idle() { None } else { self.wanted_of_groups() };
        of_groups.or_else(|| self.ready.wanted(ahead as u64))
    }

    /// What follows a wanted run in its lane. It may be loaded with it.
    pub fn runs_behind(&self, run: &Run) -> impl Iterator<Item = &Run> {
        let mut lanes = self.ready.downwards().map(|ready| &ready.lane);
        let lane = lanes.find(|lane| lane.first_run() == Some(run));
        let behind = lane.into_iter().flat_map(|lane| lane.runs().skip(1));
        behind.take_while(|run| !run.marked)
    }

    /// What to load whether it is to be delivered or not: what died, what has to be looked at,
    /// what is too much, and what may have expired.
    pub fn wanted_anyway(&self) -> Option<Wanted> {
        if self.dying.has_cold() && self.dying.has_room() {
            let mut cold = self.dying.iter().filter(|message| message.store.is_cold());
            return cold.next().copied().map(Wanted::Single);
        }
        let look = self.ready.wanted_look();
        look.or_else(|| self.wanted_for_length()).or_else(|| self.wanted_for_expiry())
    }

    /// Takes the messages of a run in. `run` is what was wanted and read, or its beginning;
    /// `messages`, in memory and in index order, are those of it that were not settled before.
    ///
    /// `false`: this is not what the cold part of the ready lane begins with, since it was purged or
    /// moved meanwhile. Nothing has changed, and what was read is to be forgotten.
    #[must_use]
    pub fn load(&mut self, run: &Run, messages: &[Loaded]) -> bool {
        self.ready.load(run, messages)
    }

    /// Puts the messages of a run where they belong, still cold. `run` is what was wanted and read,
    /// `seen` those of it that were not settled before, in index order. Those that say something
    /// themselves stand apart from now on: they are returned, with the octets that they take on the
    /// disk, as are others whose lane has no place for them.
    ///
    /// `None`: there is no such run any more, and nothing has changed.
    pub fn look_at(&mut self, run: &Run, seen: &[Seen]) -> Option<Vec<(MessageIndex, u32)>> {
        let messages = || seen.iter().map(|seen| (self.seen(run, seen), seen.located));
        let stays = |message: &Message| {
            let Message { index, priority, marked, .. } = *message;
            let is_in_line = priority == 0 && !marked && !self.overtakes(message);
            is_in_line && !self.later.is_awaited(index)
        };
        let staying = messages().filter(|(message, _)| stays(message));
        let mut staying: Vec<Run> =
            staying.map(|(message, located)| run_of(&message, located)).collect();
        staying.dedup_by(|next, last| last.extend(next, run.octets));
        let moving: Vec<_> = messages().filter(|(message, _)| !stays(message)).collect();
        if !self.ready.replace_run(run, &staying) {
            return None;
        }
        let mut apart = Vec::new();
        for (message, located) in moving {
            if let Some(until) = self.later.found(message.index, self.now) {
                self.defer(message, until);
                apart.push((message.index, located.octets));
            } else if message.marked
                || self.overtakes(&message)
                || !self.ready.insert_cold(&message, located)
            {
                self.set_apart(message);
                apart.push((message.index, located.octets));
            }
        }
        Some(apart)
    }

    /// A message of a run as its queue keeps it.
    fn seen(&self, run: &Run, seen: &Seen) -> Message {
        let &Seen { index, located, bytes, deadline, marks, known } = seen;
        Message {
            deadline,
            redelivered: run.redelivered,
            marked: marks.is_any() || known,
            priority: self.settings.priorities.level(marks.priority),
            ..Message::new(index, located.position, bytes)
        }
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
        self.ready.load_single(index, position, store)
            || self.waiting.load(index, position, store)
            || self.later.messages.load(index, position, store)
            || self.dying.load(index, position, store)
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
        let Self { ready, deadlines, .. } = self;
        let mut told = Vec::new();
        let count = ready.unload(keep, locate, |message, located| {
            let is_single = message.marked || deadlines.is_single(message);
            if is_single {
                told.push((message.index, located.octets));
                deadlines.add(message);
            }
            is_single
        });
        Unloaded { count, apart: told }
    }

    /// What [`unload`](Self::unload) looks at, in its order.
    pub fn unloadable(&self, keep: usize) -> impl Iterator<Item = &Message> {
        self.ready.unloadable(keep)
    }

    /// The messages behind that one that stand apart in its level, or else that are dying, in order.
    pub fn singles_behind(&self, message: &Message) -> impl Iterator<Item = &Message> {
        let from = MessageIndex(message.index.0 + 1);
        let is_dying = self.dying.has_cold() && self.dying.has_room();
        let dying = is_dying.then(|| self.dying.iter_from(from));
        let level = self.ready.level(message.priority);
        let apart = (!is_dying).then(|| level.apart.iter_from(from));
        dying.into_iter().flatten().chain(apart.into_iter().flatten())
    }

    /// The messages that stand apart but for the first `keep` ready ones, those that wait but for
    /// the first of each group, the deferred ones, the unacked ones and the dying ones that nobody has been told of;
    /// all from that place of the queue on.
    pub fn held_from(&self, from: MessageIndex, keep: usize) -> impl Iterator<Item = &Message> {
        let apart = self.ready.apart_from(from, keep);
        let waiting = self.waiting.iter_from(from).filter(|it| !self.groups.is_own(it.index));
        let held = self.unacked.iter_from(from).chain(self.dying.waiting_from(from));
        apart.chain(waiting).chain(self.later.messages.iter_from(from)).chain(held)
    }

    /// Makes a message cold that [`held_from`](Self::held_from) gives. Returns where in memory it was,
    /// of which the queue has no use any more; `None` if it does not hold such a message in memory.
    pub fn unload_held(&mut self, index: MessageIndex, position: StoreRef) -> Option<StoreRef> {
        let apart = self.ready.unload_single(index, position);
        let ready = apart.or_else(|| self.waiting.unload(index, position));
        let ready = ready.or_else(|| self.later.messages.unload(index, position));
        let held = ready.or_else(|| self.unacked.unload(index, position));
        held.or_else(|| self.dying.unload(index, position))
    }

    /// Everything it holds: what is ready, level by level, what stands apart and what is in the lane,
    /// each in order; what is dying, what is due soon, what is unacked; then what waits for its time in any order.
    pub fn entries(&self) -> impl Iterator<Item = Entry> {
        let far = self.delayed.iter_far().map(|waiting| Entry::Run(waiting.run()));
        self.entries_but_far().chain(far)
    }

    /// The same but for what waits [far ahead](Self::far).
    pub fn entries_but_far(&self) -> impl Iterator<Item = Entry> {
        let ready = self.ready.downwards().flat_map(Ready::entries);
        let waiting = self.waiting.iter().chain(self.later.messages.iter());
        let dying = waiting.chain(self.dying.iter()).copied().map(Entry::Ready);
        let unacked = self.unacked.iter();
        ready
            .chain(dying)
            .chain(self.near_entries())
            .chain(unacked.map(|message| Entry::Unacked(Message { redelivered: true, ..*message })))
    }

    /// Where in memory each message is, to be replaced when the store moves them. No reference that
    /// an earlier effect told may be used afterwards. Cold messages are not among them.
    pub fn stores_mut(&mut self) -> impl Iterator<Item = &mut StoreRef> {
        let Self { ready, waiting, later, unacked, dying, delayed, .. } = self;
        let waiting = waiting.iter_mut().chain(later.messages.iter_mut());
        let held = waiting.chain(unacked.iter_mut()).chain(dying.iter_mut());
        let held = held.filter(|message| !message.store.is_cold());
        let ready = ready.upwards_mut().flat_map(Ready::stores_mut);
        let delayed = delayed.hot_mut().map(|delayed| &mut delayed.store);
        ready.chain(held.map(|message| &mut message.store)).chain(delayed)
    }

    /// Each cold run of the ready lane as it is, and its position, to be replaced when all of it
    /// has moved.
    pub fn runs_mut(&mut self) -> impl Iterator<Item = (Run, &mut StoreRef)> {
        self.ready.upwards_mut().flat_map(|ready| ready.lane.runs_mut())
    }

    /// Each cold message outside the lane, and its position, to be replaced when it has moved. What
    /// waits far ahead is not among them ([`relocate_far`](Self::relocate_far)).
    pub fn cold_held_mut(&mut self) -> impl Iterator<Item = (MessageIndex, &mut StoreRef)> {
        let Self { ready, waiting, later, unacked, dying, delayed, .. } = self;
        let apart = ready.upwards_mut().flat_map(|ready| ready.apart.iter_mut());
        let waiting = waiting.iter_mut().chain(later.messages.iter_mut());
        let held = apart.chain(waiting).chain(unacked.iter_mut());
        let held = held.chain(dying.iter_mut());
        let held = held.map(|message| (message.index, &mut message.store));
        let delayed = delayed.near_mut().map(|delayed| (delayed.index, &mut delayed.store));
        held.chain(delayed).filter(|(_, store)| store.is_cold())
    }

    /// Replaces a cold run, or its beginning, by others that hold the same messages, or those of
    /// them that were not settled before, in index order. `run` is what was read and moved.
    ///
    /// `false`: there is no such run any more, and nothing has changed.
    #[must_use]
    pub fn replace_run(&mut self, run: &Run, moved: &[Run]) -> bool {
        self.ready.replace_run(run, moved)
    }
}

#[cfg(test)]
#[path = "paging_tests.rs"]
mod tests;
