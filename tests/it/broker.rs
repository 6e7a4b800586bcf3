//! Where a test's broker comes from.

use std::env;
use std::net::{SocketAddr, ToSocketAddrs};
use std::time::{Duration, Instant};

use leveret::config::{Config, Watermark};

use crate::raw::login::Login;
use crate::raw::peer::Peer;

/// Names a broker that runs already, as `host:port`.
const ADDRESS: &str = "LEVERET_TEST_AMQP";

/// How a broker differs from the default one.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    pub handshake_timeout: Option<Duration>,
    /// How long a delivery may wait for its acknowledgement.
    pub consumer_timeout: Option<Duration>,
    /// The largest body, in octets.
    pub message_size: Option<u64>,
    /// Resident memory above which publishers are blocked, in octets.
    pub high_watermark: Option<u64>,
}

/// A broker to talk to. One that this process started ends with the value.
pub struct TestBroker {
    pub address: SocketAddr,
    /// Whether it is RabbitMQ 3.10, for whose departures the tables have marks.
    pub is_rabbitmq_3_10: bool,
    running: Option<InProcess>,
}

impl TestBroker {
    pub fn start() -> Self {
        Self::start_with(Options::default())
    }

    /// A broker with these options. One from the environment has its own.
    pub fn start_with(options: Options) -> Self {
        let (address, running) = if let Ok(name) = env::var(ADDRESS) {
            let mut addresses = name.to_socket_addrs().expect("host:port");
            (addresses.next().expect("the host has an address"), None)
        } else {
            let running = InProcess::start(options);
            (running.address, Some(running))
        };
        let mut peer = Peer::dial(address);
        peer.start();
        let is_rabbitmq_3_10 = peer.is_rabbitmq_3_10();
        Self { address, is_rabbitmq_3_10, running }
    }

    /// Whether it runs in this process, with the options that the test asked for.
    pub const fn is_own(&self) -> bool {
        self.running.is_some()
    }

    /// The broker that runs in this process, if it does.
    pub fn own(&self) -> Option<&leveret::Broker> {
        self.running.as_ref().map(|running| &running.broker)
    }

    /// Stops it in an orderly way, while `meanwhile` plays the clients; returns how long the stop
    /// took. A broker from the environment stays.
    pub fn stop(self, meanwhile: impl FnOnce()) -> Option<Duration> {
        let InProcess { broker, runtime, _data: _kept, .. } = self.running?;
        let begun = Instant::now();
        let stopping = runtime.spawn(broker.shutdown());
        meanwhile();
        runtime.block_on(stopping).unwrap();
        Some(begun.elapsed())
    }

    /// A connection that is open, with these answers in the handshake.
    #[track_caller]
    pub fn connect_with(&self, login: &Login) -> Peer {
        Peer::connect_with(self.address, login)
    }

    /// A connection that is open.
    #[track_caller]
    pub fn connect(&self) -> Peer {
        Peer::connect(self.address)
    }
}

/// A broker inside this process. Its fields are dropped in this order.
struct InProcess {
    address: SocketAddr,
    broker: leveret::Broker,
    runtime: tokio::runtime::Runtime,
    _data: tempfile::TempDir,
}

impl InProcess {
    fn start(options: Options) -> Self {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let data = tempfile::tempdir().unwrap();
        let any_port = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut config = Config::default();
        if let Some(size) = options.message_size {
            config.limits.message_size = size;
        }
        if let Some(timeout) = options.consumer_timeout {
            config.amqp.consumer_timeout = Some(timeout);
        }
        if let Some(bytes) = options.high_watermark {
            config.memory.high_watermark = Watermark::Bytes(bytes);
        }
        let builder = leveret::Broker::builder().config(config);
        let mut builder = builder.listen(any_port).data_dir(data.path());
        if let Some(timeout) = options.handshake_timeout {
            builder = builder.handshake_timeout(timeout);
        }
        let broker = runtime.block_on(builder.start()).unwrap();
        Self { address: broker.addresses()[0], broker, runtime, _data: data }
    }
}
