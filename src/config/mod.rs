//! Settings: from text, environment and defaults to a [`Config`]. Pure: files and variables are
//! read by whoever calls. Every setting stands once, in the table of [`setting`]; the TOML file,
//! the `LEVERET_…` variables and the errors all go by it. Only policies are no settings of that
//! kind: tables of the file alone, see [`policies`].
//!
//! What is given later wins: defaults, file, `RABBITMQ_…`, `LEVERET_…`, command line.

pub mod environment;
pub mod error;
pub mod file;
pub mod policies;
pub mod secret;
pub mod setting;
pub mod unit;
pub mod value;

use core::net::{Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use policies::VhostPolicy;
use secret::Secret;

/// Everything that can be set.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Config {
    /// The files that it was read from.
    pub files: Vec<PathBuf>,
    /// Who the node is and where it keeps its data.
    pub node: Node,
    /// The AMQP listeners and what they negotiate.
    pub amqp: Amqp,
    /// Who may log in, and how.
    pub auth: Auth,
    /// What exists before anything was declared.
    pub bootstrap: Bootstrap,
    /// Bounds on what clients may ask for.
    pub limits: Limits,
    /// When publishers are held back, for want of memory.
    pub memory: Memory,
    /// How durable messages are kept.
    pub store: Store,
    /// When publishers are held back, for want of disk space.
    pub disk: Disk,
    /// What is logged.
    pub log: Log,
    /// Whether clients can hear of what happens.
    pub events: Events,
    /// The local control socket.
    pub ctl: Ctl,
    /// Policies and operator policies, as they follow one another.
    pub policies: Vec<VhostPolicy>,
}

/// Section `[node]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// The node's name; absent means `rabbit@<host>`.
    pub name: Option<String>,
    /// The cluster's name, announced to clients; absent means the node's.
    pub cluster_name: Option<String>,
    /// The data directory.
    pub data_dir: PathBuf,
}

impl Default for Node {
    fn default() -> Self {
        Self { name: None, cluster_name: None, data_dir: PathBuf::from("leveret-data") }
    }
}

/// Section `[amqp]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Amqp {
    /// The addresses to listen on; port 0 takes a free one.
    pub listen: Vec<SocketAddr>,
    /// The heartbeat interval proposed to clients, in seconds; 0 proposes none.
    pub heartbeat: u16,
    /// The largest frame, in octets, from 4096 up.
    pub frame_max: u32,
    /// The channels of one connection, at least 1.
    pub channel_max: u16,
    /// How long a client may take from connecting to `connection.open-ok`.
    pub handshake_timeout: Duration,
    /// How long a delivery may wait for its acknowledgement; absent means without end.
    pub consumer_timeout: Option<Duration>,
    /// `product` of the server properties.
    pub announce_product: String,
    /// `version` of the server properties.
    pub announce_version: String,
}

impl Default for Amqp {
    fn default() -> Self {
        Self {
            listen: vec![SocketAddr::from((Ipv6Addr::UNSPECIFIED, 5672))],
            heartbeat: 60,
            frame_max: 131_072,
            channel_max: 2047,
            handshake_timeout: Duration::from_secs(10),
            consumer_timeout: Some(Duration::from_mins(30)),
            announce_product: "RabbitMQ".to_owned(),
            announce_version: "3.13.7".to_owned(),
        }
    }
}

/// Section `[auth]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Auth {
    /// Users who may log in from this host only.
    pub loopback_users: Vec<String>,
    /// The SASL mechanisms offered, of [`setting::MECHANISMS`].
    pub mechanisms: Vec<String>,
}

impl Default for Auth {
    fn default() -> Self {
        Self {
            loopback_users: vec!["guest".to_owned()],
            mechanisms: setting::MECHANISMS.map(str::to_owned).to_vec(),
        }
    }
}

/// Section `[bootstrap]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bootstrap {
    /// The first user's name.
    pub user: String,
    /// The first user's password.
    pub password: Secret,
    /// The first virtual host.
    pub vhost: String,
}

impl Default for Bootstrap {
    fn default() -> Self {
        Self { user: "guest".to_owned(), password: Secret::new("guest"), vhost: "/".to_owned() }
    }
}

/// Section `[limits]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The largest message body, in bytes, up to 512 MiB.
    pub message_size: u64,
    /// The open connections of the node; absent means no limit.
    pub connections: Option<u32>,
}

impl Default for Limits {
    fn default() -> Self {
        Self { message_size: 128 << 20, connections: None }
    }
}

/// Section `[memory]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Memory {
    /// Memory use above which publishers are no longer read.
    pub high_watermark: Watermark,
    /// Memory use above which transient messages go to the disk; a fraction is one of the
    /// high watermark.
    pub page_out: Watermark,
    /// The memory taken for available, in bytes; absent means the smaller of RAM and cgroup limit.
    pub total_override: Option<u64>,
}

impl Default for Memory {
    fn default() -> Self {
        Self {
            high_watermark: Watermark::Fraction(0.6),
            page_out: Watermark::Fraction(0.5),
            total_override: None,
        }
    }
}

/// An amount, outright or as a part of the memory there is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Watermark {
    /// A part of what is available; as a setting, from 0 to 1.
    Fraction(f64),
    /// So many bytes.
    Bytes(u64),
}

impl Watermark {
    /// The mark in bytes, when `available` bytes of memory are there.
    #[allow(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "what does not fit saturates, and bytes lost to rounding do not matter"
    )]
    pub fn bytes(self, available: u64) -> u64 {
        match self {
            Self::Fraction(fraction) => (available as f64 * fraction) as u64,
            Self::Bytes(bytes) => bytes,
        }
    }
}

/// Section `[store]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Store {
    /// When publishers are told that a persistent message is safe.
    pub confirm: Confirm,
    /// Octets of durable queues' messages that stay in memory though they are on the disk.
    pub memory: u64,
}

impl Default for Store {
    fn default() -> Self {
        Self { confirm: Confirm::Synced, memory: 32 << 20 }
    }
}

/// When a persistent message in a durable queue is confirmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confirm {
    /// When it survives a power loss.
    Synced,
    /// When the operating system has it.
    Written,
}

/// Section `[disk]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Disk {
    /// Free space, in bytes, below which publishers are no longer read.
    pub free_limit: u64,
}

impl Default for Disk {
    fn default() -> Self {
        Self { free_limit: 50_000_000 }
    }
}

/// Section `[log]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Log {
    /// The least severe lines that are written.
    pub level: LogLevel,
    /// Whether they are published to the exchange `amq.rabbitmq.log`, too.
    pub exchange: bool,
}

/// Section `[events]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Events {
    /// Whether they are published to the exchange `amq.rabbitmq.event`.
    pub exchange: bool,
}

impl Default for Events {
    fn default() -> Self {
        Self { exchange: true }
    }
}

/// How much is logged; each level includes those before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// Nothing.
    None,
    /// What failed.
    Error,
    /// What an operator should look at.
    Warning,
    /// Connections and changes of state.
    #[default]
    Info,
    /// What helps to find a fault.
    Debug,
}

/// Section `[ctl]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ctl {
    /// The control socket; absent means `leveret.sock` in the data directory.
    pub socket: Option<PathBuf>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_watermark_is_a_part_of_what_is_available_or_a_number_of_bytes() {
        assert_eq!(Watermark::Fraction(0.5).bytes(1 << 30), 1 << 29);
        assert_eq!(Watermark::Bytes(7).bytes(1 << 30), 7);
    }
}
