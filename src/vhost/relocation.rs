//! Messages of a queue that lie elsewhere on the disk now.

use std::collections::{BTreeSet, HashMap};

use bytes::Bytes;

use super::delays::Delay;
use super::worker::QueueWorker;
use crate::amqp::id::StoreRef;
use crate::amqp::message::MessageRef;
use crate::amqp::run::Run;
use crate::queue::core::Queue;
use crate::queue::settings::Settings;
use crate::queue::waiting::Waiting;
use crate::queue::wheel::Far;
use crate::store::format::position::Position;
use crate::store::format::run::messages;
use crate::store::log::Log;
use crate::store::memory::{Durability, MemoryStore};
use crate::store::reclaim::Relocation;
use crate::store::segment::Segment;

/// Messages that have moved: where each was, where it is among the moved octets, and its size.
type Others = HashMap<Position, (u32, u32)>;

impl QueueWorker {
    /// What it has written in that file, as runs; and everything that waits far ahead, wherever.
    pub(super) fn runs_in(&mut self, file: u32) -> (Vec<Run>, Far) {
        let Self { core, store, backing, .. } = self;
        backing.as_mut().map(|backing| backing.runs_in(file, core, store)).unwrap_or_default()
    }

    /// Has what is still there of these runs lie elsewhere.
    pub(super) fn relocate(&mut self, log: &Log, relocation: &Relocation) {
        if self.backing.is_none() {
            return count_off(log, relocation);
        }
        let Self { core, store, .. } = self;
        let mut others = Others::new();
        for (run, position) in &relocation.runs {
            let moved = Run { position: position.in_place_of(run.position), ..*run };
            if core.replace_run(run, &[moved]) {
                log.release(Position::of(run.position), run.octets.into());
            } else {
                others.extend(each(run, *position, relocation));
            }
        }
        if others.is_empty() {
            return;
        }
        for (_, at) in core.cold_held_mut() {
            let old = Position::of(*at);
            if let Some((offset, octets)) = others.remove(&old) {
                log.release(old, octets.into());
                *at = relocation.start.plus(offset).in_place_of(*at);
            }
        }
        // What is in memory gets a copy of its own: others share the segment and its places.
        for at in core.stores_mut() {
            let Some(old) = store.locate(*at) else { continue };
            let Some((offset, octets)) = others.remove(&old.position) else { continue };
            log.release(old.position, old.octets.into());
            store.release(*at);
            *at = replace(store, relocation, offset, octets);
        }
        if !core.far().is_empty() {
            relocate_far(core, log, relocation, &mut others);
        }
        for (_, (offset, octets)) in others {
            log.release(relocation.start.plus(offset), octets.into());
        }
    }
}

/// Has those of the messages that wait far ahead lie elsewhere, and takes them out. When each is due
/// it says itself, so that not all that wait have to be looked at.
fn relocate_far(core: &mut Queue, log: &Log, relocation: &Relocation, others: &mut Others) {
    let settings = Settings { delayed: true, ..*core.settings() };
    let due = |(offset, octets): &(u32, u32)| {
        let octets = relocation.octets.get(*offset as usize..)?.get(..*octets as usize)?;
        Some(Delay::of(&MessageRef::read(octets)?, &settings)?.due)
    };
    let dues: BTreeSet<_> = others.values().filter_map(due).collect();
    core.relocate_far(&dues, |waiting| {
        let old = Position::of(waiting.store);
        let (offset, octets) = others.remove(&old)?;
        log.release(old, octets.into());
        Some(relocation.start.plus(offset).in_place_of(waiting.store))
    });
    let is_left = |waiting: &Waiting| others.contains_key(&Position::of(waiting.store));
    debug_assert!(!core.far().iter().any(is_left), "one is due at another time than it says");
}

/// A queue that was deleted has nothing there any more.
fn count_off(log: &Log, relocation: &Relocation) {
    for (run, position) in &relocation.runs {
        log.release(*position, run.octets.into());
    }
}

/// The messages of a moved run: where each was, where it is among the moved octets, and its size.
fn each(
    run: &Run,
    position: Position,
    relocation: &Relocation,
) -> impl Iterator<Item = (Position, (u32, u32))> {
    let start = position.offset - relocation.start.offset;
    let old = Position::of(run.position);
    let octets = relocation.octets.get(start as usize..).unwrap_or_default();
    let octets = octets.get(..run.octets as usize).unwrap_or_default();
    messages(octets).filter_map(Result::ok).filter_map(move |(at, message)| {
        let at = u32::try_from(at).ok()?;
        Some((old.plus(at), (start + at, u32::try_from(message.len()).ok()?)))
    })
}

/// Puts one message into memory, in octets of its own, and forgets where it was in memory.
fn replace(store: &mut MemoryStore, relocation: &Relocation, offset: u32, octets: u32) -> StoreRef {
    let range = offset as usize..(offset + octets) as usize;
    let copy = Bytes::copy_from_slice(relocation.octets.get(range).unwrap_or_default());
    let segment = Segment::read_from(relocation.start.plus(offset), copy);
    store.fill(segment).insert(0, Durability::Logged)
}
