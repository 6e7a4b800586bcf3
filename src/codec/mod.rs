//! Octets to frames, methods and content headers, and back (spec 2.3, 4.2). Pure.
//!
//! Decoding borrows from the read buffer, is all or nothing, and never panics. What is decoded
//! for every message (frame header, `basic.publish`, settlements, content header) allocates
//! nothing; so does what is encoded for every message, beyond the output buffer's growth. The
//! methods of the control plane are encoded by `amq-protocol`, whose decoder is not used: its
//! `parse_frame` has no `frame_max`, and its tables recurse, sort and drop.

mod arguments;
pub mod death;
pub mod due;
pub mod encode;
pub mod erlang;
mod field;
pub mod frame;
pub mod header;
pub mod method;
pub mod open_body;
pub mod publish;
pub mod rewrite;
mod table;

#[cfg(test)]
mod tests;
