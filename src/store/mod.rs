//! Where the contents of queued messages rest.

pub mod memory;
