//! From the octets of a data directory to the state they stand for.
//!
//! The checkpoint first, then the batches behind it. Where a batch is not whole, the log ends: it
//! was being written when the process or the machine stopped, and nobody was told that it is
//! durable. Unless a later batch says that the log *was* durable beyond it: then it is damage, and
//! nothing may be cut off that somebody relies on.

pub mod error;
mod head;
pub mod image;
pub mod open;
pub mod read;
pub mod scan;
pub mod walk;
