//! The `leveret` binary: the broker, and under RabbitMQ's names the tools that talk to it.

mod cli;

use std::process::ExitCode;

#[cfg(feature = "jemalloc")]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    #[cfg(feature = "failpoints")]
    let _failpoints = fail::FailScenario::setup();
    let arguments: Vec<_> = std::env::args_os().collect();
    cli::run(&arguments)
}
