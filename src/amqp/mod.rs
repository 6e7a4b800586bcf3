//! The vocabulary of AMQP 0-9-1 that every room shares: names, ids, reply codes, exceptions and
//! field tables. Pure: it does no I/O and knows no other room.

pub mod ack_mode;
pub mod argument;
pub mod attempts;
pub mod confirm;
pub mod entry;
pub mod exception;
pub mod expiration;
pub mod fields;
pub mod fingerprint;
pub mod id;
pub mod message;
pub mod method;
pub mod name;
pub mod own_message;
pub mod reply_code;
pub mod run;
pub mod sighting;
pub mod table;
pub mod term;

#[cfg(test)]
pub(crate) mod testing;
