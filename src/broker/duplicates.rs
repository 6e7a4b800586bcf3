//! How many duplicates came, for whoever runs the broker.

use std::fmt;
use std::sync::Arc;

use super::node::Node;

/// Who drops duplicates, by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DroppedBy<'a> {
    /// A queue with `x-message-deduplication`.
    Queue(&'a str),
    /// An exchange of type `x-message-deduplication`.
    Exchange(&'a str),
}

/// Why duplicates are not counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotCounted {
    /// There is no such virtual host.
    NoVhost(String),
    /// There is no such queue.
    NoQueue(String),
    /// There is no such exchange, or it is of a type that drops nothing.
    NoExchange(String),
}

impl Node {
    /// How many duplicates came to a queue or an exchange since it was declared or the broker
    /// started; 0 for a queue that drops none.
    ///
    /// # Errors
    /// There is no such queue or exchange, or virtual host.
    pub fn duplicates(&self, vhost: &str, by: DroppedBy<'_>) -> Result<u64, NotCounted> {
        let found = self.vhosts.get(vhost.as_bytes()).map(|vhost| Arc::clone(&vhost));
        let host = found.ok_or_else(|| NotCounted::NoVhost(vhost.to_owned()))?;
        match by {
            DroppedBy::Queue(name) => {
                let queue = host.find_queue(name.as_bytes());
                let queue = queue.ok_or_else(|| NotCounted::NoQueue(name.to_owned()))?;
                Ok(queue.duplicates())
            }
            DroppedBy::Exchange(name) => host
                .duplicates_at(name.as_bytes())
                .ok_or_else(|| NotCounted::NoExchange(name.to_owned())),
        }
    }
}

impl fmt::Display for NotCounted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoVhost(name) => write!(f, "Virtual host '{name}' does not exist"),
            Self::NoQueue(name) => write!(f, "Queue '{name}' does not exist"),
            Self::NoExchange(name) => {
                write!(f, "Exchange '{name}' of type x-message-deduplication does not exist")
            }
        }
    }
}

impl std::error::Error for NotCounted {}
