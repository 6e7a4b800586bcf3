//! Which queues have something done for them at which time.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};

use parking_lot::Mutex;

use super::queue::Queue;
use crate::amqp::id::{QueueId, Timestamp};

/// A time for each of some queues. Its lock is a leaf.
#[derive(Debug, Default)]
pub(super) struct Timers {
    times: Mutex<BTreeMap<(Timestamp, QueueId), Weak<Queue>>>,
}

impl Timers {
    /// Gives a queue that time instead of `before`; returns whether it is the first of all.
    pub(super) fn set(
        &self,
        id: QueueId,
        queue: &Weak<Queue>,
        time: Timestamp,
        before: Option<Timestamp>,
    ) -> bool {
        let mut times = self.times.lock();
        if let Some(before) = before {
            times.remove(&(before, id));
        }
        times.insert((time, id), Weak::clone(queue));
        times.first_key_value().is_some_and(|(first, _)| *first == (time, id))
    }

    /// Takes a queue's time away.
    pub(super) fn remove(&self, id: QueueId, time: Timestamp) {
        self.times.lock().remove(&(time, id));
    }

    /// Does something for each queue whose time has come; returns when the next time comes.
    pub(super) fn run_due(&self, now: Timestamp, work: impl Fn(&Arc<Queue>)) -> Option<Timestamp> {
        loop {
            let queue = {
                let mut times = self.times.lock();
                let first = times.first_entry()?;
                let (time, _) = *first.key();
                if time > now {
                    return Some(time);
                }
                first.remove()
            };
            if let Some(queue) = queue.upgrade() {
                work(&queue);
            }
        }
    }
}
