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
//!                  released    apart <----------------------------+
//! ```
//! A message leaves by exactly one release of its store reference. One that expires, is refused or
//! has no room dies: it is released at once, or stays among the [`dying`] until it was published
//! elsewhere; a few of these are told of at a time. One that has to wait for others of its group is
//! ready, but not in line ([`groups`]).
//!
//! What is long enough is only partly in memory: the middle of the ready lane may be *cold*, on the
//! disk only ([`lane`]), and so may be what stands [`apart`] from it or is unacked. The queue's owner loads what
//! comes to the front, and unloads what will not soon ([`paging`]).

pub mod apart;
pub mod attempts;
pub mod command;
pub mod consumers;
pub mod core;
pub mod deadlines;
pub mod delayed;
pub mod delays;
pub mod delivery;
pub mod duplicates;
pub mod dying;
pub mod effect;
pub mod error;
pub mod expiry;
pub mod grouped;
pub mod groups;
pub mod handing_on;
pub mod lane;
pub mod later;
pub mod length;
pub mod levels;
pub mod lifetimes;
pub mod paging;
pub mod rate;
pub mod ready;
pub mod settings;
pub mod single_active;
pub mod turns;
pub mod unacked;
pub mod waiting;
pub mod wheel;

#[cfg(test)]
mod features_tests;
#[cfg(test)]
mod model;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
