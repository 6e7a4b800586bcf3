//! How a queue keeps only part of its messages in memory: what is on the disk too leaves it when
//! there is too much, what is not is written there when memory is short, and all of it comes back
//! before it is delivered.

use std::io;
use std::iter;
use std::sync::{Arc, Weak};

use bytes::Bytes;
use tokio::runtime::Handle;

use super::backing::Backing;
use super::delays::Delay;
use super::keys::Keys;
use super::leaving::Copied;
use super::marks::marks;
use super::worker::QueueWorker;
use crate::amqp::id::{MessageIndex, StoreRef, Timestamp};
use crate::amqp::message::MessageRef;
use crate::amqp::run::Run;
use crate::queue::command::{Key, Marks};
use crate::queue::core::Queue;
use crate::queue::lane::Message;
use crate::queue::paging::{Loaded, Located, Seen, Wanted};
use crate::queue::settings::Settings;
use crate::queue::waiting::Waiting;
use crate::store::format::checkpoint::QueueImage;
use crate::store::format::position::Position;
use crate::store::format::run::messages;
use crate::store::memory::{Durability, MemoryStore, is_logged, offset};
use crate::store::segment::Segment;

/// How many single messages, unacked ones among them, are looked at in one turn.
const SWEEP: usize = 1024;

/// How many runs are read in one go.
const AT_ONCE: usize = 256;

impl QueueWorker {
    /// What the queue holds, as far as it is written; `None` if it is not durable.
    pub(super) fn image(&mut self) -> Option<QueueImage> {
        let Self { core, store, backing, .. } = self;
        backing.as_mut()?.image(core, store)
    }

    /// Has what is needed next loaded, and what is not needed soon go out of memory. Returns whether
    /// there is something to deliver now that was not there before.
    pub(super) fn page(&mut self) -> bool {
        self.count_resident();
        let Some(backing) = &self.backing else { return false };
        let keep = backing.keep(&self.core);
        let ahead = if keep > 0 { backing.log.sizes.ahead() } else { 0 };
        let is_short = backing.residence.is_short();
        if self.store.pinned_octets() > keep && (is_short || backing.is_over()) {
            let mut alone = self.unload_delayed();
            self.unload(keep, None);
            // Those that are soon settled are not worth it.
            if self.store.pinned_octets() > 2 * keep {
                alone.extend(self.unload_held(keep));
            }
            // What is logged does not go while something else stands before it.
            let octets =
                if is_short { self.store.pinned_octets() } else { self.store.logged_octets() };
            if octets > keep {
                self.begin_leaving(keep, &alone);
            }
        }
        self.load_ahead(ahead)
    }

