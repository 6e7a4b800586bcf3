//! Where a test's broker comes from.

use std::env;
use std::net::{SocketAddr, ToSocketAddrs};
use std::time::Duration;

use crate::raw::peer::Peer;

/// Names a broker that runs already, as `host:port`.
const ADDRESS: &str = "LEVERET_TEST_AMQP";

/// How a broker differs from the default one.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    pub handshake_timeout: Option<Duration>,
}

/// A broker to talk to. One that this process started ends with the value.
pub struct TestBroker {
    pub address: SocketAddr,
    /// Whether it is RabbitMQ 3.10, for whose departures the tables have marks.
    pub is_rabbitmq_3_10: bool,
    _running: Option<InProcess>,
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
        let says = |key: &str, start: &str| {
            peer.server.iter().any(|(name, value)| name == key && value.starts_with(start))
        };
        let is_rabbitmq_3_10 = says("product", "RabbitMQ") && says("version", "3.10.");
        Self { address, is_rabbitmq_3_10, _running: running }
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
    _broker: leveret::Broker,
    _runtime: tokio::runtime::Runtime,
    _data: tempfile::TempDir,
}

impl InProcess {
    fn start(options: Options) -> Self {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let data = tempfile::tempdir().unwrap();
        let any_port = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut builder = leveret::Broker::builder().listen(any_port).data_dir(data.path());
        if let Some(timeout) = options.handshake_timeout {
            builder = builder.handshake_timeout(timeout);
        }
        let broker = runtime.block_on(builder.start()).unwrap();
        Self { address: broker.addresses()[0], _broker: broker, _runtime: runtime, _data: data }
    }
}
