//! What clients note of a round, each for itself; their clock says what was before what.

use std::sync::atomic::{AtomicU64, Ordering};

use super::message::MessageId;

/// Something that a client did, noted before it did it, or something that it learned.
#[derive(Clone, Copy, Debug)]
pub enum What {
    Published(MessageId),
    Returned(MessageId),
    Confirmed(MessageId),
    Delivered {
        consumer: u32,
        queue: u8,
        message: MessageId,
        redelivered: bool,
    },
    Acked {
        consumer: u32,
        queue: u8,
        message: MessageId,
    },
    /// The consumer's acks from before that moment have reached their queues.
    Settled {
        consumer: u32,
        before: u64,
    },
}

#[derive(Clone, Copy, Debug)]
pub struct Event {
    pub at: u64,
    pub what: What,
}

/// One client's notes.
#[derive(Debug)]
pub struct Journal<'a> {
    clock: &'a AtomicU64,
    pub events: Vec<Event>,
}

impl<'a> Journal<'a> {
    pub const fn new(clock: &'a AtomicU64) -> Self {
        Self { clock, events: Vec::new() }
    }

    pub fn note(&mut self, what: What) {
        let at = self.now();
        self.events.push(Event { at, what });
    }

    pub fn now(&self) -> u64 {
        self.clock.fetch_add(1, Ordering::SeqCst)
    }
}
