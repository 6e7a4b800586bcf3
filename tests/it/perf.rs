//! The load generator against the broker: every message is accounted for.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::SocketAddr;
use std::process::{Command as Program, Stdio};

use clap::Parser;
use leveret::perf::error::PerfError;
use leveret::perf::options::{Command, Load, Perf, Scenario};
use leveret::perf::report::Report;
use leveret::perf::{connections, itself, load};
use serde_json::Value;

use crate::broker::TestBroker;
use crate::process::Process;
use crate::raw::method::{Method, queue_declare, queue_delete, queue_purge};
use crate::raw::peer::Peer;
use crate::tls_proxy::TlsProxy;

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    perf: Perf,
}

fn parse(line: &str) -> Command {
    Line::parse_from(line.split_whitespace()).perf.command
}

fn try_run(line: &str) -> Result<Report, PerfError> {
    let run = |scenario, options: Load| load::run(scenario, &options);
    match parse(&format!("perf {line}")) {
        Command::Throughput(options) => run(Scenario::Throughput, options),
        Command::Latency(options) => run(Scenario::Latency, options),
        Command::Fanout(options) => run(Scenario::Fanout, options),
        Command::Queues(options) => run(Scenario::Queues, options),
        Command::Drain(options) => run(Scenario::Drain, options),
        other => panic!("{other:?}"),
    }
}

/// What a load on that broker shows.
#[track_caller]
pub(crate) fn run(broker: &TestBroker, line: &str) -> Report {
    try_run(&format!("{line} --uri amqp://{}", broker.address)).unwrap()
}

/// The program itself.
fn program(address: SocketAddr, line: &str) -> Program {
    let mut program = Program::new(env!("CARGO_BIN_EXE_leveret"));
    program.arg("perf").args(line.split_whitespace());
    program.args(["--json", "--uri", &format!("amqp://{address}")]).stdout(Stdio::piped());
    program
}

/// The program itself at work, and a peer that sees the same broker.
struct Spawned {
    process: std::process::Child,
    peer: Peer,
    queue: String,
}

impl Spawned {
    fn start(broker: &TestBroker, line: &str) -> Self {
        let process = program(broker.address, line).spawn().unwrap();
        let queue = format!("leveret-perf-{}.0", process.id());
        let mut peer = broker.connect();
        peer.open(1);
        Self { process, peer, queue }
    }

    /// Waits until there are so many messages in the queue, and consumers.
    fn await_queue(&mut self, messages: u32, consumers: u32) {
        let declare = queue_declare(&self.queue);
        loop {
            let (ready, consuming) = counts(&mut self.peer, &declare);
            if ready >= messages && consuming >= consumers {
                return;
            }
        }
    }

    /// Its exit status says whether all is well; returns what it printed.
    fn finish(self, is_well: bool) -> Value {
        let done = self.process.wait_with_output().unwrap();
        let text = String::from_utf8(done.stdout).unwrap();
        assert_eq!(done.status.success(), is_well, "{text}");
        serde_json::from_str(&text).unwrap()
    }
}

/// The messages and the consumers of the queue that is declared.
fn counts(peer: &mut Peer, declare: &Method) -> (u32, u32) {
    let answer = peer.channel(1).call(declare);
    let mut arguments = answer.arguments();
    arguments.short_str();
    (arguments.long(), arguments.long())
}

#[test]
fn every_message_arrives_once_and_in_order() {
    let broker = TestBroker::start();

    for line in [
        "throughput --messages 20000",
        "throughput --messages 20000 --confirm 100 --acks 10 --prefetch 100 --persistent --durable",
        "throughput --messages 200 --size 300000 --acks each --prefetch 1 --confirm 10",
        "throughput --messages 5000 --exchange topic --queues 2 --publishers 3 --consumers 4 \
         --bindings 50",
        "throughput --messages 5000 --exchange headers --queues 2 --bindings 5 --size 100-3000",
        "throughput --messages 5000 --channels 7 --publishers 2 --acks 3 --confirm 100",
        "throughput --messages 500 --mandatory --property priority=3 --property header:x=1",
        "queues --messages 5000 --queues 5",
        "drain --messages 5000 --size 100 --queues 2 --channels 2 --acks 10 --prefetch 20",
    ] {
        let report = run(&broker, line);

        assert!(report.is_sound(), "{line}: {report}");
        assert_eq!((report.received, report.lost), (report.sent, Some(0)), "{line}: {report}");
        assert_eq!(report.out_of_order, 0, "{line}: {report}");
        assert!(report.confirmed.is_none_or(|confirmed| confirmed == report.sent), "{report}");
    }
}

