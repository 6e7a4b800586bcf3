//! The load generator against the broker: every message is accounted for.

use clap::Parser;
use leveret::perf::options::{Command, Perf};
use leveret::perf::report::Report;
use leveret::perf::{connections, throughput};

use crate::broker::TestBroker;

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    perf: Perf,
}

fn parse(broker: &TestBroker, line: &str) -> Command {
    let line = format!("perf {line} --uri amqp://{}", broker.address);
    Line::parse_from(line.split_whitespace()).perf.command
}

#[track_caller]
fn run(broker: &TestBroker, line: &str) -> Report {
    let Command::Throughput(options) = parse(broker, line) else { panic!("{line}") };
    throughput::run(&options).unwrap()
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

    let report =
        run(&broker, "throughput --messages 3000 --exchange fanout --queues 3 --consumers 3");

    assert!(report.is_sound(), "{report}");
    assert_eq!((report.sent, report.received), (3000, 9000));
}

#[test]
fn a_rate_is_kept_and_latency_told() {
    let broker = TestBroker::start();

    let report = run(&broker, "throughput --messages 200 --rate 2000");

    let latency = report.latency.unwrap();
    assert!(report.seconds > 0.09, "{report}");
    assert!(latency.min > 0.0 && latency.min <= latency.p50 && latency.p50 <= latency.max);
}

#[test]
fn options_that_contradict_each_other_are_refused() {
    let broker = TestBroker::start();

    for line in [
        "throughput --size 15",
        "throughput --queues 2",
        "throughput --acks 10 --prefetch 9",
        "throughput --bindings 1",
    ] {
        let Command::Throughput(options) = parse(&broker, line) else { panic!("{line}") };

        assert!(throughput::run(&options).is_err(), "{line}");
    }
}

#[test]
fn idle_connections_are_opened_and_counted() {
    let broker = TestBroker::start();
    let Command::Connections(options) = parse(&broker, "connections --count 20 --seconds 0") else {
        panic!("connections");
    };

    let report = connections::run(&options).unwrap();

    assert_eq!(report.count, 20);
}
