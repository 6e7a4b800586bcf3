//! The arguments of `leveret perf`.

use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};

use super::churn::Churn;
use super::floor::Floor;
use super::request_reply::RequestReply;
pub use super::uri::Uri;

/// A command line behind `leveret perf`.
#[derive(Args, Clone, Debug)]
pub struct Perf {
    /// What to measure.
    #[command(subcommand)]
    pub command: Command,
}

/// What to measure.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Publish and consume as fast as it goes, or at a rate
    Throughput(Throughput),
    /// Open connections with one channel each, and let them rest
    Connections(Connections),
    /// Make and unmake connections, channels, queues or bindings
    Churn(Churn),
    /// Send requests, one at a time, and await the replies
    RequestReply(RequestReply),
    /// Measure what this machine could do without a broker
    Floor(Floor),
}

/// The broker and the report; the same for every command.
#[derive(Args, Clone, Debug)]
pub struct Common {
    /// The broker
    #[arg(long, default_value = "amqp://guest:guest@127.0.0.1:5672/%2f")]
    pub uri: Uri,
    /// Process id of the broker on this machine, for its CPU time and memory
    #[arg(long, value_name = "PID")]
    pub broker_pid: Option<u32>,
    /// Report as JSON
    #[arg(long)]
    pub json: bool,
}

/// Publish and consume.
#[derive(Args, Clone, Debug)]
pub struct Throughput {
    /// The broker and the report.
    #[command(flatten)]
    pub common: Common,
    /// Publishing connections
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub publishers: usize,
    /// Consuming connections; with none, the messages stay in the queues until all is measured
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub consumers: usize,
    /// Queues; publishers and consumers are spread over them in turn
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub queues: usize,
    /// Octets of each body, 16 at least
    #[arg(long, default_value_t = 16, value_name = "OCTETS")]
    pub size: usize,
    /// Publish for so long
    #[arg(long, value_name = "S", value_parser = seconds, default_value = "10",
        conflicts_with = "messages")]
    pub seconds: Duration,
    /// Publish so many messages, all publishers together
    #[arg(long, value_name = "N")]
    pub messages: Option<u64>,
    /// Messages a second, all publishers together [default: as many as go]
    #[arg(long, value_name = "N")]
    pub rate: Option<u64>,
    /// Unsettled messages that a consumer may hold; 0 is any number
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub prefetch: u16,
    /// How consumers acknowledge: auto, each, or a number for every so many at once
    #[arg(long, default_value = "auto", value_name = "MODE", value_parser = acks)]
    pub acks: Acks,
    /// Publish with confirms, and have at most N publishes of each publisher open
    #[arg(long, value_name = "N")]
    pub confirm: Option<u32>,
    /// Publish with delivery-mode 2
    #[arg(long)]
    pub persistent: bool,
    /// Declare the queues durable
    #[arg(long)]
    pub durable: bool,
    /// The exchange to publish to
    #[arg(long, value_enum, default_value_t)]
    pub exchange: Exchange,
    /// Bindings of the exchange that match nothing, beside those that do
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub bindings: usize,
    /// How long to wait for a delivery or a confirm before the missing are lost
    #[arg(long, value_name = "S", value_parser = seconds, default_value = "10")]
    pub patience: Duration,
}

/// Open connections and let them rest.
#[derive(Args, Clone, Debug)]
pub struct Connections {
    /// The broker and the report.
    #[command(flatten)]
    pub common: Common,
    /// Connections
    #[arg(long, default_value_t = 1000, value_name = "N")]
    pub count: usize,
    /// How long they rest
    #[arg(long, value_name = "S", value_parser = seconds, default_value = "2")]
    pub seconds: Duration,
}

/// How consumers acknowledge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acks {
    /// Not at all: delivered is settled.
    Auto,
    /// Every so many deliveries with one `basic.ack`.
    Every(u32),
}

/// The exchange to publish to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Exchange {
    /// The default exchange: straight to the queues
    #[default]
    Default,
    /// Of type direct, with a binding for each queue
    Direct,
    /// Of type fanout: every queue gets every message
    Fanout,
    /// Of type topic, with a binding for each queue
    Topic,
}

pub(super) fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "expected seconds")?;
    Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
}

fn acks(text: &str) -> Result<Acks, String> {
    match (text, text.parse()) {
        ("auto", _) => Ok(Acks::Auto),
        ("each", _) => Ok(Acks::Every(1)),
        (_, Ok(count)) if count > 0 => Ok(Acks::Every(count)),
        _ => Err("expected auto, each or a number".to_owned()),
    }
}
