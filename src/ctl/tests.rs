//! Both halves back to back, over a socket in a folder of their own.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use super::client::Place;
use super::command::{Command, Formatter, Invocation, Options};
use super::exit::Exit;
use super::node::{Node, Tracing};
use super::protocol::{Disk, Listener, Memory, REQUEST_MAX, State, Status, Totals};
use super::server::serve;
use super::session::{Report, places, run};
use super::socket::Socket;
use crate::broker::reports::NoVhost;
use crate::config::{Config, Watermark};

/// A node that only has a status.
struct Still {
    status: Mutex<Status>,
    stopped: Notify,
    traced: Mutex<Vec<Tracing>>,
}

impl Node for Still {
    fn status(&self) -> Status {
        self.status.lock().clone()
    }

    fn trace(&self, vhost: &str, tracing: Tracing) -> Result<(), NoVhost> {
        if vhost != "/" {
            return Err(NoVhost(vhost.to_owned()));
        }
        self.traced.lock().push(tracing);
        Ok(())
    }

    fn set_memory_high_watermark(&self, to: Watermark) {
        let memory = &mut self.status.lock().memory;
        memory.high_watermark = to.bytes(memory.total);
    }

    fn set_disk_free_limit(&self, to: Watermark) {
        let status = &mut self.status.lock();
        status.disk.free_limit = to.bytes(status.memory.total);
    }

    fn stop(&self) {
        self.stopped.notify_one();
    }
}

struct Running {
    folder: TempDir,
    node: Arc<Still>,
    server: JoinHandle<()>,
}

impl Running {
    fn start(listeners: &[SocketAddr]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let socket = Socket::bind(&folder.path().join("leveret.sock")).unwrap();
        let status = Mutex::new(status(listeners));
        let node = Arc::new(Still { status, stopped: Notify::new(), traced: Mutex::default() });
        let server = tokio::spawn(serve(socket, Arc::clone(&node)));
        Self { folder, node, server }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("leveret.sock")
    }

    async fn run(&self, command: Command) -> Report {
        self.run_with(command, Options::default()).await
    }

    async fn run_with(&self, command: Command, options: Options) -> Report {
        ask(&self.path(), command, options).await
    }
}

async fn ask(path: &Path, command: Command, options: Options) -> Report {
    let places = [Place::Path(path.to_owned())];
    let words = vec!["set".to_owned(), "words".to_owned()];
    run(&Invocation { options, command, words }, &places, Some("rabbit@web")).await
}

fn status(listeners: &[SocketAddr]) -> Status {
    let listener = |address: &SocketAddr| Listener {
        address: *address,
        protocol: "amqp".to_owned(),
        purpose: "AMQP 0-9-1".to_owned(),
    };
    Status {
        node: "rabbit@web".to_owned(),
        state: State::Running,
        version: "0.1.0".to_owned(),
        announced_version: "3.13.7".to_owned(),
        pid: 17,
        uptime: 4,
        data_directory: PathBuf::from("/var/lib/leveret"),
        config_files: vec![PathBuf::from("/etc/leveret/leveret.toml")],
        alarms: Vec::new(),
        memory: Memory { used: 12_345_678, high_watermark: 600_000_000, total: 1_000_000_000 },
        disk: Disk { free: Some(7_000_000_000), free_limit: 50_000_000 },
        totals: Totals { connections: 3, queues: 5, vhosts: 1 },
        listeners: listeners.iter().map(listener).collect(),
    }
}

fn quiet() -> Options {
    Options { quiet: true, ..Options::default() }
}

fn within(seconds: f64) -> Options {
    Options { timeout: Some(Duration::from_secs_f64(seconds)), ..Options::default() }
}

