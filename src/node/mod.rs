//! Builds and starts all of it: configuration in, a running broker out.

pub mod builder;
pub mod data;
mod delays;
mod duplicates;
pub mod log_lines;
mod policies;
pub mod running;
mod status;
