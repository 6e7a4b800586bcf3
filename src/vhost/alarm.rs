//! A queue's clock: what time it is, and when the queue wants to be woken.

use std::sync::{Arc, Weak};

use super::clock;
use super::errands::Errands;
use super::queue::Queue;
use crate::amqp::id::{QueueId, Timestamp};

/// A queue's clock. Its time never goes back.
#[derive(Debug)]
pub(super) struct Alarm {
    id: QueueId,
    queue: Weak<Queue>,
    errands: Arc<Errands>,
    now: Timestamp,
    /// When it is to ring.
    set: Option<Timestamp>,
}

impl Alarm {
    pub(super) fn new(id: QueueId, queue: Weak<Queue>, errands: Arc<Errands>) -> Self {
        Self { id, queue, errands, now: Timestamp(0), set: None }
    }

    /// Who does errands for the queue.
    pub(super) const fn errands(&self) -> &Arc<Errands> {
        &self.errands
    }

    /// What time it is.
    pub(super) fn now(&mut self) -> Timestamp {
        self.now = self.now.max(clock::now());
        self.now
    }

    /// Has the queue woken at `time`, or before. An alarm that turns out to be too early rings for
    /// nothing.
    #[inline]
    pub(super) fn set(&mut self, time: Option<Timestamp>) {
        let Some(time) = time else { return };
        if self.set.is_none_or(|set| set > Errands::wake_for(time)) {
            self.set_to(Errands::wake_for(time.max(self.now)));
        }
    }

    fn set_to(&mut self, time: Timestamp) {
        self.errands.wake(self.id, &self.queue, time, self.set.replace(time));
    }

    /// It has rung.
    pub(super) fn rung(&mut self) {
        self.set = None;
    }
}
