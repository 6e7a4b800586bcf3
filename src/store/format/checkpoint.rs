//! The checkpoint: what the log before it comes to.
//!
//! ```text
//! magic "LeveretC" | checksum: u32 of all that follows | version: u16 | clean: u8
//! | replay: file, offset, batch number, checksum of the batch before it | next queue id
//! | meta: count, then key and value each | images: count, then each: queue id, next index, runs,
//!   and from version 2 on how long its messages live: count, then each: from which place on, how long
//! | if messages came back or wait, or values were seen: count of queues, then each: queue id, count,
//!   then each message's place, failed, acquired
//! | if messages wait, or values were seen: count of queues, then each: queue id, count, then each
//!   message's place, until when
//! | if values were seen: windows ([`super::seen`]) up to the end
//! ```
//! The numbers behind `clean` are of varying length.

use std::collections::BTreeMap;

use super::VERSION;
use super::batch::HeaderError;
use super::octets::{Reader, put_number, put_octets};
use super::position::Position;
use super::record::{
    Deferred, Lived, Returned, list, put_list_of_deferred, put_list_of_lived, put_list_of_returned,
    read_deferred, read_lived, read_returned,
};
use super::run::{put_run, read_run};
use super::seen::{Windows, put_window, read_window};
use crate::amqp::id::{MessageIndex, QueueId};
use crate::amqp::run::Run;
use crate::amqp::sighting::Sighting;

const MAGIC: [u8; 8] = *b"LeveretC";

/// The whole state at some place of the log. Records behind that place may be in it already.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checkpoint {
    /// Whether the broker was stopped in order after it was written.
    pub clean: bool,
    /// The first batch that may not be in it.
    pub replay: Replay,
    /// Above the id of every queue so far.
    pub next_queue: u64,
    /// Topology and users.
    pub meta: BTreeMap<Vec<u8>, Vec<u8>>,
    /// The durable queues that have held something.
    pub images: Vec<QueueImage>,
    /// What exchanges have seen.
    pub seen: Windows,
}

/// Where the log goes on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Replay {
    /// Where the next batch is, or would be.
    pub position: Position,
    /// Its number.
    pub batch: u64,
    /// The checksum of the batch before it.
    pub previous: u32,
}

/// What one queue holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueImage {
    /// The queue.
    pub queue: QueueId,
    /// Messages that are logged from here on are not in the image; those before are, if they live.
    pub next_index: u64,
    /// The living messages, in order of their places.
    pub runs: Vec<Run>,
    /// Those of them that came back, in order of their places, and how often.
    pub returned: Vec<Returned>,
    /// Those of them that wait before they are ready again, in order of their places.
    pub deferred: Vec<Deferred>,
    /// How long they live by the queue's settings, in order of their places; empty where that is not
    /// known, as version 1 wrote it.
    pub lived: Vec<Lived>,
}

impl QueueImage {
    /// Nothing of that queue.
    pub const fn of(queue: QueueId) -> Self {
        Self {
            queue,
            next_index: 0,
            runs: Vec::new(),
            returned: Vec::new(),
            deferred: Vec::new(),
            lived: Vec::new(),
        }
    }

    /// Forgets what came back and is not there any more.
    pub fn forget_missing(&mut self) {
        let Self { runs, returned, deferred, .. } = self;
        let is_there = |index: MessageIndex| {
            let behind = runs.partition_point(|run| run.first <= index);
            let run = behind.checked_sub(1).and_then(|last| runs.get(last));
            run.is_some_and(|run| index < run.end())
        };
        returned.retain(|(index, _)| is_there(*index));
        deferred.retain(|(index, _)| is_there(*index));
    }
}

impl Checkpoint {
    /// The file's octets.
    pub fn octets(&self) -> Vec<u8> {
        let mut out = Vec::new();
        out.extend_from_slice(&MAGIC);
        out.extend_from_slice(&[0; 4]);
        out.extend_from_slice(&VERSION.to_be_bytes());
        out.push(u8::from(self.clean));
        let Replay { position, batch, previous } = self.replay;
        for number in [position.file.into(), position.offset.into(), batch, previous.into()] {
            put_number(&mut out, number);
        }
        put_number(&mut out, self.next_queue);
        put_number(&mut out, self.meta.len() as u64);
        for (key, value) in &self.meta {
            put_octets(&mut out, key);
            put_octets(&mut out, value);
        }
        put_number(&mut out, self.images.len() as u64);
        for image in &self.images {
            put_number(&mut out, image.queue.0);
            put_number(&mut out, image.next_index);
            put_number(&mut out, image.runs.len() as u64);
            image.runs.iter().for_each(|run| put_run(&mut out, run));
            put_list_of_lived(&mut out, &image.lived);
        }
        self.put_returned(&mut out);
        for (key, seen) in self.windows() {
            put_window(&mut out, key, seen);
        }
        let checksum = crc32c::crc32c(out.get(12..).unwrap_or_default());
        if let Some(place) = out.get_mut(8..12) {
            place.copy_from_slice(&checksum.to_be_bytes());
        }
        out
    }

    fn windows(&self) -> impl Iterator<Item = (&Vec<u8>, &Vec<Sighting>)> {
        self.seen.iter().filter(|(_, seen)| !seen.is_empty())
    }

    /// Nothing where nothing came back: so queues that do not count leave the layout as it was.
    fn put_returned(&self, out: &mut Vec<u8>) {
        let returned = || self.images.iter().filter(|image| !image.returned.is_empty());
        let deferred = || self.images.iter().filter(|image| !image.deferred.is_empty());
        let (returning, deferring) = (returned().count(), deferred().count());
        let is_seeing = self.windows().next().is_some();
        if returning + deferring > 0 || is_seeing {
            put_number(out, returning as u64);
            for image in returned() {
                put_number(out, image.queue.0);
                put_list_of_returned(out, &image.returned);
            }
        }
        if deferring > 0 || is_seeing {
            put_number(out, deferring as u64);
            for image in deferred() {
                put_number(out, image.queue.0);
                put_list_of_deferred(out, &image.deferred);
            }
        }
    }

