//! `leveret perf churn`: what it costs to make things and to unmake them again.

mod cycle;
pub mod report;

use std::thread::scope;
use std::time::{Duration, Instant};

use amq_protocol::types::FieldTable;
use clap::{Args, ValueEnum};
use hdrhistogram::Histogram;
use serde::Serialize;

use crate::perf::declare;
use crate::perf::error::PerfError;
use crate::perf::options::{Common, seconds};
use crate::perf::process::Usage;
use crate::perf::quantiles;
use crate::perf::session::Session;
use crate::perf::share::{Share, Work};
use crate::perf::target::Target;

use cycle::Worker;
use report::Report;

/// Make and unmake.
#[derive(Args, Clone, Debug)]
pub struct Churn {
    /// The broker and the report.
    #[command(flatten)]
    pub common: Common,
    /// What to make and unmake
    #[arg(long, value_enum)]
    pub what: What,
    /// Connections that do it at the same time, each with one request open
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub workers: u16,
    /// Go on for so long
    #[arg(long, value_name = "S", value_parser = seconds, default_value = "10",
        conflicts_with = "cycles")]
    pub seconds: Duration,
    /// Make and unmake so often, all workers together
    #[arg(long, value_name = "N")]
    pub cycles: Option<u64>,
    /// Cycles a second, all workers together [default: as many as go]
    #[arg(long, value_name = "N")]
    pub rate: Option<u32>,
    /// Declare the queues exclusive
    #[arg(long)]
    pub exclusive: bool,
    /// Bind the queues to this exchange, which exists [default: one of this run's own]
    #[arg(long, value_name = "NAME")]
    pub exchange: Option<String>,
    /// Type of the run's own exchange [default: topic]
    #[arg(long, value_name = "TYPE", conflicts_with = "exchange")]
    pub exchange_type: Option<String>,
}

/// What is made and unmade in a cycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum What {
    /// A connection with a channel: opened, closed
    Connections,
    /// A channel: opened, closed
    Channels,
    /// A queue: declared, bound, deleted
    Queues,
    /// A binding of a queue: bound, unbound
    Bindings,
}

/// What came of one worker.
#[derive(Debug)]
struct Churned {
    cycles: u64,
    /// Nanoseconds that each cycle took.
    times: Histogram<u64>,
    /// When the last cycle was done, in nanoseconds since the start.
    end: u64,
    error: Option<PerfError>,
    /// A queue that the failed cycle may have left behind.
    leftover: Option<String>,
}

/// Runs it. Errors on the way stand in the report.
///
/// # Errors
/// The options contradict each other, or the run could not begin.
pub fn run(options: &Churn) -> Result<Report, PerfError> {
    check(options)?;
    let target = Target::new(&options.common)?;
    let mut control = Session::open(&target, "leveret perf control")?;
    let prefix = format!("leveret-perf-{}.churn", std::process::id());
    let exchange = options.exchange.as_ref().unwrap_or(&prefix);
    let is_own = options.exchange.is_none() && options.what.is_bound();
    if is_own {
        let kind = options.exchange_type.as_deref().unwrap_or("topic");
        declare::declare_exchange(&mut control, exchange, kind, false, FieldTable::default())?;
    } else if options.what.is_bound() {
        declare::expect_exchange(&mut control, exchange)?;
    }
    let open = |number| Worker::open(options, &target, exchange, format!("{prefix}.{number}"));
    let workers = (0..options.workers).map(open).collect::<Result<Vec<_>, _>>();
    let report = workers.and_then(|workers| measure(options, workers, &mut control));
    // Even the run that failed cleans up after itself.
    let deleted = if is_own { declare::delete_exchange(&mut control, exchange) } else { Ok(()) };
    control.close();
    let report = report?;
    deleted.map(|()| report)
}

fn check(options: &Churn) -> Result<(), PerfError> {
    let Churn { what, .. } = *options;
    let refused = [
        (options.workers == 0, "--workers: at least 1"),
        (options.rate == Some(0), "--rate: at least 1"),
        (options.cycles == Some(0), "--cycles: at least 1"),
        (options.exclusive && what != What::Queues, "--exclusive: only with --what queues"),
        (
            options.exchange.is_some() && !what.is_bound(),
            "--exchange: only with --what queues or bindings",
        ),
        (
            options.exchange_type.is_some() && !what.is_bound(),
            "--exchange-type: only with --what queues or bindings",
        ),
        (
            options.exchange.as_deref() == Some(""),
            "--exchange: nothing can be bound to the default exchange",
        ),
    ];
    match refused.into_iter().find(|(is_so, _)| *is_so) {
        Some((_, text)) => Err(PerfError::Options(text.to_owned())),
        None => Ok(()),
    }
}

fn measure(
    options: &Churn,
    mut workers: Vec<Worker<'_>>,
    control: &mut Session,
) -> Result<Report, PerfError> {
    let work =
        Work { count: options.cycles, time: options.seconds, rate: options.rate.map(f64::from) };
    let usage = || options.common.broker_pid.map(Usage::of).transpose();
    let before = usage()?;
    let start = Instant::now();
    let churned: Vec<_> = scope(|threads| {
        let threads: Vec<_> = (0..)
            .zip(&mut workers)
            .map(|(number, worker)| {
                let share = work.share(start, number, options.workers.into());
                threads.spawn(move || churn(worker, &share))
            })
            .collect();
        threads.into_iter().filter_map(|thread| thread.join().ok()).collect()
    });
    let after = usage()?;
    workers.into_iter().for_each(Worker::close);
    for name in churned.iter().filter_map(|one| one.leftover.as_ref()) {
        declare::delete_queue(control, name)?;
    }
    Ok(Report::new(options, &churned, before.zip(after)))
}

fn churn(worker: &mut Worker<'_>, share: &Share) -> Churned {
    let mut churned =
        Churned { cycles: 0, times: quantiles::empty(), end: 0, error: None, leftover: None };
    while let Some(due) = share.next(churned.cycles) {
        if let Err(error) = worker.cycle(churned.cycles) {
            churned.error = Some(error);
            churned.leftover = worker.leftover(churned.cycles);
            break;
        }
        churned.cycles += 1;
        churned.end = share.now();
        // It grows as needed, to half of what 64 bits count.
        let _ = churned.times.record(churned.end.saturating_sub(due));
    }
    churned
}

impl What {
    /// Whether it needs an exchange.
    const fn is_bound(self) -> bool {
        matches!(self, Self::Queues | Self::Bindings)
    }
}
