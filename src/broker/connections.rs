//! Who is connected: a handle for each connection, left by its task.

use std::fmt;
use std::sync::Arc;

use dashmap::DashMap;
use tokio::sync::Notify;

use crate::amqp::exception::Exception;
use crate::amqp::id::ConnectionId;

/// How others reach a connection's task.
pub trait Link: Send + Sync + fmt::Debug {
    /// Has the connection closed with that exception.
    fn close(&self, why: Exception);

    /// Has the task look at the world again.
    fn wake(&self);
}

/// The live connections.
#[derive(Debug, Default)]
pub struct Connections {
    links: DashMap<ConnectionId, Connected>,
    gone: Notify,
}

#[derive(Debug)]
struct Connected {
    link: Arc<dyn Link>,
    /// Whether it may hold something of the broker's: messages, consumers, queues.
    holds: bool,
}

impl Connections {
    /// Notes a connection.
    pub fn insert(&self, id: ConnectionId, link: Arc<dyn Link>) {
        self.links.insert(id, Connected { link, holds: true });
    }

    /// Notes that a connection has given back all that it held, and takes nothing any more: it
    /// waits for its client to agree to the end.
    pub fn released(&self, id: ConnectionId) {
        if let Some(mut connected) = self.links.get_mut(&id) {
            connected.holds = false;
        }
    }

    /// Whether there is one that may hold something.
    pub fn hold_any(&self) -> bool {
        self.links.iter().any(|connected| connected.holds)
    }

    /// Forgets a connection.
    pub fn remove(&self, id: ConnectionId) {
        self.links.remove(&id);
        self.gone.notify_waiters();
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.links.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.links.is_empty()
    }

    /// Closes every connection.
    pub fn close_all(&self, why: &Exception) {
        for link in self.snapshot() {
            link.close(why.clone());
        }
    }

    /// Has every connection's task look at the world again.
    pub fn wake_all(&self) {
        for link in self.snapshot() {
            link.wake();
        }
    }

    /// Waits until the last connection has gone.
    pub async fn drained(&self) {
        loop {
            let gone = self.gone.notified();
            if self.links.is_empty() {
                return;
            }
            gone.await;
        }
    }

    fn snapshot(&self) -> Vec<Arc<dyn Link>> {
        self.links.iter().map(|entry| Arc::clone(&entry.link)).collect()
    }
}
