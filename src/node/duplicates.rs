//! How many duplicates the queues and exchanges of a running broker have dropped.

use super::running::Broker;
use crate::broker::duplicates::{DroppedBy, NotCounted};

impl Broker {
    /// How many duplicates were published to a queue with `x-message-deduplication`, or through an
    /// exchange of that type, since it was declared or the broker started. Each was dropped and
    /// confirmed. A queue without the argument has none.
    ///
    /// # Errors
    /// There is no such queue or exchange, or virtual host.
    pub fn duplicates(&self, vhost: &str, by: DroppedBy<'_>) -> Result<u64, NotCounted> {
        self.node().duplicates(vhost, by)
    }
}
