//! What stands in the octets of a run that was read.

use bytes::Bytes;

use crate::amqp::id::{MessageIndex, StoreRef, Timestamp};
use crate::amqp::message::MessageRef;
use crate::amqp::run::Run;
use crate::queue::command::{Key, Marks};
use crate::queue::core::Queue;
use crate::queue::paging::{Loaded, Located, Seen};
use crate::queue::waiting::Waiting;
use crate::store::format::position::Position;
use crate::store::format::run::messages;
use crate::store::memory::{Durability, MemoryStore};
use crate::store::segment::Segment;
use crate::vhost::backing::Backing;
use crate::vhost::delays::Delay;
use crate::vhost::keys::Keys;
use crate::vhost::marks::marks;

/// Puts the messages of a run into memory. Those that were not logged are in memory alone again.
pub(super) fn load(
    core: &Queue,
    store: &mut MemoryStore,
    run: &Run,
    octets: Bytes,
) -> Result<Vec<Loaded>, String> {
    let found = find(run, &octets, core)?;
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
pub(super) fn look(
    core: &mut Queue,
    backing: &mut Backing,
    keys: Option<&Keys>,
    run: &Run,
    octets: &Bytes,
) -> bool {
    let Ok(found) = find(run, octets, core) else { return false };
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

fn find(run: &Run, octets: &[u8], core: &Queue) -> Result<Vec<Found>, String> {
    let settings = core.settings();
    let position = Position::of(run.position);
    let mut all = Vec::with_capacity(run.count as usize);
    for (index, message) in (run.first.0..).map(MessageIndex).zip(messages(octets)) {
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
            index,
            offset: u32::try_from(offset).unwrap_or(u32::MAX),
            octets: size(octets),
            bytes: message.map_or(0, |message| size(message.body)),
            marks,
            // One without a time never expires.
            deadline: accepted.map_or(Timestamp::NEVER, |at| core.deadline_of(index, at, marks)),
            delay: message.filter(|_| run.marked).and_then(|it| Delay::of(&it, settings)),
        });
    }
    if all.len() != run.count as usize {
        return Err(format!("{} messages are there", all.len()));
    }
    Ok(all)
}
