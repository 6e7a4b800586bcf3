//! A virtual host: what is declared in it, and its queues at work, each core behind its own lock.

mod alarm;
mod announce;
mod backing;
pub mod batch;
mod burial;
pub mod clock;
mod credit;
pub mod delays;
mod errands;
pub mod fate;
mod fetching;
pub mod host;
pub mod ids;
mod inbox;
pub mod internal_publisher;
mod journal;
mod keys;
mod lease;
mod leaving;
mod lock;
mod marks;
#[cfg(test)]
mod model;
pub mod notices;
mod overflow;
mod paging;
pub mod past;
mod policies;
pub mod queue;
mod relocation;
pub mod replies;
pub mod reporter;
mod retiming;
pub mod routes;
pub mod session;
mod settings;
mod stock;
mod timers;
pub mod worker;

pub use self::journal::accept;
pub use crate::store::commit::{Commit, Completer};
