//! The node: its virtual hosts, its users and policies, who is connected, and what holds publishers back.

pub mod alarm;
pub mod connections;
pub mod delays;
pub mod duplicates;
mod durable;
pub mod memory;
pub mod node;
pub mod policies;
pub mod replies;
pub mod reports;
pub mod storage;
pub mod valve;
