//! Runs of messages, and the messages of a run, as octets.

use super::octets::{Reader, put_number};
use super::position::Position;
use crate::amqp::id::MessageIndex;
use crate::amqp::message::{CHECKSUM_SIZE, Lengths};
use crate::amqp::run::Run;

/// The flags of a run: it was delivered before; each of its messages has to be looked at.
const REDELIVERED: u8 = 1;
const MARKED: u8 = 2;

/// Appends a run: index, count, octets, file, offset, octets of bodies, and flags.
pub fn put_run(out: &mut Vec<u8>, run: &Run) {
    let position = Position::of(run.position);
    for number in [run.first.0, run.count.into(), run.octets.into(), position.file.into()] {
        put_number(out, number);
    }
    put_number(out, position.offset.into());
    put_number(out, run.bytes);
    let redelivered = if run.redelivered { REDELIVERED } else { 0 };
    out.push(redelivered | if run.marked { MARKED } else { 0 });
}

/// The most octets that [`put_run`] appends.
pub const RUN_SIZE_MAX: usize = 10 + 4 * 5 + 10 + 1;

/// Reads a run; `None` when it is none.
pub fn read_run(reader: &mut Reader<'_>) -> Option<Run> {
    let first = MessageIndex(reader.number()?);
    let (count, octets) = (reader.number32()?, reader.number32()?);
    let position = Position { file: reader.number32()?, offset: reader.number32()? };
    let bytes = reader.number()?;
    let flags = reader.octet()?;
    let (redelivered, marked) = (flags & REDELIVERED != 0, flags & MARKED != 0);
    let end = first.0.checked_add(count.into())?;
    let fits = position.file <= Position::FILE_MAX && position.offset.checked_add(octets).is_some();
    let position = position.store_ref();
    let run = Run { first, count, octets, position, bytes, redelivered, marked };
    let is_known = flags & !(REDELIVERED | MARKED) == 0;
    (count > 0 && end < u64::MAX && fits && is_known).then_some(run)
}

/// What is wrong with a stored message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Damaged {
    /// Octets before it.
    pub offset: usize,
}

/// The messages in the octets of a run: where each begins, and how long it is.
///
/// The iterator ends after the last message, or after the first that is damaged.
pub fn messages(octets: &[u8]) -> impl Iterator<Item = Result<(usize, &[u8]), Damaged>> {
    let mut offset = 0;
    let mut damaged = false;
    std::iter::from_fn(move || {
        let rest = octets.get(offset..).filter(|rest| !rest.is_empty() && !damaged)?;
        let found = message(rest);
        damaged = found.is_none();
        let at = offset;
        offset += found.map_or(0, <[u8]>::len);
        Some(found.map(|message| (at, message)).ok_or(Damaged { offset: at }))
    })
}

/// The message at the start of `octets`, when it is whole and its checksum is right.
pub fn message(octets: &[u8]) -> Option<&[u8]> {
    let message = octets.get(..Lengths::read(octets)?.size())?;
    let (stored, covered) = message.split_at_checked(CHECKSUM_SIZE)?;
    (stored == checksum(covered)).then_some(message)
}

/// Fills in the checksum of a message.
pub fn seal(message: &mut [u8]) {
    if let Some((place, covered)) = message.split_at_mut_checked(CHECKSUM_SIZE) {
        place.copy_from_slice(&checksum(covered));
    }
}

fn checksum(octets: &[u8]) -> [u8; CHECKSUM_SIZE] {
    crc32c::crc32c(octets).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use bytes::BytesMut;
    use proptest::prelude::*;

    use super::*;
    use crate::amqp::message::MessageRef;

    proptest! {
        #[test]
        fn a_run_reads_as_it_was_written(
            first in 0..u64::MAX / 2, count in 1..u32::MAX, octets in 0..1_u32 << 30,
            file in 0..=Position::FILE_MAX, offset in 0..1_u32 << 30, bytes: u64, redelivered: bool,
            marked: bool,
        ) {
            let position = Position { file, offset }.store_ref();
            let first = MessageIndex(first);
            let run = Run { first, count, octets, position, bytes, redelivered, marked };
            let mut out = Vec::new();
            put_run(&mut out, &run);
            prop_assert!(out.len() <= RUN_SIZE_MAX);
            prop_assert_eq!(read_run(&mut Reader(&out)), Some(run));
            prop_assert_eq!(read_run(&mut Reader(&out[..out.len() - 1])), None);
        }
    }

    #[test]
    fn messages_are_found_until_one_is_damaged() {
        let mut octets = BytesMut::new();
        let mut starts = Vec::new();
        for body in [&b"one"[..], b"two", b"three"] {
            let start = octets.len();
            starts.push(start);
            MessageRef::new(b"\x01x\x03key", b"header", body).write(&mut octets);
            seal(&mut octets[start..]);
        }

        let found: Vec<_> = messages(&octets).map(|found| found.unwrap().0).collect();
        octets[starts[1] + 20] ^= 1;
        let damaged: Vec<_> = messages(&octets).map(|found| found.map(|(at, _)| at)).collect();

        assert_eq!(found, starts);
        assert_eq!(damaged, [Ok(0), Err(Damaged { offset: starts[1] })]);
    }
}
