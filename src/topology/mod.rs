//! What one virtual host has declared: exchanges, queues and bindings; commands that change it,
//! and immutable snapshots that messages are routed with. Pure: one owner applies the commands,
//! anybody may hold a snapshot.

pub mod arguments;
pub mod command;
pub mod durable;
mod edit;
pub mod effective;
mod equivalence;
pub mod error;
pub mod exchange;
pub mod generation;
mod multimap;
mod passage;
pub mod policies;
pub mod queue;
pub mod quorum;
pub mod restore;
pub mod routing;
pub mod state;

#[cfg(test)]
mod tests;
