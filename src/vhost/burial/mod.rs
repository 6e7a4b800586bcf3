//! Dead letters: messages that died in one queue and are published to others.
//!
//! The core keeps a dying message and tells of it; [`source`] makes a [`letter::Letter`] of it, which
//! holds on to its octets, and leaves that with the virtual host's errands. These have it
//! [addressed](clerk), [published](mail) as any publisher's message, and taken out of its queue when
//! all its new queues have accepted it ([`post`]). So a crash leaves it in the one, in the others, or
//! in both. A letter for a consumer of direct replies is delivered at once, or waits until its client
//! reads ([`crowd`]).

pub(super) mod clerk;
mod crowd;
pub(super) mod letter;
mod mail;
pub(super) mod post;
mod source;
#[cfg(test)]
mod tests;
