//! Publishes what the node tells of itself, and sees to the exchanges for it.

use std::fmt;
use std::sync::Arc;

use tracing::{info, warn};

use super::node::Node;
use crate::amqp::name::{ExchangeName, InvalidName};
use crate::exchange::message::Message;
use crate::vhost::Commit;
use crate::vhost::host::Vhost;
use crate::vhost::internal_publisher::InternalPublisher;
use crate::vhost::notices::{Waiting, publishing};

/// There is no virtual host of that name. Printed as RabbitMQ's tools print it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoVhost(pub String);

impl fmt::Display for NoVhost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Virtual host '{}' does not exist", self.0)
    }
}

impl std::error::Error for NoVhost {}

impl Node {
    /// Tells of itself from now on through `exchanges` of the virtual host `home`, which are there
    /// afterwards and for good. Where there is no such virtual host, nothing is told.
    ///
    /// # Errors
    /// An exchange's name is too long.
    pub fn report_in(&self, home: &str, exchanges: &[&str]) -> Result<Commit, InvalidName> {
        let Ok(home) = self.traceable(home) else {
            if !exchanges.is_empty() {
                warn!("there is no vhost '{home}' to publish events and log lines in");
            }
            return Ok(Commit::done());
        };
        self.reporter.report_in(&home);
        for name in exchanges {
            // An exchange of the broker's own is never refused.
            drop(home.declare_own_exchange(ExchangeName::parse(name)?));
        }
        Ok(home.last_commit())
    }

    /// Begins to trace what is published and delivered in a virtual host. A restart ends it.
    ///
    /// # Errors
    /// There is no such virtual host.
    pub fn start_tracing(&self, vhost: &str) -> Result<(), NoVhost> {
        if self.traceable(vhost)?.set_traced(true) {
            info!("Tracing is already enabled for vhost '{vhost}'");
        } else {
            info!("Enabling tracing for vhost '{vhost}'");
        }
        Ok(())
    }

    /// Ends what [`Self::start_tracing`] began.
    ///
    /// # Errors
    /// There is no such virtual host.
    pub fn stop_tracing(&self, vhost: &str) -> Result<(), NoVhost> {
        if self.traceable(vhost)?.set_traced(false) {
            info!("Disabling tracing for vhost '{vhost}'");
        } else {
            info!("Tracing is already disabled for vhost '{vhost}'");
        }
        Ok(())
    }

    fn traceable(&self, name: &str) -> Result<Arc<Vhost>, NoVhost> {
        let found = self.vhosts.get(name.as_bytes()).map(|vhost| Arc::clone(&vhost));
        found.ok_or_else(|| NoVhost(name.to_owned()))
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
