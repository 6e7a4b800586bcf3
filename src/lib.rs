//! Leveret: an AMQP 0-9-1 message broker, a drop-in for RabbitMQ.

pub mod amqp;
pub mod auth;
pub mod broker;
pub mod channel;
pub mod codec;
pub mod config;
pub mod connection;
pub mod ctl;
pub mod exchange;
pub mod node;
pub mod queue;
pub mod server;
pub mod store;
pub mod topology;
pub mod vhost;

pub use node::running::Broker;
