//! Publishes what the node tells of itself, and sees to the exchanges for it.

use std::sync::Arc;

use tracing::warn;

use super::node::Node;
use crate::amqp::name::{ExchangeName, InvalidName};
use crate::exchange::message::Message;
use crate::vhost::Commit;
use crate::vhost::internal_publisher::InternalPublisher;
use crate::vhost::notices::{Waiting, publishing};

impl Node {
    /// Tells of itself from now on through `exchanges` of the virtual host `home`, which are there
    /// afterwards and for good. Where there is no such virtual host, nothing is told.
    ///
    /// # Errors
    /// An exchange's name is too long.
    pub fn report_in(&self, home: &str, exchanges: &[&str]) -> Result<Commit, InvalidName> {
        let Some(home) = self.vhosts.get(home.as_bytes()) else { return Ok(Commit::done()) };
        self.reporter.report_in(&home);
        for name in exchanges {
            // An exchange of the broker's own is never refused.
            drop(home.declare_own_exchange(ExchangeName::parse(name)?));
        }
        Ok(home.last_commit())
    }

    /// Publishes notices for as long as it is awaited. Once is enough for a node.
    pub async fn publish_notices(&self) {
        let mut publisher = InternalPublisher::default();
        loop {
            let taken = self.reporter.notices.take().await;
            if taken.dropped > 0 {
                let dropped = taken.dropped;
                warn!("{dropped} events, traces and log lines were dropped: too many waited");
            }
            publishing(|| self.publish_taken(&mut publisher, &taken));
            tokio::task::yield_now().await;
        }
    }

    fn publish_taken(&self, publisher: &mut InternalPublisher, taken: &Waiting) {
        for notice in &taken.list {
            let found = self.vhosts.get(&notice.vhost).map(|vhost| Arc::clone(&vhost));
            if let Some(vhost) = found {
                let seen = Message { headers: Some(notice.headers.as_ref()), ..Message::default() };
                publisher.add(&vhost, &notice.message, seen);
            }
        }
        publisher.flush();
    }
}
