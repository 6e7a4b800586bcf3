//! Thresholds that are changed while the broker runs: `set_vm_memory_high_watermark` and
//! `set_disk_free_limit`.

use serde_json::Value;

use super::USAGE;
use super::process::{Place, run};
use super::tools::{expect_success, under_each_name};
use crate::raw::content::content;
use crate::raw::method::{
    BASIC_ACK, CONNECTION_BLOCKED, CONNECTION_UNBLOCKED, basic_publish, confirm_select,
};
use crate::raw::peer::Peer;

/// Runs a command that says nothing.
#[track_caller]
fn set(place: &Place, arguments: &[&str]) {
    let finished = run(place.tool("rabbitmqctl", &[&["-q"], arguments].concat()));

    expect_success(&finished);
    assert_eq!(finished.output, "");
}

#[track_caller]
fn status(place: &Place) -> Value {
    let finished = run(place.tool("rabbitmqctl", &["status", "--formatter", "json"]));
    serde_json::from_str(&finished.output).unwrap()
}

/// Publishes one message, and expects to be blocked by it.
#[track_caller]
fn expect_blocked(publisher: &mut Peer, reason: &str) {
    publisher.channel(1).publish(&basic_publish("", "nowhere"), &content(b"m"));

    let blocked = publisher.expect_method(0, CONNECTION_BLOCKED);
    assert_eq!(blocked.arguments().short_str(), reason);
}

/// Expects to go on with the message that was held back.
#[track_caller]
fn expect_unblocked(publisher: &mut Peer) {
    publisher.expect_method(0, CONNECTION_UNBLOCKED);
    publisher.expect_method(1, BASIC_ACK);
}

#[test]
fn a_memory_watermark_blocks_and_unblocks_publishers_as_soon_as_it_is_set() {
    let place = Place::new();
    let server = place.serve();
    let mut publisher = Peer::connect(server.address());
    publisher.open(1).call(&confirm_select());
    let before = status(&place);

    set(&place, &["set_vm_memory_high_watermark", "absolute", "1"]);
    let low = status(&place);
    expect_blocked(&mut publisher, "low on memory");
    set(&place, &["set_vm_memory_high_watermark", "0.6"]);
    let after = status(&place);
    expect_unblocked(&mut publisher);
    set(&place, &["set_vm_memory_high_watermark", "absolute", "1000000000G"]);
    let all = status(&place);
    set(&place, &["stop"]);

    let limit = "vm_memory_high_watermark_limit";
    assert_eq!((&low[limit], &low["alarms"][0]), (&Value::from(1), &Value::from("memory")));
    assert_eq!((&after[limit], &after["alarms"]), (&before[limit], &Value::Array(Vec::new())));
    let (part, all) = (after[limit].as_f64().unwrap(), all[limit].as_f64().unwrap());
    assert!((part / all - 0.6).abs() < 0.001, "never more than there is: {part} of {all}");
    let log = server.process.finish().errors;
    for line in ["memory high watermark set to 0 MiB of ", "memory resource limit alarm cleared"] {
        assert!(log.contains(line), "{line:?} in\n{log}");
    }
}

#[test]
fn a_disk_limit_blocks_and_unblocks_publishers_as_soon_as_it_is_set() {
    let place = Place::new();
    let server = place.serve();
    let mut publisher = Peer::connect(server.address());
    publisher.open(1).call(&confirm_select());

    set(&place, &["set_disk_free_limit", "1000000000G"]);
    let low = status(&place);
    expect_blocked(&mut publisher, "low on disk");
    set(&place, &["set_disk_free_limit", "mem_relative", "0"]);
    let after = status(&place);
    expect_unblocked(&mut publisher);
    set(&place, &["stop"]);

    let limit = "disk_free_limit";
    assert_eq!((&low[limit], &low["alarms"][0]), (&(10_u64.pow(9) << 30).into(), &"disk".into()));
    assert_eq!((&after[limit], &after["alarms"]), (&0.into(), &Value::Array(Vec::new())));
    assert!(after["disk_free"].as_u64() > Some(0));
    let log = server.process.finish().errors;
    for line in ["disk free limit set to 0 MB", "disk resource limit alarm cleared"] {
        assert!(log.contains(line), "{line:?} in\n{log}");
    }
}

#[test]
fn a_change_is_announced_as_by_rabbitmqs_tool() {
    let place = Place::new();
    let _server = place.serve();
    let node = status(&place)["node"].as_str().unwrap().to_owned();
    for (arguments, what, amount) in [
        (&["set_vm_memory_high_watermark", "0.5"][..], "memory threshold", "0.5"),
        (&["set_vm_memory_high_watermark", "absolute", "2GB"], "memory threshold", "2GB bytes"),
        (&["set_disk_free_limit", "50MB"], "disk free limit", "50MB bytes"),
    ] {
        for command in under_each_name(&place, arguments) {
            let finished = run(command);

            expect_success(&finished);
            assert_eq!(finished.output, format!("Setting {what} on {node} to {amount} ...\n"));
        }
    }
}

#[test]
fn what_is_no_threshold_is_refused_in_rabbitmqs_words_whether_or_not_a_node_runs() {
    let place = Place::new();
    for (arguments, problem, usage, code) in [
        (
            &["set_vm_memory_high_watermark"][..],
            "not enough arguments.",
            "set_vm_memory_high_watermark <fraction> | absolute <value>",
            USAGE,
        ),
        (
            &["-q", "set_vm_memory_high_watermark", "-0.1"],
            "Bad argument: The threshold should be a fraction between 0.0 and 1.0",
            "set_vm_memory_high_watermark <fraction> | absolute <value>",
            Some(65),
        ),
        (
            &["set_vm_memory_high_watermark", "absolute", "2TB", "--timeout", "5"],
            "Bad argument: Invalid units.",
            "set_vm_memory_high_watermark <fraction> | absolute <value>",
            Some(65),
        ),
        (
            &["set_disk_free_limit", "1.5"],
            "Bad argument.",
            "set_disk_free_limit <disk_limit> | mem_relative <fraction>",
            Some(65),
        ),
    ] {
        for command in under_each_name(&place, arguments) {
            let finished = run(command);

            let given = arguments.join(" ");
            let expected = format!(
                "Error (argument validation): {problem}\nArguments given:\n\t{given}\n\n\
                 \u{1b}[1mUsage\u{1b}[0m\n\n\
                 rabbitmqctl [--node <node>] [--longnames] [--quiet] {usage}\n"
            );
            assert_eq!((finished.errors, finished.code), (expected, code));
            assert_eq!(finished.output, "");
        }
    }
}
