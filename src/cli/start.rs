//! Starts what the binary runs: a broker that local tools find without being told where.

use leveret::config::Config;
use leveret::ctl::socket;
use leveret::node::builder::StartError;
use leveret::node::log_lines::LogLines;
use leveret::node::running::Broker;

/// Starts the broker that `config` describes; it takes log lines from `lines`.
pub(crate) async fn start(config: Config, lines: LogLines) -> Result<Broker, StartError> {
    let builder = Broker::builder().config(config).control_link(socket::link());
    builder.log_lines(lines).start().await
}
