//! What the name begins with that the server invents for a queue (`x-name-prefix`).
//!
//! It is used at the declaration and no argument of the queue (RabbitMQ:
//! `rabbit_amqqueue:server_named_queue_prefix/1`).

use super::check_server_named;
use crate::amqp::table::{TableRef, Value};
use crate::topology::error::Error;

/// The argument's name.
pub const KEY: &str = "x-name-prefix";

/// How many octets it may have.
const MOST: usize = 64;

/// What names begin with if the client does not say.
const DEFAULT: &[u8] = b"amq.gen";

/// What a name begins with that the server invents for a queue with these arguments. One that is
/// empty or no string says nothing.
///
/// # Errors
/// The server does not invent names for such a queue, or it is too long: 406.
pub fn read(arguments: TableRef<'_>) -> Result<&[u8], Error> {
    check_server_named(arguments)?;
    match arguments.get(KEY) {
        Some(Value::LongStr(prefix)) if prefix.len() > MOST => {
            Err(Error::NamePrefix(String::from_utf8_lossy(prefix).into_owned()))
        }
        Some(Value::LongStr(prefix)) if !prefix.is_empty() => Ok(prefix),
        _ => Ok(DEFAULT),
    }
}
