//! What of the ready messages of one level is only on the disk.

use super::Ready;
use crate::amqp::id::{MessageIndex, StoreRef};
use crate::queue::lane::Message;
use crate::queue::paging::{Entry, Located, Wanted};

/// What a message in memory counts beside its body, in octets: its entry, and roughly its
/// properties and where it was published.
const BESIDE_BODY: u64 = 64;

impl Ready {
    /// How many messages can be taken before something has to be loaded, counted up to `limit`.
    pub fn at_hand(&self, limit: usize) -> usize {
        let Self { lane, apart, .. } = self;
        if apart.has_cold() || !self.is_apart_before() {
            return self.hot().take(limit).count();
        }
        limit.min(apart.len() + lane.at_hand())
    }

    /// How many messages at the front have `octets` in memory, and what they count: all before the
    /// first cold one, if they have no more.
    pub fn front(&self, octets: u64) -> (usize, u64) {
        let Self { lane, apart, .. } = self;
        if !apart.has_cold() && self.is_apart_before() {
            let all = apart.len() + lane.at_hand();
            let bytes = apart.bytes() + lane.bytes_at_hand() + all as u64 * BESIDE_BODY;
            if bytes <= octets {
                return (all, bytes);
            }
        }
        let (mut count, mut before) = (0, 0);
        for (message, _) in self.hot() {
            if before >= octets {
                break;
            }
            count += 1;
            before += u64::from(message.bytes) + BESIDE_BODY;
        }
        (count, before)
    }

    /// How many octets in memory are before what has to be loaded.
    ///
    /// # Errors
    /// There are less than `ahead`: what to load next.
    pub fn wanted(&self, ahead: u64) -> Result<u64, Wanted> {
        let Self { lane, apart, .. } = self;
        let before = if self.is_apart_next() { self.wanted_of_apart(ahead)? } else { 0 };
        let before = before + lane.bytes_at_hand() + lane.at_hand() as u64 * BESIDE_BODY;
        if before >= ahead {
            return Ok(before);
        }
        match lane.first_run() {
            Some(run) if run.marked => Err(Wanted::Look(*run)),
            Some(run) => Err(Wanted::Run(*run)),
            None if apart.has_cold() => self.wanted_of_apart(ahead),
            None => Ok(self.bytes() + self.len() as u64 * BESIDE_BODY),
        }
    }

    /// Makes messages of the lane cold but for those among the first `keep`. Those that `aside`
    /// takes stand apart from then on.
    pub fn unload(
        &mut self,
        keep: usize,
        locate: impl FnMut(&Message) -> Option<Located>,
        mut aside: impl FnMut(&Message, Located) -> bool,
    ) -> usize {
        let keep = self.kept_of_lane(keep);
        let Self { lane, apart, .. } = self;
        lane.unload(keep, locate, |message, located| {
            let is_single = aside(message, located);
            if is_single {
                apart.insert(Message { store: located.position, ..*message });
            }
            is_single
        })
    }

    /// What [`unload`](Self::unload) looks at, in its order.
    pub fn unloadable(&self, keep: usize) -> impl Iterator<Item = &Message> {
        self.lane.unloadable(self.kept_of_lane(keep))
    }

    /// The messages that stand apart but for the first `keep` ready ones, from that place on.
    pub fn apart_from(&self, from: MessageIndex, keep: usize) -> impl Iterator<Item = &Message> {
        let apart = &self.apart;
        let start = if self.is_apart_before() {
            apart.iter().nth(keep).map(|message| message.index)
        } else {
            let kept = self.hot().take(keep).last();
            Some(kept.map_or(MessageIndex(0), |(last, _)| MessageIndex(last.index.0 + 1)))
        };
        let start = start.map(|start| start.max(from));
        start.into_iter().flat_map(|start| apart.iter_from(start))
    }

    /// Puts a message on the disk into its place in the lane; `false` if it can only stand apart.
    pub fn insert_cold(&mut self, message: &Message, located: Located) -> bool {
        let is_first = self.lane.is_empty();
        let last = if is_first { Some(message.deadline) } else { self.last_deadline };
        let fits = self.lane.insert_cold(message, located);
        if fits {
            self.last_deadline = last.map(|last| last.max(message.deadline));
        }
        fits
    }

    /// All of it: what stands apart, then what is in the lane.
    pub fn entries(&self) -> impl Iterator<Item = Entry> {
        let Self { lane, apart, .. } = self;
        let before = apart.iter().chain(lane.head()).copied().map(Entry::Ready);
        let runs = lane.runs().copied().map(Entry::Run);
        before.chain(runs).chain(lane.tail().copied().map(Entry::Ready))
    }

    /// Where in memory each message is that is there.
    pub fn stores_mut(&mut self) -> impl Iterator<Item = &mut StoreRef> {
        let Self { lane, apart, .. } = self;
        let apart = apart.iter_mut().filter(|message| !message.store.is_cold());
        apart.chain(lane.iter_mut()).map(|message| &mut message.store)
    }

    /// How many of the first `keep` messages are in the lane.
    fn kept_of_lane(&self, keep: usize) -> usize {
        if self.is_apart_before() {
            return keep.saturating_sub(self.apart.len());
        }
        self.hot().take(keep).filter(|(_, is_apart)| !is_apart).count()
    }

    /// The first cold message that stands apart, unless `ahead` octets of those in memory come
    /// before it; else how many octets there are.
    fn wanted_of_apart(&self, ahead: u64) -> Result<u64, Wanted> {
        let apart = &self.apart;
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
