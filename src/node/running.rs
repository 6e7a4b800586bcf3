//! A broker that runs in this process.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::timeout;
use tracing::warn;

use super::builder::{Builder, done};
use super::status::ControlledNode;
use crate::amqp::exception::Exception;
use crate::amqp::reply_code::ReplyCode;
use crate::broker::node::Node;
use crate::broker::reports::NoVhost;
use crate::broker::storage::RunningStorage;
use crate::connection::settings::Settings;
use crate::ctl::server;
use crate::ctl::socket::Socket;
use crate::server::listener::Listener;

/// How long clients get to answer connection.close when the broker stops.
const CLOSE_WAIT: Duration = Duration::from_secs(5);

/// A running broker. Dropping it stops listening at once and says goodbye to nobody.
#[derive(Debug)]
pub struct Broker {
    control: Arc<ControlledNode>,
    storage: Arc<RunningStorage>,
    listeners: JoinSet<()>,
    services: JoinSet<()>,
}

impl Broker {
    /// Settings for a broker to start.
    pub fn builder() -> Builder {
        Builder::default()
    }

    pub(super) fn start(
        control: Arc<ControlledNode>,
        storage: RunningStorage,
        socket: Socket,
        open: Vec<Listener>,
        settings: &Arc<Settings>,
    ) -> Self {
        let mut listeners = JoinSet::new();
        for listener in open {
            listeners.spawn(listener.serve(Arc::clone(&control.node), Arc::clone(settings)));
        }
        let mut services = JoinSet::new();
        let node = Arc::clone(&control.node);
        services.spawn(async move { node.watch_memory().await });
        let node = Arc::clone(&control.node);
        services.spawn(async move { node.relieve_memory().await });
        let node = Arc::clone(&control.node);
        services.spawn(async move { node.publish_notices().await });
        let node = Arc::clone(&control.node);
        services.spawn(async move { node.watch_disk().await });
        services.spawn(server::serve(socket, Arc::clone(&control)));
        Self { control, storage: Arc::new(storage), listeners, services }
    }

    /// The addresses it listens on, with their real ports.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.control.addresses
    }

    /// Begins to trace what is published and delivered in a virtual host, as messages of its exchange
    /// `amq.rabbitmq.trace`. A restart ends it.
    ///
    /// # Errors
    /// There is no such virtual host.
    pub fn start_tracing(&self, vhost: &str) -> Result<(), NoVhost> {
        self.control.node.start_tracing(vhost)
    }

    /// Ends what [`Self::start_tracing`] began.
    ///
    /// # Errors
    /// There is no such virtual host.
    pub fn stop_tracing(&self, vhost: &str) -> Result<(), NoVhost> {
        self.control.node.stop_tracing(vhost)
    }

    pub(super) fn node(&self) -> &Node {
        &self.control.node
    }

    /// Returns when somebody has asked through the control socket for a stop.
    pub async fn stop_requested(&self) {
        self.control.stop.notified().await;
    }

    /// Returns when the data directory cannot be trusted any more, with the reason. Nothing that
    /// waited for it is answered.
    pub async fn failed(&self) -> String {
        let log = self.storage.log();
        done(&log.failed()).await;
        log.failure().unwrap_or_default()
    }

    /// Stops: no new clients, connection.close 320 to those there are, and five seconds for
    /// them to answer.
    pub async fn shutdown(mut self) {
        self.control.stopping.store(true, Ordering::Release);
        self.listeners.shutdown().await;
        let connections = &self.control.node.connections;
        connections.close_all(&Exception::new(
            ReplyCode::ConnectionForced,
            "broker forced connection closure with reason 'shutdown'",
        ));
        if timeout(CLOSE_WAIT, connections.drained()).await.is_err() {
            warn!("{} connections did not close in time", connections.len());
        }
        let storage = Arc::clone(&self.storage);
        if spawn_blocking(move || storage.close()).await.is_err() {
            warn!("the data directory was not closed in order");
        }
        // The control socket goes last: who asked for the stop takes its end for the node's.
        self.services.shutdown().await;
    }
}
