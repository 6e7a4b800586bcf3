//! What goes out of memory: messages that are on the disk too.

use crate::amqp::id::{MessageIndex, StoreRef};
use crate::queue::core::Queue;
use crate::queue::lane::Message;
use crate::queue::paging::Located;
use crate::store::memory::{MemoryStore, is_logged};
use crate::vhost::backing::Backing;
use crate::vhost::leaving::Copied;
use crate::vhost::worker::QueueWorker;

/// How many single messages, unacked ones among them, are looked at in one turn.
const SWEEP: usize = 1024;

impl QueueWorker {
    /// Has ready messages that are on the disk go out of memory, but for `keep` octets.
    pub(in crate::vhost) fn unload(&mut self, keep: usize, mut copied: Option<&mut Copied>) {
        let Self { core, store, backing: Some(backing), .. } = self else { return };
        let written = backing.written_up_to(core.next_index());
        // More than is loaded ahead, lest what was loaded goes out again.
        let keep = core.front(keep);
        let mut gone = Vec::new();
        let unloaded = core.unload(keep, |message| {
            let located = match &mut copied {
                Some(copied) if !is_logged(message.store) => copied.claim(message.index),
                _ => locate(store, message, written),
            }?;
            gone.push(message.store);
            Some(located)
        });
        backing.held.extend(unloaded.apart);
        self.forget(&gone);
    }

    /// Has unacked messages that are on the disk go out of memory, and single ones but for `keep`
    /// octets; returns some of those that are in memory alone. It looks at a few only, in turn.
    pub(super) fn unload_held(&mut self, keep: usize) -> Vec<Message> {
        let Self { core, store, backing: Some(backing), .. } = self else { return Vec::new() };
        let written = backing.written_up_to(core.next_index());
        let held = core.held_from(backing.sweep, core.front(keep));
        let looked: Vec<_> = held.take(SWEEP).copied().collect();
        let last = looked.iter().map(|message| message.index.0).max();
        backing.sweep =
            MessageIndex(last.filter(|_| looked.len() == SWEEP).map_or(0, |last| last + 1));
        let hot = looked.into_iter().filter(|message| !message.store.is_cold());
        let (logged, alone): (Vec<_>, Vec<_>) = hot.partition(|message| is_logged(message.store));
        let mut gone = Vec::new();
        for message in logged {
            if let Some(located) = locate(store, &message, written) {
                gone.extend(backing.hold(core, message.index, located));
            }
        }
        self.forget(&gone);
        alone
    }

    /// Frees the memory of messages that are cold now.
    pub(in crate::vhost) fn forget(&mut self, gone: &[StoreRef]) {
        for at in gone {
            self.store.release(*at);
        }
        self.count_resident();
    }
}

impl Backing {
    /// Makes a message cold that stands apart or is unacked; returns where in memory it was. Without such a
    /// message nothing has changed.
    pub(in crate::vhost) fn hold(
        &mut self,
        core: &mut Queue,
        index: MessageIndex,
        located: Located,
    ) -> Option<StoreRef> {
        if let Some(gone) = core.unload_delayed(index, located) {
            return Some(gone);
        }
        let gone = core.unload_held(index, located.position)?;
        self.held.insert(index, located.octets);
        Some(gone)
    }
}

/// Where a message in memory is on the disk, if everything before `written` is written. Its place
/// may be known before, but nothing can be read there.
pub(in crate::vhost) fn locate(
    store: &MemoryStore,
    message: &Message,
    written: u64,
) -> Option<Located> {
    let located = store.locate(message.store).filter(|_| message.index.0 < written)?;
    Some(Located { position: located.position.store_ref(), octets: located.octets })
}
