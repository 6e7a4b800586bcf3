//! What a virtual host's queues have done for them of their own accord, without a connection that
//! asks: they are woken at a time.
//!
//! One task of the virtual host does it. Queues only leave notes for it, under a lock that is a leaf.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio::sync::Notify;

use super::clock::now;
use super::queue::Queue;
use crate::amqp::id::{QueueId, Timestamp};

/// Queues are woken at multiples of this many milliseconds, so that many deadlines make one wake.
const STEP: u64 = 16;

/// What is to be done for the queues of one virtual host.
#[derive(Debug, Default)]
pub(super) struct Errands {
    wakes: Mutex<BTreeMap<(Timestamp, QueueId), Weak<Queue>>>,
    changed: Arc<Notify>,
    running: AtomicBool,
}

impl Errands {
    /// When a queue that has something to do at `time` is woken.
    pub(super) const fn wake_for(time: Timestamp) -> Timestamp {
        Timestamp(time.0.div_ceil(STEP).saturating_mul(STEP))
    }

    /// Has a queue woken then instead of at `before`.
    pub(super) fn wake(
        self: &Arc<Self>,
        id: QueueId,
        queue: &Weak<Queue>,
        time: Timestamp,
        before: Option<Timestamp>,
    ) {
        let is_first = {
            let mut wakes = self.wakes.lock();
            if let Some(before) = before {
                wakes.remove(&(before, id));
            }
            wakes.insert((time, id), Weak::clone(queue));
            wakes.first_key_value().is_some_and(|(first, _)| *first == (time, id))
        };
        if is_first {
            self.changed.notify_one();
        }
        self.start();
    }

    /// Wakes the queues whose time has come; returns when the next is to be woken.
    pub(super) fn run_due(&self, now: Timestamp) -> Option<Timestamp> {
        loop {
            let queue = {
                let mut wakes = self.wakes.lock();
                let first = wakes.first_entry()?;
                let (time, _) = *first.key();
                if time > now {
                    return Some(time);
                }
                first.remove()
            };
            if let Some(queue) = queue.upgrade() {
                queue.tick();
            }
        }
    }

    /// Starts the task, if it does not run yet and there is a runtime.
    fn start(self: &Arc<Self>) {
        if self.running.load(Ordering::Relaxed) {
            return;
        }
        let Ok(runtime) = Handle::try_current() else { return };
        if !self.running.swap(true, Ordering::Relaxed) {
            runtime.spawn(run(Arc::downgrade(self), Arc::clone(&self.changed)));
        }
    }
}

/// Does what is due until the virtual host is gone.
async fn run(errands: Weak<Errands>, changed: Arc<Notify>) {
    while let Some(next) = errands.upgrade().map(|errands| errands.run_due(now())) {
        match next {
            Some(next) => {
                let wait = Duration::from_millis(next.0.saturating_sub(now().0));
                drop(tokio::time::timeout(wait, changed.notified()).await);
            }
            None => changed.notified().await,
        }
    }
}

impl Drop for Errands {
    fn drop(&mut self) {
        self.changed.notify_one();
    }
}
