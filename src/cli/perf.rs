//! Puts a broker under load and prints what it showed.

use std::fmt::Display;
use std::process::ExitCode;

use leveret::ctl::exit::Exit;
use leveret::perf::error::PerfError;
use leveret::perf::options::{Command, Perf};
use leveret::perf::{churn, connections, floor, request_reply, throughput};
use serde::Serialize;

use super::{fail, print};

/// Runs it; fails if a message was lost or something broke.
pub(crate) fn run(perf: &Perf) -> ExitCode {
    match &perf.command {
        Command::Throughput(options) => match throughput::run(options) {
            Ok(report) => {
                show(&report, options.common.json);
                if report.is_sound() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
            }
            Err(error) => refuse(&error),
        },
        Command::Connections(options) => match connections::run(options) {
            Ok(report) => {
                show(&report, options.common.json);
                ExitCode::SUCCESS
            }
            Err(error) => refuse(&error),
        },
        Command::Churn(options) => match churn::run(options) {
            Ok(report) => {
                show(&report, options.common.json);
                if report.is_sound() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
            }
            Err(error) => refuse(&error),
        },
        Command::RequestReply(options) => match request_reply::run(options) {
            Ok(report) => {
                show(&report, options.common.json);
                if report.is_sound() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
            }
            Err(error) => refuse(&error),
        },
        Command::Floor(options) => match floor::run(options) {
            Ok(report) => {
                show(&report, options.json);
                ExitCode::SUCCESS
            }
            Err(error) => refuse(&error),
        },
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
