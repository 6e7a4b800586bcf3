//! What the broker itself has to say, on its way to being published: events, traces, log lines.
//!
//! A notice is left wherever something happens, under whatever lock, since nothing is published
//! there: a task of the node takes them and publishes them. There is a bound to what waits; beyond
//! it notices are dropped and counted.

use std::cell::Cell;

use parking_lot::Mutex;
use tokio::sync::Notify;

use super::internal_publisher::Outgoing;
use crate::amqp::name::VhostName;
use crate::amqp::table::Table;

/// Octets of notices that may wait. One alone may be larger.
const WAITING_MAX: usize = 16 << 20;

/// What a notice takes besides its octets, roughly.
const NOTICE_SIZE: usize = 128;

thread_local! {
    static PUBLISHING: Cell<bool> = const { Cell::new(false) };
}

/// A message to publish.
#[derive(Clone, Debug)]
pub struct Notice {
    /// Where.
    pub vhost: VhostName,
    /// The message.
    pub message: Outgoing,
    /// Its headers, for exchanges that look at them.
    pub headers: Table,
}

/// Notices that wait. Its lock is a leaf for all others.
#[derive(Debug, Default)]
pub struct Notices {
    waiting: Mutex<Waiting>,
    arrived: Notify,
}

/// Notices that were taken.
#[derive(Debug, Default)]
pub struct Waiting {
    /// In the order in which they were left.
    pub list: Vec<Notice>,
    /// How many were dropped since the last time.
    pub dropped: u64,
    octets: usize,
}

impl Notices {
    /// Whether a notice of so many octets would be taken; counts it as dropped if not, so that it
    /// need not be built.
    pub fn has_room(&self, octets: usize) -> bool {
        let mut waiting = self.waiting.lock();
        let has_room = waiting.has_room(octets);
        waiting.dropped += u64::from(!has_room);
        has_room
    }

    /// Leaves a notice, or drops it when too much is waiting.
    pub fn push(&self, notice: Notice) {
        let size = notice.message.record.len() + NOTICE_SIZE;
        let mut waiting = self.waiting.lock();
        if waiting.has_room(size) {
            waiting.octets += size;
            waiting.list.push(notice);
        } else {
            waiting.dropped += 1;
        }
        drop(waiting);
        self.arrived.notify_one();
    }

    /// Waits for notices, and takes all of them. One task alone calls it.
    pub async fn take(&self) -> Waiting {
        loop {
            let taken = std::mem::take(&mut *self.waiting.lock());
            if !taken.list.is_empty() {
                return taken;
            }
            self.arrived.notified().await;
        }
    }
}

impl Waiting {
    fn has_room(&self, octets: usize) -> bool {
        self.list.is_empty() || self.octets + octets <= WAITING_MAX
    }
}

/// Publishes notices: what this thread logs meanwhile is no notice, or there would be no end to it.
pub fn publishing(publish: impl FnOnce()) {
    PUBLISHING.set(true);
    publish();
    PUBLISHING.set(false);
}

/// Whether this thread is publishing notices.
pub fn is_publishing() -> bool {
    PUBLISHING.get()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn notice(octets: usize) -> Notice {
        let record = Bytes::from(vec![0; octets]);
        Notice {
            vhost: VhostName::parse("/").unwrap(),
            message: Outgoing { record, persistent: false },
            headers: Table::default(),
        }
    }

    #[tokio::test]
    async fn what_is_too_much_is_dropped_and_counted() {
        let notices = Notices::default();

        notices.push(notice(WAITING_MAX + 1));
        notices.push(notice(1));
        let first = notices.take().await;
        notices.push(notice(1));
        let second = notices.take().await;

        assert_eq!((first.list.len(), first.dropped), (1, 1));
        assert_eq!((second.list.len(), second.dropped), (1, 0));
    }
}
