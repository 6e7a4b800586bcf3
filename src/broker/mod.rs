//! The node: its virtual hosts, its users, who is connected, and what holds publishers back.

pub mod alarm;
pub mod connections;
mod durable;
pub mod memory;
pub mod node;
pub mod replies;
pub mod storage;
pub mod valve;