#[test]
fn a_fanout_brings_every_message_to_every_queue() {
    let broker = TestBroker::start();

    let report = run(&broker, "fanout --messages 3000 --queues 3");

    assert!(report.is_sound(), "{report}");
    assert_eq!((report.sent, report.received), (3000, 9000));
}

#[test]
fn a_rate_is_kept_and_latency_told() {
    let broker = TestBroker::start();

    let report = run(&broker, "latency --messages 200 --rate 2000 --confirm 10");

    let latency = report.latency.unwrap();
    assert!(report.seconds > 0.09, "{report}");
    let confirms = report.confirm_latency.unwrap();
    assert!(confirms.min > 0.0 && confirms.max < 60e6);
    assert!(latency.min > 0.0 && latency.min <= latency.p50 && latency.p50 <= latency.max);
    assert!(report.to_string().starts_with("latency"), "{report}");
}

/// 2,000,000 a second are more than can be sent one at a time.
#[test]
fn a_confirm_counts_until_it_comes_and_not_until_the_next_publish() {
    let broker = TestBroker::start();

    let line = "throughput --rate 1 --messages 2 --confirm 1 --consumers 0";
    let latency = run(&broker, line).confirm_latency.unwrap();

    assert!(latency.min > 1.0 && latency.max < 900_000.0, "{latency}");
}

#[test]
fn a_publisher_that_is_late_catches_up_in_blocks() {
    let broker = TestBroker::start();

    let report = run(&broker, "latency --messages 20000 --rate 2000000000");

    assert!(report.is_sound(), "{report}");
    assert_eq!(report.received, 20_000);
}

#[test]
fn confirmed_messages_that_are_purged_are_lost_and_the_exit_status_says_so() {
    let broker = TestBroker::start();
    let mut spawned = Spawned::start(&broker, "drain --messages 20000 --rate 20000 --patience 0.3");

    spawned.await_queue(1, 0);
    let answer = spawned.peer.channel(1).call(&queue_purge(&spawned.queue));
    let purged = u64::from(answer.arguments().long());
    let report = spawned.finish(false);

    assert!(purged > 0);
    assert_eq!(report["confirmed"], 20_000, "{report}");
    assert_eq!(report["lost"], purged, "{report}");
    assert_eq!(report["received"], 20_000 - purged, "{report}");
}

#[test]
fn a_drain_in_steps_goes_on_with_a_broker_that_was_killed_and_started_again() {
    let data = tempfile::tempdir().unwrap();
    let broker = Process::start_on(data.path(), &[]);
    let line = "drain --stepwise --messages 500 --queues 2 --durable --persistent --acks 10";
    let mut program = program(broker.address, line);
    let mut running = program.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let (mut input, errors) = (running.stdin.take().unwrap(), running.stderr.take().unwrap());
    let mut steps = BufReader::new(errors).lines();
    let queue = queue_declare(&format!("leveret-perf-{}.0", running.id())).passive();

    assert_eq!(steps.next().unwrap().unwrap(), "filled");
    let address = broker.address;
    broker.kill();
    let broker = Process::start_at(data.path(), address);
    let mut peer = broker.connect();
    peer.open(1);
    assert_eq!(counts(&mut peer, &queue), (250, 0));
    input.write_all(b"\n").unwrap();

    assert_eq!(steps.next().unwrap().unwrap(), "emptied");
    assert_eq!(counts(&mut peer, &queue), (0, 1));
    input.write_all(b"\n").unwrap();

    let done = running.wait_with_output().unwrap();
    let report: Value = serde_json::from_slice(&done.stdout).unwrap();
    assert!(done.status.success(), "{report}");
    assert_eq!((&report["received"], &report["lost"]), (&500.into(), &0.into()), "{report}");
    assert!(report["first_delivery_seconds"].as_f64().unwrap() > 0.0, "{report}");
}

#[test]
fn mandatory_messages_that_no_queue_gets_are_returned_and_not_lost() {
    let broker = TestBroker::start();

    for confirm in ["", "--confirm 100"] {
        let line = "throughput --messages 20000 --rate 20000 --mandatory --consumers 0";
        let mut spawned = Spawned::start(&broker, &format!("{line} {confirm}"));

        spawned.await_queue(1, 0);
        let answer = spawned.peer.channel(1).call(&queue_delete(&spawned.queue));
        let kept = u64::from(answer.arguments().long());
        let report = spawned.finish(true);

        // Those that were on their way into the queue went with it.
        let returned = report["returned"].as_u64().unwrap();
        assert!(kept > 0 && returned > 0 && returned + kept <= 20_000, "{kept} kept: {report}");
        assert_eq!(report["sent"], 20_000, "{report}");
    }
}