    /// Has ready messages that are on the disk go out of memory, but for `keep` octets.
    pub(super) fn unload(&mut self, keep: usize, mut copied: Option<&mut Copied>) {
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
    fn unload_held(&mut self, keep: usize) -> Vec<Message> {
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
    pub(super) fn forget(&mut self, gone: &[StoreRef]) {
        for at in gone {
            self.store.release(*at);
        }
        self.count_resident();
    }

    fn count_resident(&mut self) {
        if let Some(backing) = self.backing.as_mut().filter(|backing| backing.journal.is_some()) {
            backing.residence.update(&mut backing.resident, self.store.pinned_octets());
        }
    }

    /// What to load next, if less than `ahead` octets in memory are before it; first what has to be
    /// loaded anyway.
    fn wanted(&self, ahead: usize) -> Option<Run> {
        let wanted = self.core.wanted_anyway().or_else(|| self.core.wanted(ahead))?;
        self.run_of(wanted)
    }

    /// What to read for it.
    fn run_of(&self, wanted: Wanted) -> Option<Run> {
        let backing = self.backing.as_ref()?;
        match wanted {
            Wanted::Run(run) | Wanted::Look(run) => Some(run),
            Wanted::Single(first) => {
                let mut run = backing.held_run(&first)?;
                let behind = self.core.singles_behind(&first);
                let mut behind = behind.map_while(|message| backing.held_run(message));
                while behind.next().is_some_and(|next| run.extend(&next, backing.log.sizes.run)) {}
                Some(run)
            }
        }
    }

    /// Begins to load what comes next, off the threads that serve connections.
    fn load_ahead(&mut self, ahead: usize) -> bool {
        let Some(backing) = self.backing.as_ref().filter(|backing| !backing.loading) else {
            return false;
        };
        let (log, shared) = (Arc::clone(&backing.log), Weak::clone(&backing.shared));
        let Some(run) = self.wanted(ahead) else { return false };
        let Ok(runtime) = Handle::try_current() else {
            let octets = log.read(&run);
            self.take_in(&run, octets);
            return true;
        };
        let runs = self.at_once(run, log.sizes.run);
        if let Some(backing) = &mut self.backing {
            backing.loading = true;
            // What is dropped from the head comes into memory, and the rest of it is next.
            backing.polled |= self.core.is_overfull();
        }
        runtime.spawn_blocking(move || {
            let read = runs.into_iter().map(|run| (run, log.read(&run))).collect();
            if let Some(queue) = shared.upgrade() {
                queue.loaded(read);
            }
        });
        false
    }

    /// A wanted run and those behind it, if they are short: up to `limit` octets together.
    fn at_once(&self, run: Run, limit: u32) -> Vec<Run> {
        let mut sum = u64::from(run.octets);
        let is_within = |run: &&Run| {
            sum += u64::from(run.octets);
            sum <= u64::from(limit)
        };
        let behind = self.core.runs_behind(&run).take(AT_ONCE - 1).take_while(is_within);
        iter::once(run).chain(behind.copied()).collect()
    }

    /// Loads what stands before the next message, and waits for it.
    pub(super) fn load_front(&mut self) {
        loop {
            self.core.pass_over();
            let Some(run) = self.core.wanted(1).and_then(|wanted| self.run_of(wanted)) else {
                return;
            };
            let Some(backing) = &mut self.backing else { return };
            backing.polled = true;
            let octets = backing.log.read(&run);
            self.take_in(&run, octets);
            // What is not readable ends the process.
            if self.backing.as_ref().is_none_or(|backing| backing.loading) {
                return;
            }
        }
    }

    /// Has what nobody takes go out of memory, when memory is short.
    pub(super) fn relieve(&mut self) {
        if let Some(backing) = &mut self.backing {
            backing.polled = false;
        }
        self.run();
    }

    /// Takes in what was loaded, and goes on.
    pub(super) fn loaded(&mut self, read: Vec<(Run, io::Result<Bytes>)>) {
        for (run, octets) in read {
            self.take_in(&run, octets);
            // What is not readable ends the process.
            if self.backing.as_ref().is_none_or(|backing| backing.loading) {
                break;
            }
        }
        self.run();
    }

    pub(super) fn take_in(&mut self, run: &Run, octets: io::Result<Bytes>) {
        let Some(backing) = &mut self.backing else { return };
        backing.loading = false;
        let settings = *self.core.settings();
        let octets = match octets {
            Ok(octets)
                if run.marked
                    && look(&mut self.core, backing, self.keys.as_ref(), run, &octets) =>
            {
                return;
            }
            octets => octets.map_err(|error| error.to_string()),
        };
        match octets.and_then(|octets| load(&mut self.store, run, octets, &settings)) {
            Ok(loaded) if self.core.load(run, &loaded) => {
                if run.position.is_volatile() {
                    backing.release(run);
                }
            }
            Ok(loaded) => {
                for message in loaded {
                    if !backing.take_back(&mut self.core, run, &message) {
                        self.store.release(message.store);
                    }
                }
            }
            // What was read may have gone meanwhile, and its file with it.
            Err(_) if self.wanted(usize::MAX) != Some(*run) => {}
            Err(why) => self.unreadable(run, &why),
        }
    }

    fn unreadable(&mut self, run: &Run, why: &str) {
        // The process is to end; it would be read again and again until then.
        if let Some(backing) = &mut self.backing {
            backing.loading = true;
        }
        self.cannot_read(run, why);
    }

    /// Has the process end: what it has on the disk is not there.
    pub(super) fn cannot_read(&self, run: &Run, why: &str) {
        let Some(backing) = &self.backing else { return };
        let (position, count) = (Position::of(run.position), run.count);
        backing.log.fail(format!("{position}: cannot read {count} messages of a queue: {why}"));
    }
}

impl Backing {
    /// Octets of ready messages that stay in memory: none while memory is short and nobody takes
    /// any.
    pub(super) fn keep(&self, core: &Queue) -> usize {
        let is_idle = core.consumers() == 0 && !self.polled && self.residence.is_short();
        if is_idle { 0 } else { self.log.sizes.kept() }
    }

    /// Whether what is on the disk too should leave memory.
    fn is_over(&self) -> bool {
        self.journal.is_some() && self.residence.is_over()
    }

    /// Makes a message cold that stands apart or is unacked; returns where in memory it was. Without such a
    /// message nothing has changed.
    pub(super) fn hold(
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

    /// Takes a single message in that was read as part of `run`; `false` if it is not wanted.
    fn take_back(&mut self, core: &mut Queue, run: &Run, message: &Loaded) -> bool {
        let position = StoreRef(run.position.0 + u64::from(offset(message.store)));
        if !core.load_single(message.index, position, message.store) {
            return false;
        }
        let octets = self.held.remove(&message.index).unwrap_or_default();
        if position.is_volatile() {
            self.log.release(Position::of(position), octets.into());
        }
        true
    }
}

/// Where a message in memory is on the disk, if everything before `written` is written. Its place
/// may be known before, but nothing can be read there.
pub(super) fn locate(store: &MemoryStore, message: &Message, written: u64) -> Option<Located> {
    let located = store.locate(message.store).filter(|_| message.index.0 < written)?;
    Some(Located { position: located.position.store_ref(), octets: located.octets })
}

/// Puts the messages of a run into memory. Those that were not logged are in memory alone again.
fn load(
    store: &mut MemoryStore,
    run: &Run,
    octets: Bytes,
    settings: &Settings,
) -> Result<Vec<Loaded>, String> {
    let found = find(run, &octets, settings)?;
    let (segment, durability) = if run.position.is_volatile() {
        (Segment::transient(octets), Durability::Transient)
    } else {
        (Segment::read_from(Position::of(run.position), octets), Durability::Logged)
    };
    let mut segment = store.fill(segment);
    let loaded = found.into_iter().map(|Found { index, offset, bytes, deadline, .. }| {
        let store = segment.insert(offset, durability);
        Loaded { index, store, bytes, deadline }
    });
    Ok(loaded.collect())
}

/// Looks at the messages of a marked run; `false` if there is no such run.
fn look(
    core: &mut Queue,
    backing: &mut Backing,
    keys: Option<&Keys>,
    run: &Run,
    octets: &Bytes,
) -> bool {
    let Ok(found) = find(run, octets, core.settings()) else { return false };
    let (waiting, found): (Vec<_>, Vec<_>) = found.into_iter().partition(|it| it.delay.is_some());
    let known: Vec<_> = keys.map(|keys| read_keys(keys, run, octets)).unwrap_or_default();
    let seen =
        found.iter().map(|&Found { index, offset, octets, bytes, marks, deadline, .. }| {
            let position = StoreRef(run.position.0 + u64::from(offset));
            let known = known.binary_search_by_key(&index, |(index, _)| *index).is_ok();
            Seen { index, located: Located { position, octets }, bytes, deadline, marks, known }
        });
    let Some(apart) = core.look_at(run, &seen.collect::<Vec<_>>()) else { return false };
    backing.held.extend(apart);
    for (index, key) in known {
        core.identify(index, key);
    }
    for Found { index, offset, octets, bytes, marks, delay, .. } in waiting {
        let Some(Delay { due, lifetime, id }) = delay else { continue };
        let position = StoreRef(run.position.0 + u64::from(offset));
        let message = Waiting::new(due, index, position, bytes);
        let priority = core.settings().priorities.level(marks.priority);
        let redelivered = run.redelivered;
        core.restore_delayed(Waiting { octets, id, priority, redelivered, ..message }, lifetime);
    }
    true
}

/// What the messages of a run are known by, in their order.
fn read_keys(keys: &Keys, run: &Run, octets: &[u8]) -> Vec<(MessageIndex, Key)> {
    let messages = (run.first.0..).map(MessageIndex).zip(messages(octets));
    let found = messages.filter_map(|(index, message)| {
        let message = MessageRef::read(message.ok()?.1)?;
        Some((index, keys.read(&message)))
    });
    found.flat_map(|(index, found)| found.keys().map(move |key| (index, key))).collect()
}

/// A message of a run, within its octets.
struct Found {
    index: MessageIndex,
    offset: u32,
    octets: u32,
    bytes: u32,
    /// What it says, where the run is marked.
    marks: Marks,
    deadline: Timestamp,
    /// How it waits for its time, if it does.
    delay: Option<Delay>,
}

fn find(run: &Run, octets: &[u8], settings: &Settings) -> Result<Vec<Found>, String> {
    let position = Position::of(run.position);
    let mut all = Vec::with_capacity(run.count as usize);
    for (index, message) in (run.first.0..).zip(messages(octets)) {
        let (offset, octets) = message.map_err(|damaged| {
            let place = position.offset as usize + damaged.offset;
            format!("the message at offset {place} is damaged")
        })?;
        let message = MessageRef::read(octets);
        let said = message.filter(|_| run.marked).map(|message| marks(&message));
        let marks = said.unwrap_or_default();
        let accepted = message.and_then(|message| message.stamp.accepted);
        let size = |octets: &[u8]| u32::try_from(octets.len()).unwrap_or(u32::MAX);
        all.push(Found {
            index: MessageIndex(index),
            offset: u32::try_from(offset).unwrap_or(u32::MAX),
            octets: size(octets),
            bytes: message.map_or(0, |message| size(message.body)),
            marks,
            deadline: deadline(accepted, marks, settings),
            delay: message.filter(|_| run.marked && settings.delayed).and_then(|it| Delay::of(&it)),
        });
    }
    if all.len() != run.count as usize {
        return Err(format!("{} messages are there", all.len()));
    }
    Ok(all)
}

/// When a message expires that was read; one without a time never does.
fn deadline(accepted: Option<Timestamp>, marks: Marks, settings: &Settings) -> Timestamp {
    accepted.map_or(Timestamp::NEVER, |accepted| settings.deadline(accepted, marks))
}
