//! A client that may break every rule: it writes octets, frames and methods with a small codec of
//! its own, so that it is a second opinion on the broker's, and reads what comes back.

pub mod close;
pub mod content;
pub mod login;
pub mod message;
pub mod method;
pub mod peer;
pub mod wire;
