//! Files of every version so far are read by this one; those of a later one are refused.

use super::super::UNAVAILABLE;
use super::super::process::{Place, Server, run};
use super::{BLOCK, copy, files, kept, place, place_of, store};
use crate::raw::content::content;
use crate::raw::method::{
    basic_ack, basic_get, basic_publish, confirm_select, exchange_declare, queue_bind,
    queue_declare,
};
use crate::raw::peer::Peer;

/// Octets of a body that spans blocks.
const LARGE: usize = 10_000;

/// Files of that version hold what was put into them. Of the 13 messages in `audit`, those before
/// `living` are gone once the broker was started.
fn expect_contents(version: u16, living: usize) {
    let (place, _) = place_of(version);

    let checked = store(&place, "check");
    let server = place.serve();
    let mut peer = Peer::connect(server.address());
    peer.open(1);

    assert_eq!(checked.code, Some(0), "{checked:?}");
    let texts = |numbers: std::ops::Range<u32>| numbers.map(|n| format!("order {n}"));
    let large = "x".repeat(LARGE);
    let orders: Vec<_> = texts(2..10).chain([large.clone()]).chain(texts(10..12)).collect();
    let audit: Vec<_> = texts(0..10).chain([large]).chain(texts(10..12)).collect();
    assert_eq!(peer.channel(1).drain("orders"), orders);
    assert_eq!(peer.channel(1).drain("audit"), audit[living..]);
    peer.channel(1).call(&exchange_declare("sales", "topic").durable());
    peer.channel(1).publish(&basic_publish("sales", "order.new"), &content(b"routed"));
    assert_eq!(peer.channel(1).pop("orders"), "routed");
}

#[test]
fn files_of_version_1_are_read() {
    expect_contents(1, 0);
}

/// Its first messages in `audit` came while a policy gave them a minute.
#[test]
fn files_of_version_2_are_read() {
    expect_contents(2, 10);
}

#[test]
fn a_check_says_what_is_there_and_changes_nothing() {
    let (place, data) = place();
    let before = files(&data);

    let checked = store(&place, "check");

    assert_eq!((checked.code, &checked.errors[..]), (Some(0), ""), "{checked:?}");
    for line in [
        "data directory: leveret-data",
        "format: read as version 2",
        "stopped in order: no",
        "files of the log: 2 (",
        "messages: 24 (",
        "queue 1 ('orders' in vhost '/'): 11 messages (",
        "queue 2 ('audit' in vhost '/'): 13 messages (",
        "in order",
    ] {
        assert!(checked.output.lines().any(|it| it.starts_with(line)), "{line:?}: {checked:?}");
    }
    assert_eq!(files(&data), before);
}

/// Makes the version at `version` of a header newer; its checksum, at `checksum`, covers what is
/// behind it up to `end`, and begins with `seed`.
fn renew(octets: &mut [u8], [checksum, covered, version]: [usize; 3], end: usize, seed: u32) {
    octets[version..version + 2].copy_from_slice(&9_u16.to_be_bytes());
    let sum = crc32c::crc32c_append(seed, &octets[covered..end]);
    octets[checksum..checksum + 4].copy_from_slice(&sum.to_be_bytes());
}

/// The file whose octets are of a newer version.
fn newer(file: &str, edit: impl FnOnce(&mut Vec<u8>)) {
    let (place, data) = place();
    let path = data.join(file);
    let mut octets = std::fs::read(&path).unwrap();
    edit(&mut octets);
    std::fs::write(&path, octets).unwrap();
    let before = files(&data);
    let text = format!(
        "{file} has version 9 of the format, which is newer than this program; only one that \
         knows it can read this directory\n"
    );

    let (checked, repaired) = (store(&place, "check"), store(&place, "repair"));
    let served = run(place.leveret(&["--amqp", "127.0.0.1:0", "--log-level", "none"]));

    assert_eq!((checked.code, checked.errors), (Some(65), format!("leveret: {text}")));
    assert_eq!((repaired.code, repaired.errors), (Some(65), format!("leveret: {text}")));
    let text = format!("leveret: data directory leveret-data: {text}");
    assert_eq!((served.code, served.errors), (UNAVAILABLE, text));
    assert_eq!(files(&data), before);
}

#[test]
fn a_newer_checkpoint_is_refused() {
    newer("checkpoint", |octets| {
        let end = octets.len();
        renew(octets, [8, 12, 12], end, 0);
    });
}

#[test]
fn a_newer_file_of_the_log_is_refused() {
    newer("0000000000000002.log", |octets| renew(octets, [8, 12, 12], 30, 0));
}

#[test]
fn a_newer_batch_is_refused() {
    newer("0000000000000002.log", |octets| {
        let batch = &mut octets[BLOCK..];
        let number = |at: usize| u32::from_be_bytes(batch[at..at + 4].try_into().unwrap()) as usize;
        let (messages, records) = (number(12), number(16));
        batch[8..10].copy_from_slice(&9_u16.to_be_bytes());
        let seed = crc32c::crc32c(&2_u32.to_be_bytes());
        let sum = crc32c::crc32c_append(seed, &batch[8..68]);
        let sum = crc32c::crc32c_append(sum, &batch[68 + messages..68 + messages + records]);
        batch[4..8].copy_from_slice(&sum.to_be_bytes());
    });
}

/// Run by hand when the version of the format has gone up, to a directory of its own.
#[test]
#[ignore = "writes files that are kept"]
fn writes_the_files_of_this_version() {
    let place = Place::new();
    let policy = "[[policies]]\nname = \"short\"\npattern = \"audit\"\n\
                  definition = { message-ttl = 60000 }\n";
    place.file("short.toml", policy);
    let short = ["--config", "short.toml", "--amqp", "127.0.0.1:0"];
    let server = Server::start(place.leveret(&short));
    let mut peer = Peer::connect(server.address());
    peer.open(1).call(&exchange_declare("sales", "topic").durable());
    for queue in ["orders", "audit"] {
        peer.channel(1).call(&queue_declare(queue).durable());
        peer.channel(1).call(&queue_bind(queue, "sales", "order.#"));
    }
    peer.channel(1).call(&confirm_select());
    let publish = |peer: &mut Peer, body: &[u8]| {
        let content = content(body).delivery_mode(2);
        peer.channel(1).publish(&basic_publish("sales", "order.new"), &content);
    };
    (0..10).for_each(|n| publish(&mut peer, format!("order {n}").as_bytes()));
    peer.expect_all_acked(1, 1, 10);
    for _ in 0..2 {
        let got = peer.channel(1).get(&basic_get("orders"));
        peer.channel(1).send(&basic_ack(got.tag));
    }
    server.process.signal("TERM");
    assert_eq!(server.process.finish().code, Some(0));

    let server = place.serve();
    let mut peer = Peer::connect(server.address());
    peer.open(1).call(&confirm_select());
    publish(&mut peer, &[b'x'; LARGE]);
    (10..12).for_each(|n| publish(&mut peer, format!("order {n}").as_bytes()));
    peer.expect_all_acked(1, 1, 3);
    server.process.signal("KILL");
    server.process.finish();

    copy(&place.path("leveret-data"), &kept(leveret::store::format::VERSION));
}
