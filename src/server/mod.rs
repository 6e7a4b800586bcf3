//! The edge that clients meet: listeners, the task of each connection, and the methods that it
//! carries out by joining the protocol half to the broker half. One file for each class.

mod asked;
mod attempts;
mod basic;
pub mod driver;
mod event;
mod exchange;
mod input;
mod life;
pub mod listener;
mod outbox;
mod output;
mod overdue;
mod past;
mod peer;
mod publish;
mod publisher;
mod queue;
mod random;
mod replies;
mod reports;
mod segments;
mod service;
mod settlement;
mod trace;
mod transaction;
mod waiting;
