//! What the load generator measures beside throughput: churn.

use clap::Parser;
use leveret::perf::churn;
use leveret::perf::error::PerfError;
use leveret::perf::options::{Command, Perf};

use crate::broker::TestBroker;
use crate::raw::content::content;
use crate::raw::method::{basic_publish, exchange_declare, queue_declare};

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
