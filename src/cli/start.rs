//! Starts what the binary runs: a broker that local tools find without being told where.

use leveret::config::Config;
use leveret::ctl::socket;
use leveret::node::builder::StartError;
use leveret::node::running::Broker;

/// Starts the broker that `config` describes.
pub(crate) async fn start(config: Config) -> Result<Broker, StartError> {
    Broker::builder().config(config).control_link(socket::link()).start().await
}
