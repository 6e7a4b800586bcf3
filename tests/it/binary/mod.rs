//! The binary as service managers, containers and scripts see it: output, signals, exit codes.
//!
//! Always the binary of this build, whatever `LEVERET_TEST_AMQP` says.

mod process;
mod settings;
mod signals;
mod stored;
mod thresholds;
mod tools;

use process::{Place, Server, run};

use crate::raw::peer::Peer;

/// A health check failed, or the broker cannot run (sysexits: `EX_UNAVAILABLE`).
const UNAVAILABLE: Option<i32> = Some(69);
/// A command line that is not understood (sysexits: `EX_USAGE`).
const USAGE: Option<i32> = Some(64);

#[test]
fn a_start_on_port_0_announces_the_port_it_got() {
    let place = Place::new();
    let server = place.serve();

    let address = server.address();

    assert!(address.ip().is_loopback());
    assert_ne!(address.port(), 0);
    Peer::connect(address).close();
}

#[test]
fn serve_is_the_command_that_may_be_left_out() {
    let place = Place::new();

    let server = Server::start(place.leveret(&["serve", "--amqp", "127.0.0.1:0"]));

    Peer::connect(server.address()).close();
}

#[test]
fn every_address_given_is_listened_on_and_announced() {
    let place = Place::new();
    let addresses = ["--amqp", "127.0.0.1:0", "--amqp", "127.0.0.2:0"];

    let server = Server::start(place.leveret(&addresses));

    let hosts: Vec<_> = server.addresses.iter().map(|address| address.ip().to_string()).collect();
    assert_eq!(hosts, ["127.0.0.1", "127.0.0.2"]);
    for address in &server.addresses {
        Peer::connect(*address).close();
    }
}

#[test]
fn data_goes_where_the_command_line_says() {
    let place = Place::new();
    let data = place.path("elsewhere");
    let arguments = ["--amqp", "127.0.0.1:0", "--data-dir", data.to_str().unwrap()];

    let _server = Server::start(place.leveret(&arguments));

    assert!(data.is_dir());
    assert!(!place.path("leveret-data").exists());
}

#[test]
fn a_port_that_is_taken_is_named_in_one_line() {
    let place = Place::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();

    let finished = run(place.leveret(&["--amqp", &address, "--log-level", "none"]));

    let (start, rest) = finished.errors.split_at(finished.errors.find("Address").unwrap());
    assert_eq!(finished.code, UNAVAILABLE);
    assert_eq!(start, format!("leveret: cannot listen on {address}: "));
    assert_eq!(rest.lines().count(), 1, "{rest}");
    assert_eq!(finished.output, "");
}

#[test]
fn a_second_broker_on_the_same_data_is_refused() {
    let place = Place::new();
    let first = place.serve();

    let second = run(place.leveret(&["--amqp", "127.0.0.1:0", "--log-level", "none"]));

    assert_eq!(second.code, UNAVAILABLE);
    assert!(second.errors.contains("is in use by process"), "{second:?}");
    assert_eq!(second.errors.lines().count(), 1);
    Peer::connect(first.address()).close();
}

#[test]
fn the_version_is_our_own() {
    let place = Place::new();

    let finished = run(place.leveret(&["--version"]));

    assert_eq!(finished.code, Some(0));
    assert_eq!(finished.output, format!("leveret {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn a_command_line_that_is_not_understood_exits_with_64() {
    let place = Place::new();
    for arguments in [&["dance"][..], &["--amqp", "nowhere"], &["--log-level", "loud"], &["ctl"]] {
        let finished = run(place.leveret(arguments));

        assert_eq!(finished.code, USAGE, "{arguments:?}");
        assert!(!finished.errors.is_empty());
    }
}
