//! One connection (spec 1.3 and 1.4; RabbitMQ: `rabbit_reader`): handshake, tuning, heartbeats,
//! the table of its channels, errors and closing.
//!
//! Pure: frames and the time come in, replies are appended to a buffer, and what the broker has to
//! do leaves as an [`event::Event`]. It holds no socket and reads no clock.

pub mod client;
pub mod core;
pub mod error;
pub mod event;
pub mod server_properties;
pub mod settings;
pub mod tuning;

mod channel_frame;
mod channels;
mod close;
mod connection_method;
mod heartbeat;
mod reply;
mod state;
mod timeout;

#[cfg(test)]
mod tests;
