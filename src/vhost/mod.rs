//! A virtual host: what is declared in it, and its queues at work, each core behind its own lock.

mod backing;
pub mod batch;
mod credit;
pub mod host;
pub mod ids;
mod inbox;
mod journal;
mod leaving;
mod lock;
#[cfg(test)]
mod model;
mod paging;
pub mod queue;
mod relocation;
pub mod routes;
pub mod session;
pub mod worker;

pub use crate::store::commit::{Commit, Completer};
