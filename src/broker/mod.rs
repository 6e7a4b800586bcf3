//! The node: its virtual hosts, its users, who is connected, and what holds publishers back.

pub mod alarm;
pub mod connections;
pub mod memory;
pub mod node;
