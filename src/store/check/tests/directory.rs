//! A directory that is written as a broker does, a batch at a time.

use std::ops::Range as Places;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};

use crate::amqp::confirm::Confirm;
use crate::amqp::fingerprint::Fingerprint;
use crate::amqp::id::{MessageIndex, QueueId};
use crate::amqp::message::MessageRef;
use crate::amqp::sighting::Sighting;
use crate::store::checkpoint::{Capture, Contents};
use crate::store::disk::Disk;
use crate::store::disk::simulated::SimulatedDisk;
use crate::store::format::checkpoint::Checkpoint;
use crate::store::format::record::Range;
use crate::store::meta::{MetaChange, MetaLog as _};
use crate::store::placement::{Octets, PlacedMessage, Placement};
use crate::store::recovery::open::{Opened, open, recover};

/// Octets of each body.
pub(super) const BODY: usize = 100;
/// Octets that a message takes.
pub(super) const SIZE: u64 = 14 + 5 + 6 + BODY as u64;

/// The directory, open.
pub(super) struct Directory {
    disk: SimulatedDisk,
    opened: Opened,
}

impl Directory {
    pub(super) fn open(disk: SimulatedDisk) -> Self {
        let opened = open(&(Arc::new(disk.clone()) as Arc<dyn Disk>)).unwrap();
        Self { disk, opened }
    }

    /// Writes messages into each of the queues, in a batch of their own.
    pub(super) fn enqueue(&mut self, queues: &[u64], places: Places<u64>) -> &mut Self {
        let mut octets = BytesMut::new();
        let mut messages = Vec::new();
        for place in places {
            messages.push(PlacedMessage {
                index: MessageIndex(place),
                segment: 0,
                offset: u32::try_from(octets.len()).unwrap(),
                bytes: u32::try_from(BODY).unwrap(),
                marked: false,
            });
            let body = [u8::try_from(place).unwrap(); BODY];
            MessageRef::new(b"\x01x\x02ke", b"header", &body).write(&mut octets);
        }
        let octets = Octets::logged([Bytes::from(octets)].into_iter(), None);
        for queue in queues {
            let (queue, messages) = (QueueId(*queue), messages.clone());
            let placement = Placement::new(queue, messages, &octets, Confirm::Synced, None);
            self.opened.log.enqueue(placement);
        }
        self.write()
    }

    pub(super) fn settle(&mut self, queue: u64, first: u64, count: u64) -> &mut Self {
        self.opened.log.settle(QueueId(queue), vec![Range { first, count }]);
        self.write()
    }

    pub(super) fn put(&mut self, key: &str) -> &mut Self {
        let change = MetaChange { key: key.into(), value: Some(b"value".to_vec()) };
        let _ = self.opened.log.append(vec![change]);
        self.write()
    }

    /// Has the exchange of that entry see values.
    pub(super) fn see(&mut self, key: &str, values: &[&str]) -> &mut Self {
        let value = |value: &&str| Fingerprint::of_octets(value.as_bytes());
        let seen = values.iter().map(|it| Sighting { value: value(it), until: Sighting::FOR_EVER });
        self.opened.log.see(key.into(), seen.collect());
        self.write()
    }

    /// Writes and syncs what waits.
    fn write(&mut self) -> &mut Self {
        let _ = self.opened.log.barrier();
        self.opened.writer.turn(false).unwrap();
        self
    }

    /// Writes a checkpoint of what a start would find.
    pub(super) fn checkpoint(&mut self) -> &mut Self {
        let left = recover(&self.disk).unwrap().checkpoint;
        let capture = Capture::begin(&self.opened.log);
        let Checkpoint { images, seen, next_queue, .. } = left;
        let captured = capture.end(&self.opened.log, Contents { images, seen, next_queue });
        self.write();
        captured.publish(&self.opened.log).unwrap();
        self
    }

    /// The disk, after the process was killed.
    pub(super) fn killed(&self) -> SimulatedDisk {
        self.disk.clone()
    }

    /// The same with a file of its own behind it.
    pub(super) fn reopen(&mut self) -> &mut Self {
        *self = Self::open(self.disk.clone());
        self
    }
}
