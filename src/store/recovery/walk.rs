//! The single messages of a run, also where some of them are damaged.

use crate::amqp::id::MessageIndex;
use crate::amqp::message::{Lengths, MessageRef};
use crate::amqp::run::Run;
use crate::store::format::position::Position;
use crate::store::format::run::message;

/// Octets that may be read to find a message again behind a damaged one.
const SEARCH_MAX: usize = 16 << 20;

/// What the octets of a run hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Walk {
    /// The whole messages, in order.
    pub messages: Vec<Found>,
    /// Where the first damage is, in octets from the run's start.
    pub damaged: Option<u32>,
}

/// A whole message. All sizes are in octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// How many messages of the run are before it.
    pub at: u32,
    /// How far it is from the run's start.
    pub offset: u32,
    /// Its size.
    pub octets: u32,
    /// Its body's size.
    pub bytes: u32,
}

/// Walks over the messages of a run of `run.count` messages; `octets` are its own, as far as there
/// are any. Which one a message is behind a damaged one is said only where it is certain.
pub fn walk(run: &Run, octets: &[u8]) -> Walk {
    let mut walk = Walk::default();
    let (mut at, mut offset) = (0, 0);
    while at < run.count {
        let rest = octets.get(offset..).unwrap_or_default();
        if let Some(octets) = message(rest) {
            walk.messages.push(Found::new(at, offset, octets));
            offset += octets.len();
        } else {
            walk.damaged.get_or_insert(fit(offset));
            let Some(size) = passable(rest, run.count - at == 1) else {
                walk.messages.append(&mut find_end(run, octets, at, offset));
                return walk;
            };
            offset += size;
        }
        at += 1;
    }
    if offset != run.octets as usize {
        walk.damaged.get_or_insert(fit(offset));
    }
    walk
}

/// The size of the damaged message at the start of `octets`, if its lengths are right: another
/// message begins behind it, or it is the last one and ends there.
fn passable(octets: &[u8], is_last: bool) -> Option<usize> {
    let size = Lengths::read(octets)?.size();
    let behind = octets.get(size..)?;
    let fits = if is_last { behind.is_empty() } else { message(behind).is_some() };
    fits.then_some(size)
}

/// The last messages of a run, of which one or more are damaged from message `at` on, at `offset`:
/// those that lie one behind the other up to the very end.
fn find_end(run: &Run, octets: &[u8], at: u32, offset: usize) -> Vec<Found> {
    if octets.len() != run.octets as usize {
        return Vec::new();
    }
    let mut budget = SEARCH_MAX;
    for start in offset + 1..octets.len() {
        let mut sizes = Vec::new();
        let mut rest = octets.get(start..).unwrap_or_default();
        while let Some(size) = Lengths::read(rest).map(Lengths::size)
            && size <= rest.len()
        {
            let Some(left) = budget.checked_sub(size) else { return Vec::new() };
            budget = left;
            let Some(found) = message(rest) else { break };
            sizes.push(found);
            rest = rest.get(size..).unwrap_or_default();
        }
        let count = fit(sizes.len());
        // At least the damaged one is not among them.
        if !sizes.is_empty() && rest.is_empty() && count < run.count - at {
            let first = run.count - count;
            let found = |(nth, message): (u32, &&[u8])| {
                let offset = message.as_ptr().addr() - octets.as_ptr().addr();
                Found::new(first + nth, offset, message)
            };
            return (0..).zip(&sizes).map(found).collect();
        }
    }
    Vec::new()
}

