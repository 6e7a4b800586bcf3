//! How much memory there is, and how much of it the process holds (Linux: procfs and cgroups).

use std::fs;
use std::path::{Path, PathBuf};

/// Where cgroups of version 2 are mounted, and those of version 1 that limit memory.
const CGROUP_ROOTS: [(&str, &str); 2] =
    [("/sys/fs/cgroup", "memory.max"), ("/sys/fs/cgroup/memory", "memory.limit_in_bytes")];

/// The smaller of RAM and cgroup limit in bytes; 4 GiB where neither can be read.
pub fn available() -> u64 {
    let ram = fs::read_to_string("/proc/meminfo").ok().and_then(|text| kib(&text, "MemTotal:"));
    let groups = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let limits = CGROUP_ROOTS
        .iter()
        .flat_map(|(root, file)| candidates(&groups, root, file))
        .filter_map(|path| fs::read_to_string(path).ok()?.trim().parse::<u64>().ok());
    ram.into_iter().chain(limits).min().unwrap_or(4 << 30)
}

/// The files with the limits of the groups that `groups`, in the form of `/proc/self/cgroup`,
/// puts the process in, and of all groups around them.
fn candidates(groups: &str, root: &str, file: &str) -> Vec<PathBuf> {
    let own = groups.lines().filter_map(|line| line.splitn(3, ':').nth(2));
    let around = own.flat_map(|path| Path::new(path.trim_start_matches('/')).ancestors());
    around.map(|group| Path::new(root).join(group).join(file)).collect()
}

/// The resident memory of this process in bytes; 0 where it cannot be read.
pub fn resident() -> u64 {
    // Its second number; `status` says the same, and much else that takes the kernel longer.
    let pages = fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let resident = pages.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok());
    resident.unwrap_or_default() * rustix::param::page_size() as u64
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
    fn limits_are_looked_for_from_the_own_group_up() {
        let paths = candidates("0::/system.slice/leveret.service\n", "/c", "memory.max");

        let expected = [
            "/c/system.slice/leveret.service/memory.max",
            "/c/system.slice/memory.max",
            "/c/memory.max",
        ];
        assert_eq!(paths, expected.map(PathBuf::from));
    }

    #[test]
    fn kernel_units_become_bytes() {
        assert_eq!(kib("VmPeak: 9 kB\nVmRSS:\t    12 kB\n", "VmRSS:"), Some(12 * 1024));
        assert_eq!(kib("VmPeak: 9 kB\n", "VmRSS:"), None);
    }
}
