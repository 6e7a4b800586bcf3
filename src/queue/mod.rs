//! One queue as a deterministic state machine: commands go in, effects come out.
//!
//! Pure: no I/O, no clock, no randomness, and no order of a hash map that shows. The same commands
//! lead to the same state and the same effects, so that one core serves a classic queue, a
//! replicated one and a simulation. The core holds a small entry for each message, never a body.
//!
//! ```text
//!            Enqueue                  deliver, get (manual)             Ack, Discard
//!   (store) ---------> ready lane ---------------------------> unacked -------------> released
//!                         |    ^                                  |
//!                   Purge |    | before it, by index      Requeue |
//!                         v    |                                  v
//!                  released   returned lane <---------------------+
//! ```
//! A message leaves by exactly one release of its store reference.
//!
//! What is long enough is only partly in memory: the middle of the ready lane may be *cold*, on the
//! disk only ([`lane`]), and so may be what is returned or unacked. The queue's owner loads what
//! comes to the front, and unloads what will not soon ([`paging`]).

pub mod command;
pub mod consumers;
pub mod core;
pub mod effect;
pub mod error;
pub mod lane;
pub mod paging;
pub mod returned;
pub mod settings;
pub mod single_active;
pub mod turns;
pub mod unacked;

#[cfg(test)]
mod model;
#[cfg(test)]
mod tests;
