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
    /// There is no such exchange, or it is of a type that has no messages wait.
    NoExchange(String),
    /// It could not be made durable: why the data directory failed.
    NotDurable(String),
}

/// Where messages wait for their time, by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitsIn<'a> {
    /// In a queue with `x-delayed`.
    Queue(&'a str),
    /// At an exchange of type `x-delayed-message`.
    Exchange(&'a str),
}

/// A name alone is a queue's.
impl<'a> From<&'a str> for WaitsIn<'a> {
    fn from(queue: &'a str) -> Self {
        Self::Queue(queue)
    }
}

impl Node {
    /// The queue in which they wait.
    ///
    /// # Errors
    /// There is no such queue or exchange, or virtual host.
    pub fn waiting_queue(&self, vhost: &str, place: WaitsIn<'_>) -> Result<Arc<Queue>, DelayError> {
        let found = self.vhosts.get(vhost.as_bytes()).map(|vhost| Arc::clone(&vhost));
        let host = found.ok_or_else(|| DelayError::NoVhost(vhost.to_owned()))?;
        match place {
            WaitsIn::Queue(name) => {
                host.find_queue(name.as_bytes()).ok_or_else(|| DelayError::NoQueue(name.to_owned()))
            }
            WaitsIn::Exchange(name) => host
                .find_waiting(name.as_bytes())
                .ok_or_else(|| DelayError::NoExchange(name.to_owned())),
        }
    }
}

impl fmt::Display for DelayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoVhost(name) => write!(f, "Virtual host '{name}' does not exist"),
            Self::NoQueue(name) => write!(f, "Queue '{name}' does not exist"),
            Self::NoExchange(name) => {
                write!(f, "Exchange '{name}' of type x-delayed-message does not exist")
            }
            Self::NotDurable(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for DelayError {}
