//! One command under way: asks the node, and tells the answer in RabbitMQ's words.

use std::future::Future;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use serde_json::json;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout_at};

use super::client::{Client, Place};
use super::command::{Command, Formatter, Invocation, Options};
use super::exit::Exit;
use super::listing;
use super::name::{default_node_name, means};
use super::node::Tracing;
use super::protocol::{Listener, Request, Response, State, Status};
use super::socket;
use super::threshold::{self, Change, Misuse};
use crate::config::Config;

/// How long a command may take, unless it says otherwise.
const TIMEOUT: Duration = Duration::from_mins(1);
/// How long `await_startup` waits, unless it is told.
const STARTUP_TIMEOUT: Duration = Duration::from_mins(5);
/// How often `await_startup` looks.
const LOOK: Duration = Duration::from_millis(50);

/// What a command came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// For standard output.
    pub output: String,
    /// For standard error.
    pub errors: String,
    /// For whoever waits.
    pub exit: Exit,
}

/// Where the node is, as far as the command line and settings tell. The user's link is followed
/// only where neither says anything, so that nobody stops a node other than the one that was named.
pub fn places(options: &Options, config: &Config) -> Vec<Place> {
    if let Some(socket) = &options.socket {
        return vec![Place::Path(socket.clone())];
    }
    let default = Config::default();
    let named = config.ctl != default.ctl || config.node.data_dir != default.node.data_dir;
    let link = if named { None } else { socket::link().map(Place::Link) };
    [Place::Path(socket::path(config))].into_iter().chain(link).collect()
}

/// Carries out a command for the node at one of `places`, which settings call `node` if anything.
pub async fn run(invocation: &Invocation, places: &[Place], node: Option<&str>) -> Report {
    let options = &invocation.options;
    let limit = options.timeout.unwrap_or(match invocation.command {
        Command::AwaitStartup => STARTUP_TIMEOUT,
        _ => TIMEOUT,
    });
    let named = options.node.as_deref().or(node).map(str::to_owned);
    let name = named.unwrap_or_else(default_node_name);
    let words = &invocation.words;
    let deadline = Instant::now() + limit;
    let session = Session { options, words, places, name, limit, deadline };
    let outcome = match &invocation.command {
        Command::Ping => session.ping().await,
        Command::CheckRunning => session.check_running().await,
        Command::CheckPortConnectivity => session.check_port_connectivity().await,
        Command::Status => session.status().await,
        Command::AwaitStartup => session.await_startup().await,
        Command::Stop { .. } => session.stop().await,
        Command::TraceOn { vhost } => session.trace(vhost, Tracing::On).await,
        Command::TraceOff { vhost } => session.trace(vhost, Tracing::Off).await,
        Command::SetVmMemoryHighWatermark { arguments } => {
            session.change(threshold::memory_high_watermark(arguments)).await
        }
        Command::SetDiskFreeLimit { arguments } => {
            session.change(threshold::disk_free_limit(arguments)).await
        }
    };
    match outcome {
        Ok(output) => Report { output, errors: String::new(), exit: Exit::Ok },
        Err(failure) => Report { output: String::new(), errors: failure.text, exit: failure.exit },
    }
}

struct Failure {
    exit: Exit,
    /// For standard error.
    text: String,
}

impl Failure {
    fn new(exit: Exit, text: impl AsRef<str>) -> Self {
        Self { exit, text: format!("Error:\n{}\n", text.as_ref()) }
    }

    /// Arguments that are refused before any node is asked (RabbitMQ:
    /// `RabbitMQCtl.argument_validation_error_output/4`).
    fn misuse(misuse: Misuse, words: &[String]) -> Self {
        let Misuse { usage, problem } = misuse;
        let text = format!(
            "Error (argument validation): {problem}\nArguments given:\n\t{}\n\n\
             \x1b[1mUsage\x1b[0m\n\n\
             rabbitmqctl [--node <node>] [--longnames] [--quiet] {usage}\n",
            words.join(" ")
        );
        Self { exit: problem.exit(), text }
    }
}

/// One command under way.
struct Session<'a> {
    options: &'a Options,
    words: &'a [String],
    places: &'a [Place],
    name: String,
    limit: Duration,
    deadline: Instant,
}

