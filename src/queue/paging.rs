//! What a queue and its owner tell each other about messages that are only on the disk.
//!
//! The queue never reads a body. It stops before a cold message until its owner has loaded it, and
//! makes messages cold whose place on the disk the owner knows.

use super::core::Queue;
use super::lane::Message;
use crate::amqp::id::{MessageIndex, StoreRef};
use crate::amqp::run::Run;

/// What a message in memory counts beside its body, in octets: its entry, and roughly its
/// properties and where it was published.
const BESIDE_BODY: u64 = 64;

/// What to load next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// The beginning of what is cold of the ready lane; answered by [`Queue::load`].
    Run(Run),
    /// A returned message, cold; answered by [`Queue::load_returned`].
    Returned(Message),
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
        if self.returned.has_cold() {
            let hot = self.returned.iter().take(limit).take_while(|it| !it.store.is_cold());
            return hot.count();
        }
        limit.min(self.returned.len() + self.ready.at_hand())
    }

    /// How many ready messages at the front have `octets` in memory, counted as
    /// [`wanted`](Self::wanted) does; all before the next cold run, if they have no more.
    pub fn front(&self, octets: usize) -> usize {
        let all = self.returned.len() + self.ready.at_hand();
        let bytes = self.returned.bytes() + self.ready.bytes_at_hand();
        let octets = octets as u64;
        if bytes + all as u64 * BESIDE_BODY <= octets {
            return all;
        }
        let mut before = 0;
        let is_within = |message: &&Message| {
            let within = before < octets;
            before += u64::from(message.bytes) + BESIDE_BODY;
            within
        };
        self.returned.iter().chain(self.ready.head()).take_while(is_within).count()
    }

    /// What to load next, if less than `ahead` octets of messages in memory are before it, each
    /// counted with 64 octets beside its body. With 1 it is what the queue stands still for.
    pub fn wanted(&self, ahead: usize) -> Option<Wanted> {
        let ahead = ahead as u64;
        if self.returned.has_cold() {
            return self.wanted_of_returned(ahead);
        }
        let messages = (self.returned.len() + self.ready.at_hand()) as u64;
        let bytes = self.returned.bytes() + self.ready.bytes_at_hand();
        if bytes + messages * BESIDE_BODY >= ahead {
            return None;
        }
        self.ready.first_run().copied().map(Wanted::Run)
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

    /// Takes a returned message in, which was read at `position` and is in memory at `store` now.
    /// `false`: none is wanted from there any more; what was read is to be forgotten.
    #[must_use]
    pub fn load_returned(
        &mut self,
        index: MessageIndex,
        position: StoreRef,
        store: StoreRef,
    ) -> bool {
        self.returned.load(index, position, store)
    }

    /// Makes messages of the ready lane cold, those behind the first `keep` ready ones, and returns
    /// how many. `keep` should be more than a run's messages, lest what was loaded goes out again.
    ///
    /// `locate` says where on the disk a message is, and the queue has then no use for the place in
    /// memory any more. It stops at the first message that `locate` does not know, oldest first (but
    /// newest first where cold messages follow already), so that the cold part stays in one piece.
    pub fn unload(
        &mut self,
        keep: usize,
        locate: impl FnMut(&Message) -> Option<Located>,
    ) -> usize {
        self.ready.unload(keep.saturating_sub(self.returned.len()), locate)
    }

    /// What [`unload`](Self::unload) looks at, in its order.
    pub fn unloadable(&self, keep: usize) -> impl Iterator<Item = &Message> {
        self.ready.unloadable(keep.saturating_sub(self.returned.len()))
    }

    /// The returned messages from that place on, in order.
    pub fn returned_from(&self, from: MessageIndex) -> impl Iterator<Item = &Message> {
        self.returned.iter_from(from)
    }

    /// The returned messages but for the first `keep`, then the unacked ones; both from that place
    /// of the queue on.
    pub fn held_from(&self, from: MessageIndex, keep: usize) -> impl Iterator<Item = &Message> {
        let behind = self.returned.iter().nth(keep).map(|message| message.index.max(from));
        let returned = behind.into_iter().flat_map(|start| self.returned.iter_from(start));
        returned.chain(self.unacked.iter_from(from))
    }

    /// Makes a returned or unacked message cold. Returns where in memory it was, of which the queue
    /// has no use any more; `None` if it does not hold such a message in memory.
    pub fn unload_held(&mut self, index: MessageIndex, position: StoreRef) -> Option<StoreRef> {
        let returned = self.returned.unload(index, position);
        returned.or_else(|| self.unacked.unload(index, position))
    }

    /// Everything it holds: what is ready in index order, then what is unacked.
    pub fn entries(&self) -> impl Iterator<Item = Entry> {
        let before = self.returned.iter().chain(self.ready.head()).copied().map(Entry::Ready);
        let runs = self.ready.runs().copied().map(Entry::Run);
        let behind = self.ready.tail().copied().map(Entry::Ready);
        let unacked = self.unacked.iter();
        before
            .chain(runs)
            .chain(behind)
            .chain(unacked.map(|message| Entry::Unacked(Message { redelivered: true, ..*message })))
    }

    /// Where in memory each message is, to be replaced when the store moves them. No reference that
    /// an earlier effect told may be used afterwards. Cold messages are not among them.
    pub fn stores_mut(&mut self) -> impl Iterator<Item = &mut StoreRef> {
        let held = self.returned.iter_mut().chain(self.unacked.iter_mut());
        let hot = held.filter(|message| !message.store.is_cold()).chain(self.ready.iter_mut());
        hot.map(|message| &mut message.store)
    }

    /// Each cold run of the ready lane as it is, and its position, to be replaced when all of it
    /// has moved.
    pub fn runs_mut(&mut self) -> impl Iterator<Item = (Run, &mut StoreRef)> {
        self.ready.runs_mut()
    }

    /// Each cold message that is returned or unacked, and its position, to be replaced when it has
    /// moved.
    pub fn cold_held_mut(&mut self) -> impl Iterator<Item = (MessageIndex, &mut StoreRef)> {
        let held = self.returned.iter_mut().chain(self.unacked.iter_mut());
        let cold = held.filter(|message| message.store.is_cold());
        cold.map(|message| (message.index, &mut message.store))
    }

    /// Replaces a cold run, or its beginning, by others that hold the same messages, or those of
    /// them that were not settled before, in index order. `run` is what was read and moved.
    ///
    /// `false`: there is no such run any more, and nothing has changed.
    #[must_use]
    pub fn replace_run(&mut self, run: &Run, moved: &[Run]) -> bool {
        self.ready.replace_run(run, moved)
    }

    fn wanted_of_returned(&self, ahead: u64) -> Option<Wanted> {
        let mut before = 0;
        for message in self.returned.iter() {
            if before >= ahead {
                return None;
            }
            if message.store.is_cold() {
                return Some(Wanted::Returned(*message));
            }
            before += u64::from(message.bytes) + BESIDE_BODY;
        }
        None
    }
}

#[cfg(test)]
#[path = "paging_tests.rs"]
mod tests;
