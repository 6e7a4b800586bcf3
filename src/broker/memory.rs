//! How much memory there is, and how much of it the process holds (Linux: procfs and cgroups).

use std::fs;

/// Where the limit of the process's memory cgroup stands, version 2 and version 1.
const CGROUP_LIMITS: [&str; 2] =
    ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"];

/// The smaller of RAM and cgroup limit in bytes; 4 GiB where neither can be read.
pub fn available() -> u64 {
    let ram = fs::read_to_string("/proc/meminfo").ok().and_then(|text| kib(&text, "MemTotal:"));
    let limits = CGROUP_LIMITS
        .iter()
        .filter_map(|path| fs::read_to_string(path).ok()?.trim().parse::<u64>().ok());
    ram.into_iter().chain(limits).min().unwrap_or(4 << 30)
}

/// The resident memory of this process in bytes; 0 where it cannot be read.
pub fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    kib(&status, "VmRSS:").unwrap_or_default()
}

/// The value behind `key`, which the kernel gives in KiB, in bytes.
fn kib(text: &str, key: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(key))?;
    line.split_whitespace().next()?.parse::<u64>().ok().map(|kib| kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_process_holds_some_of_what_there_is() {
        assert!(resident() > 0);
        assert!(resident() < available());
    }

    #[test]
    fn kernel_units_become_bytes() {
        assert_eq!(kib("VmPeak: 9 kB\nVmRSS:\t    12 kB\n", "VmRSS:"), Some(12 * 1024));
        assert_eq!(kib("VmPeak: 9 kB\n", "VmRSS:"), None);
    }
}