impl Session<'_> {
    async fn ping(&self) -> Result<String, Failure> {
        let (_, response) = self.ask(Request::Ping).await?;
        let Response::Pong { node } = response else { return Err(nonsense(&response)) };
        self.expect_name(&node)?;
        let banner = format!("Will ping {node}. Timeout: {} ms.", self.limit.as_millis());
        Ok(self.passed(&banner, "Ping succeeded"))
    }

    async fn check_running(&self) -> Result<String, Failure> {
        let status = self.ask_status().await?;
        let node = &status.node;
        if status.state != State::Running {
            let text =
                format!("RabbitMQ on node {node} is not running or has not fully booted yet");
            return Err(Failure::new(Exit::Unavailable, text));
        }
        let banner = format!("Checking if RabbitMQ is running on node {node} ...");
        Ok(self.passed(&banner, &format!("RabbitMQ on node {node} is fully booted and running")))
    }

    async fn check_port_connectivity(&self) -> Result<String, Failure> {
        let status = self.ask_status().await?;
        let node = &status.node;
        let mut failed = Vec::new();
        for listener in &status.listeners {
            if !self.accepts(listener).await {
                failed.push(listing::listener(listener));
            }
        }
        if !failed.is_empty() || status.listeners.is_empty() {
            let text = format!(
                "Connection to ports of the following listeners on node {node} failed: \n{}",
                failed.join("\n")
            );
            return Err(Failure::new(Exit::Unavailable, text));
        }
        let mut ports: Vec<_> = status.listeners.iter().map(|l| l.address.port()).collect();
        ports.sort_unstable();
        ports.dedup();
        let ports = ports.iter().map(u16::to_string).collect::<Vec<_>>().join(", ");
        let banner = format!("Testing TCP connections to all active listeners on node {node} ...");
        Ok(self
            .passed(&banner, &format!("Successfully connected to ports {ports} on node {node}.")))
    }

    async fn status(&self) -> Result<String, Failure> {
        let status = self.ask_status().await?;
        if self.options.formatter == Formatter::Json {
            return Ok(format!("{}\n", listing::json(&status)));
        }
        let banner = self.banner(&format!("Status of node {} ...", status.node));
        Ok(banner + &listing::text(&status))
    }

    async fn await_startup(&self) -> Result<String, Failure> {
        loop {
            let state = match self.ask_status().await {
                Ok(status) => Some(status.state),
                Err(failure) if failure.exit == Exit::Unavailable => None,
                Err(failure) => return Err(failure),
            };
            if state == Some(State::Running) {
                return Ok(String::new());
            }
            self.in_time(sleep(LOOK)).await?;
        }
    }

    async fn stop(&self) -> Result<String, Failure> {
        // Asked first, so that a node of another name is left alone.
        let status = self.ask_status().await?;
        let (client, response) = self.ask(Request::Stop).await?;
        let Response::Stopping { node } = response else { return Err(nonsense(&response)) };
        self.in_time(client.closed()).await?;
        let banner = format!("Stopping and halting node {node} (OS PID {}) ...", status.pid);
        Ok(self.banner(&banner))
    }

    async fn trace(&self, vhost: &str, tracing: Tracing) -> Result<String, Failure> {
        // Asked first, so that a node of another name is left alone.
        self.ask_status().await?;
        let of = || vhost.to_owned();
        let (request, begun, done) = match tracing {
            Tracing::On => (Request::TraceOn { vhost: of() }, "Starting", "enabled"),
            Tracing::Off => (Request::TraceOff { vhost: of() }, "Stopping", "disabled"),
        };
        match self.ask(request).await?.1 {
            Response::Done { .. } => {
                let banner = format!("{begun} tracing for vhost \"{vhost}\" ...");
                Ok(self.passed(&banner, &format!("Trace {done} for vhost {vhost}")))
            }
            Response::Missing { text } => Err(Failure::new(Exit::Data, text)),
            other => Err(nonsense(&other)),
        }
    }

    async fn change(&self, change: Result<Change, Misuse>) -> Result<String, Failure> {
        let change = change.map_err(|misuse| Failure::misuse(misuse, self.words))?;
        // Asked first, so that a node of another name is left alone.
        let node = self.ask_status().await?.node;
        let banner = change.banner(&node);
        match self.ask(change.request).await?.1 {
            Response::Done { node } if self.options.formatter == Formatter::Json => {
                Ok(format!("{}\n", json!({ "node": node, "result": "ok" })))
            }
            Response::Done { .. } => Ok(self.banner(&banner)),
            other => Err(nonsense(&other)),
        }
    }

    async fn ask_status(&self) -> Result<Status, Failure> {
        let (_, response) = self.ask(Request::Status).await?;
        let Response::Status(status) = response else { return Err(nonsense(&response)) };
        self.expect_name(&status.node)?;
        Ok(*status)
    }

    async fn ask(&self, request: Request) -> Result<(Client, Response), Failure> {
        self.in_time(async {
            let connected = Client::connect(self.places).await;
            let mut client = connected.map_err(|reasons| self.unreachable(&reasons))?;
            match client.ask(request).await {
                Ok(response) => Ok((client, response)),
                Err(error) => Err(self.unreachable(&[error.to_string()])),
            }
        })
        .await?
    }

    async fn in_time<T>(&self, work: impl Future<Output = T>) -> Result<T, Failure> {
        timeout_at(self.deadline, work).await.map_err(|_| {
            let text = format!(
                "operation on node {} timed out. Timeout value used: {}",
                self.name,
                self.limit.as_millis()
            );
            Failure::new(Exit::Timeout, text)
        })
    }

    async fn accepts(&self, listener: &Listener) -> bool {
        let mut address: SocketAddr = listener.address;
        if address.ip().is_unspecified() {
            address.set_ip(match address.ip() {
                IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
                IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
            });
        }
        matches!(timeout_at(self.deadline, TcpStream::connect(address)).await, Ok(Ok(_)))
    }

    fn expect_name(&self, node: &str) -> Result<(), Failure> {
        match &self.options.node {
            Some(asked) if !means(asked, node) => {
                Err(self.unreachable(&[format!("the node that answers is called {node}")]))
            }
            _ => Ok(()),
        }
    }

    fn unreachable(&self, reasons: &[String]) -> Failure {
        let limit = self.limit.as_millis();
        let mut text = format!("Failed to connect and authenticate to {} in {limit} ms", self.name);
        for reason in reasons {
            text.push_str("\n * ");
            text.push_str(reason);
        }
        Failure::new(Exit::Unavailable, text)
    }

    fn passed(&self, banner: &str, text: &str) -> String {
        match self.options.formatter {
            Formatter::Json => format!("{}\n", json!({ "result": "ok", "message": text })),
            _ if self.options.silent => String::new(),
            _ => format!("{}{text}\n", self.banner(banner)),
        }
    }

    fn banner(&self, text: &str) -> String {
        if self.options.quiet || self.options.silent { String::new() } else { format!("{text}\n") }
    }
}

fn nonsense(response: &Response) -> Failure {
    let text = match response {
        Response::Refused { text } => format!("the node does not understand: {text}"),
        other => format!("unexpected response {other:?}"),
    };
    Failure::new(Exit::Internal, text)
}
