//! Builds and starts all of it: configuration in, a running broker out.

pub mod builder;
pub mod data;
mod policies;
pub mod running;
mod status;
