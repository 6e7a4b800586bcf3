//! Where the contents of queued messages rest, and how what is durable gets there.

pub mod commit;
pub mod disk;
pub mod memory;
pub mod meta;
