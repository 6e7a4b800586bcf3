//! What a client says of itself in the handshake (spec 2.2.4).

use super::method::{CONNECTION_START_OK, CONNECTION_TUNE_OK, Method};
use super::wire::{Field, fields, long_str, short_str};

/// The answers to connection.start, tune and open.
#[derive(Clone, Debug)]
pub struct Login {
    pub mechanism: &'static str,
    pub response: Vec<u8>,
    /// The client's `capabilities`, all of them true.
    pub capabilities: &'static [&'static str],
    /// More client-properties.
    pub properties: Vec<u8>,
    /// `None` agrees to what the server offers.
    pub channel_max: Option<u16>,
    pub frame_max: Option<u32>,
    pub heartbeat: u16,
    pub vhost: &'static str,
}

impl Default for Login {
    fn default() -> Self {
        Self {
            mechanism: "PLAIN",
            response: b"\0guest\0guest".to_vec(),
            capabilities: &[
                "authentication_failure_close",
                "basic.nack",
                "connection.blocked",
                "consumer_cancel_notify",
                "publisher_confirms",
            ],
            properties: Vec::new(),
            channel_max: None,
            frame_max: None,
            heartbeat: 0,
            vhost: "/",
        }
    }
}

impl Login {
    pub fn response(mechanism: &'static str, response: &[u8]) -> Self {
        Self { mechanism, response: response.to_vec(), ..Self::default() }
    }

    pub fn start_ok(&self) -> Method {
        let capabilities: Vec<_> =
            self.capabilities.iter().map(|name| (*name, Field::Bool(true))).collect();
        let mut properties = fields(&[("capabilities", Field::Table(fields(&capabilities)))]);
        properties.extend(&self.properties);
        let arguments = [
            long_str(&properties),
            short_str(self.mechanism.as_bytes()),
            long_str(&self.response),
            short_str(b"en_US"),
        ];
        Method::raw(CONNECTION_START_OK, arguments.concat())
    }

    /// The answer to a tune that offers these.
    pub fn tune_ok(&self, channel_max: u16, frame_max: u32) -> Method {
        let channel_max = self.channel_max.unwrap_or(channel_max);
        let frame_max = self.frame_max.unwrap_or(frame_max);
        tune_ok(channel_max, frame_max, self.heartbeat)
    }
}

pub fn tune_ok(channel_max: u16, frame_max: u32, heartbeat: u16) -> Method {
    let arguments =
        [&channel_max.to_be_bytes()[..], &frame_max.to_be_bytes(), &heartbeat.to_be_bytes()];
    Method::raw(CONNECTION_TUNE_OK, arguments.concat())
}