#[tokio::test]
async fn ping_says_what_rabbitmqs_says() {
    let node = Running::start(&[]);

    let loud = node.run(Command::Ping).await;
    let quiet = node.run_with(Command::Ping, quiet()).await;
    let silent = Options { silent: true, ..Options::default() };
    let silent = node.run_with(Command::Ping, silent).await;

    assert_eq!(loud.output, "Will ping rabbit@web. Timeout: 60000 ms.\nPing succeeded\n");
    assert_eq!(quiet.output, "Ping succeeded\n");
    assert_eq!(silent, Report { output: String::new(), errors: String::new(), exit: Exit::Ok });
}

#[tokio::test]
async fn a_node_that_is_not_there_is_unavailable() {
    let folder = tempfile::tempdir().unwrap();

    let report = ask(&folder.path().join("leveret.sock"), Command::Ping, Options::default()).await;

    assert_eq!(report.exit, Exit::Unavailable);
    let text = "Error:\nFailed to connect and authenticate to rabbit@web in 60000 ms\n * ";
    assert!(report.errors.starts_with(text), "{}", report.errors);
}

#[tokio::test]
async fn a_node_of_another_name_is_left_alone() {
    let node = Running::start(&[]);

    for command in
        [Command::Ping, Command::Status, Command::Stop { pid_file: None }, watermark(&["0"])]
    {
        let options = Options { node: Some("hare@web".to_owned()), ..Options::default() };
        let report = node.run_with(command, options).await;

        assert_eq!(report.exit, Exit::Unavailable);
        assert!(report.errors.contains("the node that answers is called rabbit@web"));
    }
}

#[tokio::test]
async fn check_running_passes_once_the_node_has_started() {
    let node = Running::start(&[]);
    node.node.status.lock().state = State::Starting;

    let early = node.run(Command::CheckRunning).await;
    node.node.status.lock().state = State::Running;
    let late = node.run_with(Command::CheckRunning, quiet()).await;

    assert_eq!(early.exit, Exit::Unavailable);
    assert_eq!(late.output, "RabbitMQ on node rabbit@web is fully booted and running\n");
}

#[tokio::test]
async fn tracing_is_turned_on_and_off_in_rabbitmqs_words() {
    let node = Running::start(&[]);
    let vhost = || "/".to_owned();

    let on = node.run(Command::TraceOn { vhost: vhost() }).await;
    let off = node.run_with(Command::TraceOff { vhost: vhost() }, quiet()).await;
    let missing = node.run(Command::TraceOn { vhost: "nowhere".to_owned() }).await;

    let text = "Starting tracing for vhost \"/\" ...\nTrace enabled for vhost /\n";
    assert_eq!((on.output.as_str(), on.exit), (text, Exit::Ok));
    assert_eq!((off.output.as_str(), off.exit), ("Trace disabled for vhost /\n", Exit::Ok));
    assert_eq!(missing.exit, Exit::Data);
    assert_eq!(missing.errors, "Error:\nVirtual host 'nowhere' does not exist\n");
    assert_eq!(*node.node.traced.lock(), [Tracing::On, Tracing::Off]);
}

fn watermark(arguments: &[&str]) -> Command {
    let arguments = arguments.iter().map(|&word| word.to_owned()).collect();
    Command::SetVmMemoryHighWatermark { arguments }
}

#[tokio::test]
async fn a_watermark_is_set_in_rabbitmqs_words() {
    let node = Running::start(&[]);
    let high_watermark = || node.node.status.lock().memory.high_watermark;

    let part = node.run(watermark(&["0.5"])).await;
    let of_all = high_watermark();
    let quiet = node.run_with(watermark(&["absolute", "2MB"]), quiet()).await;
    let outright = high_watermark();
    let options = Options { formatter: Formatter::Json, ..Options::default() };
    let json = node.run_with(watermark(&["0"]), options).await;

    let text = "Setting memory threshold on rabbit@web to 0.5 ...\n";
    assert_eq!((part.output.as_str(), part.exit), (text, Exit::Ok));
    assert_eq!((of_all, outright, high_watermark()), (500_000_000, 2_000_000, 0));
    assert_eq!((quiet.output.as_str(), quiet.exit), ("", Exit::Ok));
    assert_eq!(json.output, "{\"node\":\"rabbit@web\",\"result\":\"ok\"}\n");
}

