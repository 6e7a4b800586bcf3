//! What the load generator measures beside throughput: churn, requests and replies, the machine.

use clap::Parser;
use leveret::perf::error::PerfError;
use leveret::perf::options::{Command, Perf};
use leveret::perf::{churn, floor, request_reply};

use crate::broker::TestBroker;
use crate::raw::content::content;
use crate::raw::method::{basic_publish, exchange_declare, queue_declare, queue_delete};

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    perf: Perf,
}

#[track_caller]
fn parse(line: &str) -> Command {
    Line::parse_from(format!("perf {line}").split_whitespace()).perf.command
}

#[track_caller]
fn run_churn(broker: &TestBroker, options: &str) -> Result<churn::report::Report, PerfError> {
    let line = format!("churn {options} --uri amqp://{}", broker.address);
    let Command::Churn(options) = parse(&line) else { panic!("{line}") };
    churn::run(&options)
}

#[track_caller]
fn run_request_reply(
    broker: &TestBroker,
    options: &str,
) -> Result<request_reply::report::Report, PerfError> {
    let line = format!("request-reply {options} --uri amqp://{}", broker.address);
    let Command::RequestReply(options) = parse(&line) else { panic!("{line}") };
    request_reply::run(&options)
}

#[track_caller]
fn run_floor(options: &str) -> Result<floor::report::Report, PerfError> {
    let Command::Floor(options) = parse(&format!("floor {options}")) else { panic!("{options}") };
    floor::run(&options)
}

/// The text of what a run refuses to do.
#[track_caller]
fn refusal<T: std::fmt::Debug>(outcome: Result<T, PerfError>) -> String {
    match outcome.unwrap_err() {
        PerfError::Options(text) => text,
        other => panic!("{other}"),
    }
}

#[test]
fn churn_leaves_nothing_behind() {
    let broker = TestBroker::start();
    let own = format!("leveret-perf-{}.churn", std::process::id());

    for options in [
        "--what connections --workers 3",
        "--what channels --workers 2",
        "--what queues --workers 2",
        "--what queues --exclusive --exchange-type fanout --rate 10000",
        "--what queues --exchange amq.fanout",
        "--what bindings --workers 2 --exchange amq.fanout",
    ] {
        let report = run_churn(&broker, &format!("{options} --cycles 25")).unwrap();

        assert!(report.is_sound(), "{options}: {report}");
        assert_eq!(report.cycles, 25, "{options}");
        let latency = report.latency.unwrap();
        assert!(latency.min > 0.0 && latency.p50 <= latency.max, "{options}: {report}");
    }

    let mut peer = broker.connect();
    let queues = [format!("{own}.0"), format!("{own}.0.0"), format!("{own}.0.24")];
    let queues = queues.map(|name| (queue_declare(&name), format!("queue '{name}'")));
    let exchange = (exchange_declare(&own, "topic"), format!("exchange '{own}'"));
    for (number, (declare, name)) in (1..).zip(queues.into_iter().chain([exchange])) {
        let declare = declare.passive();
        peer.open(number).send(&declare);
        let text = format!("NOT_FOUND - no {name} in vhost '/'");
        peer.expect_channel_close(number, 404, &text, declare.id);
    }
    let mut channel = peer.open(9);
    channel.publish(&basic_publish("amq.fanout", "").mandatory(), &content(b"x"));
    assert_eq!(peer.expect_return(9).text, "NO_ROUTE");
}

#[test]
fn churn_reports_what_the_broker_refuses() {
    let broker = TestBroker::start();

    let missing = run_churn(&broker, "--what queues --exchange no.such").unwrap_err();
    let unknown = run_churn(&broker, "--what queues --exchange-type no-such").unwrap_err();

    assert!(missing.to_string().contains("404 NOT_FOUND"), "{missing}");
    assert!(unknown.to_string().contains("unknown exchange type"), "{unknown}");
}

#[test]
fn churn_refuses_options_that_contradict_each_other() {
    let broker = TestBroker::start();

    for (options, begins) in [
        ("--what queues --workers 0", "--workers"),
        ("--what queues --rate 0", "--rate"),
        ("--what queues --cycles 0", "--cycles"),
        ("--what bindings --exclusive", "--exclusive"),
        ("--what channels --exchange amq.topic", "--exchange:"),
        ("--what channels --exchange-type topic", "--exchange-type:"),
    ] {
        let text = refusal(run_churn(&broker, options));

        assert!(text.starts_with(begins), "{options}: {text}");
    }
}

