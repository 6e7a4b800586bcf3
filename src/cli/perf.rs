//! Puts a broker under load and prints what it showed.

use std::fmt::Display;
use std::process::ExitCode;

use leveret::ctl::exit::Exit;
use leveret::perf::error::PerfError;
use leveret::perf::options::{Command, Load, Perf, Scenario};
use leveret::perf::report::Report;
use leveret::perf::{churn, connections, floor, itself, load, request_reply};
use serde::Serialize;

use super::{fail, print};

/// Runs it; fails if a message was lost or something broke.
pub(crate) fn run(perf: &Perf) -> ExitCode {
    match &perf.command {
        Command::Throughput(options) => load(Scenario::Throughput, options),
        Command::Latency(options) => load(Scenario::Latency, options),
        Command::Fanout(options) => load(Scenario::Fanout, options),
        Command::Queues(options) => load(Scenario::Queues, options),
        Command::Drain(options) => load(Scenario::Drain, options),
        Command::Itself(options) => finish(itself::run(options), options.json, |_| true),
        Command::Connections(options) => {
            finish(connections::run(options), options.common.json, |_| true)
        }
        Command::Churn(options) => {
            finish(churn::run(options), options.common.json, churn::report::Report::is_sound)
        }
        Command::RequestReply(options) => {
            let report = request_reply::run(options);
            finish(report, options.common.json, request_reply::report::Report::is_sound)
        }
        Command::Floor(options) => finish(floor::run(options), options.json, |_| true),
    }
}

fn load(scenario: Scenario, options: &Load) -> ExitCode {
    finish(load::run(scenario, options), options.common.json, Report::is_sound)
}

/// Prints a report; fails if there is none, or if it is not sound.
fn finish<R: Display + Serialize>(
    outcome: Result<R, PerfError>,
    json: bool,
    is_sound: impl FnOnce(&R) -> bool,
) -> ExitCode {
    match outcome {
        Ok(report) => {
            show(&report, json);
            if is_sound(&report) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => refuse(&error),
    }
}

fn show(report: &(impl Display + Serialize), json: bool) {
    let text = if json { serde_json::to_string(report).ok() } else { None };
    print(&text.map_or_else(|| report.to_string(), |text| text + "\n"));
}

fn refuse(error: &PerfError) -> ExitCode {
    let exit = match error {
        PerfError::Options(_) => Exit::Usage,
        _ => Exit::Unavailable,
    };
    fail(exit, &error.to_string())
}
