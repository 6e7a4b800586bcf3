//! Whole-broker tests: one binary, a module per behaviour.
//!
//! Each test starts a broker of its own on a free port, or uses the one that the environment
//! variable `LEVERET_TEST_AMQP=host:port` names: RabbitMQ 3.10, say, to hold the expectations
//! themselves against the original.

#![allow(unreachable_pub, missing_docs, reason = "a test binary has no outside")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test says by panicking what it did not expect"
)]

mod ack;
mod alarm;
mod binary;
mod broker;
mod confirm;
mod consume;
mod consumer_priority;
mod consumer_timeout;
mod content;
mod crash;
mod dead_letter;
mod deduplication;
mod delayed;
mod delayed_exchange;
mod delayed_retry;
mod delivery_limit;
mod delivery_rate;
mod direct_reply;
mod durable;
mod errors;
mod event_exchange;
mod exchange;
mod expiry;
mod firehose;
mod get;
mod groups;
mod heartbeat;
mod layering;
mod length_limit;
mod library;
mod lifetime;
mod log_exchange;
mod lost;
mod one_of;
mod page_out;
mod perf;
mod perf_more;
mod perf_vary;
mod policy;
mod priority;
mod process;
mod publish;
mod qos;
mod queue_dedup;
mod queue_expiry;
mod quorum;
mod raw;
mod read_your_writes;
mod recent_history;
mod sender_selected;
mod server_named;
mod shutdown;
mod single_active;
mod stress;
mod tls_proxy;
mod tolerated;
mod transaction;
mod unlawful;
