//! What the server offers every connection.

use std::time::Duration;

use crate::amqp::table::Table;

/// The smallest frame limit that a client may ask for, in octets (spec 2.3.5: `FRAME-MIN-SIZE`).
pub const FRAME_MIN_SIZE: u32 = 4_096;

/// The server's side of the handshake. Shared by all connections.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The largest frame, in octets; [`FRAME_MIN_SIZE`] or more.
    pub frame_max: u32,
    /// The largest frame before `tune-ok`, in octets: it has to hold the client's properties.
    pub initial_frame_max: u32,
    /// How many channels a connection may have; 0 is no limit.
    pub channel_max: u16,
    /// The heartbeat interval that is proposed, in seconds; 0 proposes none.
    pub heartbeat: u16,
    /// From the connection's begin until it is open.
    pub handshake_timeout: Duration,
    /// The longest body that is taken, in bytes.
    pub max_message_size: u64,
    /// The SASL mechanisms on offer, separated by spaces.
    pub mechanisms: String,
    /// What the server says about itself.
    pub server_properties: Table,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            frame_max: 131_072,
            initial_frame_max: 8_192,
            channel_max: 2_047,
            heartbeat: 60,
            handshake_timeout: Duration::from_secs(10),
            max_message_size: 128 * 1024 * 1024,
            mechanisms: "PLAIN AMQPLAIN".to_owned(),
            server_properties: Table::default(),
        }
    }
}
