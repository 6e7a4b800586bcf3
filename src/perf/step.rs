//! A run that waits for whoever started it.

use std::io::{Write as _, stderr, stdin};

use super::error::PerfError;

/// Says on standard error that a step is done, and returns with the next line of standard input, or
/// with its end.
pub(super) fn end(step: &str) -> Result<(), PerfError> {
    let failed = |error| PerfError::Io("cannot end a step", error);
    writeln!(stderr(), "{step}").map_err(failed)?;
    stdin().read_line(&mut String::new()).map_err(failed)?;
    Ok(())
}
