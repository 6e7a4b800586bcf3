//! A load generator: an AMQP 0-9-1 client of its own, for any broker.
//!
//! Every publisher and consumer is a thread with a connection. Publishes are encoded once as a
//! block and only stamped anew; deliveries are parsed where they were read. Nothing is allocated
//! for a message.

mod bits;
mod block;
pub mod churn;
pub mod connections;
mod consumer;
pub mod cost;
mod declare;
pub mod error;
pub mod floor;
pub mod options;
mod plan;
mod process;
mod publisher;
pub mod quantiles;
pub mod report;
pub mod request_reply;
mod session;
mod share;
mod stamp;
pub mod throughput;
mod uri;
mod wire;
