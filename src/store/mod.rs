//! Where the contents of queued messages rest, and how what is durable gets there.
//!
//! One data directory has one log, one thread that writes it ([`writer`]) and one that keeps it
//! short ([`keeper`]). All integers of fixed size are big-endian; *number* is one of varying length
//! ([`format::octets`]); checksums are CRC-32C.
//!
//! ```text
//! lock                     taken (flock) by the process that uses the directory; its pid
//! checkpoint               what the log comes to, replaced all or nothing
//! NNNNNNNNNNNNNNNN.log     a file of the log; N: its number, 16 hexadecimal digits
//! NNNNNNNNNNNNNNNN.spare   a file that held nothing any more, to be written again
//! ```
//!
//! # A file of the log
//!
//! 32 MiB, or as long as one message needs. A header in the first 4 KiB, then batches, each at a
//! multiple of 4 KiB: so writing one never touches another that is durable.
//!
//! ```text
//! header  0 "LeveretL" | 8 checksum of what follows: u32 | 12 version: u16 | 14 file number: u32
//!         | 18 number of the first batch: u64 | 26 checksum of the batch before it: u32
//! batch   0 "LvBt" | 4 checksum: u32 | 8 version: u16 | 10 zero: u16 | 12 octets of messages: u32
//!         | 16 octets of records: u32 | 20 number: u64 | 28 durable up to batch: u64
//!         | 36 checksum of the batch before it: u32 | 40 zero: u32 | 44 group, term, index: 3 u64,
//!         zero, kept for replication | 68 messages | records | zeros to the next multiple of 4 KiB
//! ```
//! A batch's checksum begins with the file's number, so that what a file held before it was written
//! again never passes for its own; it covers the header from 8 on, and the records. Each message
//! begins with a checksum of its own, and is laid out as [`crate::amqp::message`] says.
//!
//! # Records
//!
//! ```text
//! 1 messages came      queue: number | runs
//! 2 messages went      queue: number | count: number | first place, how many: 2 numbers each
//! 3 messages moved     queue: number | runs
//! 4 the queue went     queue: number
//! 5 meta               count: number | key | 1 and value, or 0 for "gone", each
//! 6 messages came back queue: number | count: number | place, failed, acquired: 3 numbers each
//! 7 values were seen   key | count: number | value: 16 octets, before which time it counts: number,
//!                      each ([`format::seen`])
//! 8 messages wait      queue: number | count: number | place, until when: 2 numbers each
//! 9 messages live      queue: number | count: number | from which place on, how long and 1 (0: for
//!                      ever): 2 numbers each
//! runs                 count: number | each: first place, messages, octets, file, offset, octets of
//!                      bodies: 6 numbers | 1 if delivered before, else 0: u8
//! key, value           length: number | octets
//! ```
//! How often a message came back ([`crate::amqp::attempts`]) only rises, as does until when it waits
//! before it is ready again, in milliseconds since the epoch. How long a message lives by its queue's
//! settings, in milliseconds, is said by the item for the last place up to its own, of several the last
//! in the log. Version 1 has no such records.
//! Messages that no record names were paged out: transient ones, of which a restart knows nothing.
//! A *run* is messages with consecutive places in a queue that lie one behind the other in a file.
//! Meta is topology and users, an ordered map of octets to octets that the store does not look into.
//! What was seen belongs to the entry of that key, and goes with it. It is written behind the messages
//! that it was seen with, so a log that ends between them has the messages.
//!
//! # The checkpoint
//!
//! See [`format::checkpoint`]. It names the batch from which to replay; records that are in it
//! already change nothing when they are applied again.

pub mod check;
pub mod checkpoint;
pub mod commit;
pub mod disk;
mod failpoint;
pub mod files;
pub mod format;
mod gather;
pub mod keeper;
pub mod log;
pub mod memory;
pub mod meta;
pub mod placement;
pub mod reclaim;
pub mod recovery;
pub mod repair;
pub mod residence;
pub mod segment;
pub mod shared;
pub mod sizes;
pub mod writer;
