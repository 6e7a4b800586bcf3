//! The arguments of `leveret perf`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};

use super::churn::Churn;
pub use super::exchange::Exchange;
use super::floor::Floor;
pub use super::itself::Itself;
pub use super::property::{Argument, Property};
use super::request_reply::RequestReply;
pub use super::size::Size;
pub use super::uri::Uri;
pub use super::vary::Vary;

/// A command line behind `leveret perf`.
#[derive(Args, Clone, Debug)]
pub struct Perf {
    /// What to measure.
    #[command(subcommand)]
    pub command: Command,
}

/// What to measure. Those with [`Load`] differ in their defaults, and as [`Scenario`] says.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Publish and consume as fast as it goes, or at a rate
    Throughput(Load),
    /// Publish at a rate, and tell how old the messages are when they come
    #[command(mut_arg("rate", |rate| rate.default_value("10000")))]
    Latency(Load),
    /// Publish to a fanout exchange, and consume from all its queues
    #[command(mut_arg("queues", |queues| queues.default_value("10")))]
    #[command(mut_arg("exchange", |exchange| exchange.default_value("fanout").hide(true)))]
    Fanout(Load),
    /// Publish to many queues and consume from them
    #[command(mut_arg("queues", |queues| queues.default_value("50")))]
    Queues(Load),
    /// Fill the queues, then consume what is in them
    #[command(mut_arg("messages", |messages| messages.default_value("1000000")))]
    #[command(mut_arg("seconds", |seconds| seconds.hide(true)))]
    #[command(mut_arg("confirm", |confirm| confirm.default_value("1000")))]
    #[command(mut_arg("stepwise", |stepwise| stepwise.hide(false)))]
    Drain(Load),
    /// Measure the load generator itself, against a sink of its own
    #[command(name = "self")]
    Itself(Itself),
    /// Open connections with one channel each, and let them rest
    Connections(Connections),
    /// Make and unmake connections, channels, queues or bindings
    Churn(Churn),
    /// Send requests, one at a time, and await the replies
    RequestReply(RequestReply),
    /// Measure what this machine could do without a broker
    Floor(Floor),
}

/// What a load is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Scenario {
    /// Publish and consume.
    Throughput,
    /// At a rate, so that ages of messages tell something.
    Latency,
    /// Every message to every queue.
    Fanout,
    /// Many queues.
    Queues,
    /// Consume only when all is published.
    Drain,
}

/// The broker and the report; the same for every command.
#[derive(Args, Clone, Debug)]
pub struct Common {
    /// The broker: amqp://user:password@host:port/vhost, or amqps:// for TLS
    #[arg(long, default_value = "amqp://guest:guest@127.0.0.1:5672/%2f")]
    pub uri: Uri,
    /// Whom to trust, and who to be.
    #[command(flatten)]
    pub tls: Tls,
    /// Process id of the broker on this machine, for its CPU time and memory
    #[arg(long, value_name = "PID")]
    pub broker_pid: Option<u32>,
    /// Report as JSON
    #[arg(long)]
    pub json: bool,
}

/// With `amqps://`: whom to trust, and who to be.
#[derive(Args, Clone, Debug)]
pub struct Tls {
    /// Certificates of the authorities to trust [default: those that the system trusts]
    #[arg(long, help_heading = "TLS", value_name = "PEM", conflicts_with = "insecure")]
    pub ca_file: Option<PathBuf>,
    /// Accept any certificate
    #[arg(long, help_heading = "TLS")]
    pub insecure: bool,
    /// The client's certificate, with those that lead to its authority
    #[arg(long, help_heading = "TLS", value_name = "PEM", requires = "key")]
    pub cert: Option<PathBuf>,
    /// The client's private key
    #[arg(long, help_heading = "TLS", value_name = "PEM", requires = "cert")]
    pub key: Option<PathBuf>,
}

impl Tls {
    /// Whether nothing is said.
    pub(super) fn is_empty(&self) -> bool {
        self.ca_file.is_none() && !self.insecure && self.cert.is_none() && self.key.is_none()
    }
}

/// Publish and consume.
#[derive(Args, Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "switches of a command line")]
pub struct Load {
    /// The broker and the report.
    #[command(flatten)]
    pub common: Common,
    /// Publishing connections [default: one for each queue, or one for a fanout]
    #[arg(long, value_name = "N")]
    pub publishers: Option<usize>,
    /// Consuming connections; with 0, the messages stay in the queues until all is measured
    /// [default: one for each queue]
    #[arg(long, value_name = "N")]
    pub consumers: Option<usize>,
    /// Channels of each connection, over which it spreads what it publishes or consumes
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub channels: u16,
    /// Queues; publishers and consumers are spread over them in turn
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub queues: usize,
    /// Octets of each body, 16 at least; or a range such as 100-2000
    #[arg(long, default_value = "16", value_name = "OCTETS")]
    pub size: Size,
    /// Publish for so long [default: 10, without --messages]
    #[arg(long, value_name = "S", value_parser = seconds, conflicts_with = "messages")]
    pub seconds: Option<Duration>,
    /// Publish so many messages, all publishers together
    #[arg(long, value_name = "N")]
    pub messages: Option<u64>,
    /// Messages a second, all publishers together
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
    /// Have messages returned that no queue gets
    #[arg(long)]
    pub mandatory: bool,
    /// Publish with delivery-mode 2
    #[arg(long)]
    pub persistent: bool,
    /// A property of every message: content-type, content-encoding, priority, correlation-id,
    /// reply-to, expiration, message-id, type, user-id, app-id, header:KEY; repeatable
    #[arg(long, value_name = "NAME=VALUE")]
    pub property: Vec<Property>,
    /// What differs from message to message: a property or routing-key, as a random number of a
    /// range (priority=0..9, expiration=1000..60000, header:KEY=1..5) or as one that no other
    /// message has (message-id=serial); repeatable
    #[arg(long, value_name = "NAME=VALUES")]
    pub vary: Vec<Vary>,
    /// Declare the queues durable, and the exchange
    #[arg(long)]
    pub durable: bool,
    /// An argument of the queues, such as x-queue-type=quorum; repeatable
    #[arg(long, value_name = "KEY=VALUE")]
    pub queue_argument: Vec<Argument>,
    /// Publish to this queue, which is there already and stays, and consume from it
    #[arg(long, value_name = "NAME")]
    #[arg(conflicts_with_all = ["dead_letters", "queue_argument", "durable"])]
    pub queue: Option<String>,
    /// Have the queues send their dead letters to others, and consume from those
    #[arg(long)]
    pub dead_letters: bool,
    /// The exchange to publish to
    #[arg(long, value_enum, default_value_t)]
    pub exchange: Exchange,
    /// An argument of the exchange, such as x-cache-size=1000; repeatable
    #[arg(long, value_name = "KEY=VALUE")]
    pub exchange_argument: Vec<Argument>,
    /// Bindings of the exchange that match nothing, beside those that do
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub bindings: usize,
    /// Say `filled` and `emptied` on standard error when the queues are, and go on, with new
    /// connections, when a line comes on standard input; the broker may have been started again
    #[arg(long, hide = true)]
    pub stepwise: bool,
    /// How long to wait for a delivery or a confirm before the missing are lost
    #[arg(long, value_name = "S", value_parser = seconds, default_value = "10")]
    pub patience: Duration,
    /// Then let all rest for so long, before it is told what the broker has used
    #[arg(long, value_name = "S", value_parser = seconds, default_value = "0")]
    pub linger: Duration,
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
