//! What processes and threads have used, as the system tells it (Linux).

use std::fs;
use std::num::NonZeroU64;
use std::time::Duration;

use rustix::thread::set_current_timer_slack;
use rustix::time::{ClockId, clock_gettime};

use serde::Serialize;

use super::error::PerfError;

/// What the broker's process has used so far.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Usage {
    /// CPU time, user and system.
    pub(super) cpu: Duration,
    /// Resident memory in octets.
    pub(super) resident: u64,
}

impl Usage {
    /// Reads it.
    pub(super) fn of(pid: u32) -> Result<Self, PerfError> {
        let read = |file: &str| {
            fs::read_to_string(format!("/proc/{pid}/{file}"))
                .map_err(|error| PerfError::Io("cannot read the broker's process", error))
        };
        let unclear = || PerfError::Options(format!("cannot make out process {pid}"));
        let cpu = ticks(&read("stat")?).ok_or_else(unclear)?;
        let resident = resident(&read("status")?).ok_or_else(unclear)?;
        let millis = cpu * 1000 / rustix::param::clock_ticks_per_second();
        Ok(Self { cpu: Duration::from_millis(millis), resident })
    }
}

/// CPU time of this thread, user and system.
pub(super) fn thread_cpu() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap_or_default()
}

/// Has this thread wake when its sleep is over, and not up to 50 us later as is usual. Where the
/// system does not allow that, sleeps are longer, and stamps say so.
pub(super) fn sleep_exactly() {
    let _ = set_current_timer_slack(NonZeroU64::new(1));
}

/// Fields 14 and 15, counted behind the command in parentheses, which may hold anything.
fn ticks(stat: &str) -> Option<u64> {
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let (user, system) = (fields.next()?, fields.next()?);
    Some(user.parse::<u64>().ok()? + system.parse::<u64>().ok()?)
}

fn resident(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_whitespace().next()?.parse::<u64>().ok().map(|kib| kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_told_by_fields_behind_its_name() {
        let stat = "7 (a) b) S 1 2 3 4 5 6 7 8 9 10 250 50 0 0 20";

        assert_eq!(ticks(stat), Some(300));
        assert_eq!(resident("Name:\tx\nVmRSS:\t   12 kB\n"), Some(12 << 10));
        assert!(Usage::of(std::process::id()).unwrap().resident > 0);
    }
}
