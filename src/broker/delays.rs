//! Messages that wait for their time, for whoever runs the broker.

use std::fmt;
use std::sync::Arc;

use super::node::Node;
use crate::vhost::queue::Queue;

/// Why messages that wait are not listed or changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DelayError {
    /// There is no such virtual host.
    NoVhost(String),
    /// There is no such queue.
    NoQueue(String),
    /// It could not be made durable: why the data directory failed.
    NotDurable(String),
}

impl Node {
    /// A queue by its name.
    ///
    /// # Errors
    /// There is no such queue, or virtual host.
    pub fn queue(&self, vhost: &str, name: &str) -> Result<Arc<Queue>, DelayError> {
        let found = self.vhosts.get(vhost.as_bytes()).map(|vhost| Arc::clone(&vhost));
        let host = found.ok_or_else(|| DelayError::NoVhost(vhost.to_owned()))?;
        let queue = host.find_queue(name.as_bytes());
        queue.ok_or_else(|| DelayError::NoQueue(name.to_owned()))
    }
}

impl fmt::Display for DelayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoVhost(name) => write!(f, "Virtual host '{name}' does not exist"),
            Self::NoQueue(name) => write!(f, "Queue '{name}' does not exist"),
            Self::NotDurable(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for DelayError {}
