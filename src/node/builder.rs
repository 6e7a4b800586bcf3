//! From settings to a running broker.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tracing::info;

use super::log_lines::LogLines;
use super::running::Broker;
use super::status::ControlledNode;
use crate::amqp::confirm::Confirm;
use crate::amqp::name::InvalidName;
use crate::auth::mechanism::Mechanism;
use crate::auth::password::PasswordHash;
use crate::auth::user::Users;
use crate::broker::memory;
use crate::broker::node::{Marks, Node};
use crate::broker::storage::{Storage, StorageError};
use crate::config::error::{ConfigError, Problem};
use crate::config::policies::{VhostPolicy, table_name};
use crate::config::{self, Config, Watermark};
use crate::connection::server_properties::{Announcement, server_properties};
use crate::connection::settings::Settings;
use crate::ctl::name::default_node_name;
use crate::ctl::socket::{self, BindError, Socket};
use crate::server::listener::Listener;
use crate::vhost::Commit;
use crate::vhost::reporter::{EVENT_EXCHANGE, LOG_EXCHANGE};

/// Settings for a broker that is to be started in this process.
#[derive(Clone, Debug, Default)]
pub struct Builder {
    config: Config,
    link: Option<PathBuf>,
    lines: LogLines,
}

/// Why a broker did not start.
#[derive(Debug)]
pub enum StartError {
    /// The data directory cannot be used.
    Storage(StorageError),
    /// The control socket cannot be opened.
    Control(BindError),
    /// An address cannot be listened on.
    Listen(SocketAddr, io::Error),
    /// The first virtual host's name.
    Vhost(InvalidName),
    /// A setting that does not fit what the data directory holds.
    Config(ConfigError),
    /// The operating system has no randomness.
    Random(getrandom::Error),
}

impl Builder {
    /// Takes all settings over.
    #[must_use]
    pub fn config(mut self, config: Config) -> Self {
        self.config = config;
        self
    }

    /// Listens on this address alone; port 0 takes a free one.
    #[must_use]
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.config.amqp.listen = vec![address];
        self
    }

    /// Keeps data here.
    #[must_use]
    pub fn data_dir(mut self, path: impl AsRef<Path>) -> Self {
        path.as_ref().clone_into(&mut self.config.node.data_dir);
        self
    }

    /// How long a client may take to open its connection.
    #[must_use]
    pub fn handshake_timeout(mut self, timeout: Duration) -> Self {
        self.config.amqp.handshake_timeout = timeout;
        self
    }

    /// Makes the control socket known at a path of the user's, too.
    #[must_use]
    pub fn control_link(mut self, link: Option<PathBuf>) -> Self {
        self.link = link;
        self
    }

    /// Takes log lines from this layer of the program's subscriber, for the exchange that
    /// `[log] exchange` asks for. Without it that exchange stays silent.
    #[must_use]
    pub fn log_lines(mut self, lines: LogLines) -> Self {
        self.lines = lines;
        self
    }

    /// Starts the broker in the tokio runtime that this is called in.
    ///
    /// # Errors
    /// The data directory, the control socket or an address is not to be had.
    pub async fn start(self) -> Result<Broker, StartError> {
        let Self { config, link, lines } = self;
        let mut storage = storage(&config)?;
        let socket = Socket::bind(&socket::path(&config)).map_err(StartError::Control)?;
        let socket = socket.linked_from(link);
        let mut node = node(&config, &storage);
        storage.restore(&mut node).map_err(StartError::Storage)?;
        let first = bootstrap(&config, &mut node)?;
        check_policies(&config, &node).map_err(StartError::Config)?;
        let node = Arc::new(node);
        let storage = storage.start(&node).map_err(StartError::Storage)?;
        done(&first).await;
        node.begin();
        done(&report(&config, &node)?).await;
        if config.log.exchange {
            lines.hand_to(&node.reporter);
        }
        let mut listeners = Vec::new();
        for address in &config.amqp.listen {
            let listener = Listener::bind(*address).await;
            listeners.push(listener.map_err(|error| StartError::Listen(*address, error))?);
        }
        let settings = Arc::new(settings(&config));
        let addresses = listeners.iter().map(Listener::address).collect();
        log_high_watermark(node.marks(), memory_total(&config));
        let control = ControlledNode::new(config, Arc::clone(&node), addresses);
        Ok(Broker::start(Arc::new(control), storage, socket, listeners, &settings))
    }
}

pub(super) fn memory_total(config: &Config) -> u64 {
    config.memory.total_override.unwrap_or_else(memory::available)
}

pub(super) fn node_name(config: &Config) -> String {
    config.node.name.clone().unwrap_or_else(default_node_name)
}

