//! How long a queue stays that nobody uses (`x-expires`): it has no consumers, and is neither
//! declared again nor asked for a message.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};

use parking_lot::Mutex;

use super::clock;
use super::errands::Errands;
use super::host::Vhost;
use super::queue::Queue;
use super::reporter::INTERNAL_USER;
use super::worker::QueueWorker;
use crate::amqp::id::{QueueId, Timestamp};

/// One queue's lease.
#[derive(Debug)]
pub(super) struct Lease {
    id: QueueId,
    queue: Weak<Queue>,
    errands: Arc<Errands>,
    /// How long it is, in milliseconds; without end if absent.
    time: Option<u64>,
    end: Timestamp,
    /// When the queue will be looked at: at the end, or before.
    set: Option<Timestamp>,
}

impl Lease {
    pub(super) const fn new(
        id: QueueId,
        queue: Weak<Queue>,
        errands: Arc<Errands>,
        time: Option<u64>,
    ) -> Self {
        Self { id, queue, errands, time, end: Timestamp::NEVER, set: None }
    }

    /// Begins anew.
    pub(super) fn renew(&mut self) {
        if let Some(time) = self.time {
            self.end = clock::now().plus(time);
            self.set();
        }
    }

    /// Begins anew, and is that long from now on.
    pub(super) fn change(&mut self, time: Option<u64>) {
        self.time = time;
        self.renew();
    }

    /// Whether it has ended, when the queue is looked at; if not, it will be again.
    fn has_ended(&mut self) -> bool {
        self.set = None;
        if self.time.is_none() {
            return false;
        }
        if clock::now() >= self.end {
            return true;
        }
        self.set();
        false
    }

    fn set(&mut self) {
        let time = Errands::wake_for(self.end);
        if self.set.is_none_or(|set| set > time) {
            self.errands.lease(self.id, &self.queue, time, self.set.replace(time));
        }
    }
}

impl Drop for Lease {
    /// Its queue has gone: nobody need look at it any more.
    fn drop(&mut self) {
        if let Some(set) = self.set {
            self.errands.forget_lease(self.id, set);
        }
    }
}

impl QueueWorker {
    /// Somebody uses the queue.
    #[inline]
    pub(super) fn renew(&mut self) {
        if let Some(lease) = &mut self.lease {
            lease.renew();
        }
    }

    /// Whether nobody has used the queue for so long that it goes.
    pub(super) fn is_unused(&mut self) -> bool {
        let has_ended = self.lease.as_mut().is_some_and(Lease::has_ended);
        // The lease begins anew with the last consumer that goes.
        has_ended && self.counts().consumers == 0
    }
}

/// When the queues of a virtual host have to be looked at, whether they are still used.
#[derive(Debug, Default)]
pub(super) struct Leases {
    ends: Mutex<BTreeMap<(Timestamp, QueueId), Weak<Queue>>>,
}

impl Leases {
    /// Has a queue looked at then instead of at `before`; returns whether it is the first.
    pub(super) fn set(
        &self,
        id: QueueId,
        queue: &Weak<Queue>,
        time: Timestamp,
        before: Option<Timestamp>,
    ) -> bool {
        let mut ends = self.ends.lock();
        if let Some(before) = before {
            ends.remove(&(before, id));
        }
        ends.insert((time, id), Weak::clone(queue));
        ends.first_key_value().is_some_and(|(first, _)| *first == (time, id))
    }

    /// Has a queue not looked at that would be then.
    pub(super) fn remove(&self, id: QueueId, time: Timestamp) {
        self.ends.lock().remove(&(time, id));
    }

    /// Deletes the queues whose lease has ended; returns when the next is to be looked at.
    pub(super) fn run_due(&self, vhost: &Weak<Vhost>, now: Timestamp) -> Option<Timestamp> {
        loop {
            let queue = {
                let mut ends = self.ends.lock();
                let first = ends.first_entry()?;
                let (time, _) = *first.key();
                if time > now {
                    return Some(time);
                }
                first.remove()
            };
            if let (Some(vhost), Some(queue)) = (vhost.upgrade(), queue.upgrade()) {
                vhost.delete_unused(&queue);
            }
        }
    }
}

impl Vhost {
    /// Deletes a queue whose lease has ended, unless somebody has begun to use it meanwhile.
    fn delete_unused(&self, queue: &Arc<Queue>) {
        // Nobody waits for the commit.
        if let Ok((remains, _)) = self.delete_by(queue, Queue::delete_unused, INTERNAL_USER) {
            remains.notify();
        }
    }
}
