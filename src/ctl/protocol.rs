//! What goes over the control socket: one JSON object to a line.
//!
//! ```text
//! {"command":"status"}          →   {"status":{"node":"rabbit@host",…}}
//! {"command":"no_such_thing"}   →   {"refused":{"text":"…"}}
//! ```

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::config::Watermark;

/// The longest request, in octets, its line end included.
pub const REQUEST_MAX: usize = 4096;

/// What a client asks for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum Request {
    /// Whether anybody is there.
    Ping,
    /// The node's status.
    Status,
    /// An orderly stop. The connection stays open until the node has stopped.
    Stop,
    /// Tracing of a virtual host.
    TraceOn {
        /// The virtual host.
        vhost: String,
    },
    /// The end of it.
    TraceOff {
        /// The virtual host.
        vhost: String,
    },
    /// Another memory high watermark, until the node stops.
    SetVmMemoryHighWatermark {
        /// What it is from now on.
        to: Watermark,
    },
    /// Another limit of free disk space, until the node stops.
    SetDiskFreeLimit {
        /// What it is from now on; a fraction is one of the memory there is.
        to: Watermark,
    },
}

/// What the node answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Response {
    /// To [`Request::Ping`].
    Pong {
        /// The node's name.
        node: String,
    },
    /// To [`Request::Status`].
    Status(Box<Status>),
    /// To [`Request::Stop`]: the stop has begun.
    Stopping {
        /// The node's name.
        node: String,
    },
    /// To a request with nothing to answer: it is done.
    Done {
        /// The node's name.
        node: String,
    },
    /// To a request about something that is not there.
    Missing {
        /// What is missing, in RabbitMQ's words.
        text: String,
    },
    /// To a request that the node does not understand.
    Refused {
        /// Why.
        text: String,
    },
}

/// How a node is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// The node's name, `rabbit@host`.
    pub node: String,
    /// What it is doing.
    pub state: State,
    /// Leveret's own version.
    pub version: String,
    /// The version of RabbitMQ that is announced to clients.
    pub announced_version: String,
    /// The process id.
    pub pid: u32,
    /// Seconds since it was started.
    pub uptime: u64,
    /// The data directory.
    pub data_directory: PathBuf,
    /// The files that settings were read from.
    pub config_files: Vec<PathBuf>,
    /// What holds publishers back, in one phrase each; empty when nothing does.
    pub alarms: Vec<String>,
    /// Memory in use.
    pub memory: Memory,
    /// Its disk; absent in what older nodes say.
    #[serde(default)]
    pub disk: Disk,
    /// What there is.
    pub totals: Totals,
    /// Where it listens.
    pub listeners: Vec<Listener>,
}

/// Where a node is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Not yet listening.
    Starting,
    /// All listeners are open.
    Running,
    /// On its way down.
    Stopping,
}

/// A node's memory, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory {
    /// What the process holds.
    pub used: u64,
    /// What it may hold before publishers are no longer read.
    pub high_watermark: u64,
    /// What is there: the smaller of RAM and cgroup limit, unless settings say otherwise.
    pub total: u64,
}

/// The disk of a node's data directory, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disk {
    /// What is free; absent where that cannot be told.
    pub free: Option<u64>,
    /// Below how much of it publishers are no longer read.
    pub free_limit: u64,
}

/// How many there are of each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Open connections.
    pub connections: u64,
    /// Queues in all virtual hosts.
    pub queues: u64,
    /// Virtual hosts.
    pub vhosts: u64,
}

/// An open port.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listener {
    /// The address it is bound to.
    pub address: SocketAddr,
    /// The protocol's name among RabbitMQ's: `amqp`.
    pub protocol: String,
    /// The protocol in words: `AMQP 0-9-1`.
    pub purpose: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_a_json_object_that_names_the_command() {
        assert_eq!(serde_json::to_string(&Request::Ping).unwrap(), r#"{"command":"ping"}"#);
        assert_eq!(
            serde_json::from_str::<Request>(r#"{"command":"stop"}"#).unwrap(),
            Request::Stop
        );
        assert!(serde_json::from_str::<Request>(r#"{"command":"dance"}"#).is_err());
    }
}
