//! A store, and a batch that is put into it and released again.

use bytes::BytesMut;
use leveret::amqp::id::StoreRef;
use leveret::amqp::message::MessageRef;
use leveret::store::memory::{Durability, MemoryStore};
use leveret::store::segment::Segment;

use super::BATCH;
use super::client::header;

pub struct Contents {
    store: MemoryStore,
    segment: Segment,
    offsets: Vec<u32>,
    stored: Vec<StoreRef>,
}

impl Contents {
    /// Bodies have `size` octets.
    pub fn new(size: usize) -> Self {
        let mut segment = BytesMut::new();
        let mut offsets = Vec::new();
        for _ in 0..BATCH {
            offsets.push(u32::try_from(segment.len()).unwrap());
            let (header, body) = (header(size), vec![b'x'; size]);
            MessageRef::new(b"\0\x06orders", &header, &body).write(&mut segment);
        }
        let segment = Segment::transient(segment.freeze());
        Self { store: MemoryStore::new(), segment, offsets, stored: Vec::new() }
    }

    /// Takes the batch in, reads it, and releases it; returns how many octets of bodies were read.
    pub fn pass(&mut self) -> usize {
        self.insert();
        let octets = self.read();
        self.release();
        octets
    }

    pub fn insert(&mut self) {
        self.stored.clear();
        let mut filling = self.store.fill(self.segment.clone());
        for offset in &self.offsets {
            self.stored.push(filling.insert(*offset, Durability::Transient));
        }
    }

    pub fn read(&self) -> usize {
        self.stored.iter().map(|stored| self.store.read(*stored).unwrap().message.body.len()).sum()
    }

    pub fn release(&mut self) {
        for stored in self.stored.drain(..) {
            self.store.release(stored);
        }
        assert_eq!(self.store.live_octets(), 0);
    }
}