/// Opens the data directory.
fn storage(config: &Config) -> Result<Storage, StartError> {
    let memory = usize::try_from(config.store.memory).unwrap_or(usize::MAX);
    let confirm = match config.store.confirm {
        config::Confirm::Synced => Confirm::Synced,
        config::Confirm::Written => Confirm::Written,
    };
    Storage::open(&config.node.data_dir, memory, confirm).map_err(StartError::Storage)
}

/// Returns when it is done.
pub(super) async fn done(commit: &Commit) {
    let (sender, done) = oneshot::channel();
    commit.on_done(move || {
        // Nobody listens any more: nobody is interested.
        let _ = sender.send(());
    });
    // The log has failed; whoever runs the broker hears of that.
    let _ = done.await;
}

fn node(config: &Config, storage: &Storage) -> Node {
    let users = Users::new(config.auth.loopback_users.iter().cloned());
    let mechanisms = config.auth.mechanisms.iter().filter_map(|name| Mechanism::parse(name));
    let mut node = Node::new(
        users,
        mechanisms.collect(),
        marks(config, config.memory.high_watermark, memory_total(config)),
        config.limits.connections,
        storage.store.clone(),
    )
    .with_policies(config.policies.iter().map(|it| (it.vhost.clone(), Arc::clone(&it.policy))))
    .with_disk_free_limit(config.disk.free_limit)
    .named(node_name(config));
    node.consumer_timeout = config.amqp.consumer_timeout;
    node
}

/// Whether each of the file's policies has its virtual host.
fn check_policies(config: &Config, node: &Node) -> Result<(), ConfigError> {
    for VhostPolicy { place, vhost, policy } in &config.policies {
        node.policies(vhost, policy.issuer()).map_err(|error| ConfigError {
            place: place.clone(),
            key: format!("{}.vhost", table_name(policy.issuer())),
            problem: Problem::Policy(error.to_string()),
        })?;
    }
    Ok(())
}

/// The marks that go with a high watermark, where `total` bytes of memory are there. More than that
/// is as much as that (RabbitMQ: `vm_memory_monitor:interpret_limit/2`).
pub(super) fn marks(config: &Config, high_watermark: Watermark, total: u64) -> Marks {
    let high = high_watermark.bytes(total).min(total);
    Marks { page_out: config.memory.page_out.bytes(high), high }
}

pub(super) fn log_high_watermark(marks: Marks, total: u64) {
    info!("memory high watermark set to {} MiB of {} MiB", marks.high >> 20, total >> 20);
}

/// The first user and the first virtual host, unless there are some.
fn bootstrap(config: &Config, node: &mut Node) -> Result<Commit, StartError> {
    let bootstrap = &config.bootstrap;
    let mut salt = [0; 4];
    getrandom::fill(&mut salt).map_err(StartError::Random)?;
    let password = PasswordHash::new(bootstrap.password.expose().as_bytes(), salt);
    node.bootstrap(&bootstrap.user, password, &bootstrap.vhost).map_err(StartError::Vhost)
}

/// Has the node tell of itself as far as that is wanted.
fn report(config: &Config, node: &Node) -> Result<Commit, StartError> {
    let events = config.events.exchange.then_some(EVENT_EXCHANGE);
    let log = config.log.exchange.then_some(LOG_EXCHANGE);
    let exchanges: Vec<_> = events.into_iter().chain(log).collect();
    node.report_in(&config.bootstrap.vhost, &exchanges).map_err(StartError::Vhost)
}

fn settings(config: &Config) -> Settings {
    let amqp = &config.amqp;
    let cluster_name = config.node.cluster_name.clone().unwrap_or_else(|| node_name(config));
    Settings {
        frame_max: amqp.frame_max,
        channel_max: amqp.channel_max,
        heartbeat: amqp.heartbeat,
        handshake_timeout: amqp.handshake_timeout,
        max_message_size: config.limits.message_size,
        mechanisms: config.auth.mechanisms.join(" "),
        server_properties: server_properties(&Announcement {
            product: &amqp.announce_product,
            version: &amqp.announce_version,
            cluster_name: &cluster_name,
        }),
        ..Settings::default()
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Storage(error) => error.fmt(f),
            Self::Control(error) => error.fmt(f),
            Self::Listen(address, error) => write!(f, "cannot listen on {address}: {error}"),
            Self::Config(error) => error.fmt(f),
            Self::Vhost(error) => write!(f, "bootstrap.vhost: {error}"),
            Self::Random(error) => write!(f, "no randomness from the operating system: {error}"),
        }
    }
}

impl std::error::Error for StartError {}
