//! The node as the control socket sees it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use tokio::sync::Notify;
use tracing::info;

use super::builder::{log_high_watermark, marks, memory_total, node_name};
use crate::broker::memory;
use crate::broker::node::Node;
use crate::broker::reports::NoVhost;
use crate::config::{Config, Watermark};
use crate::ctl;
use crate::ctl::node::Tracing;
use crate::ctl::protocol::{Disk, Listener, Memory, State, Status, Totals};

/// A node with its settings, and the wish that it stop.
#[derive(Debug)]
pub(super) struct ControlledNode {
    config: Config,
    pub(super) node: Arc<Node>,
    pub(super) addresses: Vec<SocketAddr>,
    since: Instant,
    pub(super) stop: Notify,
    pub(super) stopping: AtomicBool,
}

impl ControlledNode {
    pub(super) fn new(config: Config, node: Arc<Node>, addresses: Vec<SocketAddr>) -> Self {
        Self {
            config,
            node,
            addresses,
            since: Instant::now(),
            stop: Notify::new(),
            stopping: AtomicBool::new(false),
        }
    }
}

impl ctl::node::Node for ControlledNode {
    fn status(&self) -> Status {
        let stopping = self.stopping.load(Ordering::Acquire);
        let listener = |address: &SocketAddr| Listener {
            address: *address,
            protocol: "amqp".to_owned(),
            purpose: "AMQP 0-9-1".to_owned(),
        };
        let data_dir = &self.config.node.data_dir;
        Status {
            node: node_name(&self.config),
            state: if stopping { State::Stopping } else { State::Running },
            version: env!("CARGO_PKG_VERSION").to_owned(),
            announced_version: self.config.amqp.announce_version.clone(),
            pid: std::process::id(),
            uptime: self.since.elapsed().as_secs(),
            data_directory: std::path::absolute(data_dir)
                .unwrap_or_else(|_| PathBuf::from(data_dir)),
            config_files: self.config.files.clone(),
            alarms: self.node.alarms().into_iter().map(str::to_owned).collect(),
            memory: Memory {
                used: memory::resident(),
                high_watermark: self.node.marks().high,
                total: memory_total(&self.config),
            },
            disk: Disk {
                free: self.node.free_disk_space(),
                free_limit: self.node.disk_free_limit(),
            },
            totals: Totals {
                connections: self.node.connections.len() as u64,
                queues: self.node.queue_count() as u64,
                vhosts: self.node.vhost_count() as u64,
            },
            listeners: self.addresses.iter().map(listener).collect(),
        }
    }

    fn trace(&self, vhost: &str, tracing: Tracing) -> Result<(), NoVhost> {
        match tracing {
            Tracing::On => self.node.start_tracing(vhost),
            Tracing::Off => self.node.stop_tracing(vhost),
        }
    }

    fn set_memory_high_watermark(&self, to: Watermark) {
        let total = memory_total(&self.config);
        let marks = marks(&self.config, to, total);
        log_high_watermark(marks, total);
        self.node.move_marks(marks);
    }

    fn set_disk_free_limit(&self, to: Watermark) {
        let limit = to.bytes(memory_total(&self.config));
        info!("disk free limit set to {} MB", limit / 1_000_000);
        self.node.set_disk_free_limit(limit);
    }

    fn stop(&self) {
        self.stop.notify_one();
    }
}
