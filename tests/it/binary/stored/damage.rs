//! A damaged directory: refused by the broker, shown by a check, cut by a repair.

use std::fs;
use std::path::Path;

use super::super::UNAVAILABLE;
use super::super::process::run;
use super::{files, place, store};
use crate::raw::peer::Peer;

const FIRST: &str = "0000000000000001.log";
const SECOND: &str = "0000000000000002.log";

/// Flips a bit in the only occurrence of `text` in the file; says where.
fn damage(file: &Path, text: &[u8]) -> usize {
    let mut octets = fs::read(file).unwrap();
    let found: Vec<_> = (0..octets.len()).filter(|at| octets[*at..].starts_with(text)).collect();
    assert_eq!(found.len(), 1);
    octets[found[0]] ^= 1;
    fs::write(file, octets).unwrap();
    found[0]
}

#[test]
fn a_damaged_message_is_dropped_and_the_others_are_delivered() {
    let (place, data) = place();
    damage(&data.join(FIRST), b"order 5");
    let before = files(&data);

    let checked = store(&place, "check");
    let repaired = store(&place, "repair");
    let again = store(&place, "check");
    let server = place.serve();
    let mut peer = Peer::connect(server.address());
    peer.open(1);

    let lost = "a message is not as it was written; lost: the message at place 5 of queue 1 \
                ('orders' in vhost '/'), the message at place 5 of queue 2 ('audit' in vhost '/')";
    let line = |text: &str| text.lines().find(|it| it.ends_with(lost)).unwrap().to_owned();
    assert_eq!(checked.code, Some(65));
    assert!(line(&checked.output).starts_with(&format!("{FIRST} is damaged at offset ")));
    let hint = "leveret: leveret-data is damaged; `leveret store repair leveret-data` cuts the \
                damage out\n";
    assert_eq!(checked.errors, hint);
    assert_eq!(repaired.code, Some(0), "{repaired:?}");
    assert_eq!(line(&repaired.output), line(&checked.output));
    assert_eq!(again.code, Some(0), "{again:?}");
    let orders = peer.channel(1).drain("orders");
    assert_eq!((orders.len(), &orders[2..4]), (10, &["order 4".to_owned(), "order 6".into()][..]));

    let copies =
        repaired.output.lines().find_map(|it| it.strip_prefix("copies of what was changed: "));
    let copies = place.path(copies.unwrap());
    assert!(copies.file_name().unwrap().to_str().unwrap().starts_with("repair-20"));
    let is_kept = |(name, _): &&(String, Vec<u8>)| name == FIRST || name == "checkpoint";
    let kept: Vec<_> = before.iter().filter(is_kept).cloned().collect();
    assert_eq!(files(&copies), kept);
}

#[test]
fn a_start_on_damage_is_refused_with_what_is_lost_and_what_to_do() {
    let (place, data) = place();
    let mut octets = fs::read(data.join(SECOND)).unwrap();
    octets[4096 + 20] ^= 1;
    fs::write(data.join(SECOND), octets).unwrap();
    let before = files(&data);

    let served = run(place.leveret(&["--amqp", "127.0.0.1:0", "--log-level", "none"]));

    assert_eq!(served.code, UNAVAILABLE);
    assert_eq!(served.errors.lines().count(), 1);
    for text in [
        "leveret: data directory leveret-data: 0000000000000002.log is damaged at offset 4096: \
         batch ",
        " is not whole, though the log was durable beyond it; it and all that follows is lost",
        "`leveret store check leveret-data`",
        "`leveret store repair leveret-data`",
    ] {
        assert!(served.errors.contains(text), "{served:?}");
    }
    assert_eq!(files(&data), before);
}

#[test]
fn without_a_checkpoint_the_broker_starts_with_what_the_log_has() {
    let (place, data) = place();
    fs::remove_file(data.join("checkpoint")).unwrap();

    let checked = store(&place, "check");
    let repaired = store(&place, "repair");
    let server = place.serve();
    let mut peer = Peer::connect(server.address());
    peer.open(1);

    assert_eq!(checked.code, Some(65), "{checked:?}");
    assert_eq!(repaired.code, Some(0), "{repaired:?}");
    assert_eq!(peer.channel(1).drain("orders").len(), 11);
    assert_eq!(peer.channel(1).drain("audit").len(), 13);
}

#[test]
fn without_checkpoint_and_first_file_what_is_left_can_still_be_consumed() {
    let (place, data) = place();
    fs::remove_file(data.join("checkpoint")).unwrap();
    fs::remove_file(data.join(FIRST)).unwrap();

    let repaired = store(&place, "repair");
    let again = store(&place, "check");
    let server = place.serve();
    let mut peer = Peer::connect(server.address());
    peer.open(1);

    assert_eq!(repaired.code, Some(0), "{repaired:?}");
    assert!(repaired.output.contains("it is 'recovered-1' in vhost '/' now"), "{repaired:?}");
    assert_eq!(again.code, Some(0), "{again:?}");
    assert_eq!(peer.channel(1).drain("recovered-1").len(), 3);
    assert_eq!(peer.channel(1).drain("recovered-2").len(), 3);
}

#[test]
fn nothing_is_repaired_where_nothing_is_damaged() {
    let (place, data) = place();
    let before = files(&data);

    let repaired = store(&place, "repair");

    assert_eq!(repaired.code, Some(0));
    assert_eq!(repaired.output, "leveret-data: in order, nothing was changed\n");
    assert_eq!(files(&data), before);
    assert!(fs::read_dir(&data).unwrap().all(|it| it.unwrap().file_type().unwrap().is_file()));
}

#[test]
fn a_directory_in_use_and_one_that_is_none_are_refused() {
    let (place, data) = place();
    let server = place.serve();
    for command in ["check", "repair"] {
        let used = store(&place, command);
        let other = run(place.leveret(&["store", command, "."]));
        let none = run(place.leveret(&["store", command, "nowhere"]));

        assert_eq!(used.code, UNAVAILABLE);
        assert!(used.errors.contains("is in use by process"), "{used:?}");
        assert_eq!((other.code, none.code), (Some(66), Some(66)));
        assert_eq!(none.errors, "leveret: nowhere: no data directory\n");
    }
    assert!(!place.path("nowhere").exists() && !place.path("lock").exists());
    assert!(data.exists());
    Peer::connect(server.address()).close();
}
