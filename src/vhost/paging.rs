//! How a durable queue keeps only part of its messages in memory: what is on the disk too leaves it
//! when there is too much, and comes back before it is delivered.

use std::io;
use std::sync::{Arc, Weak};

use bytes::Bytes;
use tokio::runtime::Handle;

use super::worker::QueueWorker;
use crate::amqp::id::MessageIndex;
use crate::amqp::message::MessageRef;
use crate::amqp::run::Run;
use crate::queue::paging::{Loaded, Located, Wanted};
use crate::store::format::checkpoint::QueueImage;
use crate::store::format::position::Position;
use crate::store::format::run::messages;
use crate::store::memory::{Durability, MemoryStore};
use crate::store::segment::Segment;

impl QueueWorker {
    /// What the queue holds, as far as it is written; `None` if it is not durable.
    pub(super) fn image(&mut self) -> Option<QueueImage> {
        let Self { core, store, durable, .. } = self;
        Some(durable.as_mut()?.image(core, store))
    }

    /// Has what is needed next loaded, and what is not needed soon go out of memory. Returns whether
    /// there is something to deliver now that was not there before.
    pub(super) fn page(&mut self) -> bool {
        let Some(durable) = &mut self.durable else { return false };
        let size = self.store.pinned_octets();
        durable.residence.update(&mut durable.resident, size);
        if durable.residence.is_over() && size > durable.journal.log.sizes.kept() {
            self.unload();
        }
        self.load_ahead()
    }

    fn unload(&mut self) {
        let Self { core, store, durable: Some(durable), .. } = self else { return };
        let written = durable.journal.written_up_to(core.next_index());
        // More than is loaded ahead, lest what was loaded goes out again.
        let keep = core.front(durable.journal.log.sizes.kept());
        let mut gone = Vec::new();
        core.unload(keep, |message| {
            // Its place may be known already, but nothing can be read there.
            let located = store.locate(message.store).filter(|_| message.index.0 < written)?;
            gone.push(message.store);
            Some(Located { position: located.position.store_ref(), octets: located.octets })
        });
        for at in gone {
            store.release(at);
        }
        durable.residence.update(&mut durable.resident, store.pinned_octets());
    }

    /// Begins to load what comes next, off the threads that serve connections.
    fn load_ahead(&mut self) -> bool {
        let Some(durable) = self.durable.as_mut().filter(|durable| !durable.loading) else {
            return false;
        };
        let ahead = durable.journal.log.sizes.ahead();
        let Some(Wanted::Run(run)) = self.core.wanted(ahead) else { return false };
        durable.loading = true;
        let (log, shared) = (Arc::clone(&durable.journal.log), Weak::clone(&durable.shared));
        let Ok(runtime) = Handle::try_current() else {
            let octets = log.read(&run);
            self.take_in(&run, octets);
            return true;
        };
        runtime.spawn_blocking(move || {
            let octets = log.read(&run);
            if let Some(queue) = shared.upgrade() {
                queue.loaded(run, octets);
            }
        });
        false
    }

    /// Loads what stands before the next message, and waits for it.
    pub(super) fn load_front(&mut self) {
        if let Some(Wanted::Run(run)) = self.core.wanted(1)
            && let Some(durable) = &self.durable
        {
            let octets = durable.journal.log.read(&run);
            self.take_in(&run, octets);
        }
    }

    /// Takes in what was loaded, and goes on.
    pub(super) fn loaded(&mut self, run: &Run, octets: io::Result<Bytes>) {
        self.take_in(run, octets);
        self.run();
    }

    fn take_in(&mut self, run: &Run, octets: io::Result<Bytes>) {
        let Some(durable) = &mut self.durable else { return };
        durable.loading = false;
        let position = Position::of(run.position);
        let found = octets.map_err(|error| error.to_string());
        match found.and_then(|octets| load(&mut self.store, run, octets)) {
            Ok(loaded) => {
                if !self.core.load(run, &loaded) {
                    for message in loaded {
                        self.store.release(message.store);
                    }
                }
            }
            // What was read may have gone meanwhile, and its file with it.
            Err(_) if self.core.wanted(usize::MAX) != Some(Wanted::Run(*run)) => {}
            Err(why) => {
                // The process is to end; it would be read again and again until then.
                durable.loading = true;
                let why =
                    format!("{position}: cannot read {} messages of a queue: {why}", run.count);
                durable.journal.log.fail(why);
            }
        }
    }
}

/// Puts the messages of a run into memory.
fn load(store: &mut MemoryStore, run: &Run, octets: Bytes) -> Result<Vec<Loaded>, String> {
    let mut found = Vec::with_capacity(run.count as usize);
    for message in messages(&octets) {
        let (offset, message) = message.map_err(|damaged| {
            let place = Position::of(run.position).offset as usize + damaged.offset;
            format!("the message at offset {place} is damaged")
        })?;
        let bytes = MessageRef::read(message).map_or(0, |message| message.body.len());
        found.push((u32::try_from(offset), u32::try_from(bytes)));
    }
    if found.len() != run.count as usize {
        return Err(format!("{} messages are there", found.len()));
    }
    let mut segment = store.fill(Segment::read_from(Position::of(run.position), octets));
    let loaded = (run.first.0..).zip(found).map(|(index, (offset, bytes))| Loaded {
        index: MessageIndex(index),
        store: segment.insert(offset.unwrap_or(u32::MAX), Durability::Logged),
        bytes: bytes.unwrap_or(u32::MAX),
    });
    Ok(loaded.collect())
}
