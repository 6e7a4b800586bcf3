//! Names that the server makes up.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::amqp::exception::Exception;
use crate::amqp::reply_code::ReplyCode;

/// `prefix` and 22 characters of base64: 16 random octets (RabbitMQ: `rabbit_guid:binary/2`).
///
/// # Errors
/// The operating system has no randomness: 541.
pub(super) fn name(prefix: &str) -> Result<String, Exception> {
    let mut octets = [0; 16];
    getrandom::fill(&mut octets)
        .map_err(|error| Exception::new(ReplyCode::InternalError, error.to_string()))?;
    Ok(format!("{prefix}{}", URL_SAFE_NO_PAD.encode(octets)))
}
