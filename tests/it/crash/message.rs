//! The messages of the test: number and seed say all about each of them.

use std::ops::Range;

use super::random::Random;
use crate::raw::content::{Content, content};
use crate::raw::message::Received;
use crate::raw::method::{Method, basic_publish};

/// The queues, by number; those from [`FAN`] on are bound to the exchange `fan`.
pub const QUEUES: [&str; QUEUE_COUNT as usize] = ["work.0", "work.1", "fan.0", "fan.1", "fan.2"];
pub const FAN: u8 = 2;
pub const QUEUE_COUNT: u8 = 5;

/// Publishers that a round may have.
pub const PUBLISHERS_MAX: u32 = 16;

/// The largest body, in octets.
const BODY_MAX: u32 = 64 << 10;

/// A message, by its publisher, which is of one round, and its number there from 0 up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId {
    pub publisher: u32,
    pub number: u32,
}

/// Where a message goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    Queue(u8),
    Fan,
    /// To no queue.
    Nowhere,
}

/// What is to be known of a message.
#[derive(Clone, Copy, Debug)]
pub struct Message {
    pub id: MessageId,
    pub target: Target,
    pub persistent: bool,
    mandatory: bool,
    size: u32,
    body: u64,
}

impl MessageId {
    /// The round in which it is published.
    pub const fn round(self) -> u32 {
        self.publisher / PUBLISHERS_MAX
    }

    /// Reads it off a message, if it is one of the test's.
    pub fn of(received: &Received) -> Option<Self> {
        let text = received.header.get(16..)?;
        let (publisher, number) = std::str::from_utf8(text).ok()?.split_once('.')?;
        Some(Self { publisher: publisher.parse().ok()?, number: number.parse().ok()? })
    }
}

impl Message {
    pub fn new(seed: u64, id: MessageId) -> Self {
        let lane = (u64::from(id.publisher) << 32) | u64::from(id.number);
        let mut random = Random::new(seed, lane);
        let target = match random.within(1..=20) {
            1..=12 => Target::Queue(u8::from(random.happens(50))),
            13..=19 => Target::Fan,
            _ => Target::Nowhere,
        };
        let size_max = match random.within(1..=100) {
            1..=5 => 0,
            6..=80 => 500,
            81..=97 => 4000,
            _ => BODY_MAX,
        };
        Self {
            id,
            target,
            persistent: random.happens(85),
            mandatory: target == Target::Nowhere || random.happens(20),
            size: random.within(0..=size_max),
            body: random.next(),
        }
    }

    /// The queues it goes to.
    pub const fn queues(&self) -> Range<u8> {
        match self.target {
            Target::Queue(queue) => queue..queue + 1,
            Target::Fan => FAN..QUEUE_COUNT,
            Target::Nowhere => 0..0,
        }
    }

    /// Whether it survives once it is confirmed.
    pub fn is_kept(&self) -> bool {
        self.persistent && self.target != Target::Nowhere
    }

    pub fn publish(&self) -> Method {
        let publish = match self.target {
            Target::Queue(queue) => basic_publish("", QUEUES[usize::from(queue)]),
            Target::Fan => basic_publish("fan", ""),
            Target::Nowhere => basic_publish("", "nowhere"),
        };
        if self.mandatory { publish.mandatory() } else { publish }
    }

    /// Delivery mode and message id, and a body that no other message has.
    pub fn content(&self) -> Content {
        let MessageId { publisher, number } = self.id;
        let id = format!("{publisher}.{number}");
        let mode = if self.persistent { 2 } else { 1 };
        let mut properties = vec![mode, u8::try_from(id.len()).unwrap()];
        properties.extend(id.as_bytes());
        content(&self.body()).properties(1 << 12 | 1 << 7, &properties)
    }

    fn body(&self) -> Vec<u8> {
        let mut random = Random::new(self.body, 0);
        let size = self.size as usize;
        let mut octets = Vec::with_capacity(size + 8);
        while octets.len() < size {
            octets.extend(random.next().to_le_bytes());
        }
        octets.truncate(size);
        octets
    }

    /// It has come as it was sent, octet for octet.
    #[track_caller]
    pub fn expect_intact(&self, received: &Received) {
        assert_eq!(received.header, self.content().header(), "header of {:?}", self.id);
        assert!(received.body == self.body(), "body of {:?}", self.id);
    }
}