#[tokio::test]
async fn a_disk_limit_is_set_in_rabbitmqs_words() {
    let node = Running::start(&[]);
    let arguments = vec!["mem_relative".to_owned(), "1.5".to_owned()];

    let report = node.run(Command::SetDiskFreeLimit { arguments }).await;

    let text = "Setting disk free limit on rabbit@web to 1.5 times the total RAM ...\n";
    assert_eq!((report.output.as_str(), report.exit), (text, Exit::Ok));
    assert_eq!(node.node.status.lock().disk.free_limit, 1_500_000_000);
}

#[tokio::test]
async fn a_watermark_that_is_none_is_refused_before_the_node_is_asked() {
    let node = Running::start(&[]);

    let refused = node.run(watermark(&["1.1"])).await;
    node.server.abort();
    let not_there = ask(Path::new("nowhere"), watermark(&[]), Options::default()).await;

    let errors = "Error (argument validation): Bad argument: \
        The threshold should be a fraction between 0.0 and 1.0\n\
        Arguments given:\n\tset words\n\n\x1b[1mUsage\x1b[0m\n\n\
        rabbitmqctl [--node <node>] [--longnames] [--quiet] \
        set_vm_memory_high_watermark <fraction> | absolute <value>\n";
    assert_eq!((refused.errors.as_str(), refused.exit), (errors, Exit::Data));
    assert_eq!(refused.output, "");
    assert!(not_there.errors.starts_with("Error (argument validation): not enough arguments.\n"));
    assert_eq!(not_there.exit, Exit::Usage);
    assert_eq!(node.node.status.lock().memory.high_watermark, 600_000_000);
}

#[tokio::test]
async fn every_listeners_port_is_tried() {
    let open = TcpListener::bind("0.0.0.0:0").unwrap();
    let address = open.local_addr().unwrap();
    let node = Running::start(&[address]);

    let passed = node.run_with(Command::CheckPortConnectivity, quiet()).await;
    drop(open);
    let failed = node.run_with(Command::CheckPortConnectivity, quiet()).await;

    let port = address.port();
    let text = format!("Successfully connected to ports {port} on node rabbit@web.\n");
    assert_eq!(passed.output, text);
    assert_eq!(failed.exit, Exit::Unavailable);
    let text = format!("Interface: 0.0.0.0, port: {port}, protocol: amqp, purpose: AMQP 0-9-1");
    assert!(failed.errors.contains(&text), "{}", failed.errors);
}

#[tokio::test]
async fn status_has_rabbitmqs_sections() {
    let node = Running::start(&["[::]:5672".parse().unwrap()]);

    let output = node.run(Command::Status).await.output;

    assert!(output.starts_with("Status of node rabbit@web ...\nRuntime\n\nOS PID: 17\n"));
    for lines in [
        "\nUptime (seconds): 4\n",
        "\nRabbitMQ version: 3.13.7\nLeveret version: 0.1.0\nNode name: rabbit@web\n\nPlugins\n",
        "\nData directory\n\nNode data directory: /var/lib/leveret\n\n",
        "\nConfig files\n\n * /etc/leveret/leveret.toml\n\nLog file(s)\n\n",
        "\nAlarms\n\n(none)\n\nMemory\n\nTotal memory used: 0.0123 gb\n",
        "\nFree Disk Space\n\nLow free disk space watermark: 0.0500 gb\nFree disk space: 7.0000 gb\n",
        "\nTotals\n\nConnection count: 3\nQueue count: 5\nVirtual host count: 1\n\nListeners\n\n",
        "Interface: [::], port: 5672, protocol: amqp, purpose: AMQP 0-9-1\n",
    ] {
        assert!(output.contains(lines), "{lines:?} is not in\n{output}");
    }
}

