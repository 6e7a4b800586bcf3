//! The broker as a process of its own: its memory is nobody else's.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use crate::raw::peer::Peer;

/// Where the broker is built without jemalloc, glibc would sooner or later take large messages from
/// its heap, and keep what was freed below anything that is still in use. This has it map each.
const GIVE_BACK: (&str, &str) = ("MALLOC_MMAP_THRESHOLD_", "131072");

/// Any port that is free.
pub const LOOPBACK: &str = "127.0.0.1:0";

/// A `leveret serve` that ends with the value.
pub struct Process {
    child: Child,
    pub address: SocketAddr,
    /// Its data, where it has them for itself.
    data: Option<tempfile::TempDir>,
}

impl Process {
    /// Starts it with these settings, as variables of the environment without `LEVERET_`.
    #[track_caller]
    pub fn start(settings: &[(&str, &str)]) -> Self {
        let data = tempfile::tempdir().unwrap();
        let mut started = Self::of(command(data.path(), LOOPBACK, settings).stderr(Stdio::null()));
        started.data = Some(data);
        started
    }

    /// Starts it on data that outlive it. Its errors go where the test's go.
    #[track_caller]
    pub fn start_on(data: &Path, settings: &[(&str, &str)]) -> Self {
        let errors = [("LOG_LEVEL", "error")];
        Self::of(&mut command(data, LOOPBACK, &[&errors, settings].concat()))
    }

    /// Starts it on data that outlive it, where another has been listening.
    #[track_caller]
    pub fn start_at(data: &Path, address: SocketAddr) -> Self {
        Self::of(&mut command(data, &address.to_string(), &[("LOG_LEVEL", "error")]))
    }

    /// Starts it as [`command`] says.
    #[track_caller]
    pub fn of(command: &mut Command) -> Self {
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().rsplit(' ').next().and_then(|word| word.parse().ok());
        let address = address.unwrap_or_else(|| panic!("no address in {line:?}"));
        Self { child, address, data: None }
    }

    #[track_caller]
    pub fn connect(&self) -> Peer {
        Peer::connect(self.address)
    }

    /// Its resident memory in octets.
    pub fn resident(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        let kib: u64 = line.trim().trim_end_matches(" kB").parse().unwrap();
        kib * 1024
    }

    /// Kills it, which has been running up to now.
    #[track_caller]
    pub fn kill(mut self) {
        assert_eq!(self.child.try_wait().unwrap(), None, "it ended by itself");
        self.child.kill().unwrap();
        assert_eq!(self.child.wait().unwrap().signal(), Some(9));
    }

    /// Sends SIGTERM.
    pub fn terminate(&self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    }

    /// Waits for its end, for so long at most.
    #[track_caller]
    pub fn expect_exit(&mut self, within: Duration) -> ExitStatus {
        let begun = Instant::now();
        while begun.elapsed() < within {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            std::thread::yield_now();
        }
        panic!("it runs on after {within:?}");
    }
}

/// Starts a broker on these data that listens there, with these settings.
pub fn command(data: &Path, address: &str, settings: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_leveret"));
    command.args(["serve", "--amqp", address, "--data-dir"]).arg(data);
    command.env(GIVE_BACK.0, GIVE_BACK.1);
    command.envs(settings.iter().map(|(name, value)| (format!("LEVERET_{name}"), value)));
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    command
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
