//! Runs the broker from start to signal to orderly end.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use leveret::ctl::exit::Exit;
use leveret::node::builder::StartError;
use leveret::node::running::Broker;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::timeout;
use tracing::{info, warn};

use super::{fail, print};

/// How long an orderly stop may take; service managers begin to kill soon after.
const STOP: Duration = Duration::from_secs(10);

/// Starts the broker, says so on standard output, and stops it on SIGTERM, on SIGINT or when it is
/// told to. A second signal ends the process at once.
pub(crate) async fn run(start: impl Future<Output = Result<Broker, StartError>>) -> ExitCode {
    let mut signals = match Signals::new() {
        Ok(signals) => signals,
        Err(error) => {
            return fail(Exit::Unavailable, &format!("cannot listen to signals: {error}"));
        }
    };
    let started = tokio::select! {
        started = start => started,
        _ = signals.next() => return ExitCode::SUCCESS,
    };
    let broker = match started {
        Ok(broker) => broker,
        Err(error @ StartError::Config(_)) => return fail(Exit::Config, &error.to_string()),
        Err(error) => return fail(Exit::Unavailable, &error.to_string()),
    };
    let addresses: Vec<_> = broker.addresses().iter().map(SocketAddr::to_string).collect();
    // Testcontainers and many scripts wait for the words in front.
    print(&format!("Server startup complete; listening on {}\n", addresses.join(", ")));
    tokio::select! {
        name = signals.next() => info!("{name} received, stopping"),
        () = broker.stop_requested() => info!("asked to stop, stopping"),
        why = broker.failed() => return fail(Exit::InputOutput, &why),
    }
    tokio::select! {
        stopped = timeout(STOP, broker.shutdown()) => {
            if stopped.is_ok() {
                return ExitCode::SUCCESS;
            }
            warn!("not all was done {} s after the stop began", STOP.as_secs());
            Exit::Timeout.into()
        }
        name = signals.next() => {
            warn!("{name} received while stopping, ending at once");
            Exit::Unavailable.into()
        }
    }
}

struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// The next signal's name.
    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}