#[test]
fn every_request_gets_its_own_reply() {
    let broker = TestBroker::start();

    for options in [
        "--messages 500",
        "--messages 101 --clients 3 --size 0",
        "--messages 10 --size 300000",
        "--messages 60 --clients 2 --rate 2000",
    ] {
        let report = run_request_reply(&broker, options).unwrap();

        assert!(report.is_sound(), "{options}: {report}");
        let expected = options.split(' ').nth(1).unwrap().parse().unwrap();
        assert_eq!((report.requests, report.replies), (expected, expected), "{options}");
        assert!(report.latency.unwrap().min > 0.0, "{options}: {report}");
    }
}

#[test]
fn requests_may_go_to_a_queue_that_exists() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let mut channel = peer.open(1);
    channel.call(&queue_declare("perf_more.requests"));

    let report = run_request_reply(&broker, "--messages 20 --queue perf_more.requests").unwrap();

    assert!(report.is_sound() && report.replies == 20, "{report}");
    channel.expect_empty("perf_more.requests");
    channel.call(&queue_delete("perf_more.requests"));
}

#[test]
fn requests_without_a_queue_for_them_fail() {
    let broker = TestBroker::start();

    let missing = run_request_reply(&broker, "--messages 1 --queue no.such").unwrap_err();

    assert!(missing.to_string().contains("404 NOT_FOUND"), "{missing}");
}

#[test]
fn a_reply_that_does_not_come_in_time_is_an_error() {
    let broker = TestBroker::start();

    let report = run_request_reply(&broker, "--messages 3 --patience 0").unwrap();

    assert!(!report.is_sound(), "{report}");
    assert_eq!((report.requests, report.replies), (1, 0));
    assert_eq!(report.errors, ["the broker sent no reply to 0000000000000000 within 0ns"]);
}

#[test]
fn requests_refuse_options_that_contradict_each_other() {
    let broker = TestBroker::start();

    for (options, begins) in
        [("--clients 0", "--clients"), ("--messages 0", "--messages"), ("--rate 0", "--rate")]
    {
        let text = refusal(run_request_reply(&broker, options));

        assert!(text.starts_with(begins), "{options}: {text}");
    }
}

#[test]
fn the_relay_carries_messages_both_ways() {
    let report = run_floor("--only relay --size 1000 --rate 5000 --seconds 0.05").unwrap();

    let relay = report.relay.unwrap();
    assert!(relay.octets_each > 1000);
    assert!(relay.flood.messages > 0 && relay.flood.latency.is_none());
    assert!(relay.paced.messages > 0 && relay.paced.latency.unwrap().min > 0.0);
    assert!(relay.round_trips.replies > 0 && relay.round_trips.cpu_micros_each > 0.0);
    assert!(report.disk.is_none() && report.memory.is_none());
}

#[test]
fn the_disk_is_measured_and_left_as_it_was() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().display();

    let report =
        run_floor(&format!("--only disk,memory --data-dir {path} --seconds 0.01")).unwrap();

    let disk: Vec<_> = report.disk.iter().flatten().map(|one| one.octets_each).collect();
    assert_eq!(disk, [4 << 10, 16 << 10, 1 << 20]);
    assert!(report.disk.iter().flatten().all(|one| one.syncs > 0));
    let memory: Vec<_> = report.memory.iter().flatten().map(|one| one.octets_each).collect();
    assert_eq!(memory, [16, 64 << 10, 1 << 20]);
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
}

#[test]
fn a_floor_that_cannot_be_measured_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let absent = directory.path().join("absent");

    let text = refusal(run_floor(&format!("--only disk --data-dir {}", absent.display())));

    assert_eq!(
        text,
        format!("--data-dir: {}: No such file or directory (os error 2)", absent.display())
    );
    for (options, begins) in [
        ("--size 15", "--size"),
        ("--rate 0", "--rate"),
        ("--seconds 0", "--seconds"),
        ("--only disk", "--only disk"),
        ("--only relay --data-dir .", "--data-dir: only"),
    ] {
        let text = refusal(run_floor(options));

        assert!(text.starts_with(begins), "{options}: {text}");
    }
}
