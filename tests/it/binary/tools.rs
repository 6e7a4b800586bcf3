//! What health checks and service managers call: `rabbitmq-diagnostics`, `rabbitmqctl` and
//! `leveret ctl`.

use std::process::Command;

use super::process::{Finished, Place, Process, run};
use super::{UNAVAILABLE, USAGE};
use crate::raw::peer::Peer;

/// The three names of the tool, with the same arguments.
pub(super) fn under_each_name<'a>(
    place: &'a Place,
    arguments: &'a [&str],
) -> impl Iterator<Item = Command> {
    let mut own = vec!["ctl"];
    own.extend(arguments);
    let tools = ["rabbitmqctl", "rabbitmq-diagnostics"];
    let tools = tools.into_iter().map(|name| place.tool(name, arguments));
    tools.chain([place.leveret(&own)]).collect::<Vec<_>>().into_iter()
}

#[track_caller]
pub(super) fn expect_success(finished: &Finished) {
    assert_eq!(finished.code, Some(0), "{finished:?}");
    assert_eq!(finished.errors, "");
}

#[test]
fn checks_pass_while_the_broker_runs() {
    let place = Place::new();
    let server = place.serve();
    let ports = format!("Successfully connected to ports {} on node", server.address().port());
    for (check, expected) in [
        ("ping", "Ping succeeded"),
        ("check_running", "is fully booted and running"),
        ("check_port_connectivity", &ports),
    ] {
        for command in under_each_name(&place, &["-q", check]) {
            let finished = run(command);

            expect_success(&finished);
            assert!(finished.output.contains(expected), "{finished:?}");
            assert_eq!(finished.output.lines().count(), 1);
        }
        let silent = run(place.tool("rabbitmq-diagnostics", &["--silent", check]));
        expect_success(&silent);
        assert_eq!(silent.output, "");
    }
}

#[test]
fn checks_fail_with_69_while_the_broker_is_down() {
    let place = Place::new();
    for check in ["ping", "check_running", "check_port_connectivity", "status", "stop"] {
        for command in under_each_name(&place, &["-n", "rabbit@localhost", check]) {
            let finished = run(command);

            let expected =
                "Error:\nFailed to connect and authenticate to rabbit@localhost in 60000 ms";
            assert_eq!(finished.code, UNAVAILABLE, "{check}");
            assert!(finished.errors.starts_with(expected), "{finished:?}");
            assert_eq!(finished.output, "");
        }
    }
}

#[test]
fn another_nodes_name_is_not_answered_for() {
    let place = Place::new();
    let server = place.serve();
    for command in ["ping", "stop"] {
        let finished = run(place.tool("rabbitmqctl", &["--node", "hare@localhost", command]));

        assert_eq!(finished.code, UNAVAILABLE, "{finished:?}");
    }
    Peer::connect(server.address()).close();
}

#[test]
fn tracing_is_turned_on_and_off() {
    let place = Place::new();
    let _server = place.serve();
    for (arguments, expected) in [
        (&["trace_on"][..], "Starting tracing for vhost \"/\" ...\nTrace enabled for vhost /\n"),
        (
            &["trace_off", "-p", "/"],
            "Stopping tracing for vhost \"/\" ...\nTrace disabled for vhost /\n",
        ),
    ] {
        for command in under_each_name(&place, arguments) {
            let finished = run(command);

            expect_success(&finished);
            assert_eq!(finished.output, expected);
        }
    }
    let missing = run(place.tool("rabbitmqctl", &["trace_on", "-p", "nowhere"]));
    assert_eq!(missing.code, Some(65), "{missing:?}");
}

#[test]
fn unknown_commands_exit_with_64() {
    let place = Place::new();
    for arguments in [&["dance"][..], &["ping", "pong"], &["--loud", "ping"], &[]] {
        for command in under_each_name(&place, arguments) {
            let finished = run(command);

            assert_eq!(finished.code, USAGE, "{arguments:?}");
            assert!(!finished.errors.is_empty());
        }
    }
}

#[test]
fn status_says_what_runs_where() {
    let place = Place::new();
    let server = place.serve();
    let _client = Peer::connect(server.address());

    let text = run(place.tool("rabbitmqctl", &["status"]));
    let json = run(place.tool("rabbitmqctl", &["status", "--formatter", "json"]));

    expect_success(&text);
    for line in [
        "RabbitMQ version: 3.13.7",
        concat!("Leveret version: ", env!("CARGO_PKG_VERSION")),
        "Connection count: 1",
        "Virtual host count: 1",
    ] {
        assert!(text.output.contains(line), "{line:?} in\n{}", text.output);
    }
    expect_success(&json);
    let status: serde_json::Value = serde_json::from_str(&json.output).unwrap();
    assert_eq!(status["rabbitmq_version"], "3.13.7");
    assert_eq!(status["listeners"][0]["port"], server.address().port());
}

#[test]
fn a_socket_named_outright_is_enough() {
    let place = Place::new();
    let _server = place.serve();
    let elsewhere = Place::new();
    let socket = place.path("leveret-data/leveret.sock");

    let found = run(elsewhere.tool("rabbitmqctl", &["--socket", socket.to_str().unwrap(), "ping"]));
    let not_found = run(elsewhere.tool("rabbitmqctl", &["ping"]));

    expect_success(&found);
    assert_eq!(not_found.code, UNAVAILABLE);
}

#[test]
fn await_startup_waits_for_a_broker_that_is_still_to_come() {
    let place = Place::new();
    let waiting = Process::start(place.tool("rabbitmqctl", &["await_startup"]));
    let out_of_time = run(place.tool("rabbitmqctl", &["await_startup", "--timeout", "0.2"]));

    let _server = place.serve();

    assert_eq!(out_of_time.code, Some(75), "{out_of_time:?}");
    expect_success(&waiting.finish());
}

#[test]
fn stop_closes_clients_and_returns_when_the_broker_has_ended() {
    let place = Place::new();
    let server = place.serve();
    let mut client = Peer::connect(server.address());

    let stopping = Process::start(place.tool("rabbitmqctl", &["stop"]));

    let reason = "CONNECTION_FORCED - broker forced connection closure with reason 'shutdown'";
    client.expect_connection_close(320, reason, (0, 0));
    client.expect_eof();
    expect_success(&stopping.finish());
    assert_eq!(server.process.finish().code, Some(0));
    let ping = run(place.tool("rabbitmqctl", &["ping"]));
    assert_eq!(ping.code, UNAVAILABLE);
}