#[test]
fn what_the_broker_says_when_it_closes_is_told() {
    let broker = TestBroker::start();
    let mut spawned = Spawned::start(&broker, "throughput --seconds 600 --prefetch 1 --acks each");

    // Messages are in the queue once it is publishing: before, it would not begin.
    spawned.await_queue(1, 1);
    spawned.peer.channel(1).call(&queue_delete(&spawned.queue));
    let report = spawned.finish(false);

    let said = "consumer 0: the broker sent basic.cancel";
    let is_told = |error: &Value| error.as_str().unwrap().starts_with(said);
    assert!(report["errors"].as_array().unwrap().iter().any(is_told), "{report}");
}

#[test]
fn the_broker_decides_what_a_queue_argument_means() {
    let broker = TestBroker::start();

    let line = format!("throughput --uri amqp://{}", broker.address);
    let error =
        try_run(&format!("{line} --queue-argument x-max-length=many")).unwrap_err().to_string();

    assert!(error.starts_with("the broker closed the channel: 406 PRECONDITION_FAILED"), "{error}");
}

#[test]
fn options_that_contradict_each_other_are_refused() {
    for line in [
        "throughput --size 15",
        "throughput --size 15-100",
        "throughput --queues 2 --publishers 1",
        "throughput --queues 2 --consumers 1",
        "throughput --channels 0",
        "throughput --channels 60000 --publishers 2",
        "throughput --acks 10 --prefetch 9",
        "throughput --bindings 1",
        "throughput --bindings 1 --exchange x-random",
        "throughput --exchange-argument x-cache-size=10",
        "throughput --queue there --queues 2",
        "throughput --vary routing-key=serial",
        "throughput --vary routing-key=serial --exchange topic",
        "latency --consumers 0",
        "fanout --exchange direct",
        "drain --seconds 1",
        "drain --consumers 0",
        "drain --stepwise --broker-pid 1",
        "throughput --stepwise",
        "throughput --insecure",
    ] {
        let outcome = try_run(line);

        assert!(matches!(outcome, Err(PerfError::Options(_))), "{line}");
    }
}

#[test]
fn what_the_load_generator_can_do_is_measured_without_a_broker() {
    let Command::Itself(options) = parse("perf self --seconds 0.2") else { panic!("self") };

    let report = itself::run(&options).unwrap();

    assert!(report.publishes.count > 0 && report.deliveries.count > 0, "{report}");
    assert!(report.publishes.cpu_micros_each > 0.0, "{report}");
}

#[test]
fn tls_carries_every_message() {
    let broker = TestBroker::start();
    let proxy = TlsProxy::start(broker.address);
    let file = |name| proxy.file(name).display().to_string();
    let (ca, cert, key) = (file("server.pem"), file("client.pem"), file("client.key"));
    let uri = format!("amqps://localhost:{}", proxy.address.port());

    for options in [
        format!("--ca-file {ca}"),
        "--insecure --size 300000 --messages 100".to_owned(),
        format!("--ca-file {ca} --cert {cert} --key {key} --acks 10 --confirm 100"),
    ] {
        let messages = if options.contains("--messages") { "" } else { "--messages 20000" };
        let report = try_run(&format!("throughput {messages} {options} --uri {uri}")).unwrap();

        assert!(report.is_sound(), "{options}: {report}");
        assert_eq!(report.received, report.sent, "{options}: {report}");
    }
}

#[test]
fn a_certificate_that_nobody_vouches_for_is_refused() {
    let broker = TestBroker::start();
    let proxy = TlsProxy::start(broker.address);
    let (wrong, port) = (proxy.file("client.pem").display().to_string(), proxy.address.port());

    for (options, name, expected) in [
        (format!("--ca-file {wrong}"), "localhost", "invalid peer certificate"),
        (format!("--ca-file {wrong}.no"), "localhost", "No such file"),
        (
            format!("--ca-file {}", proxy.file("client.key").display()),
            "localhost",
            "no certificate",
        ),
        (format!("--ca-file {}", proxy.file("server.pem").display()), "127.0.0.1", "not valid for"),
    ] {
        let outcome = try_run(&format!("throughput {options} --uri amqps://{name}:{port}"));

        let error = outcome.unwrap_err().to_string();
        assert!(error.contains(expected), "{options}: {error}");
    }
}

#[test]
fn idle_connections_are_opened_and_counted() {
    let broker = TestBroker::start();
    let line = format!("perf connections --count 20 --seconds 0 --uri amqp://{}", broker.address);
    let Command::Connections(options) = parse(&line) else { panic!("{line}") };

    let report = connections::run(&options).unwrap();

    assert_eq!(report.count, 20);
}
