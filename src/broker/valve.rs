//! Whether publishes are read: not while memory or disk space is short, nor while the disk is
//! further behind than it should be. Before memory is short, messages go out of it.

use std::sync::atomic::Ordering;
use std::time::Duration;

use tracing::{info, warn};

use super::alarm::Transition;
use super::memory;
use super::node::{Marks, Node};
use crate::store::log::RESERVE;

/// How often memory is looked at.
const MEMORY_INTERVAL: Duration = Duration::from_millis(100);

/// The same when less than [`MEMORY_NEAR`] is left below the mark that publishers wait above.
const MEMORY_INTERVAL_NEAR: Duration = Duration::from_millis(10);

/// Octets that publishers may bring in within [`MEMORY_INTERVAL`].
const MEMORY_NEAR: u64 = 128 << 20;

/// How often free disk space is looked at.
const DISK_INTERVAL: Duration = Duration::from_millis(500);

/// The same when it could be used up before the next look.
const DISK_INTERVAL_NEAR: Duration = Duration::from_millis(50);

/// Octets that publishers may bring to the disk within [`DISK_INTERVAL`].
const DISK_NEAR: u64 = 1 << 30;

impl Node {
    /// Whether the next publish has to wait.
    #[inline]
    pub fn publishes_wait(&self) -> bool {
        self.alarm.is_raised() || self.disk_low.load(Ordering::Relaxed) || self.is_lagging()
    }

    /// The reason that blocked clients are told; none when there is nothing to tell (RabbitMQ:
    /// `rabbit_reader:maybe_send_blocked_or_unblocked/1`).
    pub fn blocked_reason(&self) -> Option<&'static str> {
        match (self.alarm.is_raised(), self.disk_low.load(Ordering::Relaxed)) {
            (false, false) => None,
            (true, false) => Some("low on memory"),
            (false, true) => Some("low on disk"),
            (true, true) => Some("low on disk & memory"),
        }
    }

    /// The alarms that are on.
    pub fn alarms(&self) -> Vec<&'static str> {
        let memory = self.alarm.is_raised().then_some("memory");
        let disk = self.disk_low.load(Ordering::Relaxed).then_some("disk");
        memory.into_iter().chain(disk).collect()
    }

    /// Whether the disk is behind. It catches up within moments: nobody is told.
    pub fn is_lagging(&self) -> bool {
        self.memory_held.load(Ordering::Relaxed)
            || self.store.log.as_ref().is_some_and(|log| log.is_lagging())
    }

    /// What is done about how much memory.
    pub fn marks(&self) -> Marks {
        *self.marks.lock()
    }

    /// Moves the marks. When it returns, publishers are blocked or go on as the new ones say.
    pub fn move_marks(&self, marks: Marks) {
        let mut current = self.marks.lock();
        *current = marks;
        let used = memory::resident();
        self.make_room(marks, used, 0);
        self.report_memory(self.alarm.update_moved(used, marks.high), used, marks);
    }

    /// Watches memory for as long as it is awaited.
    pub async fn watch_memory(&self) {
        let (mut before, mut interval) = (memory::resident(), MEMORY_INTERVAL);
        loop {
            let used = memory::resident();
            let is_near = used.saturating_add(MEMORY_NEAR) > self.marks().hold();
            let next = if is_near { MEMORY_INTERVAL_NEAR } else { MEMORY_INTERVAL };
            let looks = interval.as_millis() / next.as_millis();
            let grown = used.saturating_sub(before);
            // Twice: what has been read by then is still carried out.
            self.check_memory(used, 2 * grown / u64::try_from(looks).unwrap_or(1).max(1));
            (before, interval) = (used, next);
            tokio::time::sleep(interval).await;
        }
    }

    fn check_memory(&self, used: u64, growth: u64) {
        let marks = self.marks.lock();
        self.make_room(*marks, used, growth);
        self.report_memory(self.alarm.update(used, growth, marks.high), used, *marks);
    }

    /// Has messages leave memory, and publishers wait for that, as far as there is need.
    fn make_room(&self, marks: Marks, used: u64, growth: u64) {
        // On a full disk there is no room for them.
        let pages_out = used > marks.page_out && !self.disk_low.load(Ordering::Relaxed);
        self.store.residence.set_short(pages_out);
        let held = self.store.residence.is_leaving() && used.saturating_add(growth) > marks.hold();
        if self.memory_held.swap(held, Ordering::Relaxed) && !held {
            self.connections.wake_all();
        }
    }

    fn report_memory(&self, transition: Transition, used: u64, marks: Marks) {
        match transition {
            Transition::None => {}
            Transition::Raised => {
                warn!(
                    used,
                    high_watermark = marks.high,
                    "memory resource limit alarm set: publishers will be blocked until it clears"
                );
                self.report_alarm("alarm.set", "memory");
            }
            Transition::Cleared => {
                self.report_alarm("alarm.cleared", "memory");
                info!(used, "memory resource limit alarm cleared");
                self.connections.wake_all();
            }
        }
    }

    fn report_alarm(&self, event: &str, source: &str) {
        let node = self.reporter.node();
        self.reporter.event(event, |fields| fields.text("source", source).text("node", node));
    }

    /// Has queues without traffic let go of memory too while it is short, for as long as it is
    /// awaited.
    pub async fn relieve_memory(&self) {
        loop {
            tokio::time::sleep(MEMORY_INTERVAL).await;
            if self.store.residence.is_short() {
                for queue in self.queues() {
                    queue.relieve();
                    tokio::task::yield_now().await;
                }
            }
        }
    }

    /// Octets of free disk space below which publishers are blocked.
    pub fn disk_free_limit(&self) -> u64 {
        *self.disk_free_limit.lock()
    }

    /// Octets of free disk space, as far as there is a disk and it tells.
    pub fn free_disk_space(&self) -> Option<u64> {
        self.store.log.as_ref().and_then(|log| log.free_space().ok())
    }

    /// Sets another limit of free disk space. When it returns, publishers are blocked or go on as
    /// that says.
    pub fn set_disk_free_limit(&self, limit: u64) {
        let mut current = self.disk_free_limit.lock();
        *current = limit;
        self.check_disk(limit);
    }

    /// Watches the disk for as long as it is awaited. The alarm goes on below the limit of free
    /// space, besides what the log keeps for itself.
    pub async fn watch_disk(&self) {
        while self.store.log.is_some() {
            let is_near = {
                let limit = self.disk_free_limit.lock();
                self.check_disk(*limit)
            };
            tokio::time::sleep(if is_near { DISK_INTERVAL_NEAR } else { DISK_INTERVAL }).await;
        }
    }

    /// Returns whether free space could come down to `limit` before the next look.
    fn check_disk(&self, limit: u64) -> bool {
        let Some(log) = &self.store.log else { return false };
        match log.free_space() {
            Ok(free) => {
                self.update_disk(free, limit);
                free < limit.saturating_add(RESERVE + DISK_NEAR)
            }
            Err(error) => {
                warn!("free disk space cannot be told: {error}");
                false
            }
        }
    }

    fn update_disk(&self, free: u64, limit: u64) {
        let low = free < limit.saturating_add(RESERVE);
        if self.disk_low.swap(low, Ordering::Relaxed) == low {
            return;
        }
        if low {
            warn!(
                free,
                limit, "disk resource limit alarm set: publishers will be blocked until it clears"
            );
            self.report_alarm("alarm.set", "disk");
        } else {
            self.report_alarm("alarm.cleared", "disk");
            info!(free, "disk resource limit alarm cleared");
            self.connections.wake_all();
        }
    }
}
