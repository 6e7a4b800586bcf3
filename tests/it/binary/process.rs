//! The binary as a process, in a directory and an environment of its own.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// How long a process may take over anything.
const PATIENCE: Duration = Duration::from_secs(20);

/// What the broker says when it is ready.
const STARTED: &str = "Server startup complete; listening on ";

/// A directory for processes that belong together: data, settings, and the user's control link.
pub struct Place(TempDir);

impl Place {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file, and says where.
    pub fn file(&self, name: &str, content: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    /// The binary, with nothing of this process's environment.
    pub fn leveret(&self, arguments: &[&str]) -> Command {
        self.command(Path::new(env!("CARGO_BIN_EXE_leveret")), arguments)
    }

    /// The binary under another name.
    pub fn tool(&self, name: &str, arguments: &[&str]) -> Command {
        let link = self.path(name);
        if !link.exists() {
            std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_leveret"), &link).unwrap();
        }
        self.command(&link, arguments)
    }

    fn command(&self, program: &Path, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(arguments).env_clear().current_dir(self.0.path());
        command.env("XDG_RUNTIME_DIR", self.0.path());
        command
    }

    /// A broker on a free port.
    #[track_caller]
    pub fn serve(&self) -> Server {
        Server::start(self.leveret(&["--amqp", "127.0.0.1:0"]))
    }
}

/// What a process did from start to end.
#[derive(Debug)]
pub struct Finished {
    /// Absent when a signal ended it.
    pub code: Option<i32>,
    pub output: String,
    pub errors: String,
}

/// A process that is killed when the value goes.
pub struct Process {
    child: Child,
    lines: Receiver<Line>,
    output: String,
    errors: String,
}

enum Line {
    Output(String),
    Error(String),
}

impl Process {
    #[track_caller]
    pub fn start(mut command: Command) -> Self {
        let piped = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = piped.spawn().expect("the binary can be run");
        let (sender, lines) = channel();
        read_lines(child.stdout.take().unwrap(), sender.clone(), Line::Output);
        read_lines(child.stderr.take().unwrap(), sender, Line::Error);
        Self { child, lines, output: String::new(), errors: String::new() }
    }

    /// Sends a signal by name.
    #[track_caller]
    pub fn signal(&self, name: &str) {
        let kill = format!("kill -{name} {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    }

    /// Reads on to a line of its output that starts so.
    #[track_caller]
    pub fn expect_output(&mut self, start: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.next_line(deadline) {
                Some(Line::Output(line)) if line.starts_with(start) => return line,
                Some(_) => {}
                None => panic!("it ended without {start:?}:\n{}{}", self.output, self.errors),
            }
        }
    }

    /// Waits for its end.
    #[track_caller]
    pub fn finish(mut self) -> Finished {
        let deadline = Instant::now() + PATIENCE;
        while self.next_line(deadline).is_some() {}
        let code = self.child.wait().unwrap().code();
        let (output, errors) = (&mut self.output, &mut self.errors);
        Finished { code, output: std::mem::take(output), errors: std::mem::take(errors) }
    }

    /// The next line of either stream; `None` when both have ended, as they do with the process.
    #[track_caller]
    fn next_line(&mut self, deadline: Instant) -> Option<Line> {
        let line = match self.lines.recv_timeout(deadline - Instant::now()) {
            Ok(line) => line,
            Err(RecvTimeoutError::Disconnected) => return None,
            Err(RecvTimeoutError::Timeout) => {
                panic!("nothing more came in {PATIENCE:?}:\n{}{}", self.output, self.errors)
            }
        };
        match &line {
            Line::Output(text) => self.output.push_str(text),
            Line::Error(text) => self.errors.push_str(text),
        }
        Some(line)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a command to its end.
#[track_caller]
pub fn run(command: Command) -> Finished {
    Process::start(command).finish()
}

/// A broker that is ready.
pub struct Server {
    pub process: Process,
    pub addresses: Vec<SocketAddr>,
}

impl Server {
    #[track_caller]
    pub fn start(command: Command) -> Self {
        let mut process = Process::start(command);
        let line = process.expect_output(STARTED);
        let addresses = line.trim_end().trim_start_matches(STARTED).split(", ");
        Self { addresses: addresses.map(|text| text.parse().unwrap()).collect(), process }
    }

    /// The address, when there is one.
    #[track_caller]
    pub fn address(&self) -> SocketAddr {
        assert_eq!(self.addresses.len(), 1);
        self.addresses[0]
    }
}

/// Hands lines on until the stream ends; each keeps its line break.
fn read_lines(stream: impl Read + Send + 'static, lines: Sender<Line>, wrap: fn(String) -> Line) {
    thread::spawn(move || {
        let mut stream = BufReader::new(stream);
        let mut line = String::new();
        while stream.read_line(&mut line).is_ok_and(|octets| octets > 0) {
            if lines.send(wrap(std::mem::take(&mut line))).is_err() {
                return;
            }
        }
    });
}
