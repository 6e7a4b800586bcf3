//! Where the contents of queued messages rest.

pub mod disk;
pub mod memory;
