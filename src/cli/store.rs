//! Checks and repairs a data directory that no broker uses.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::Subcommand;
use leveret::ctl::exit::Exit;
use leveret::node::data::{DataError, check, repair};
use leveret::node::log_lines::write_time;

use super::{fail, print};

/// What to do with a data directory.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub(crate) enum Command {
    /// Verify everything in a data directory, say what it holds and what is damaged, change nothing
    Check {
        /// The data directory
        dir: PathBuf,
    },
    /// Cut damage out of a data directory, say what was dropped, and keep a copy
    Repair {
        /// The data directory
        dir: PathBuf,
    },
}

/// Does it; fails if something is damaged and stays so.
pub(crate) fn run(command: &Command) -> ExitCode {
    match command {
        Command::Check { dir } => run_check(dir),
        Command::Repair { dir } => match repair(dir, &copies()) {
            Ok(repaired) => {
                print(&repaired.to_string());
                ExitCode::SUCCESS
            }
            Err(error) => refuse(&error),
        },
    }
}

fn run_check(dir: &Path) -> ExitCode {
    let checked = match check(dir) {
        Ok(checked) => checked,
        Err(error) => return refuse(&error),
    };
    let faults = checked.faults();
    let mut text = checked.to_string();
    for fault in &faults {
        text.push_str(fault);
        text.push('\n');
    }
    if faults.is_empty() {
        print(&(text + "in order\n"));
        return ExitCode::SUCCESS;
    }
    print(&text);
    let dir = dir.display();
    fail(Exit::Data, &format!("{dir} is damaged; `leveret store repair {dir}` cuts the damage out"))
}

fn refuse(error: &DataError) -> ExitCode {
    let exit = match error {
        DataError::Missing(_) => Exit::NoInput,
        DataError::Directory(_) => Exit::Unavailable,
        DataError::Store(error) if error.is_of_disk() => Exit::InputOutput,
        DataError::Store(_) => Exit::Data,
    };
    fail(exit, &error.to_string())
}

/// The name of a directory for copies: `repair-` and the time, in UTC to the second.
fn copies() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let mut time = String::new();
    // Writing to a string does not fail.
    let _ = write_time(&mut time, since.as_secs(), 0);
    let seconds = time.split('.').next().unwrap_or_default();
    format!("repair-{}Z", seconds.replace(['-', ':'], "").replace(' ', "T"))
}
