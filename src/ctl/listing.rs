//! A node's status as `rabbitmqctl status` prints it, in words and as JSON.

use std::fmt::Write as _;
use std::net::SocketAddr;

use serde_json::{Value, json};

use super::protocol::{Listener, Status};

/// The sections that people read.
pub fn text(status: &Status) -> String {
    let memory = &status.memory;
    let config_files = status.config_files.iter().map(|file| format!(" * {}", file.display()));
    let alarms = status.alarms.iter().map(|alarm| format!(" * {alarm}"));
    let runtime = vec![
        format!("OS PID: {}", status.pid),
        format!("OS: {}", std::env::consts::OS),
        format!("Uptime (seconds): {}", status.uptime),
        "Is under maintenance?: false".to_owned(),
        format!("RabbitMQ version: {}", status.announced_version),
        format!("Leveret version: {}", status.version),
        format!("Node name: {}", status.node),
    ];
    let memory = vec![
        format!("Total memory used: {}", gigabytes(memory.used)),
        "Calculation strategy: rss".to_owned(),
        format!(
            "Memory high watermark: {} of {} available",
            gigabytes(memory.high_watermark),
            gigabytes(memory.total)
        ),
    ];
    let disk = vec![
        format!("Low free disk space watermark: {}", gigabytes(status.disk.free_limit)),
        format!(
            "Free disk space: {}",
            status.disk.free.map_or_else(|| "unknown".to_owned(), gigabytes)
        ),
    ];
    let totals = vec![
        format!("Connection count: {}", status.totals.connections),
        format!("Queue count: {}", status.totals.queues),
        format!("Virtual host count: {}", status.totals.vhosts),
    ];
    let sections = [
        ("Runtime", runtime),
        ("Plugins", vec!["Enabled plugins:".to_owned()]),
        (
            "Data directory",
            vec![format!("Node data directory: {}", status.data_directory.display())],
        ),
        ("Config files", config_files.collect()),
        ("Log file(s)", vec![" * <stderr>".to_owned()]),
        ("Alarms", alarms.collect()),
        ("Memory", memory),
        ("Free Disk Space", disk),
        ("Totals", totals),
        ("Listeners", status.listeners.iter().map(listener).collect()),
    ];
    let mut text = String::new();
    for (title, mut lines) in sections {
        if lines.is_empty() {
            lines.push("(none)".to_owned());
        }
        let _ = writeln!(text, "{title}\n\n{}\n", lines.join("\n"));
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

/// The object that scripts read, under RabbitMQ's keys.
pub fn json(status: &Status) -> Value {
    json!({
        "active_plugins": [],
        "alarms": status.alarms,
        "config_files": status.config_files,
        "data_directory": status.data_directory,
        "disk_free": status.disk.free,
        "disk_free_limit": status.disk.free_limit,
        "is_under_maintenance": false,
        "listeners": listeners(status),
        "log_files": ["<stderr>"],
        "memory": { "rss": status.memory.used, "strategy": "rss", "total": { "rss": status.memory.used } },
        "node": status.node,
        "os": std::env::consts::OS,
        "pid": status.pid,
        "product_name": "Leveret",
        "product_version": status.version,
        "rabbitmq_version": status.announced_version,
        "totals": {
            "connection_count": status.totals.connections,
            "queue_count": status.totals.queues,
            "virtual_host_count": status.totals.vhosts,
        },
        "uptime": status.uptime,
        "vm_memory_calculation_strategy": "rss",
        "vm_memory_high_watermark_limit": status.memory.high_watermark,
    })
}

/// The listeners under RabbitMQ's keys.
pub fn listeners(status: &Status) -> Vec<Value> {
    let describe = |listener: &Listener| {
        json!({
            "interface": interface(listener.address),
            "node": status.node,
            "port": listener.address.port(),
            "protocol": listener.protocol,
            "purpose": listener.purpose,
        })
    };
    status.listeners.iter().map(describe).collect()
}

/// One listener in words.
pub fn listener(listener: &Listener) -> String {
    format!(
        "Interface: {}, port: {}, protocol: {}, purpose: {}",
        interface(listener.address),
        listener.address.port(),
        listener.protocol,
        listener.purpose
    )
}

fn interface(address: SocketAddr) -> String {
    match address {
        SocketAddr::V4(address) => address.ip().to_string(),
        SocketAddr::V6(address) => format!("[{}]", address.ip()),
    }
}

/// With four decimals, in units of 10^9, as RabbitMQ prints them.
#[allow(clippy::cast_precision_loss, reason = "four decimals are shown")]
fn gigabytes(bytes: u64) -> String {
    format!("{:.4} gb", bytes as f64 / 1e9)
}