#[tokio::test]
async fn status_as_json_has_rabbitmqs_keys() {
    let node = Running::start(&["[::]:5672".parse().unwrap()]);
    let options = Options { formatter: Formatter::Json, ..Options::default() };

    let output = node.run_with(Command::Status, options).await.output;

    let status: serde_json::Value = serde_json::from_str(&output).unwrap();
    assert_eq!(status["rabbitmq_version"], "3.13.7");
    assert_eq!(status["pid"], 17);
    assert_eq!(status["totals"]["queue_count"], 5);
    assert_eq!(status["disk_free"], 7_000_000_000_u64);
    assert_eq!(status["disk_free_limit"], 50_000_000);
    assert_eq!(status["listeners"][0]["port"], 5672);
    assert_eq!(status["config_files"][0], "/etc/leveret/leveret.toml");
}

#[tokio::test]
async fn await_startup_waits_for_a_node_that_is_not_there_yet() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("leveret.sock");
    let waiting = tokio::spawn({
        let path = path.clone();
        async move { ask(&path, Command::AwaitStartup, within(30.0)).await }
    });
    tokio::task::yield_now().await;

    let socket = Socket::bind(&path).unwrap();
    let node = Arc::new(Still {
        status: Mutex::new(status(&[])),
        stopped: Notify::new(),
        traced: Mutex::default(),
    });
    let server = tokio::spawn(serve(socket, node));

    let report = waiting.await.unwrap();
    assert_eq!(report, Report { output: String::new(), errors: String::new(), exit: Exit::Ok });
    server.abort();
}

#[tokio::test]
async fn a_command_that_takes_too_long_times_out() {
    let node = Running::start(&[]);
    node.node.status.lock().state = State::Starting;

    let report = node.run_with(Command::AwaitStartup, within(0.12)).await;

    assert_eq!(report.exit, Exit::Timeout);
    let text = "Error:\noperation on node rabbit@web timed out. Timeout value used: 120\n";
    assert_eq!(report.errors, text);
}

#[tokio::test]
async fn stop_returns_when_the_node_is_gone() {
    let node = Running::start(&[]);
    let path = node.path();
    let asked = tokio::spawn(async move {
        ask(&path, Command::Stop { pid_file: None }, Options::default()).await
    });

    node.node.stopped.notified().await;
    let waits = !asked.is_finished();
    node.server.abort();
    let report = asked.await.unwrap();

    assert!(waits);
    assert_eq!(report.output, "Stopping and halting node rabbit@web (OS PID 17) ...\n");
    assert_eq!(report.exit, Exit::Ok);
}

#[tokio::test]
async fn nonsense_on_the_socket_is_refused_and_ends_the_connection() {
    let node = Running::start(&[]);

    for nonsense in ["dance\n", "{\"command\":\"dance\"}\n", &"x".repeat(REQUEST_MAX)] {
        let mut stream = UnixStream::connect(node.path()).await.unwrap();
        stream.write_all(nonsense.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();

        assert!(answer.starts_with(r#"{"refused":{"text":"#), "{answer}");
    }
    assert_eq!(node.run(Command::Ping).await.exit, Exit::Ok);
}

#[test]
fn the_users_link_is_not_followed_where_a_node_is_named() {
    let mut config = Config::default();
    let unnamed = places(&Options::default(), &config);

    config.node.data_dir = PathBuf::from("/data");
    let by_folder = places(&Options::default(), &config);
    config.ctl.socket = Some(PathBuf::from("/run/leveret.sock"));
    let by_setting = places(&Options::default(), &config);
    let options = Options { socket: Some(PathBuf::from("/tmp/x.sock")), ..Options::default() };
    let by_option = places(&options, &config);

    assert_eq!(unnamed.first(), Some(&Place::Path(PathBuf::from("leveret-data/leveret.sock"))));
    assert!(matches!(unnamed.get(1), Some(Place::Link(_))));
    assert_eq!(by_folder, [Place::Path(PathBuf::from("/data/leveret.sock"))]);
    assert_eq!(by_setting, [Place::Path(PathBuf::from("/run/leveret.sock"))]);
    assert_eq!(by_option, [Place::Path(PathBuf::from("/tmp/x.sock"))]);
}
