//! Settings from files and variables, and what is said of those that cannot be used.

use std::fmt::Write as _;
use std::path::Path;

use super::process::{Finished, Place, Server, run};
use crate::raw::login::Login;
use crate::raw::peer::Peer;

/// Settings that cannot be used (sysexits: `EX_CONFIG`).
const CONFIG: Option<i32> = Some(78);

/// Says on standard error, in one line, why it did not start.
#[track_caller]
fn expect_refusal(finished: &Finished, expected: &str) {
    assert_eq!(finished.code, CONFIG, "{finished:?}");
    assert_eq!(finished.output, "");
    assert!(finished.errors.starts_with(&format!("leveret: {expected}")), "{finished:?}");
    assert_eq!(finished.errors.lines().count(), 1, "{finished:?}");
}

#[test]
fn a_faulty_file_is_refused_in_one_line_with_file_line_and_key() {
    for (text, line, fault) in [
        ("[amqp]\n\nhartbeat = 5\n", 3, "amqp.hartbeat: unknown key"),
        ("\n[amqq]\n", 2, "amqq: unknown section"),
        ("[amqp]\nheartbeat = \"a\"\n", 2, "amqp.heartbeat: expected a whole number from 0 to"),
        ("[amqp]\nframe_max = 1024\n", 2, "amqp.frame_max: expected"),
        ("[log]\nlevel = \"loud\"\n", 2, "log.level: expected"),
        ("[amqp\n", 1, ""),
        (
            "[[policies]]\nname = \"p\"\npattern = \"(?=\"\ndefinition = { expires = 1 }\n",
            3,
            "policies.pattern: pattern should be regular expression but is invalid: {\"missing",
        ),
    ] {
        let place = Place::new();
        let file = place.file("leveret.toml", text);
        let file = file.to_str().unwrap();
        let expected = format!("{file}:{line}: {fault}");

        let checked = run(place.leveret(&["check-config", file]));
        let served = run(place.leveret(&["--config", file, "--amqp", "127.0.0.1:0"]));

        expect_refusal(&checked, &expected);
        expect_refusal(&served, &expected);
        assert_eq!(checked.errors, served.errors);
    }
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let place = Place::new();
    for file in [place.path("nowhere.toml"), place.path("")] {
        let file = file.to_str().unwrap();

        let finished = run(place.leveret(&["--config", file]));

        expect_refusal(&finished, &format!("{file}: cannot be read: "));
    }
}

#[test]
fn check_config_finds_a_good_file_in_order() {
    let place = Place::new();
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/leveret.toml");
    let sample = sample.to_str().unwrap();

    let finished = run(place.leveret(&["check-config", sample]));

    assert_eq!(finished.code, Some(0));
    assert_eq!(finished.output, format!("{sample}: in order\n"));
    assert_eq!(finished.errors, "");
}

#[test]
fn the_command_line_wins_over_variables_and_they_over_the_file() {
    let place = Place::new();
    let mut text = "[amqp]\nlisten = [\"127.0.0.1:1\"]\nchannel_max = 9\n".to_owned();
    writeln!(text, "frame_max = 8192").unwrap();
    let file = place.file("leveret.toml", &text);
    let mut command = place.leveret(&["--amqp", "127.0.0.1:0"]);
    command.env("LEVERET_CONFIG", &file);
    command.env("LEVERET_AMQP_LISTEN", "127.0.0.1:2").env("LEVERET_AMQP_CHANNEL_MAX", "12");

    let server = Server::start(command);
    let peer = Peer::connect(server.address());

    assert!(server.address().port() > 2);
    assert_eq!((peer.channel_max, peer.frame_max), (12, 8_192));
}

#[test]
fn a_faulty_variable_is_named() {
    let place = Place::new();
    let mut command = place.leveret(&["--amqp", "127.0.0.1:0"]);
    command.env("LEVERET_AMQP_HEARTBEAT", "soon");

    let finished = run(command);

    expect_refusal(&finished, "LEVERET_AMQP_HEARTBEAT: amqp.heartbeat: expected a whole number");
}

#[test]
fn a_variable_that_sets_nothing_is_warned_of() {
    let place = Place::new();
    let mut command = place.leveret(&["--amqp", "127.0.0.1:0"]);
    command.env("LEVERET_AMQP_HARTBEAT", "5");

    let server = Server::start(command);
    server.process.signal("TERM");

    let errors = server.process.finish().errors;
    let warning = "[warning] <0.0.0> environment variable LEVERET_AMQP_HARTBEAT sets nothing";
    assert!(errors.contains(warning), "{errors}");
}

#[test]
fn rabbitmqs_variables_name_the_first_user_and_vhost() {
    let place = Place::new();
    let mut command = place.leveret(&["--amqp", "127.0.0.1:0"]);
    command.env("RABBITMQ_DEFAULT_USER", "alice");
    command.env("RABBITMQ_DEFAULT_PASS_FILE", place.file("password", "s3cret\n"));
    command.env("RABBITMQ_DEFAULT_VHOST", "shop");
    let server = Server::start(command);

    let alice = Login { vhost: "shop", ..Login::response("PLAIN", b"\0alice\0s3cret") };
    Peer::connect_with(server.address(), &alice).close();
    let mut guest = Peer::dial(server.address());
    guest.start();
    guest.send(&Login::default().start_ok());

    let refusal = "ACCESS_REFUSED - Login was refused using authentication mechanism PLAIN. For \
                   details see the broker logfile.";
    guest.expect_connection_close(403, refusal, (0, 0));
}
