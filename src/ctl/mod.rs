//! The local control socket, and the commands that use it: what `rabbitmqctl`,
//! `rabbitmq-diagnostics` and `leveret ctl` are.
//!
//! The server half ([`server`]) answers for whoever implements [`node::Node`]; the client half
//! ([`command`], [`session`], [`client`]) asks, and turns the answer into RabbitMQ's words and exit codes. They
//! speak [`protocol`]: one line of JSON for a request, one for its response, over a Unix socket
//! that only the broker's own user and root may open.

pub mod client;
pub mod command;
pub mod exit;
pub mod listing;
pub mod name;
pub mod node;
pub mod protocol;
pub mod server;
pub mod session;
pub mod socket;
pub mod threshold;

#[cfg(test)]
mod tests;
