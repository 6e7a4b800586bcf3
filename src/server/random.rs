//! Randomness: names that the server makes up, and chances for exchanges that choose at random.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::amqp::exception::Exception;
use crate::amqp::id::ConnectionId;
use crate::amqp::reply_code::ReplyCode;
use crate::exchange::hash::mix;

/// Numbers for one connection's messages that look random and cost next to nothing. They are
/// even, not secret.
#[derive(Debug)]
pub(super) struct Chances(u64);

impl Chances {
    /// Those of a connection, which differ from every other connection's.
    pub(super) const fn of(connection: ConnectionId) -> Self {
        Self(mix(connection.0))
    }

    pub(super) const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(1);
        mix(self.0)
    }
}

/// Octets of randomness in a name.
pub(super) const SIZE: usize = 16;

/// `prefix` and 22 characters of base64: 16 random octets (RabbitMQ: `rabbit_guid:binary/2`).
///
/// # Errors
/// The operating system has no randomness: 541.
pub(super) fn name(prefix: &str) -> Result<String, Exception> {
    let mut octets = [0; SIZE];
    getrandom::fill(&mut octets)
        .map_err(|error| Exception::new(ReplyCode::InternalError, error.to_string()))?;
    Ok(format!("{prefix}{}", URL_SAFE_NO_PAD.encode(octets)))
}