    /// Reads the file's octets.
    ///
    /// # Errors
    /// They are damaged, or of a newer version.
    pub fn read(octets: &[u8]) -> Result<Self, HeaderError> {
        let mut reader = Reader(octets);
        let magic = reader.array().ok_or(HeaderError::Damaged)?;
        let stored = u32::from_be_bytes(reader.array().ok_or(HeaderError::Damaged)?);
        if magic != MAGIC || crc32c::crc32c(reader.0) != stored {
            return Err(HeaderError::Damaged);
        }
        let version = u16::from_be_bytes(reader.array().ok_or(HeaderError::Damaged)?);
        if version > VERSION {
            return Err(HeaderError::Newer(version));
        }
        Self::read_content(&mut reader, version).ok_or(HeaderError::Damaged)
    }

    fn read_content(reader: &mut Reader<'_>, version: u16) -> Option<Self> {
        let clean = reader.octet()? == 1;
        let position = Position { file: reader.number32()?, offset: reader.number32()? };
        let replay = Replay { position, batch: reader.number()?, previous: reader.number32()? };
        let next_queue = reader.number()?;
        let meta =
            list(reader, |reader| Some((reader.octets()?.to_vec(), reader.octets()?.to_vec())))?;
        let mut images = list(reader, |reader| {
            let queue = QueueId(reader.number()?);
            let next_index = reader.number()?;
            let runs = list(reader, read_run)?;
            let lived = if version > 1 { list(reader, read_lived)? } else { Vec::new() };
            Some(QueueImage { next_index, runs, lived, ..QueueImage::of(queue) })
        })?;
        if !reader.is_empty() {
            let mut images = images.iter_mut();
            for (queue, returned) in list(reader, |it| read_of_queue(it, read_returned))? {
                images.find(|image| image.queue == queue)?.returned = returned;
            }
        }
        if !reader.is_empty() {
            let mut images = images.iter_mut();
            for (queue, deferred) in list(reader, |it| read_of_queue(it, read_deferred))? {
                images.find(|image| image.queue == queue)?.deferred = deferred;
            }
        }
        let mut seen = Windows::new();
        while !reader.is_empty() {
            let window = read_window(reader)?;
            seen.insert(window.key, window.seen);
        }
        let meta = meta.into_iter().collect();
        Some(Self { clean, replay, next_queue, meta, images, seen })
    }
}

/// A queue, and a list of it.
fn read_of_queue<'a, T>(
    reader: &mut Reader<'a>,
    item: impl Fn(&mut Reader<'a>) -> Option<T>,
) -> Option<(QueueId, Vec<T>)> {
    Some((QueueId(reader.number()?), list(reader, item)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::amqp::attempts::Attempts;
    use crate::amqp::fingerprint::Fingerprint;
    use crate::amqp::id::Timestamp;

    fn image(queue: u64, returned: &[(u64, u32)]) -> QueueImage {
        let one = |(index, failed): &(u64, u32)| {
            (MessageIndex(*index), Attempts { failed: *failed, acquired: failed + 1 })
        };
        let returned = returned.iter().map(one).collect();
        let lived = vec![(MessageIndex(0), None), (MessageIndex(3), Some(queue))];
        QueueImage { next_index: 5, returned, lived, ..QueueImage::of(QueueId(queue)) }
    }

    #[test]
    fn a_checkpoint_is_read_as_it_was_written() {
        let plain =
            Checkpoint { images: vec![image(1, &[]), image(2, &[])], ..Checkpoint::default() };
        let images =
            vec![image(1, &[]), image(2, &[(0, 0), (7, u32::MAX - 1)]), image(3, &[(1, 1)])];
        let counted = Checkpoint { images, ..Checkpoint::default() };
        let mut waiting = counted.clone();
        waiting.images[2].deferred = vec![(MessageIndex(1), Timestamp(u64::MAX))];
        let mut only_waiting = plain.clone();
        only_waiting.images[0].deferred = vec![(MessageIndex(4), Timestamp(1))];

        let mut seeing = Vec::new();
        for images in [Vec::new(), waiting.images.clone()] {
            let sightings = |until| vec![Sighting { value: Fingerprint::of_octets(b"a"), until }];
            let windows = [(b"x".to_vec(), 1), (b"y".to_vec(), Sighting::FOR_EVER)];
            let seen = windows.map(|(key, until)| (key, sightings(until))).into();
            seeing.push(Checkpoint { images, seen, ..Checkpoint::default() });
        }

        for checkpoint in
            [Checkpoint::default(), plain, counted, waiting, only_waiting].into_iter().chain(seeing)
        {
            assert_eq!(Checkpoint::read(&checkpoint.octets()), Ok(checkpoint));
        }
    }

    #[test]
    fn counts_of_a_queue_that_is_not_there_are_damage() {
        let written = Checkpoint { images: vec![image(1, &[(0, 1)])], ..Checkpoint::default() };
        let mut octets = written.octets();
        // The queue's id stands before how many messages, and then three numbers.
        let id = octets.len() - 5;
        octets[id] = 2;
        let checksum = crc32c::crc32c(&octets[12..]);
        octets[8..12].copy_from_slice(&checksum.to_be_bytes());

        assert_eq!(Checkpoint::read(&octets), Err(HeaderError::Damaged));
    }
}
