//! Messages that are in memory alone leave it: they are written to the end of the log, which knows
//! nothing of them, and are gone after a restart as they would have been anyway.

use std::sync::{Arc, Weak};

use bytes::Bytes;
use tokio::runtime::Handle;

use super::worker::QueueWorker;
use crate::amqp::id::MessageIndex;
use crate::queue::lane::Message;
use crate::queue::paging::Located;
use crate::store::format::position::Position;
use crate::store::format::run::seal;
use crate::store::log::Log;
use crate::store::memory::{MemoryStore, is_logged};
use crate::store::residence::Leaving;

/// Messages that were copied out of memory, one behind the other.
#[derive(Debug, Default)]
struct Copies {
    octets: Vec<u8>,
    /// Place in the queue, octets before it among the copies, and its own octets.
    messages: Vec<(MessageIndex, u32, u32)>,
}

/// Copies on the disk, of messages that may have gone since. Dropping it counts off those that
/// nobody has claimed.
#[derive(Debug)]
pub(super) struct Copied {
    /// As in [`Copies`], in the order of the queue.
    messages: Vec<(MessageIndex, u32, u32)>,
    start: Position,
    unclaimed: u64,
    log: Arc<Log>,
    _leaving: Leaving,
}

impl Copies {
    /// Copies a message, if all stays below `limit` octets or it is the first; returns whether it
    /// did.
    fn add(&mut self, message: &Message, store: &MemoryStore, limit: usize) -> bool {
        let octets = store.octets(message.store);
        let before = self.octets.len();
        if before > 0 && before + octets.len() > limit {
            return false;
        }
        let size = u32::try_from(octets.len()).unwrap_or(u32::MAX);
        self.messages.push((message.index, u32::try_from(before).unwrap_or(u32::MAX), size));
        self.octets.extend_from_slice(octets);
        seal(self.octets.get_mut(before..).unwrap_or_default());
        true
    }
}

impl Copied {
    /// Where a message is, if it is among the copies.
    fn locate(&self, index: MessageIndex) -> Option<Located> {
        let at = self.messages.binary_search_by_key(&index, |(index, ..)| *index).ok()?;
        let (_, before, octets) = *self.messages.get(at)?;
        Some(Located { position: self.start.plus(before).volatile_ref(), octets })
    }

    /// The same for somebody who counts it off when it goes.
    pub(super) fn claim(&mut self, index: MessageIndex) -> Option<Located> {
        let located = self.locate(index)?;
        self.unclaimed -= u64::from(located.octets);
        Some(located)
    }
}

impl Drop for Copied {
    fn drop(&mut self) {
        self.log.release(self.start, self.unclaimed);
    }
}

impl QueueWorker {
    /// Has messages written that are in memory alone: those that keep others from being unloaded,
    /// or that come behind `keep` octets of ready ones, and some of `held`, which are returned or
    /// unacked.
    pub(super) fn begin_leaving(&mut self, keep: usize, held: &[Message]) {
        let Some(Copies { octets, mut messages }) = self.copy(keep, held) else { return };
        let Some(backing) = &mut self.backing else { return };
        backing.leaving = true;
        let leaving = backing.residence.leaving();
        messages.sort_unstable();
        let (log, queue) = (Arc::clone(&backing.log), Weak::clone(&backing.shared));
        let unclaimed = octets.len() as u64;
        let runtime = Handle::try_current().ok();
        backing.log.page_out(Bytes::from(octets), move |start| {
            let copied = Copied { messages, start, unclaimed, log, _leaving: leaving };
            let Some(queue) = queue.upgrade() else { return };
            match runtime {
                // Not on the log's own thread, which has others to serve.
                Some(runtime) => drop(runtime.spawn(async move { queue.left(copied) })),
                None => queue.left(copied),
            }
        });
    }

    fn copy(&mut self, keep: usize, held: &[Message]) -> Option<Copies> {
        let Self { core, store, backing, .. } = self;
        let backing = backing.as_mut().filter(|backing| !backing.leaving)?;
        let written = backing.written_up_to(core.next_index());
        let limit = backing.log.sizes.batch;
        let mut copies = Copies::default();
        for message in core.unloadable(core.front(keep)) {
            if is_logged(message.store) {
                if message.index.0 < written {
                    continue;
                }
                // It keeps what follows in memory until it is written.
                break;
            }
            if !copies.add(message, store, limit) {
                break;
            }
        }
        for message in held {
            if !copies.add(message, store, limit) {
                break;
            }
        }
        (!copies.messages.is_empty()).then_some(copies)
    }

    /// Takes note of messages that are on the disk now, and goes on.
    pub(super) fn left(&mut self, mut copied: Copied) {
        if let Some(backing) = &mut self.backing {
            backing.leaving = false;
            let keep = backing.keep(&self.core);
            self.unload(keep, Some(&mut copied));
            self.hold(&mut copied);
        }
        drop(copied);
        self.run();
    }

    /// Has those of the copied messages go out of memory that are returned or unacked.
    fn hold(&mut self, copied: &mut Copied) {
        let Self { core, backing: Some(backing), .. } = self else { return };
        let mut gone = Vec::new();
        for at in 0..copied.messages.len() {
            if let Some((index, ..)) = copied.messages.get(at).copied()
                && let Some(located) = copied.locate(index)
                && let Some(store) = backing.hold(core, index, located)
            {
                copied.claim(index);
                gone.push(store);
            }
        }
        self.forget(&gone);
    }
}
