//! What a virtual host's queues have done for them of their own accord, without a connection that
//! asks: they are woken at a time, their dead letters are published, and they are deleted when nobody
//! has used them for long.
//!
//! One task of the virtual host does it. Queues only leave notes for it, under a lock that is a leaf.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::Notify;

use super::burial::clerk::Clerk;
use super::burial::letter::Letter;
use super::burial::post::Post;
use super::clock::now;
use super::host::Vhost;
use super::queue::Queue;
use super::timers::Timers;
use crate::amqp::id::{QueueId, Timestamp};

/// Queues are woken at multiples of this many milliseconds, so that many deadlines make one wake.
const STEP: u64 = 16;

/// What is to be done for the queues of one virtual host.
#[derive(Debug)]
pub(super) struct Errands {
    vhost: Weak<Vhost>,
    leases: Timers,
    wakes: Timers,
    post: Arc<Post>,
    changed: Arc<Notify>,
    running: AtomicBool,
}

impl Default for Errands {
    fn default() -> Self {
        Self::new(Weak::new())
    }
}

impl Errands {
    /// Those of a virtual host.
    pub(super) fn new(vhost: Weak<Vhost>) -> Self {
        let changed = Arc::default();
        let post = Arc::new(Post::new(&changed));
        let (leases, wakes) = (Timers::default(), Timers::default());
        let running = AtomicBool::new(false);
        Self { vhost, leases, wakes, post, changed, running }
    }

    /// Has dead letters published.
    pub(super) fn send(self: &Arc<Self>, letters: Vec<Letter>) {
        if !letters.is_empty() {
            self.post.send(letters);
            self.start();
        }
    }

    /// Has it looked at then instead of at `before` whether a queue is still used.
    pub(super) fn lease(
        self: &Arc<Self>,
        id: QueueId,
        queue: &Weak<Queue>,
        time: Timestamp,
        before: Option<Timestamp>,
    ) {
        if self.leases.set(id, queue, time, before) {
            self.changed.notify_one();
        }
        self.start();
    }

    /// Has a queue that is gone not looked at.
    pub(super) fn forget_lease(&self, id: QueueId, time: Timestamp) {
        self.leases.remove(id, time);
    }

    /// Does some of what is due; returns when there is more.
    fn turn(&self, now: Timestamp, clerk: &mut Clerk) -> Option<Timestamp> {
        let vhost = self.vhost.upgrade()?;
        let wake = self.wakes.run_due(now, Queue::tick);
        let lease = self.leases.run_due(now, |queue| vhost.delete_unused(queue));
        let letters = self.post.turn(&vhost, now, clerk);
        wake.into_iter().chain(lease).chain(letters).min()
    }

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
        if self.wakes.set(id, queue, time, before) {
            self.changed.notify_one();
        }
        self.start();
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
    let mut clerk = Clerk::default();
    while let Some(next) = errands.upgrade().map(|errands| errands.turn(now(), &mut clerk)) {
        match next.map(|next| Duration::from_millis(next.0.saturating_sub(now().0))) {
            Some(Duration::ZERO) => tokio::task::yield_now().await,
            Some(wait) => {
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
