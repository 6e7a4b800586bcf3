//! A load generator: an AMQP 0-9-1 client of its own, for any broker.
//!
//! Every publisher and consumer is a thread with a connection. Publishes are encoded once as a
//! block and only stamped anew; deliveries are parsed where they were read. Nothing is allocated
//! for a message.

mod bits;
mod block;
mod check;
pub mod churn;
mod confirm_times;
mod confirms;
pub mod connections;
mod consumed;
mod consumer;
pub mod cost;
mod declare;
pub mod error;
mod exchange;
pub mod floor;
pub mod itself;
pub mod load;
pub mod options;
mod plan;
mod process;
mod progress;
mod property;
mod publisher;
pub mod quantiles;
pub mod report;
pub mod request_reply;
mod session;
mod shape;
mod share;
mod sink;
mod size;
mod socket;
mod stamp;
mod step;
mod target;
mod trust;
mod uri;
mod vary;
mod wait;
mod wire;
