//! How long a queue stays that nobody uses (`x-expires`): it has no consumers, and is neither
//! declared again nor asked for a message.

use std::sync::{Arc, Weak};

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

impl Vhost {
    /// Deletes a queue whose lease has ended, unless somebody has begun to use it meanwhile.
    pub(super) fn delete_unused(&self, queue: &Arc<Queue>) {
        // Nobody waits for the commit.
        if let Ok((remains, _)) = self.delete_by(queue, Queue::delete_unused, INTERNAL_USER) {
            remains.notify();
        }
    }
}
