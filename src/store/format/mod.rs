//! The octets of the log and of the checkpoint, and nothing else: pure.

pub mod batch;
pub mod checkpoint;
pub mod octets;
pub mod position;
pub mod record;
pub mod run;
pub mod seen;

/// The version of the format that is written. One that is newer is refused.
pub const VERSION: u16 = 2;

/// What file headers and batches are aligned to, so that writing one never touches another that is
/// durable already.
pub const BLOCK: usize = 4096;

/// Where the first batch of a file begins.
pub const FIRST_BATCH: u32 = 4096;

/// `size` rounded up to whole blocks.
pub const fn blocks(size: usize) -> usize {
    size.next_multiple_of(BLOCK)
}
