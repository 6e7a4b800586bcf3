//! Whether publishes are read: not while memory or disk space is short, nor while the disk is
//! further behind than it should be.

use std::sync::atomic::Ordering;
use std::time::Duration;

use tracing::{info, warn};

use super::node::Node;
use crate::store::log::RESERVE;

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
        self.store.log.as_ref().is_some_and(|log| log.is_lagging())
    }

    /// Watches the disk for as long as it is awaited. The alarm goes on below `limit` octets of
    /// free space, besides what the log keeps for itself.
    pub async fn watch_disk(&self, limit: u64) {
        let Some(log) = &self.store.log else { return };
        loop {
            let near = match log.free_space() {
                Ok(free) => {
                    self.check_disk(free, limit);
                    free < limit.saturating_add(RESERVE + DISK_NEAR)
                }
                Err(error) => {
                    warn!("free disk space cannot be told: {error}");
                    false
                }
            };
            tokio::time::sleep(if near { DISK_INTERVAL_NEAR } else { DISK_INTERVAL }).await;
        }
    }

    fn check_disk(&self, free: u64, limit: u64) {
        let low = free < limit.saturating_add(RESERVE);
        if self.disk_low.swap(low, Ordering::Relaxed) == low {
            return;
        }
        if low {
            warn!(
                free,
                limit, "disk resource limit alarm set: publishers will be blocked until it clears"
            );
        } else {
            info!(free, "disk resource limit alarm cleared");
            self.connections.wake_all();
        }
    }
}
