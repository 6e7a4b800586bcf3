//! The broker as a process that ends, or whose disk fails, exactly where the test says: see
//! `leveret::store`, and the variable `FAILPOINTS` of the crate `fail`.

#![allow(unreachable_pub, missing_docs, reason = "a test binary has no outside")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test says by panicking what it did not expect"
)]

#[allow(dead_code, reason = "other tests use the rest")]
#[path = "../it/process.rs"]
mod process;
#[allow(dead_code, reason = "other tests use the rest")]
#[path = "../it/raw/mod.rs"]
mod raw;
mod store;
mod trial;