/// The messages of `run` that are neither before `skip` messages nor behind `count` more, as runs:
/// one for each stretch without a damaged message.
pub fn parts(run: &Run, messages: &[Found], skip: u32, count: u32) -> Vec<Run> {
    let from = messages.partition_point(|found| found.at < skip);
    let to = messages.partition_point(|found| found.at < skip.saturating_add(count));
    let mut parts: Vec<Run> = Vec::new();
    for found in messages.get(from..to).unwrap_or_default() {
        let next = Run {
            first: MessageIndex(run.first.0 + u64::from(found.at)),
            count: 1,
            octets: found.octets,
            position: Position::of(run.position).plus(found.offset).store_ref(),
            bytes: found.bytes.into(),
            redelivered: run.redelivered,
            marked: run.marked,
        };
        if !parts.last_mut().is_some_and(|last| last.extend(&next, u32::MAX)) {
            parts.push(next);
        }
    }
    parts
}

impl Found {
    fn new(at: u32, offset: usize, octets: &[u8]) -> Self {
        let bytes = MessageRef::read(octets).map_or(0, |message| message.body.len());
        Self { at, offset: fit(offset), octets: fit(octets.len()), bytes: fit(bytes) }
    }
}

/// What lies in a file of the log fits 32 bits.
fn fit(octets: usize) -> u32 {
    u32::try_from(octets).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use bytes::BytesMut;

    use super::*;
    use crate::store::format::run::seal;

    /// Sealed messages with these bodies, and the run of them.
    fn stored(bodies: &[&[u8]]) -> (Run, BytesMut) {
        let mut octets = BytesMut::new();
        for body in bodies {
            let start = octets.len();
            MessageRef::new(b"\x01x\x03key", b"header", body).write(&mut octets);
            seal(&mut octets[start..]);
        }
        let run = Run {
            first: MessageIndex(100),
            count: u32::try_from(bodies.len()).unwrap(),
            octets: fit(octets.len()),
            position: Position { file: 1, offset: 4096 }.store_ref(),
            bytes: bodies.iter().map(|body| body.len() as u64).sum(),
            redelivered: false,
            marked: false,
        };
        (run, octets)
    }

    fn found(run: &Run, octets: &[u8]) -> (Vec<u32>, Option<u32>) {
        let Walk { messages, damaged } = walk(run, octets);
        (messages.iter().map(|found| found.at).collect(), damaged)
    }

    #[test]
    fn what_is_whole_is_found_whole() {
        let (run, octets) = stored(&[b"one", b"", b"three"]);

        let walk = walk(&run, &octets);

        assert_eq!(walk.damaged, None);
        assert_eq!(parts(&run, &walk.messages, 0, 3), [run]);
        assert_eq!(parts(&run, &walk.messages, 1, 1)[0].bytes, 0);
    }

    #[test]
    fn behind_a_message_with_damaged_lengths_the_others_are_counted_from_the_end() {
        let (run, mut octets) = stored(&[b"one", b"two", b"three", b"four"]);
        let second = walk(&run, &octets).messages[1].offset;
        octets[second as usize + 13] ^= 0x40;

        assert_eq!(found(&run, &octets), (vec![0, 2, 3], Some(second)));
        assert_eq!(found(&run, &octets[..octets.len() - 1]), (vec![0], Some(second)));
    }

    #[test]
    fn messages_within_a_body_are_not_taken_for_others() {
        let (_, within) = stored(&[b"within", b"it"]);
        let (run, mut octets) = stored(&[b"one", &within, b"three"]);
        let (last, mut ending) = stored(&[b"one", &within]);
        for octets in [&mut octets, &mut ending] {
            let second = stored(&[b"one"]).1.len();
            octets[second + 11] ^= 1;
        }

        assert_eq!(found(&run, &octets).0, [0, 2]);
        assert_eq!(found(&last, &ending).0, [0]);
    }

    #[test]
    fn a_run_of_more_messages_than_there_are_is_damaged_where_they_end() {
        let (run, octets) = stored(&[b"one", b"two"]);
        let more = Run { count: u32::MAX, ..run };
        let fewer = Run { count: 1, ..run };

        assert_eq!(found(&more, &octets), (vec![0, 1], Some(run.octets)));
        assert_eq!(found(&fewer, &octets), (vec![0], Some(run.octets / 2)));
        assert_eq!(found(&run, &[]), (vec![], Some(0)));
    }
}
